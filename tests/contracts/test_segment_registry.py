"""The registry of segments, over both stores: versions, who uses what, and many saved as one."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.flows.audience.list_registry import PeopleList, note_lists
from holdfast.flows.audience.segment_drafts import DESCRIPTION_MOST, NAME_MOST, Draft, draft_of, drafts_of
from holdfast.flows.audience.segments import (
    SEGMENTS_MOST,
    Change,
    apply_segments,
    delete_segment,
    document_of,
    find_segment,
    find_version,
    restore_segment,
    save_segment,
)
from holdfast.flows.audience.used_by import SAID_MOST, Use, users_of
from holdfast.flows.journey.decide import publish, set_state
from holdfast.flows.measure.kpis import keep_tree, load_tree
from holdfast.kernel.errors import Conflict, Exposed, Invalid, NotFound, TooLarge
from holdfast.measures.kpi import KpiTree, decode_tree
from holdfast.ports.state import Decision, SavedSegment, State
from holdfast.segments.codec import DEPTH_MOST
from holdfast.testing import START, MemoryState, a_visit
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.

PAYS = {"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"}
BUYS = {"type": "did", "event": "Order Completed", "at_least": 3}
GOAL = {"event": "Order Completed", "within_seconds": 3600}


def member(*segments: str) -> dict[str, Any]:
    """In all of these, and in something deeper still."""
    named = [{"type": "in_segment", "segment": each} for each in segments]
    return {"type": "all", "of": [PAYS, *({"type": "not", "of": each} for each in named)]}


def draft(segment_id: str, definition: Mapping[str, object], name: str = "") -> Draft:
    return draft_of(segment_id, name or segment_id.title(), definition)


async def save(state: State, segment_id: str, definition: Mapping[str, object], **also: Any) -> Change:
    return await save_segment(state, draft(segment_id, definition), by="ann", now=START, **also)


async def apply(state: State, documents: Mapping[str, Mapping[str, object]], **also: Any) -> dict[str, Change]:
    drafts = drafts_of([{"id": each, "name": each.title(), "definition": said} for each, said in documents.items()])
    return {each.segment.id: each for each in await apply_segments(state, drafts, by="ann", now=START, **also)}


def a_journey(only_if: object = None, condition: Mapping[str, object] = PAYS, *, unknown: bool = False) -> bytes:
    exits = {"yes": "end", "no": "end"} | ({"unknown": "end"} if unknown else {})
    steps = {
        "start": {"type": "trigger", "event": "A", "again": "once", "only_if": only_if, "exits": {"entered": "fork"}},
        "fork": {"type": "branch", "condition": condition, "exits": exits},
        "end": {"type": "exit"},
    }
    return json.dumps({"id": "rescue", "name": "Rescue", "goal": GOAL, "start": "start", "steps": steps}).encode()


def a_campaign(only_if: object) -> bytes:
    trigger = {"event": "A", "again": "once", "only_if": only_if}
    send = {"channel": "email", "topic": "news", "template": {"subject": "s", "html": "<p>h</p>", "text": ""}}
    return json.dumps({"id": "winback", "name": "Win back", "goal": GOAL, "trigger": trigger, "send": send}).encode()


async def all_of(state: State) -> dict[str, SavedSegment]:
    async with state.view() as view:
        return {each.id: each for each in await view.segments()}


async def uses_of(state: State, segment_id: str) -> list[tuple[str, str, str, int | None]]:
    async with state.view() as view:
        users = await users_of(view, await view.segments())
    return [(each.kind, each.id, each.path, each.version) for each in users.of(segment_id)]


async def test_saving_again_makes_a_version_only_where_something_changed(state: State) -> None:
    first = await save(state, "gold", PAYS)
    assert (first.kind, first.segment.version, first.segment.by, first.before) == ("new", 1, "ann", None)
    same = await save(state, "gold", dict(reversed(PAYS.items())))
    assert (same.kind, same.segment) == ("unchanged", first.segment), "the order of fields says nothing"
    changed = await save(state, "gold", BUYS)
    assert (changed.kind, changed.segment.version, changed.before) == ("changed", 2, first.segment)
    renamed = await save_segment(state, draft("gold", BUYS, "Golden"), by="ben", now=START + timedelta(1))
    assert [(each.path, each.before, each.after) for each in renamed.differences] == [("$.name", "Gold", "Golden")]
    assert (await all_of(state))["gold"] == renamed.segment


async def test_one_is_not_true_and_not_text(state: State) -> None:
    """To Python they are equal, to a definition they are not."""
    values: list[object] = [1, True, "1"]
    for number, value in enumerate(values, 1):
        assert (await save(state, "gold", {**PAYS, "value": value})).segment.version == number


async def test_a_dry_run_says_what_would_be_and_changes_nothing(state: State) -> None:
    await save(state, "gold", PAYS)
    await save(state, "silver", member("gold"))
    told = await save(state, "gold", BUYS, dry_run=True)
    assert (told.kind, told.segment.version) == ("changed", 2)
    assert [(each.kind, each.id) for each in told.used_by] == [("segment", "silver")]
    assert (await all_of(state))["gold"].version == 1
    with pytest.raises(Invalid):
        await save(state, "gold", member("nothing"), dry_run=True)
    assert (await save(state, "gold", BUYS)).segment == told.segment


async def test_versions_are_restored_and_a_deletion_is_undone(state: State) -> None:
    await save(state, "gold", PAYS)
    await save(state, "gold", BUYS)
    restored = await restore_segment(state, "gold", 1, by="cem", now=START)
    assert (restored.segment.version, restored.segment.by) == (3, "cem")
    assert document_of(restored.segment)["definition"] == PAYS
    assert (await restore_segment(state, "gold", 1, by="cem", now=START)).kind == "unchanged"
    with pytest.raises(Invalid, match="not deleted"):
        await restore_segment(state, "gold", by="cem", now=START)
    gone = await delete_segment(state, "gold", by="dee", now=START)
    assert (gone.version, gone.deleted) == (4, True)
    async with state.view() as view:
        with pytest.raises(NotFound, match="was deleted") as refused:
            await find_segment(view, "gold")
        assert "restore gold" in refused.value.hint
    back = await restore_segment(state, "gold", by="cem", now=START)
    assert (back.kind, back.segment.version, back.segment.deleted) == ("new", 5, False)
    assert document_of(back.segment)["definition"] == PAYS
    async with state.view() as view:
        with pytest.raises(NotFound, match="no version 9") as none:
            await find_version(view, "gold", 9)
        assert "1 to 5" in none.value.hint
    for missing in (1, None):
        with pytest.raises(NotFound):
            await restore_segment(state, "nothing", missing, by="", now=START)


async def test_what_a_version_refers_to_must_be_there_when_it_is_restored(state: State) -> None:
    await save(state, "gold", PAYS)
    await save(state, "silver", member("gold"))
    await save(state, "silver", BUYS)
    await delete_segment(state, "gold", by="", now=START)
    with pytest.raises(Invalid, match="no segment 'gold'") as refused:
        await restore_segment(state, "silver", 1, by="", now=START)
    assert refused.value.path == "$.of[1].of.segment"


async def test_a_used_segment_is_not_deleted_and_its_users_are_named(state: State) -> None:
    await save(state, "gold", PAYS)
    await save(state, "silver", member("gold", "gold"))
    await publish(state, "journey", a_journey({"type": "in_segment", "segment": "gold"}, member("gold")), now=START)
    await publish(state, "campaign", a_campaign(member("gold")), now=START)
    assert await uses_of(state, "gold") == [
        ("segment", "silver", "$.of[1].of.segment", None),
        ("segment", "silver", "$.of[2].of.segment", None),
        ("campaign", "winback", "$.trigger.only_if.of[1].of.segment", None),
        ("journey", "rescue", "$.steps.fork.condition.of[1].of.segment", None),
        ("journey", "rescue", "$.steps.start.only_if.segment", None),
    ]
    with pytest.raises(Conflict) as refused:
        await delete_segment(state, "gold", by="", now=START)
    assert refused.value.code == "in_use"
    for said in ("segment 'silver'", "campaign 'winback'", "journey 'rescue'", "$.steps.start.only_if.segment"):
        assert said in refused.value.message
    assert refused.value.hint
    assert "gold" in await all_of(state)
    assert [each.id for each in (await save(state, "gold", BUYS)).used_by] == [
        "silver",
        "silver",
        "winback",
        "rescue",
        "rescue",
    ]
    assert await uses_of(state, "silver") == []
    await delete_segment(state, "silver", by="", now=START)


async def test_many_users_are_named_only_so_far(state: State) -> None:
    await apply(state, {"gold": PAYS} | {f"s{number}": member("gold") for number in range(SAID_MOST + 3)})
    with pytest.raises(Conflict, match="and 3 more"):
        await delete_segment(state, "gold", by="", now=START)


async def test_a_journey_uses_a_segment_as_long_as_it_can_ask(state: State) -> None:
    await save(state, "gold", PAYS)
    asks, asks_not = a_journey({"type": "in_segment", "segment": "gold"}), a_journey()
    used = ("journey", "rescue", "$.steps.start.only_if.segment")
    await publish(state, "journey", asks, now=START)
    assert await uses_of(state, "gold") == [(*used, None)]
    await set_state(state, "journey", "rescue", "pause")
    assert await uses_of(state, "gold") == [(*used, None)], "it may be resumed"
    async with state.begin() as transaction:
        (visit,) = await transaction.add_visits([a_visit(1, origin="rescue", version=1)])
    await publish(state, "journey", asks_not, now=START)
    assert await uses_of(state, "gold") == [(*used, 1)], "somebody is still on that version"
    with pytest.raises(Conflict, match=r"'rescue' \(version 1\)"):
        await delete_segment(state, "gold", by="", now=START)
    async with state.begin() as transaction:
        await transaction.put_visits([a_visit(1, origin="rescue", version=1, id=visit.id, left_ms=9, left_by="goal")])
    assert await uses_of(state, "gold") == []
    await publish(state, "journey", asks, now=START)
    await set_state(state, "journey", "rescue", "stop")
    assert await uses_of(state, "gold") == [], "what is stopped asks nobody"
    await delete_segment(state, "gold", by="", now=START)
    with pytest.raises(Invalid, match="no segment 'gold'"):
        await publish(state, "journey", asks, now=START)


async def test_a_definition_that_is_not_valid_any_more_uses_nothing_and_stops_nobody(state: State) -> None:
    await save(state, "gold", PAYS)
    old = Decision(id="old", kind="journey", version=1, state="live", definition=b'{"gold": 1}', published_ms=1)
    async with state.begin() as transaction:
        await transaction.put_decision(old)
        await transaction.put_segment(SavedSegment(id="odd", name="Odd", definition=b'{"type": "?"}', updated_ms=1))
    assert await uses_of(state, "gold") == []
    await save(state, "gold", BUYS)
    await delete_segment(state, "gold", by="", now=START)
    assert (await apply(state, {}))["odd"].kind == "absent"


async def test_a_change_that_a_user_could_not_bear_is_refused_and_says_whose(state: State) -> None:
    """A trigger asks at once, so what it names must be knowable at once."""
    never_live = {**BUYS, "at_least": 40, "within_days": 7}  # More than a profile keeps.
    await save(state, "gold", PAYS)
    await save(state, "silver", {"type": "in_segment", "segment": "gold"})
    await publish(state, "journey", a_journey({"type": "in_segment", "segment": "silver"}), now=START)
    with pytest.raises(Conflict, match="journey 'rescue'") as refused:
        await save(state, "gold", never_live)
    assert refused.value.code == "breaks_user"
    assert refused.value.path == "$.steps.start.only_if.segment"
    assert refused.value.hint
    assert (await all_of(state))["gold"].version == 1
    await set_state(state, "journey", "rescue", "stop")
    await save(state, "gold", never_live)


async def test_a_circle_is_refused_with_its_path(state: State) -> None:
    await save(state, "a", PAYS)
    await save(state, "b", member("a"))
    await save(state, "c", member("b"))
    with pytest.raises(Invalid, match="a → c → b → a") as refused:
        await save(state, "a", member("c"))
    assert (refused.value.code, refused.value.path) == ("cycle", "$.of[1].of.segment")
    with pytest.raises(Invalid, match="a → a"):
        await save(state, "a", member("a"))
    with pytest.raises(Invalid) as among:
        await apply(state, {"d": member("e"), "e": member("d")})
    assert (among.value.code, among.value.path) == ("cycle", "$.segments[0].definition.of[1].of.segment")


@pytest.mark.parametrize("order", list(itertools.permutations("abc")))
async def test_segments_applied_together_may_refer_to_each_other_in_any_order(state: State, order: Any) -> None:
    await save(state, "z", PAYS)
    documents = {"a": member("b", "z"), "b": member("c"), "c": BUYS}
    changes = await apply(state, {each: documents[each] for each in order})
    assert {name: each.kind for name, each in changes.items()} == dict.fromkeys("abc", "new") | {"z": "absent"}
    assert list(changes) == sorted(changes)
    assert [use.id for use in changes["b"].used_by] == ["a"]
    again = await apply(state, {each: documents[each] for each in order})
    assert {each.kind for each in again.values()} == {"unchanged", "absent"}
    assert {each.version for each in (await all_of(state)).values()} == {1}


async def test_all_or_nothing_is_applied(state: State) -> None:
    await save(state, "a", PAYS)
    for bad in (member("nothing"), member("b")):
        with pytest.raises(Invalid) as refused:
            await apply(state, {"a": BUYS, "b": bad})
        assert refused.value.path == "$.segments[1].definition.of[1].of.segment"
    with pytest.raises(Invalid) as wrong:
        await apply(state, {"a": BUYS, "b": {**BUYS, "at_least": "x"}})
    assert wrong.value.path == "$.segments[1].definition.at_least"
    assert {name: each.version for name, each in (await all_of(state)).items()} == {"a": 1}


async def test_pruning_deletes_what_is_not_there_unless_it_is_used(state: State) -> None:
    await apply(state, {"a": PAYS, "b": member("a"), "c": member("b")})
    changes = await apply(state, {"a": BUYS}, prune=True, dry_run=True)
    assert {name: each.kind for name, each in changes.items()} == {"a": "changed", "b": "deleted", "c": "deleted"}
    assert len(await all_of(state)) == 3
    with pytest.raises(Conflict, match=r"'b' is used by the segment 'c'"):
        await apply(state, {"a": BUYS, "c": member("b")}, prune=True)
    with pytest.raises(Conflict, match=r"'a' is used"):
        await apply(state, {"d": member("a")}, prune=True)
    await publish(state, "campaign", a_campaign(member("c")), now=START)
    with pytest.raises(Conflict, match="campaign 'winback'"):
        await apply(state, {"a": BUYS}, prune=True)
    assert {name: each.version for name, each in (await all_of(state)).items()} == {"a": 1, "b": 1, "c": 1}
    await set_state(state, "campaign", "winback", "stop")
    changes = await apply(state, {"a": BUYS}, prune=True)
    assert {name: (each.kind, each.segment.version) for name, each in changes.items()} == {
        "a": ("changed", 2),
        "b": ("deleted", 2),
        "c": ("deleted", 2),
    }
    assert list(await all_of(state)) == ["a"]
    back = await apply(state, {"a": BUYS, "b": member("a")})
    assert (back["b"].kind, back["b"].segment.version) == ("new", 3)


async def test_a_user_may_let_go_in_the_same_change(state: State) -> None:
    await apply(state, {"a": PAYS, "b": member("a")})
    changes = await apply(state, {"b": BUYS}, prune=True)
    assert {name: each.kind for name, each in changes.items()} == {"a": "deleted", "b": "changed"}


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"id": "A"}, "$.segments[1].id"),
        ({"id": "a" * 101}, "$.segments[1].id"),
        ({"id": "a"}, "$.segments[1].id"),
        ({"id": 5}, "$.segments[1].id"),
        ({"name": "  "}, "$.segments[1].name"),
        ({"name": "x\0"}, "$.segments[1].name"),
        ({"name": "\ud800"}, "$.segments[1].name"),
        ({"name": "x" * (NAME_MOST + 1)}, "$.segments[1].name"),
        ({"description": "x" * (DESCRIPTION_MOST + 1)}, "$.segments[1].description"),
        ({"description": None}, "$.segments[1].description"),
        ({"definition": []}, "$.segments[1].definition"),
        ({"definition": {**PAYS, "value": "\ud800"}}, "$.segments[1].definition"),
        ({"definition": {"type": "all", "of": [BUYS, {**BUYS, "within_days": 0}]}}, "$.segments[1].definition.of[1]"),
        ({"nme": "x"}, "$.segments[1]"),
    ],
)
async def test_what_cannot_be_a_segment_is_told_where(state: State, document: dict[str, Any], path: str) -> None:
    good = {"id": "a", "name": "A", "definition": PAYS}
    with pytest.raises(Exposed) as refused:
        await apply_segments(state, drafts_of([good, {**good, "id": "b", **document}]), by="", now=START)
    assert isinstance(refused.value, (Invalid, TooLarge))
    assert refused.value.path.startswith(path)
    assert refused.value.hint
    assert await all_of(state) == {}


@pytest.mark.parametrize("field", ["id", "name", "definition"])
def test_a_field_that_is_missing_is_named(field: str) -> None:
    whole: dict[str, Any] = {"id": "a", "name": "A", "definition": PAYS}
    with pytest.raises(Invalid, match=f"'{field}' is missing"):
        drafts_of([{name: each for name, each in whole.items() if name != field}])


async def test_a_workspace_keeps_so_many_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    assert SEGMENTS_MOST >= 1_000
    monkeypatch.setattr("holdfast.flows.audience.segments.SEGMENTS_MOST", 3)
    state = MemoryState()
    await apply(state, dict.fromkeys("abc", PAYS))
    with pytest.raises(TooLarge):
        await save(state, "d", PAYS)
    await apply(state, dict.fromkeys("def", PAYS), prune=True)


async def test_two_at_once_make_two_versions_and_neither_is_lost(state: State) -> None:
    changes = await asyncio.gather(*(save(state, "gold", {**BUYS, "at_least": number}) for number in range(1, 11)))
    assert sorted(each.segment.version for each in changes) == list(range(1, 11))
    async with state.view() as view:
        assert len(await view.segment_versions("gold", limit=99)) == 10


async def test_who_comes_first_wins_between_using_and_deleting(state: State) -> None:
    await save(state, "gold", PAYS)
    deleting = delete_segment(state, "gold", by="", now=START)
    using = save(state, "silver", member("gold"))
    outcomes = await asyncio.gather(deleting, using, return_exceptions=True)
    assert sum(isinstance(each, Exposed) for each in outcomes) == 1
    left = await all_of(state)
    assert ("gold" in left) == ("silver" in left)


NAMES = "abcd"
graphs = st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES), max_size=3), max_size=4)


def is_whole(graph: Mapping[str, set[str]]) -> bool:
    """Every name is there, and none leads back to itself."""
    if any(not named <= graph.keys() for named in graph.values()):
        return False
    left = dict(graph)
    while left:
        free = {name for name, named in left.items() if not named & left.keys()}
        if not free:
            return False
        left = {name: named for name, named in left.items() if name not in free}
    return True


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(st.tuples(graphs, st.booleans()), min_size=1, max_size=4))
def test_whatever_is_applied_in_turn_the_saved_are_whole(steps: list[tuple[dict[str, set[str]], bool]]) -> None:
    """Taken exactly when the result is whole, by a reckoning of its own; refused changes leave everything as it was."""

    async def story() -> None:
        state = MemoryState()
        saved: dict[str, set[str]] = {}
        for graph, prune in steps:
            wanted = graph if prune else saved | graph
            documents = {name: member(*sorted(named)) for name, named in graph.items()}
            if is_whole(wanted):
                await apply(state, documents, prune=prune)
                saved = dict(wanted)
            else:
                with pytest.raises(Exposed):
                    await apply(state, documents, prune=prune)
            found = await all_of(state)
            assert {name: each.definition for name, each in found.items()} == {
                name: draft(name, member(*sorted(named))).definition for name, named in saved.items()
            }
            for name in NAMES:
                users = {use[1] for use in await uses_of(state, name)}
                assert users == {other for other, named in saved.items() if name in named}

    asyncio.run(story())


def test_a_use_says_where_in_words() -> None:
    use = Use(kind="journey", id="rescue", name="Rescue", path="$.steps.fork.condition", version=2)
    assert use.words() == "the journey 'rescue' (version 2) at $.steps.fork.condition"


def nested(definition: Mapping[str, object], depth: int) -> dict[str, Any]:
    made: dict[str, Any] = dict(definition)
    for _ in range(depth):
        made = {"type": "not", "of": made}
    return made


async def test_a_change_is_felt_by_the_users_of_users(state: State) -> None:
    """The nearest user could bear a deeper definition; the one that stands on it could not."""
    await apply(state, {"a": PAYS, "b": {"type": "in_segment", "segment": "a"}, "c": member("b")})
    await save(state, "c", nested({"type": "in_segment", "segment": "b"}, DEPTH_MOST // 2))
    with pytest.raises(Conflict, match="segment 'c'") as refused:
        await save(state, "a", nested(PAYS, DEPTH_MOST // 2))
    assert refused.value.code == "breaks_user"
    await save(state, "c", PAYS)
    await save(state, "a", nested(PAYS, DEPTH_MOST // 2))


async def test_a_dry_run_knows_the_number_a_deleted_segment_would_go_on_with(state: State) -> None:
    await save(state, "a", PAYS)
    await delete_segment(state, "a", by="", now=START)
    assert (await save(state, "a", BUYS, dry_run=True)).segment.version == 3
    assert (await save(state, "a", BUYS)).segment.version == 3


async def test_what_is_broken_already_stands_in_nobodys_way(state: State) -> None:
    named = json.dumps({"type": "all", "of": [{"type": "in_segment", "segment": each} for each in ("a", "gone")]})
    await save(state, "a", PAYS)
    async with state.begin() as transaction:
        await transaction.put_segment(SavedSegment(id="broken", name="Broken", definition=named.encode(), updated_ms=1))
    assert [each.id for each in (await save(state, "a", BUYS)).used_by] == ["broken"]


async def test_a_description_that_is_not_said_stays(state: State) -> None:
    first = await save_segment(state, draft_of("a", "A", PAYS, "Who pays."), by="", now=START)
    assert first.segment.description == "Who pays."
    assert (await save(state, "a", BUYS)).segment.description == "Who pays."
    cleared = await save_segment(state, draft_of("a", "A", BUYS, ""), by="", now=START)
    assert (cleared.kind, cleared.segment.description) == ("changed", "")
    await save_segment(state, draft_of("a", "A", BUYS, "Back."), by="", now=START)
    assert (await apply(state, {"a": BUYS}))["a"].segment.description == "", "a file says all there is to say"


LISTED: Mapping[str, object] = {"type": "in_list", "list": "vip"}


def a_tree(segment: object, **question: object) -> KpiTree:
    """A company, and a KPI of it that asks of a segment."""
    asked = {"event": "Bought", "segment": segment, **question}
    kpi = {"id": "sales", "name": "Sales", "kind": "kpi", "parent": "shop", "insight": "trend", "column": "value"}
    shop = {"id": "shop", "name": "Shop", "kind": "company"}
    return decode_tree({"nodes": [shop, kpi | {"of": "sum", "question": asked}]})


async def keep(state: State, tree: KpiTree) -> None:
    async with state.begin() as transaction:
        await keep_tree(transaction, tree)


async def test_a_kpi_uses_what_its_question_names(state: State) -> None:
    await save(state, "gold", PAYS)
    await save(state, "loyal", member("gold"))
    gold: Mapping[str, object] = {"type": "in_segment", "segment": "gold"}
    await keep(state, a_tree({"type": "not", "of": gold}))
    async with state.view() as view:
        uses = (await users_of(view, await view.segments())).of("gold")
    assert [(each.kind, each.id, each.name, each.path) for each in uses] == [
        ("segment", "loyal", "Loyal", "$.of[1].of.segment"),
        ("kpi", "sales", "Sales", "$.nodes[1].question.segment.of.segment"),
    ]
    with pytest.raises(Conflict, match=r"the KPI 'sales' at \$\.nodes\[1\]\.question\.segment\.of\.segment"):
        await delete_segment(state, "gold", by="ann", now=START)
    with pytest.raises(Conflict, match="the KPI 'sales'"):
        await apply_segments(state, [draft("other", PAYS)], by="ann", now=START, prune=True)
    await keep(state, a_tree(PAYS))
    assert [each[0] for each in await uses_of(state, "gold")] == ["segment"]


async def test_a_change_a_kpi_could_not_be_with_is_refused(state: State) -> None:
    deep: Mapping[str, object] = PAYS
    for _ in range(DEPTH_MOST - 2):
        deep = {"type": "not", "of": deep}
    await save(state, "gold", PAYS)
    await keep(state, a_tree({"type": "not", "of": {"type": "in_segment", "segment": "gold"}}))
    with pytest.raises(Conflict, match="the KPI 'sales' could not be any more") as refused:
        await save(state, "gold", {"type": "not", "of": deep})
    assert refused.value.path == "$.nodes[1].question.segment.of.segment"


async def test_a_tree_that_names_what_has_gone_is_not_kept(state: State) -> None:
    with pytest.raises(Invalid) as refused:
        await keep(state, a_tree({"type": "in_segment", "segment": "gold"}))
    assert (refused.value.code, refused.value.path) == ("unknown_segment", "$.nodes[1].question.segment.segment")
    async with state.view() as view:
        assert (await load_tree(view)).nodes == ()


async def test_every_kind_of_user_of_a_list_is_told(state: State) -> None:
    async with state.begin() as transaction:
        await note_lists(transaction, {"vip": PeopleList(id="vip", name="Vip", made_ms=1, changed_ms=0)})
    await save(state, "asks", {"type": "all", "of": [PAYS, LISTED]})
    await keep(state, a_tree(LISTED))
    await publish(state, "campaign", a_campaign(LISTED), now=START)
    await publish(state, "journey", a_journey(condition=LISTED), now=START)
    async with state.view() as view:
        users = await users_of(view, await view.segments())
    assert [(each.kind, each.id, each.path) for each in users.of_list("vip")] == [
        ("segment", "asks", "$.of[1].list"),
        ("campaign", "winback", "$.trigger.only_if.list"),
        ("journey", "rescue", "$.steps.fork.condition.list"),
        ("kpi", "sales", "$.nodes[1].question.segment.list"),
    ]
    assert users.of("vip") == (), "a list is no segment"
