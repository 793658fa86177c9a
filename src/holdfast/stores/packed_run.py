"""How a run is laid out in the row of a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from holdfast.ports.runs import OPEN, Run, RunState
from holdfast.stores.packing import pack, unpack


def packed(run: Run) -> bytes:
    """What is kept beside the columns that are looked for."""
    return pack(
        (
            run.version,
            run.created_ms,
            run.at_ms,
            run.wall,
            run.name,
            run.properties,
            run.as_of_ms,
            run.found,
            run.chosen,
            run.cursor,
            run.counts,
            list(run.places.items()),
            run.ended_ms,
            run.reason,
        )
    )


def unpacked(row: tuple[Any, ...]) -> Run:
    """The run of a row: id, origin, key, state, wake_ms, and what was packed."""
    said = unpack(row[5])
    return Run(
        id=row[0],
        origin=row[1],
        key=row[2],
        state=row[3],
        wake_ms=row[4],
        version=said[0],
        created_ms=said[1],
        at_ms=said[2],
        wall=said[3],
        name=said[4],
        properties=said[5],
        as_of_ms=said[6],
        found=said[7],
        chosen=said[8],
        cursor=said[9],
        counts=said[10],
        places=dict(said[11]),
        ended_ms=said[12],
        reason=said[13],
    )


def are_open(states: Sequence[RunState]) -> bool:
    """Whether these are states of runs that are not over: there are few, and they have an index of their own."""
    return set(states) <= set(OPEN)
