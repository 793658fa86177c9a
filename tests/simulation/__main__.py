"""Live through one seed and print what happened: `python -m tests.simulation SEED`; `FIRST LAST` runs many."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.simulation.promises import check
from tests.simulation.world import simulate


def main(words: list[str]) -> int:
    """The exit code: 1 when a promise was broken."""
    first, last = int(words[0]), int(words[-1])
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        for seed in range(first, last + 1):
            broken, world = simulate(seed, Path(directory), check)
            failed += bool(broken)
            if first == last:
                print("\n".join(world.trace))
            for each in broken[:5]:
                print(f"seed {seed}: {each}")
    print(f"{last - first + 1} worlds, {failed} of them broken")
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
