"""Templates and blocks applied with the journeys that name them: all of it, or nothing, and nobody else broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from holdfast.flows.content.content_drafts import DRAFTS_MOST, content_drafts_of
from holdfast.flows.content.strictness import Strictness
from holdfast.flows.content.templates import save_block, save_template
from holdfast.flows.journey.decision_drafts import drafts_of
from holdfast.flows.journey.publishing import Applied, apply_with_content
from holdfast.kernel.errors import Conflict, Exposed, Invalid
from holdfast.testing import MemoryState
from tests.unit.flows.test_strictness import SEEN, STRICT
from tests.unit.flows.test_templates import NOW, a_campaign, a_mail

FOOT = {"kind": "block", "id": "foot", "name": "Foot", "html": "Bye"}
MAIL = {"kind": "template", "id": "mail", **a_mail('<p>Hi</p>{% block "foot" %}')}
NEWS = {"kind": "campaign", **a_campaign({"saved": "mail"})}


async def apply(
    state: MemoryState, *documents: Mapping[str, Any], strictness: Strictness = STRICT, dry_run: bool = False
) -> Applied:
    content = content_drafts_of([each for each in documents if each["kind"] != "campaign"])
    drafts = drafts_of([each for each in documents if each["kind"] == "campaign"])
    return await apply_with_content(state, drafts, content, by="ann", now=NOW, dry_run=dry_run, strictness=strictness)


async def saved(state: MemoryState) -> dict[str, int]:
    async with state.view() as view:
        found = [*await view.templates("block"), *await view.templates("template")]
        there = {each.id: each.version for each in found}
        return there | {each.id: each.version for each in await view.decisions()}


def told(applied: Applied) -> list[tuple[str, str]]:
    content = [(each.saved.id, each.kind) for each in applied.content]
    return content + [(each.decision.id, each.kind) for each in applied.changes]


async def test_what_is_named_is_saved_before_who_names_it_whatever_the_order() -> None:
    state = MemoryState()
    outer = {"kind": "block", "id": "a-outer", "name": "O", "html": '<p>{% block "foot" %}</p>'}
    documents = [NEWS, MAIL, outer, FOOT]
    dry = await apply(state, *documents, dry_run=True)
    assert told(dry) == [("foot", "new"), ("a-outer", "new"), ("mail", "new"), ("news", "new")]
    assert await saved(state) == {}, "a dry run changes nothing"
    assert told(await apply(state, *documents)) == told(dry)
    assert await saved(state) == {"foot": 1, "a-outer": 1, "mail": 1, "news": 1}
    again = await apply(state, *documents)
    assert {kind for _, kind in told(again)} == {"unchanged"}
    changed = await apply(state, {**FOOT, "html": "Ciao"}, MAIL)
    assert told(changed)[:2] == [("foot", "changed"), ("mail", "unchanged")]
    (difference,) = changed.content[0].differences
    assert (difference.path, difference.before, difference.after) == ("$.html", "Bye", "Ciao")
    async with state.view() as view:
        assert [each.by for each in await view.template_versions("block", "foot", limit=1)] == ["ann"]


@pytest.mark.parametrize(
    ("documents", "code", "path"),
    [
        (
            [FOOT, {**MAIL, "content": {"subject": "Hi", "html": "{{ persn.x }}"}}],
            "unknown_variable",
            "$.content[1].content.html",
        ),
        ([{**FOOT, "html": "{{ person.zzz }}"}], "unknown_trait", "$.content[0].html"),
        (
            [FOOT, {**NEWS, "send": {"channel": "email", "template": {"saved": "nope"}}}],
            "unknown_template",
            "$.journeys[0].send.template.saved",
        ),
        ([FOOT, FOOT], "given_twice", "$.content[1].id"),
        ([{"kind": "block", "name": "F", "html": "x"}], "missing_field", "$.content[0]"),
        ([{**FOOT, "id": "No Name"}], "bad_id", "$.content[0].id"),
        ([{**FOOT, "colour": "red"}], "unknown_field", "$.content[0].colour"),
        ([{**FOOT, "html": '{% block "foot" %}'}], "block_cycle", "$.content[0].html"),
        ([{**MAIL, "medium": "smoke"}], "unknown_channel", "$.content[0].medium"),
    ],
)
async def test_nothing_is_saved_where_anything_is_wrong(
    documents: Sequence[Mapping[str, Any]], code: str, path: str
) -> None:
    state = MemoryState()
    with pytest.raises(Exposed) as refused:
        await apply(state, *documents)
    assert (refused.value.code, refused.value.path) == (code, path)
    assert await saved(state) == {}


async def test_others_who_put_a_block_in_are_not_broken_by_it() -> None:
    state = MemoryState()
    await save_block(state, "foot", {"name": "Foot", "html": "Bye"}, now=NOW)
    await save_template(state, "other", a_mail('{% block "foot" %}'), now=NOW)
    asking = {**FOOT, "html": "{{ row.name }}"}
    with pytest.raises(Conflict) as refused:
        await apply(state, asking)
    assert (refused.value.code, refused.value.path) == ("breaks_others", "$.content[0]")
    assert "'other'" in refused.value.message
    assert await saved(state) == {"foot": 1, "other": 1}
    # Who is mended in the same call holds up.
    mended = {"kind": "template", "id": "other", **a_mail('{% for row in person.rows %}{% block "foot" %}{% endfor %}')}
    allowing = Strictness(discovery=SEEN, allow_unknown=True)
    await apply(state, mended, strictness=allowing)
    await apply(state, {**asking, "html": "{{ row.name }}!"}, strictness=allowing)
    # What was broken before is no reason to refuse.
    await apply(state, {**FOOT, "html": "{{ row.name }}?"})


async def test_only_so_many_at_once_and_only_what_is_content() -> None:
    with pytest.raises(Exposed) as many:
        content_drafts_of([{**FOOT, "id": f"b{each}"} for each in range(DRAFTS_MOST + 1)])
    assert many.value.path == "$.content"
    with pytest.raises(Invalid) as other:
        content_drafts_of([NEWS])
    assert (other.value.code, other.value.path) == ("unknown_kind", "$.content[0].kind")
