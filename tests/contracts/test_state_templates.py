"""The state contract: templates and blocks keep every version, and a deletion is one more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.ports.state import State
from holdfast.ports.templates import Heading, SavedTemplate
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.

WELCOME = SavedTemplate(
    kind="template", id="welcome", name="Wëlcome", medium="email", saved_ms=1, by="ann", definition=b"\x00\xff"
)
FOOTER = SavedTemplate(kind="block", id="welcome", name="Footer", saved_ms=1, definition=b"{}")


async def test_every_change_makes_a_version_and_the_same_again_makes_none(state: State) -> None:
    changes = (
        WELCOME,
        replace(WELCOME, definition=b"{}", saved_ms=2, by="ben"),
        replace(WELCOME, name="Hello", definition=b"{}", saved_ms=3),
        replace(WELCOME, name="Hello", medium="sms", definition=b"{}", saved_ms=2**45),
    )
    async with state.begin() as transaction:
        for number, change in enumerate(changes, 1):
            assert await transaction.put_template(change) == replace(change, version=number)
            again = replace(change, saved_ms=99, by="somebody", version=77, deleted=True)
            assert await transaction.put_template(again) == replace(change, version=number), "the first saver stays"
    versions = [replace(change, version=number) for number, change in enumerate(changes, 1)]
    headings = [each.heading for each in versions]
    async with state.view() as view:
        assert await view.templates("template") == [headings[-1]]
        assert await view.template_versions("template", "welcome", limit=9) == headings[::-1]
        assert await view.template_versions("template", "welcome", limit=2, before=4) == [headings[2], headings[1]]
        found = [await view.template_version("template", "welcome", number) for number in (1, 4, 5)]
        assert found == [versions[0], versions[3], None]
        assert await view.template_versions("template", "hello", limit=9) == []
        assert await view.template_headings("template", ["welcome", "welcome", "x"]) == headings
        assert await view.template_headings("template", []) == []
        assert await view.template_headings("template") == headings


async def test_a_template_and_a_block_of_one_id_are_two_things(state: State) -> None:
    async with state.begin() as transaction:
        template = await transaction.put_template(WELCOME)
        block = await transaction.put_template(FOOTER)
        assert (template.version, block.version) == (1, 1)
        await transaction.delete_template("template", "welcome", at_ms=3)
        assert await transaction.templates("template") == []
        assert await transaction.templates("block") == [block.heading]
        assert await transaction.template_version("block", "welcome", 1) == block
        assert await transaction.template_headings("block") == [block.heading]


async def test_a_deleted_template_keeps_its_versions_and_its_numbers(state: State) -> None:
    async with state.begin() as transaction:
        assert await transaction.delete_template("template", "welcome", at_ms=1) is None
        first = await transaction.put_template(WELCOME)
        await transaction.put_template(replace(WELCOME, id="b"))
        gone = await transaction.delete_template("template", "welcome", at_ms=5, by="cem")
        assert gone == replace(WELCOME, version=2, deleted=True, saved_ms=5, by="cem")
        assert await transaction.delete_template("template", "welcome", at_ms=6) is None
    async with state.view() as view:
        assert [each.id for each in await view.templates("template")] == ["b"]
        assert await view.template_versions("template", "welcome", limit=9) == [gone.heading, first.heading]
    async with state.begin() as transaction:
        back = await transaction.put_template(WELCOME)
        assert (back.version, back.deleted) == (3, False), "it is saved again, though it says the same"
        assert [(each.id, each.version) for each in await transaction.templates("template")] == [
            ("b", 1),
            ("welcome", 3),
        ]


async def test_what_a_block_that_raises_did_to_templates_is_undone(state: State) -> None:
    async with state.begin() as transaction:
        kept = await transaction.put_template(WELCOME)

    async def change() -> None:
        async with state.begin() as transaction:
            await transaction.put_template(replace(WELCOME, name="Lost"))
            await transaction.delete_template("template", "welcome", at_ms=9)
            raise ValueError("undo")

    with pytest.raises(ValueError, match="undo"):
        await change()
    async with state.view() as view:
        assert await view.templates("template") == [kept.heading]
        assert len(await view.template_versions("template", "welcome", limit=9)) == 1


def test_a_heading_is_all_but_what_it_says() -> None:
    assert replace(WELCOME, version=3).heading == Heading(
        kind="template", id="welcome", version=3, name="Wëlcome", medium="email", saved_ms=1, by="ann"
    )
