"""Cutting a person's messages out of request bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.events.cut import Knife, says
from holdfast.events.event import IdentityKey
from holdfast.events.segment_body import ERASED
from holdfast.events.segment_spec import Decoded, decode

ADA = IdentityKey(kind="user", value="ada-1")
DEVICE = IdentityKey(kind="anonymous", value="device-9")
KNIFE = Knife(names=frozenset({ADA, DEVICE}), words=frozenset({"ada-1", "device-9", "ada@example.com"}))
AT = 1_800_000_000_000


def batch(*messages: object, **around: object) -> bytes:
    return json.dumps({"batch": messages, **around}).encode()


def track(user: str | None, **fields: object) -> dict[str, object]:
    return {"type": "track", "event": "Seen", **({"userId": user} if user else {}), **fields}


def cut(body: bytes, kind: str = "batch", knife: Knife = KNIFE) -> bytes | None:
    return knife.cut(kind, body, received_ms=AT, source="web")


def read(body: bytes, kind: str = "batch") -> Decoded:
    return decode(kind, body, received_ms=AT, source="web")


def test_their_messages_go_and_those_of_others_are_the_same_events_at_the_same_place() -> None:
    body = batch(
        track("bob"),
        track("ada-1"),
        track(None, anonymousId="device-9"),
        track("cid", timestamp="2026-01-01T00:00:00Z"),
    )
    new = cut(body)
    assert new is not None
    before, after = read(body), read(new)
    assert after.events == tuple((index, event) for index, event in before.events if index in {0, 3})
    assert after.bad == ()
    assert b"ada-1" not in new
    assert cut(new) is None


def test_a_body_that_is_not_about_them_is_left_alone() -> None:
    assert cut(batch(track("bob"), track("ada-11"), track("x", properties={"to": "nobody"}))) is None
    # Somebody else who spoke of them: that is what the other did.
    assert cut(batch(track("bob", properties={"invited": "ada-1"}))) is None


def test_a_message_of_another_loses_only_the_device_they_shared() -> None:
    body = batch(track("bob", anonymousId="device-9", properties={"n": 1}))
    new = cut(body)
    assert new is not None
    assert b"device-9" not in new
    ((_, before),), ((_, after),) = read(body).events, read(new).events
    assert (after.user_id, after.anonymous_id, after.message_id) == ("bob", None, before.message_id)
    assert after.properties == before.properties


def test_an_alias_that_speaks_of_them_goes() -> None:
    for previous in ("ada-1", "device-9"):
        new = cut(batch({"type": "alias", "userId": "bob", "previousId": previous}))
        assert new is not None
        assert read(new).events == ()


def test_records_that_are_no_events_go_when_they_name_them() -> None:
    body = batch({"type": "trak", "userId": "ada-1"}, {"type": "trak", "userId": "bob"}, {"mail": "ada@example.com"}, 5)
    new = cut(body)
    assert new is not None
    assert [bad.index for bad in read(new).bad] == [1, 3]


def test_what_a_batch_says_of_all_goes_with_the_last_message_only() -> None:
    whole = cut(batch(track("ada-1"), context={"ip": "10.1.2.3"}))
    assert whole == b'{"batch":[' + ERASED + b"]}"
    shared = cut(batch(track("ada-1"), track("bob"), context={"ip": "10.1.2.3"}, sentAt="2026-01-01T00:00:00Z"))
    assert shared is not None
    assert json.loads(shared)["context"] == {"ip": "10.1.2.3"}
    assert json.loads(shared)["sentAt"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("kind", ["track", "identify"])
def test_a_single_call_is_its_own_message(kind: str) -> None:
    new = cut(json.dumps({"event": "Seen", "userId": "ada-1"}).encode(), kind)
    assert new == ERASED
    assert read(new, kind) == Decoded(events=(), bad=())


@pytest.mark.parametrize(
    "written",
    [
        b'{"type":"track","event":"Seen","userId":"\\u0061da-1"}',
        b'{"type":"track","event":"Seen","userId":"ada-1","properties":{"x":NaN}}',
        b'{"type":"track","event":"Seen","userId":"ada-1","properties":{"x":"\\ud83d"}}',
    ],
)
def test_however_it_is_written_it_is_found(written: bytes) -> None:
    new = cut(b'{"batch":[' + written + b',{"type":"track","event":"Seen","userId":"bob"}]}')
    assert new is not None
    assert [(index, event.user_id) for index, event in read(new).events] == [(1, "bob")]


def test_an_id_that_is_a_number_is_found_as_one() -> None:
    knife = Knife(names=frozenset({IdentityKey(kind="user", value="100")}), words=frozenset({"100"}))
    for number in (100, 100.0, 1e2):
        new = cut(batch(track("bob"), {"type": "track", "event": "Seen", "userId": number}), knife=knife)
        assert new is not None
        assert [index for index, _ in read(new).events] == [0]
    assert cut(batch(track("bob", properties={"quantity": 100})), knife=knife) is None
    assert cut(batch({"type": "trak", "userId": "bob", "quantity": 100}), knife=knife) is None
    assert cut(batch({"type": "trak", "userId": 100}), knife=knife) is not None


def test_a_body_that_cannot_be_read_goes_when_it_names_them() -> None:
    assert cut(b'{"batch": "ada-1"}') == b'{"batch":[' + ERASED + b"]}"
    assert cut(b'{"batch": "bob"}') is None


def test_only_those_that_are_meant_are_cut() -> None:
    knife = Knife(names=frozenset({ADA}), only=lambda event: event.message_id == "early")
    new = cut(batch(track("ada-1", messageId="early"), track("ada-1", messageId="late")), knife=knife)
    assert new is not None
    assert [event.message_id for _, event in read(new).events] == ["late"]


def test_words_are_values_of_their_own() -> None:
    words = {"ada-1", "17"}
    assert says(b'{"a": ["x", {"b": "ada-1"}]}', words)
    assert says(b'{"ada-1": 1}', words)
    assert not says(b'{"a": "ada-1 and more"}', words)
    assert not says(b'{"a": 17, "b": "17", "c": true}', words)
    assert says(b'{"Customer ID": 17}', words)
    assert says(b'{"customer_id": "17.0"', {"ada-1", "customer_id"})


MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["track", "identify", "trak"])},
        optional={
            "event": st.just("Seen"),
            "userId": st.sampled_from(["ada-1", "bob", "cid", 7]),
            "anonymousId": st.sampled_from(["device-9", "other", ""]),
            "messageId": st.text(min_size=1, max_size=4),
            "timestamp": st.just("2026-01-01T00:00:00Z"),
            "properties": st.dictionaries(st.text(max_size=3), st.integers() | st.floats(allow_nan=False) | st.text()),
        },
    ),
    max_size=8,
)


@given(MESSAGES)
def test_whoever_they_are_not_keeps_every_event_as_it_was(messages: list[Mapping[str, object]]) -> None:
    body = batch(*messages)
    new = cut(body)
    after = read(new if new is not None else body)
    kept = dict(after.events)
    for index, event in read(body).events:
        if event.identity in KNIFE.names:
            assert index not in kept
        elif event.anonymous_id == "device-9":
            assert (kept[index].message_id, kept[index].anonymous_id) == (event.message_id, None)
        else:
            assert kept[index] == event
    assert new is None or cut(new) is None
