"""Templates and blocks are looked at before they are kept, and not taken from under those who use them."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.flows.content.saved_words import find_saved
from holdfast.flows.content.templates import (
    definition_in,
    delete_saved,
    restore_saved,
    save_block,
    save_template,
    users_of,
)
from holdfast.flows.journey.decision_drafts import draft_of
from holdfast.flows.journey.publishing import apply_decisions
from holdfast.kernel.errors import Conflict, Exposed, Invalid, NotFound
from holdfast.kernel.moments import from_millis
from holdfast.testing import MemoryState

NOW = from_millis(1_800_000_000_000)


def a_mail(html: str = "<p>Hi</p>", **more: object) -> dict[str, object]:
    return {"name": "Mail", "medium": "email", "content": {"subject": "Hi", "html": html}, **more}


def a_campaign(template: dict[str, Any], channel: str = "email") -> dict[str, Any]:
    return {
        "id": "news",
        "name": "News",
        "trigger": {"type": "trigger", "event": "Order Completed", "again": "once"},
        "send": {"channel": channel, "template": template},
        "goal": {"event": "Order Completed", "within_seconds": 86400},
    }


async def published(state: MemoryState, template: dict[str, Any], channel: str = "email") -> None:
    await apply_decisions(state, [draft_of("campaign", a_campaign(template, channel))], now=NOW)


async def test_a_template_is_kept_in_its_one_form_and_found_again() -> None:
    state = MemoryState()
    first = await save_template(state, "mail", a_mail(description=""), by="ann", now=NOW)
    again = await save_template(state, "mail", a_mail(), by="ben", now=NOW)
    second = await save_template(state, "mail", a_mail("<p>Ho</p>"), by="ben", now=NOW)
    assert (first.version, again.version, second.version) == (1, 1, 2)
    async with state.view() as view:
        assert definition_in(await find_saved(view, "template", "mail")) == a_mail("<p>Ho</p>")
        assert definition_in(await find_saved(view, "template", "mail", 1)) == a_mail()
        with pytest.raises(NotFound, match="no version 3"):
            await find_saved(view, "template", "mail", 3)
        with pytest.raises(NotFound) as missing:
            await find_saved(view, "template", "mial")
    assert "'mail'" in missing.value.hint


@pytest.mark.parametrize(
    ("definition", "path", "code"),
    [
        (a_mail("{{ persn.name }}"), "$.content.html", "unknown_variable"),
        (a_mail("{{ event.total }}"), "$.content.html", "unknown_variable"),
        (a_mail("{% block 'gone' %}"), "$.content.html", "unknown_block"),
        (a_mail(languages={"de": {"html": "{{ x"}}), "$.languages.de.html", "template_invalid"),
        (a_mail(languages={"de": {"text": "{{ gone }}"}}), "$.languages.de.text", "unknown_variable"),
        (a_mail("\ud800"), "$", "bad_text"),
        (a_mail(medium="sms"), "$.content.subject", "unknown_field"),
    ],
)
async def test_what_would_not_do_is_refused(definition: dict[str, object], path: str, code: str) -> None:
    state = MemoryState()
    with pytest.raises(Exposed) as refused:
        await save_template(state, "mail", definition, now=NOW)
    assert (refused.value.path, refused.value.code) == (path, code)
    async with state.view() as view:
        assert await view.templates("template") == []


async def test_what_a_template_may_ask_for() -> None:
    html = (
        "{{ person.name }} {{ event.properties.total }} {{ links.unsubscribe }} {{ workspace.name }} "
        "{% assign mine = 1 %}{{ mine }} {{ template.variant }} {{ send.created_at }}"
    )
    await save_template(MemoryState(), "mail", a_mail(html), now=NOW)


async def test_an_id_keeps_its_channel() -> None:
    state = MemoryState()
    await save_template(state, "hi", a_mail(), now=NOW)
    with pytest.raises(Conflict, match="is a template for Email"):
        await save_template(state, "hi", {"name": "x", "medium": "sms", "content": {"text": "x"}}, now=NOW)
    with pytest.raises(Invalid, match="is no id"):
        await save_template(state, "Hi!", a_mail(), now=NOW)


@pytest.mark.parametrize(
    ("definition", "path", "code"),
    [
        ({"name": "F", "html": "{% if a %}"}, "$.html", "template_invalid"),
        ({"name": "F", "html": "{% block 'gone' %}"}, "$.html", "unknown_block"),
        ({"name": "F", "html": "{% block 'foot' %}"}, "$.html", "block_cycle"),
        ({"name": "F", "text": "{% block 'head' %}"}, "$.text", "block_cycle"),
        ({"name": "F", "mjml": "<mj-txet></mj-txet>"}, "$.mjml", "mjml_invalid"),
    ],
)
async def test_a_block_that_would_not_do_is_refused(definition: dict[str, object], path: str, code: str) -> None:
    state = MemoryState()
    await save_block(state, "foot", {"name": "F", "text": "x"}, now=NOW)
    await save_block(state, "head", {"name": "H", "text": "{% block 'foot' %}"}, now=NOW)
    with pytest.raises(Invalid) as refused:
        await save_block(state, "foot", definition, now=NOW)
    assert (refused.value.path, refused.value.code) == (path, code)


@pytest.mark.parametrize("mjml", ["<mj-text>Hi</mj-text>", "<mj-section><mj-column></mj-column></mj-section>"])
async def test_a_block_of_mjml_is_a_section_or_stands_in_a_column(mjml: str) -> None:
    await save_block(MemoryState(), "foot", {"name": "F", "mjml": mjml}, now=NOW)


async def test_what_is_in_use_is_not_deleted() -> None:
    state = MemoryState()
    await save_block(state, "inner", {"name": "I", "text": "x"}, now=NOW)
    await save_block(state, "foot", {"name": "F", "text": "{% block 'inner' %}"}, now=NOW)
    await save_template(state, "mail", a_mail("{% block 'foot' %}"), now=NOW)
    await published(state, {"saved": "mail"})
    async with state.view() as view:
        assert await users_of(view, "template", "mail") == ["the campaign 'news'"]
        assert await users_of(view, "block", "foot") == ["the template 'mail'"]
        assert await users_of(view, "block", "inner") == ["the block 'foot'"]
        assert await users_of(view, "template", "other") == []
    with pytest.raises(Conflict, match="the campaign 'news' uses the template 'mail'"):
        await delete_saved(state, "template", "mail", now=NOW)
    await published(state, {"subject": "Hi", "html": "{% block 'foot' %}"})
    async with state.view() as view:
        assert await users_of(view, "block", "foot") == ["the campaign 'news'", "the template 'mail'"]
    with pytest.raises(NotFound):
        await delete_saved(state, "block", "gone", now=NOW)


async def test_what_was_deleted_is_restored() -> None:
    state = MemoryState()
    await save_template(state, "mail", a_mail(), now=NOW)
    await delete_saved(state, "template", "mail", by="ann", now=NOW)
    async with state.view() as view:
        with pytest.raises(NotFound):
            await find_saved(view, "template", "mail")
    back = await restore_saved(state, "template", "mail", 1, now=NOW)
    assert (back.version, back.deleted, definition_in(back)) == (3, False, a_mail())


@pytest.mark.parametrize(
    ("template", "channel", "path", "code"),
    [
        ({"saved": "mial"}, "email", "$.send.template.saved", "unknown_template"),
        ({"saved": "gone"}, "email", "$.send.template.saved", "unknown_template"),
        ({"saved": "mail", "version": 2}, "email", "$.send.template.version", "unknown_version"),
        ({"saved": "mail"}, "sms", "$.send.template.saved", "wrong_channel"),
        ({"subject": "Hi", "html": "{% block 'gone' %}"}, "email", "$.send.template.html", "unknown_block"),
        ({"subject": "Hi", "html": "{% block 'foot' %}{{ x"}, "email", "$.send.template.html", "template_invalid"),
    ],
)
async def test_a_journey_names_what_is_there(template: dict[str, Any], channel: str, path: str, code: str) -> None:
    state = MemoryState()
    await save_block(state, "foot", {"name": "F", "text": "x"}, now=NOW)
    for each in ("mail", "gone"):
        await save_template(state, each, a_mail(), now=NOW)
    await delete_saved(state, "template", "gone", now=NOW)
    await published(state, {"saved": "mail", "version": 1})
    with pytest.raises(Invalid) as refused:
        await published(state, template, channel)
    assert (refused.value.path, refused.value.code) == (path, code)
