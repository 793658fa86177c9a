"""What a browser has to fetch, compressed, at most: read from the built files, along what each of them imports."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tests.browser.console import CONSOLE, ROOT

FIRST_PAGE_BYTES_MOST = 200_000
CHARTS_BYTES_MOST = 200_000
CANVAS_BYTES_MOST = 65_000
PAGE_BYTES_MOST = 140_000
"""What any other page may add to the frame, charts and the canvas aside."""
BUILDER_BYTES_MOST = 160_000
"""The same of the two pages that build on the canvas, with the forms of every step there is."""
BUILDERS = {"JourneyPage", "CampaignPage"}

ASSETS = CONSOLE.parent / "assets"
_STATIC = re.compile(r"""(?:\bimport|\bfrom)\s*["']\./([\w.-]+\.js)["']""")
_LATER = re.compile(r"""\bimport\(\s*[`"']\./([\w.-]+\.js)[`"']\s*\)""")
_PRELOADED = re.compile(r"m\.f=\[(.*?)\]", re.DOTALL)
_CANVAS, _CHARTS = "react-flow__renderer", "ecModel"
"""Words that stand in the library of the canvas and in that of the charts, and nowhere else."""


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    if not CONSOLE.is_file():
        pytest.fail("The console is not built: make setup builds it.")


@cache
def text(name: str) -> str:
    return (ASSETS / name).read_text("utf-8")


def packed(names: set[str]) -> int:
    """The bytes of these files as they are sent."""
    return sum((ASSETS / f"{name}.gz").stat().st_size for name in names)


def along(*names: str) -> set[str]:
    """These scripts and all that must be there before they run."""
    found: set[str] = set()
    ahead = list(names)
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += _STATIC.findall(text(name))
    return found


def entry() -> set[str]:
    """What the page itself names, and what that begins with at once."""
    named = re.findall(r'/assets/([\w.-]+\.js)"', CONSOLE.read_text("utf-8"))
    assert named
    first = along(*named)
    # The entry only chooses the language and then loads the rest.
    rest = {each for name in named for each in _LATER.findall(text(name)) if each.startswith("main-")}
    return first | along(*rest)


def pages() -> dict[str, list[str]]:
    """Every page there is, by what its file is called."""
    routes = (ROOT / "console" / "src" / "routes.tsx").read_text("utf-8")
    names = {each.rpartition("/")[2] for each in re.findall(r"import\('(\./pages/[^']+)'\)", routes)}
    found = {}
    for name in names:
        built = [each.name for each in ASSETS.glob(f"{name}-*.js")]
        assert built, f"{name} is no file of its own"
        found[name] = built
    return found


def of(names: set[str], mark: str) -> set[str]:
    """Those among the files in which that stands."""
    return {name for name in names if mark in text(name)}


def test_the_first_page_is_within_its_budget() -> None:
    scripts = entry() | along(*pages()["OverviewPage"])
    assert not of(scripts, _CHARTS), "the charts are waited for"
    assert not of(scripts, _CANVAS), "the canvas is waited for"
    assert packed(scripts) <= FIRST_PAGE_BYTES_MOST


def test_the_charts_are_within_their_budget() -> None:
    charts = of({path.name for path in ASSETS.glob("*.js")}, _CHARTS)
    assert charts
    assert packed(along(*charts) - entry()) <= CHARTS_BYTES_MOST


def test_the_canvas_is_within_its_budget() -> None:
    everything = {path.name for path in ASSETS.glob("*.js")}
    canvas = of(everything, _CANVAS)
    assert canvas
    assert packed(canvas) <= CANVAS_BYTES_MOST
    waiting = {name for name, files in pages().items() if canvas & along(*files)}
    assert waiting == BUILDERS, "pages without a canvas wait for it"


@pytest.mark.parametrize("language", ["de"])
def test_another_language_is_fetched_by_who_reads_it(language: str) -> None:
    assert not [name for name in entry() if name.startswith(f"{language}-")]


def test_no_page_adds_more_than_a_page_may() -> None:
    frame = entry()
    sizes = {}
    for name, files in pages().items():
        scripts = along(*files) - frame
        sizes[name] = packed(scripts - of(scripts, _CHARTS) - of(scripts, _CANVAS))
    most = {name: BUILDER_BYTES_MOST if name in BUILDERS else PAGE_BYTES_MOST for name in sizes}
    assert {name: size for name, size in sizes.items() if size > most[name]} == {}


def test_every_script_and_style_lies_there_compressed() -> None:
    text_files = [path for path in ASSETS.iterdir() if path.suffix in (".js", ".css")]
    assert [
        path.name for path in text_files if not Path(f"{path}.gz").exists() or not Path(f"{path}.br").exists()
    ] == []
