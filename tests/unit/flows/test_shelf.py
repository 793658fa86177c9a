"""The shelf: what a message says was fixed when it was queued, whatever is saved afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from holdfast.decisions.step import Said
from holdfast.events.event import Json
from holdfast.flows.content.shelf import SETTLE_MS, Chosen, ShelfKeeper
from holdfast.flows.content.templates import delete_saved, save_block, save_template
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import from_millis
from holdfast.messages.content import Words
from holdfast.testing import MemoryState

START = from_millis(1_800_000_000_000)
START_MS = 1_800_000_000_000
PLACE = ("cart", 1, "text")


class Shop:
    """A state in which texts are saved at seconds after the start, and said at others."""

    def __init__(self) -> None:
        self.state = MemoryState()
        self.keeper = ShelfKeeper()

    async def template(self, second: float, text: str, template_id: str = "hi", **more: object) -> None:
        definition = {"name": "Hi", "medium": "sms", "content": {"text": text}, **more}
        await save_template(self.state, template_id, definition, now=START + timedelta(seconds=second))

    async def block(self, second: float, text: str, block_id: str = "foot") -> None:
        await save_block(self.state, block_id, {"name": "F", "text": text}, now=START + timedelta(seconds=second))

    async def chosen(
        self, second: float, content: Mapping[str, Json], person: Mapping[str, Json] | None = None
    ) -> Chosen:
        said = Said(channel="sms", content=content, field="template")
        at_ms = START_MS + round(second * 1000)
        async with self.state.view() as view:
            shelf = await self.keeper.load(view, [(said, at_ms)])
        return shelf.chosen(said, place=PLACE, at_ms=at_ms, person=person or {"user_id": "u1"})

    async def says(self, second: float, content: Mapping[str, Json], person: Mapping[str, Json] | None = None) -> str:
        chosen = await self.chosen(second, content, person)
        words = chosen.content.render({"person": dict(person or {}), **chosen.variables()}, now=START)
        assert isinstance(words, Words)
        return words.text("text")


HI: Mapping[str, Json] = {"saved": "hi"}


async def test_a_message_takes_the_newest_version_of_when_it_was_queued() -> None:
    shop = Shop()
    await shop.template(0, "one")
    await shop.template(100, "two")
    settle = SETTLE_MS / 1000
    assert [await shop.says(each, HI) for each in (0, 99, 100, 100 + settle - 0.001, 100 + settle, 500)] == [
        "one",
        "one",
        "one",
        "one",
        "two",
        "two",
    ]
    assert await shop.says(500, {"saved": "hi", "version": 1}) == "one"
    assert await shop.says(500, {"saved": "hi", "version": 0}) == "two"
    assert await shop.says(-50, HI) == "one", "late, and not nothing"


async def test_blocks_are_those_of_when_it_was_queued_also_within_blocks() -> None:
    shop = Shop()
    await shop.block(0, "old", "inner")
    await shop.block(0, "<{% block 'inner' %}>")
    await shop.template(0, "Hi {% block 'foot' %}")
    await shop.block(100, "new", "inner")
    inline: Mapping[str, Json] = {"text": "So {% block 'foot' %}"}
    for content, word in ((HI, "Hi"), (inline, "So")):
        assert [await shop.says(each, content) for each in (50, 150, 50)] == [
            f"{word} <old>",
            f"{word} <new>",
            f"{word} <old>",
        ]


async def test_what_was_deleted_is_said_on_by_messages_on_their_way() -> None:
    shop = Shop()
    await shop.template(0, "one")
    await delete_saved(shop.state, "template", "hi", now=START + timedelta(seconds=10))
    assert await shop.says(5, HI) == "one"
    await shop.template(20, "back")
    assert [await shop.says(each, HI) for each in (15, 25)] == ["one", "back"]


async def test_each_gets_their_variant_and_their_language() -> None:
    shop = Shop()
    variants = {
        name: {
            "share": 0.5,
            "content": {"text": f"{name} en {{{{ template.variant }}}}"},
            "languages": {"de": {"text": name}},
        }
        for name in ("a", "b")
    }
    await save_template(
        shop.state, "hi", {"name": "H", "medium": "sms", "language": "en", "variants": variants}, now=START
    )
    people: list[dict[str, Json]] = [{"user_id": f"u{number}"} for number in range(40)]
    said = [await shop.says(9, HI, each) for each in people]
    assert set(said) == {"a en a", "b en b"}
    assert [await shop.says(9, HI, {**each, "locale": "de_AT"}) for each in people] == [each[0] for each in said]
    chosen = await shop.chosen(9, HI, {"user_id": "u1", "locale": "de_AT"})
    assert (chosen.template, chosen.version, chosen.language, chosen.locale) == ("hi", 1, "de", "de-at")
    assert (await shop.chosen(9, HI, {"user_id": "u1", "locale": "fr"})).locale == "en", "not French dates in English"


async def test_a_template_in_no_stated_language_leaves_dates_to_the_person() -> None:
    shop = Shop()
    await shop.template(0, "{{ 1234.5 | number }}")
    assert await shop.says(9, HI, {"user_id": "u1", "locale": "de"}) == "1.234,5"
    await shop.template(20, "{{ 1234.5 | number }}", language="en")
    assert await shop.says(29, HI, {"user_id": "u1", "locale": "de"}) == "1,234.5"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"saved": "ho"}, "unknown_template"),
        ({"saved": "hi", "version": 9}, "unknown_version"),
        ({"saved": "mail"}, "wrong_channel"),
        ({"text": "{% block 'gone' %}"}, "unknown_block"),
    ],
)
async def test_what_is_not_there_is_told(content: Mapping[str, Json], code: str) -> None:
    shop = Shop()
    await shop.template(0, "one")
    mail = {"name": "M", "medium": "email", "content": {"subject": "x", "text": "x"}}
    await save_template(shop.state, "mail", mail, now=START)
    with pytest.raises(Invalid) as refused:
        await shop.chosen(9, content)
    assert refused.value.code == code


async def test_what_is_said_is_parsed_once() -> None:
    shop = Shop()
    await shop.template(0, "{{ person.name }}")
    first, second = await shop.chosen(9, HI), await shop.chosen(10, HI, {"user_id": "u2"})
    assert first.content is second.content
    inline: Mapping[str, Json] = {"text": "{{ person.name }}!"}
    assert (await shop.chosen(9, inline)).content is (await shop.chosen(10, inline)).content
