"""Files: rows from outside, made into events a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from holdfast.ports.state import BadRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some rows of a file: those that are events, and those that cannot be."""

    events: pa.Table
    """Columns as `flows.ingest.bulk.EVENT_TABLE`."""
    bad: Sequence[BadRecord]
    """Each with an `origin` that names the file's row, so that importing twice keeps it once."""
    rows: int
    """How many rows of the file these are."""
    total: int | None
    """How many rows the file has, if that can be known beforehand."""
