"""The bulk path means what the live path means, whatever the table and however it is cut."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.events.event import Event, Json
from holdfast.events.segment_spec import decode
from holdfast.flows.ingest.bulk import EVENT_TABLE, REMEMBERED_MS, Loaded, load_table
from holdfast.kernel.moments import format_moment, to_millis
from holdfast.profiles.profile import EMPTY, NAMES_MOST, RECENT_MOST, learn
from holdfast.testing.clock import START
from holdfast.testing.house import House
from tests.unit.profiles.strategies import histories

Message = Mapping[str, Any]

USERS = ("ann", "ben", "17850", "17850.0", "ß😀", "x")
STRANGERS = ("a1", "a2", "17850", "x")
NAMES = ("Order Completed", "Product Viewed", "Consent Changed", "Identified", "😀")
VALUES = st.sampled_from(
    [None, 0, 1, 1.0, -0.0, 2**53 + 1, True, "gold", "17850", "", 'ß😀\\"', [], [1, "a"], {"a": None}]
)
PROPERTIES = st.dictionaries(st.sampled_from(["plan", "revenue", "email", "a b", "😀"]), VALUES, max_size=3)
CONSENT = st.fixed_dictionaries(
    {"channel": st.sampled_from(["email", "sms", "e/m"]), "granted": st.sampled_from([True, False, "yes"])},
    optional={"topic": st.sampled_from(["marketing", None])},
)
# Few moments, so that some are equal and some come late.
MOMENTS = st.integers(-6, -1).map(lambda hours: format_moment(START + timedelta(hours=hours)))
MESSAGE_IDS = st.integers(0, 40).map(str)


def messages_of() -> st.SearchStrategy[list[Message]]:
    """Calls of the Segment specification; of those with one message id, only the first counts."""
    user, stranger = st.sampled_from(USERS), st.sampled_from(STRANGERS)
    whose = st.one_of(
        st.fixed_dictionaries({"userId": user}),
        st.fixed_dictionaries({"anonymousId": stranger}),
        st.fixed_dictionaries({"userId": user, "anonymousId": stranger}),
    )
    when = st.fixed_dictionaries({"timestamp": MOMENTS, "messageId": MESSAGE_IDS})
    track = st.fixed_dictionaries({"type": st.just("track"), "event": st.sampled_from(NAMES), "properties": PROPERTIES})
    consent = st.fixed_dictionaries(
        {"type": st.just("track"), "event": st.just("Consent Changed"), "properties": CONSENT}
    )
    identify = st.fixed_dictionaries({"type": st.just("identify"), "traits": PROPERTIES})
    page = st.fixed_dictionaries({"type": st.just("page"), "name": st.just("Start"), "properties": PROPERTIES})
    said = st.builds(
        lambda *parts: {k: v for part in parts for k, v in part.items()}, track | consent | identify | page, whose, when
    )
    alias = st.builds(
        lambda *parts: {k: v for part in parts for k, v in part.items()},
        st.fixed_dictionaries({"type": st.just("alias"), "previousId": user | stranger, "userId": user}),
        st.sampled_from([{}, {"anonymousId": "a1"}, {"anonymousId": "x"}]),
        when,
    )
    return st.lists(said | alias, max_size=30)


def events_of(messages: Sequence[Message]) -> list[Event]:
    body = json.dumps({"batch": messages}).encode()
    decoded = decode("batch", body, received_ms=to_millis(START), source="default")
    assert not decoded.bad
    return [event for _, event in decoded.events]


def table_of(events: Sequence[Event]) -> pa.Table:
    rows = [
        {
            "name": event.name,
            "kind": event.kind,
            "user_id": event.user_id,
            "anonymous_id": event.anonymous_id,
            "previous_id": event.previous_id,
            "message_id": event.message_id,
            "properties": json.dumps(event.properties),
            "context": json.dumps(event.context),
            "source": event.source,
            "timestamp": event.timestamp,
        }
        for event in events
    ]
    return pa.Table.from_pylist(rows, schema=EVENT_TABLE)


async def load(house: House, table: pa.Table, **options: Any) -> Loaded:
    loaded = await load_table(
        table, state=house.app.state, history=house.app.history, received=house.clock.now(), **options
    )
    await house.settle()
    return loaded


async def everything(house: House) -> dict[str, Any]:
    """All that a workspace knows of people and events."""
    async with house.app.state.view() as view:
        persons = await view.members(range(1, 500))
        members = [each for those in persons.values() for each in those]
        ids = [each.id for each in members]
        profiles, links = await view.profiles(ids), await view.links(ids)
    exported = [batch.to_pylist() async for batch in house.app.history.export(batch_rows=1000)]
    history = [{**row, "properties": _plain(row["properties"])} for rows in exported for row in rows]
    people, count = await house.app.history.find("", limit=1000)
    assert count == len(people)
    return {
        "identities": {each.id: each for each in members},
        "profiles": profiles,
        "links": links,
        "history": history,
        "people": {
            row.person: (row.user_id, row.known, row.traits, row.first_seen_ms, row.last_seen_ms) for row in people
        },
    }


def _plain(text: str) -> Json:
    value: Json = json.loads(text)
    return value


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@given(messages=messages_of(), cuts=st.lists(st.integers(0, 30), max_size=3), chunk_rows=st.integers(1, 40))
async def test_a_table_means_what_its_events_mean_one_by_one(
    folder: Path, messages: list[Message], cuts: list[int], chunk_rows: int
) -> None:
    live, bulk = await House.build(folder), await House.build(folder)
    for message in messages:
        await live.happens(message)
    table = table_of(events_of(messages))
    bounds = [0, *sorted(min(cut, table.num_rows) for cut in cuts), table.num_rows]
    for start, end in pairwise(bounds):
        await load(bulk, table.slice(start, end - start), chunk_rows=chunk_rows)
    before = await everything(bulk)
    assert before == await everything(live)

    again = await load(bulk, table, chunk_rows=chunk_rows + 1)
    assert (again.added, again.known) == (0, table.num_rows)
    assert await everything(bulk) == before


@given(histories(), st.integers(1, 5))
async def test_what_we_say_of_people_is_folded_as_live_and_is_nothing_they_did(
    folder: Path, events: list[Event], chunk_rows: int
) -> None:
    house = await House.build(folder)
    sound = [each for each in events if "\\ud800" not in json.dumps(each.properties)]
    await load(house, table_of(sound), chunk_rows=chunk_rows)
    profile = EMPTY
    for event in sound:
        profile = learn(profile, event)
    assert list((await everything(house))["profiles"].values()) == ([profile] if sound else [])


class Interrupted(Exception):
    """The process died."""


@given(
    messages=messages_of(),
    chunk_rows=st.integers(1, 20),
    then_rows=st.integers(1, 20),
    crash=st.tuples(st.integers(0, 5), st.integers(0, 30)),
)
async def test_what_a_crash_left_half_done_is_completed_by_loading_again(
    folder: Path, messages: list[Message], chunk_rows: int, then_rows: int, crash: tuple[int, int]
) -> None:
    """The state has the chunk; of its events in the history there are some, all or none."""
    fatal, landed = crash
    sound, house = await House.build(folder), await House.build(folder)
    table = table_of(events_of(messages))
    await load(sound, table)
    add_table, chunks = house.app.history.add_table, iter(range(100))

    async def add_some(rows: pa.Table, *, token: str) -> int:
        if next(chunks) != fatal:
            return await add_table(rows, token=token)
        await add_table(rows.slice(0, landed), token=token)
        raise Interrupted

    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Interrupted):
        patch.setattr(house.app.history, "add_table", add_some)
        await load(house, table, chunk_rows=chunk_rows)
    await load(house, table, chunk_rows=then_rows)
    found, wanted = await everything(house), await everything(sound)
    assert found == wanted
    async with house.app.state.view() as view:
        assert not await view.note("bulk"), "nothing is in doubt any more"


def tracks(names: Sequence[str], **fields: Any) -> list[Message]:
    """A track call for each name, a minute apart."""
    return [
        {
            "type": "track",
            "event": name,
            "userId": "ann",
            "messageId": f"{index}-{name}",
            "timestamp": format_moment(START - timedelta(minutes=index)),
            **fields,
        }
        for index, name in enumerate(names)
    ]


@pytest.mark.parametrize("chunk_rows", [211, 10_000])
async def test_robots_and_diligent_people_are_counted_as_live(folder: Path, chunk_rows: int) -> None:
    """More names than a profile tallies, and more of one than it remembers moments of."""
    names = [f"name {index % (NAMES_MOST + 7):04}" for index in reversed(range(NAMES_MOST + 20))]
    messages = tracks(names) + tracks(["again"] * (RECENT_MOST * 2 + 1))
    live, bulk = await House.build(folder), await House.build(folder)
    await live.happens(*messages)
    await load(bulk, table_of(events_of(messages)), chunk_rows=chunk_rows)
    assert await everything(bulk) == await everything(live)


async def test_what_came_live_is_known_to_the_table(folder: Path) -> None:
    house = await House.build(folder)
    messages = tracks(["Read", "Bought"])
    await house.happens(messages[0])
    before = await everything(house)
    assert (await load(house, table_of(events_of(messages[:1])))).added == 0
    assert await everything(house) == before
    assert await load(house, table_of(events_of(messages))) == Loaded(rows=2, added=1, known=1)


@pytest.mark.parametrize("sign", [-1, 1])
async def test_a_message_id_at_another_time_is_the_same_event_for_thirty_days(folder: Path, sign: int) -> None:
    house = await House.build(folder)
    (event,) = events_of(tracks(["Read"]))
    await load(house, table_of([event]))
    near = msgspec.structs.replace(event, timestamp=event.timestamp + sign * timedelta(milliseconds=REMEMBERED_MS))
    far = msgspec.structs.replace(event, timestamp=event.timestamp + sign * timedelta(milliseconds=REMEMBERED_MS + 1))
    assert (await load(house, table_of([near]))).added == 0
    assert (await load(house, table_of([far]))).added == 1


async def test_tables_without_a_common_event_can_be_loaded_side_by_side(folder: Path) -> None:
    house, sound = await House.build(folder), await House.build(folder)
    messages = [{**each, "anonymousId": f"a{index % 3}"} for index, each in enumerate(tracks(["Read", "Wrote"] * 10))]
    table = table_of(events_of(messages))
    await load(sound, table)
    await asyncio.gather(*(load(house, table.slice(start, 5), chunk_rows=2) for start in range(0, 20, 5)))
    found, wanted = await everything(house), await everything(sound)
    assert [found[each] for each in ("profiles", "people")] == [wanted[each] for each in ("profiles", "people")]
    assert Counter(row["message_id"] for row in found["history"]) == Counter(each["messageId"] for each in messages)
    async with house.app.state.view() as view:
        assert not await view.note("bulk")


async def test_nobody_enters_a_journey(folder: Path) -> None:
    house = await House.build(folder)
    await house.publish(
        {
            "id": "welcome",
            "name": "Welcome",
            "goal": {"event": "Order Completed", "within_seconds": 86_400},
            "trigger": {"event": "Read", "again": "once"},
            "send": {"channel": "email", "template": {"subject": "Hello", "html": "<p>Hello.</p>"}},
        }
    )
    await load(house, table_of(events_of(tracks(["Read"]))))
    assert await house.app.history.size() == 1
    await house.happens(*({**each, "messageId": "live"} for each in tracks(["Read"])))
    assert await house.app.history.size() > 2, "the journey does run"


async def test_progress_is_told_after_each_chunk_and_an_empty_table_is_nothing(folder: Path) -> None:
    house = await House.build(folder)
    told: list[int] = []
    table = table_of(events_of(tracks(["Read"] * 5)))
    await load(house, table, chunk_rows=2, progress=told.append)
    assert told == [2, 4, 5]
    assert await load(house, table.slice(0, 0)) == Loaded(rows=0, added=0, known=0)


async def test_an_event_that_was_loaded_and_comes_again_by_the_front_door_happened_once(folder: Path) -> None:
    house = await House.build(folder)
    message: Message = {
        "type": "track",
        "event": "Read",
        "userId": "ann",
        "messageId": "m",
        "timestamp": "2026-01-05T08:00:00.000Z",
    }
    await load(house, table_of(events_of([message])), chunk_rows=10)
    await house.happens(message)
    assert await house.app.history.size() == 1
    async with house.app.state.view() as view:
        assert (await view.profiles([1]))[1].tallies["Read"].count == 1
