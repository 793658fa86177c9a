"""The code in the docs, block by block, so that tests can run all of it.

Two comments may stand right before a block:

    <!-- Not run: it serves until it is stopped. -->
    <!-- File: segments/loyal.toml -->

The first says why a block is not run; the second, that it is the content of a file, which is there when the shell
blocks of the page are run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
_FENCE = re.compile(r"^```(\S*)\s*$")
_SAID = re.compile(r"<!-- (?P<what>Not run|File): (?P<how>.+?) -->")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block of code."""

    page: str
    """The page's path in the repository."""
    line: int
    """Of its first line of code, from 1."""
    language: str
    text: str
    heading: str
    """The heading it stands under."""
    not_run: str = ""
    """Why it is not run; empty when it is."""
    file: str = ""
    """The file whose content it is; empty when it is none."""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(page: Path) -> Iterator[Block]:
    """Every block of a page, in order."""
    lines = page.read_text(encoding="utf-8").splitlines()
    heading, number = "", 0
    while number < len(lines):
        line = lines[number]
        number += 1
        fence = _FENCE.match(line)
        if fence is None:
            heading = line.lstrip("# ") if line.startswith("#") else heading
            continue
        end = lines.index("```", number)
        said = _SAID.fullmatch(lines[number - 2])
        told = {said["what"]: said["how"]} if said else {}
        yield Block(
            page=str(page.relative_to(ROOT)),
            line=number + 1,
            language=fence[1],
            text="\n".join(lines[number:end]) + "\n",
            heading=heading,
            not_run=told.get("Not run", ""),
            file=told.get("File", ""),
        )
        number = end + 1


BLOCKS = tuple(block for page in PAGES for block in blocks_of(page))


def pages_with(*languages: str) -> list[str]:
    """The pages that have blocks of these languages to run."""
    return sorted({each.page for each in BLOCKS if each.language in languages and not each.not_run})


def blocks_with(page: str, *languages: str) -> list[Block]:
    """A page's blocks of these languages that are to be run, in order."""
    return [each for each in BLOCKS if each.page == page and each.language in languages and not each.not_run]
