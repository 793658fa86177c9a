"""`python -m bench` lists the benchmarks; `python -m bench NAME [--quick]` runs one. The last line is its ratio."""

from __future__ import annotations

import argparse
import sys

import bench
from bench.benchmark import Benchmark, table
from holdfast.kernel.catalogue import discover


def main(arguments: list[str]) -> int:
    """Run what was asked for. Returns the exit status."""
    found = {name: each for name, each in discover(bench, "BENCHMARK").items() if isinstance(each, Benchmark)}
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=sorted(found), help="which benchmark; without it, they are listed")
    parser.add_argument("--quick", action="store_true", help="smaller, in under a minute")
    given = parser.parse_args(arguments)
    if given.name is None:
        width = max(map(len, found), default=0)
        for name, each in found.items():
            print(f"{name.ljust(width)}  {each.about}")
        return 0
    print(table(given.name, found[given.name].run(given.quick)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
