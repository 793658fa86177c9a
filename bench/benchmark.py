"""What a benchmark declares, and how it tells what it measured: ratios, in one table, with the machine named."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    what: str
    value: float
    unit: str
    ratio: float | None = None
    """Against what the benchmark compares with."""
    limit: str = ""
    """What it should be, such as `at least 0.5`; empty where nothing is asked."""
    met: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came of a run."""

    headline: float
    """The ratio on the last line."""
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A benchmark: what it measures, and how to run it; with `quick`, in under a minute."""

    about: str
    run: Callable[[bool], Measured]


def table(name: str, measured: Measured) -> str:
    """The table, and on the last line the headline."""
    lines = [f"{name} on {machine()}", ""]
    cells = [("", "value", "unit", "ratio", "limit")]
    for row in measured.rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        limit = f"{row.limit} {'(met)' if row.met else '(MISSED)'}" if row.limit else ""
        cells.append(
            (row.what, f"{row.value:,.1f}" if row.value < 1000 else f"{row.value:,.0f}", row.unit, ratio, limit)
        )
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    for line in cells:
        first, *rest = (
            cell.ljust(width) if column in (0, 2, 4) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        lines.append("  ".join((first, *rest)).rstrip())
    lines += ["", *measured.notes, f"{name}: {measured.headline:.2f}"]
    return "\n".join(lines)


def machine() -> str:
    """The processor, its cores, the versions and the load: a figure without them says nothing."""
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{_processor()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {system}"


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text(encoding="utf-8").splitlines() if known.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
