"""In how many worlds each planted mistake shows: `python -m tests.simulation.finding FIRST LAST [NAME …]`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.simulation.plants import PLANTS
from tests.simulation.plants_apart import PLANTS_APART
from tests.simulation.promises import check
from tests.simulation.world import simulate


def main(words: list[str]) -> None:
    """Print each mistake, the worlds it showed in, and the first promise that was broken."""
    seeds = range(int(words[0]), int(words[1]) + 1)
    for plant in (*PLANTS, *PLANTS_APART):
        name = plant.__name__.strip("_")
        if words[2:] and name not in words[2:]:
            continue
        found = []
        said = ""
        for seed in seeds:
            with tempfile.TemporaryDirectory() as directory, plant():
                broken, _ = simulate(seed, Path(directory), check)
            if broken:
                found.append(seed)
                said = said or broken[0]
        print(f"{name}: {len(found)} of {len(seeds)}, first {found[:3]}: {said[:150]}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
