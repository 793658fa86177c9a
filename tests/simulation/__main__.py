"""Live through worlds and tell how they end: `python -m tests.simulation FIRST LAST`, or one seed with `--trace`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.simulation.promises import check
from tests.simulation.world import DAYS, simulate

SAID_MOST = 5
"""Broken promises that are told of one world."""


def live(seed: int, days: float = DAYS) -> tuple[int, list[str], list[str]]:
    """The seed, the promises its world broke, and its story."""
    with tempfile.TemporaryDirectory() as directory:
        broken, world = simulate(seed, Path(directory), check, days=days)
    return seed, broken, world.trace


def _many(seeds: Iterable[int], processes: int) -> Iterable[tuple[int, list[str], list[str]]]:
    if processes == 1:
        yield from map(live, seeds)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(live, seeds, chunksize=1)


def main(words: list[str]) -> int:
    """The exit code: 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("first", type=int, help="the first seed")
    parser.add_argument("last", type=int, nargs="?", help="the last seed; as the first when left out")
    parser.add_argument("--trace", action="store_true", help="tell what happened, line by line")
    parser.add_argument("--processes", type=int, default=1, help="worlds at a time")
    said = parser.parse_args(words)
    last = said.first if said.last is None else said.last
    passed = failed = 0
    for seed, broken, trace in _many(range(said.first, last + 1), said.processes):
        passed, failed = passed + (not broken), failed + bool(broken)
        if said.trace:
            print("\n".join(trace))
        for each in broken[:SAID_MOST]:
            print(f"seed {seed}: broken: {each}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
