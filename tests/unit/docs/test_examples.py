"""Documents shown in the docs mean something: each is read by what would read it.

What is run, and not only read, is in tests/integration/test_docs.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from holdfast.decisions.campaign import decode_campaign
from holdfast.decisions.document import decode_document
from holdfast.decisions.experiment import decode_experiment
from holdfast.decisions.journey import decode_journey
from holdfast.flows.content.content_drafts import content_drafts_of
from holdfast.integrations.files.documents import DocumentFormat, read_document
from holdfast.integrations.files.journey_files import is_content
from holdfast.integrations.files.mapping import decode_mapping
from holdfast.kernel.errors import Invalid
from holdfast.measures.insight_catalogue import declared_insights, decode_question
from holdfast.measures.kpi import decode_tree
from holdfast.messages.liquid.template import parse_template
from holdfast.messages.provided import PROVIDED_SAVED, unprovided_in
from holdfast.messages.saved.blocks import decode_block
from holdfast.messages.saved.saved import decode_template
from holdfast.segments.codec import decode_condition
from holdfast.settings import FILE_NAME, Settings
from tests.docs_blocks import BLOCKS, PAGES, Block, blocks_of

RUN = {"python", "sh", "console", "sql"}
READ = {"json", "toml", "yaml"}
TEMPLATES = {"liquid"}
SHOWN = {"text"}
"""What somebody else prints, and nobody types."""

Document = dict[str, Any]


def _error(said: Document) -> None:
    assert set(said["error"]) == {"code", "message", "path", "hint"}


def _settings(said: Document, folder: Path) -> None:
    lines = [f"{name} = {json.dumps(value)}" for name, value in said.items()]
    (folder / FILE_NAME).write_text("\n".join(lines), encoding="utf-8")
    Settings.load(folder, {}, working_dir=folder)


WAYS: list[tuple[str, Callable[[Document], object]]] = [
    ("type", decode_condition),
    ("steps", decode_journey),
    ("trigger", decode_campaign),
    ("definition", lambda said: decode_condition(said["definition"])),
    ("nodes", decode_tree),
    ("error", _error),
    ("person", decode_mapping),
    ("medium", decode_template),
    ("html", decode_block),
    ("variants", decode_experiment),
]


def documents(block: Block) -> Iterator[Document]:
    """The documents of a block: one, or one on each line."""
    try:
        yield read_document(block.text, cast("DocumentFormat", block.language), str(block))
    except Invalid:
        if block.language != "json":
            raise
        yield from (json.loads(line) for line in block.text.splitlines())


def read(block: Block, said: Document, folder: Path) -> None:
    """Read it as what it is by its look. Raises when it is nothing, or wrong."""
    kind = block.heading.strip("`")
    if block.page.endswith("reference/insights.md") and kind in declared_insights():
        decode_question(kind, said)
        return
    if "kind" in said and block.file:
        document = {"id": Path(block.file).stem, **said}
        if is_content(document):
            content_drafts_of([document])
        else:
            decode_document(document)
        return
    if block.language == "toml" and "definition" not in said:
        _settings(said, folder)
        return
    way = next((way for sign, way in WAYS if sign in said), None)
    assert way is not None, f"nobody reads a document with {sorted(said)}"
    way(said)


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.language in READ and not each.not_run], ids=str)
def test_a_document_can_be_read(block: Block, tmp_path: Path) -> None:
    found = list(documents(block))
    assert found
    for said in found:
        read(block, said, tmp_path)


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.language in TEMPLATES and not each.not_run], ids=str)
def test_a_template_can_be_parsed_and_asks_for_what_there_is(block: Block) -> None:
    text = parse_template(block.text, html=True)
    assert [each.message for each in unprovided_in([("html", text)], PROVIDED_SAVED)] == []


@pytest.mark.parametrize(
    "block", [each for each in BLOCKS if each.language not in READ | RUN | TEMPLATES | SHOWN], ids=str
)
def test_a_block_in_no_language_we_run_says_why(block: Block) -> None:
    assert block.language, f"{block} names no language"
    assert block.not_run, f"{block} is in {block.language}: nothing runs it; say why in a comment before it"


def test_a_reason_not_to_run_is_a_sentence() -> None:
    assert [str(each) for each in BLOCKS if each.not_run and not re.fullmatch(r"[A-Za-z].{15,}\.", each.not_run)] == []


def test_every_comment_about_a_block_stands_right_before_one() -> None:
    for page in PAGES:
        said = re.findall(r"^<!-- (?:Not run|File): .* -->$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(said) == sum(bool(each.not_run or each.file) for each in blocks_of(page)), page


def test_there_are_blocks_of_every_kind() -> None:
    assert {each.language for each in BLOCKS} >= RUN | READ
