"""The docs say what is: generated pages are fresh, links lead somewhere, examples can be."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import holdfast
import holdfast.messages.liquid.filters
import holdfast.messages.liquid.tags
from holdfast.channels.declared import providers
from holdfast.cli.reference import GENERATED, PAGES
from holdfast.decisions.medium import media
from holdfast.decisions.nodes import step_types
from holdfast.events.event import NAMES as CALL_NAMES
from holdfast.kernel.catalogue import discover
from holdfast.measures.insight_catalogue import declared_insights
from holdfast.segments.catalogue import declared
from holdfast.segments.operators import OPERATORS
from holdfast.settings import NAMES

SOURCE = Path(holdfast.__file__).parent
ROOT = SOURCE.parents[1]
REFERENCE = ROOT / "docs" / "reference"
TEXTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
LIQUID = tuple(
    f"### `{each.name}`\n"  # type: ignore[attr-defined]  # Declarations of tags and filters have names.
    for package, name in ((holdfast.messages.liquid.tags, "TAG"), (holdfast.messages.liquid.filters, "FILTER"))
    for each in discover(package, name).values()
)
OWN_NAME = re.compile(r"(Journey|Message|Consent) [A-Z][a-z]+( [A-Z][a-z]+)?")


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_fresh(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == GENERATED + PAGES[name](), "run: make docs"


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("settings.md", NAMES),
        ("conditions.md", (*declared(), *OPERATORS)),
        ("journeys.md", tuple(step_types())),
        ("channels.md", (*media(), *providers())),
        ("templates.md", LIQUID),
        ("events.md", tuple(CALL_NAMES.values())),
        ("insights.md", tuple(declared_insights())),
        ("command-line.md", tuple(f"### holdfast insight {kind}\n" for kind in declared_insights())),
    ],
)
def test_every_declaration_has_its_place(page: str, names: tuple[str, ...]) -> None:
    text = (REFERENCE / page).read_text(encoding="utf-8")
    assert names
    assert [name for name in names if f"`{name}`" not in text and name not in text.splitlines(keepends=True)] == []


def own_event_names() -> Iterator[str]:
    for path in SOURCE.rglob("*.py"):
        if "sim" not in path.relative_to(SOURCE).parts:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and OWN_NAME.fullmatch(node.value):
                    yield node.value


def test_every_event_of_our_own_is_described() -> None:
    text = (REFERENCE / "events.md").read_text(encoding="utf-8")
    names = set(own_event_names())
    assert "Journey Entered" in names
    assert sorted(name for name in names if f"`{name}`" not in text) == []


def targets(text: str) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if "://" not in target:
            yield target


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    broken = []
    for target in targets(path.read_text(encoding="utf-8")):
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert broken == []


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_in_the_docs_is_python_and_names_what_is_there(path: Path) -> None:
    for block in blocks(path, "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module == "holdfast":
                assert [each.name for each in node.names if not hasattr(holdfast, each.name)] == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120
