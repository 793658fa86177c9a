"""Publishing many journeys and campaigns: planned first, then all of it or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from holdfast.decisions.document import decode_document, encode_document, says
from holdfast.flows.journey.decide import Verb, publish, set_state
from holdfast.flows.journey.decision_drafts import draft_of, drafts_of
from holdfast.flows.journey.publishing import Publication, apply_decisions, document_of
from holdfast.kernel.errors import Conflict, Invalid
from holdfast.ports.state import Decision
from holdfast.testing import START, MemoryState
from tests.unit.flows.test_react import RESCUE

MAIL = {"channel": "email", "template": {"subject": "Hello", "html": "<p>Hi</p>"}}
HELLO: dict[str, Any] = {
    "kind": "campaign",
    "id": "hello",
    "name": "Hello",
    "goal": {"event": "Order Completed", "within_seconds": 60},
    "trigger": {"event": "Signed Up", "again": "once"},
    "send": MAIL,
}
WHOLE: dict[str, Any] = {"kind": "journey", **RESCUE}


async def applied(state: MemoryState, *documents: dict[str, Any], dry_run: bool = False) -> dict[str, Publication]:
    done = await apply_decisions(state, drafts_of(documents), now=START, dry_run=dry_run)
    return {each.decision.id: each for each in done}


async def kept(state: MemoryState) -> dict[str, Decision]:
    async with state.view() as view:
        return {each.id: each for each in await view.decisions()}


async def test_a_plan_says_what_is_then_done() -> None:
    state = MemoryState()
    plan = await applied(state, WHOLE, HELLO, dry_run=True)
    assert await kept(state) == {}
    assert await applied(state, WHOLE, HELLO) == plan
    assert {name: each.kind for name, each in plan.items()} == {"rescue": "new", "hello": "new"}
    assert await kept(state) == {name: each.decision for name, each in plan.items()}
    again = await applied(state, HELLO)
    assert {name: each.kind for name, each in again.items()} == {"rescue": "absent", "hello": "unchanged"}
    changed = (await applied(state, {**HELLO, "name": "Welcome"}))["hello"]
    assert (changed.kind, changed.decision.version) == ("changed", 2)
    assert [(each.path, each.after) for each in changed.differences] == [("$.name", "Welcome")]


async def test_all_or_nothing_and_the_complaint_says_where() -> None:
    state = MemoryState()
    bad = {**HELLO, "id": "bad", "send": {**MAIL, "template": {"subject": "{{ oops", "html": "x"}}}
    with pytest.raises(Invalid) as found:
        await applied(state, WHOLE, bad)
    assert found.value.path == "$.journeys[1].send.template.subject"
    unknown = {**WHOLE, "id": "b", "steps": {**RESCUE["steps"]}}
    unknown["steps"]["cart"] = {**RESCUE["steps"]["cart"], "only_if": {"type": "in_segment", "segment": "nobody"}}
    with pytest.raises(Invalid) as found:
        await applied(state, HELLO, unknown)
    assert found.value.path == "$.journeys[1].steps.cart.only_if.segment"
    start = {"type": "segment_change", "segment": "nobody"}
    begun = {**RESCUE["steps"], "cart": {**start, "exits": {"entered": "wait"}}}
    with pytest.raises(Invalid) as found:
        await applied(state, HELLO, {**WHOLE, "id": "b", "steps": begun})
    assert (found.value.code, found.value.path) == ("unknown_segment", "$.journeys[1].steps.cart.segment")
    with pytest.raises(Invalid) as found:
        await applied(state, {**HELLO, "trigger": start})
    assert (found.value.code, found.value.path) == ("unknown_segment", "$.journeys[0].trigger.segment")
    assert await kept(state) == {}


async def test_an_id_is_of_one_kind() -> None:
    state = MemoryState()
    await applied(state, {**HELLO, "id": "x"})
    with pytest.raises(Conflict) as clash:
        await applied(state, HELLO, {**WHOLE, "id": "x"})
    assert clash.value.path == "$.journeys[1].id"
    assert {name: each.kind for name, each in (await kept(state)).items()} == {"x": "campaign"}


@pytest.mark.parametrize(
    ("document", "code", "path"),
    [
        ({"id": "a"}, "missing_field", "$.journeys[0]"),
        ({"id": "a", "kind": "jorney"}, "unknown_kind", "$.journeys[0].kind"),
        ({**HELLO, "kind": "journey"}, "unknown_field", "$.journeys[0].trigger"),
        ({**WHOLE, "start": "none"}, "unknown_step", "$.journeys[0].start"),
    ],
)
def test_what_is_no_journey_is_refused(document: dict[str, Any], code: str, path: str) -> None:
    with pytest.raises(Invalid) as found:
        drafts_of([document])
    assert (found.value.code, found.value.path) == (code, path)


def test_no_id_twice() -> None:
    with pytest.raises(Invalid) as found:
        drafts_of([HELLO, WHOLE, HELLO])
    assert (found.value.code, found.value.path) == ("given_twice", "$.journeys[2].id")


async def test_files_say_nothing_of_pausing() -> None:
    state = MemoryState()
    await applied(state, WHOLE, HELLO)
    await set_state(state, "journey", "rescue", "pause")
    await set_state(state, "campaign", "hello", "stop")
    same = await applied(state, WHOLE, HELLO)
    assert {each.kind for each in same.values()} == {"unchanged"}
    changed = await applied(state, {**WHOLE, "name": "Other"}, {**HELLO, "name": "Other"})
    assert changed["rescue"].decision.state == "paused"
    assert changed["hello"].decision.state == "live"
    again = await publish(state, "journey", json.dumps({**RESCUE, "name": "Other"}).encode(), now=START)
    assert (again.state, again.version) == ("live", 3)


def test_a_document_is_the_definition_without_what_says_nothing() -> None:
    for document in (WHOLE, HELLO):
        named = decode_document(document)
        written = encode_document(named)
        assert decode_document(written) == named
        assert says(written) == says(document)
        assert "null" not in json.dumps(written)
    draft = draft_of("campaign", {name: each for name, each in HELLO.items() if name != "kind"})
    decision = Decision(
        id="hello", kind="campaign", version=1, state="live", definition=draft.definition, published_ms=0
    )
    assert "id" not in document_of(decision)
    assert decode_document({"id": "hello", **document_of(decision)}) == draft.named


async def test_only_what_was_stopped_is_archived_and_publishing_starts_it_again() -> None:
    state = MemoryState()
    await applied(state, WHOLE)
    early: tuple[Verb, ...] = ("archive", "restore")
    for verb in early:
        with pytest.raises(Conflict) as refused:
            await set_state(state, "journey", "rescue", verb)
        assert refused.value.hint
    await set_state(state, "journey", "rescue", "stop")
    assert (await set_state(state, "journey", "rescue", "archive")).state == "archived"
    late: tuple[Verb, ...] = ("pause", "resume", "stop")
    for verb in late:
        with pytest.raises(Conflict):
            await set_state(state, "journey", "rescue", verb)
    assert (await set_state(state, "journey", "rescue", "restore")).state == "stopped"
    await set_state(state, "journey", "rescue", "archive")
    again = await publish(state, "journey", json.dumps(RESCUE).encode(), now=START)
    assert (again.state, again.version) == ("live", 2)
