import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.events.bad import Bad, OverLimit
from holdfast.events.event import NAMES, OWN_SOURCE, Event, IdentityKey, Kind, own_event
from holdfast.events.segment_body import (
    BODY_BYTES_MOST,
    ERASED,
    EVENT_BYTES_MOST,
    EVENTS_MOST,
    MESSAGE_ID_CHARACTERS_MOST,
    check,
    open_body,
)
from holdfast.events.segment_spec import Decoded, decode, encode_own
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import from_millis

RECEIVED_MS = 1_795_295_302_000
RECEIVED = from_millis(RECEIVED_MS)


def a_track(**fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Signed Up", "userId": "u1", "messageId": "m1", **fields}


def read(kind: str, body: Any, *, source: str = "web", received_ms: int = RECEIVED_MS) -> Decoded:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode(kind, sent, received_ms=received_ms, source=source)


def one(kind: str, body: Any, **how: Any) -> Event:
    decoded = read(kind, body, **how)
    assert decoded.bad == ()
    ((index, event),) = decoded.events
    assert index == 0
    return event


def bad_one(body: Any, kind: str = "batch") -> Bad:
    decoded = read(kind, body)
    assert decoded.events == ()
    (bad,) = decoded.bad
    return bad


# What the calls become.


def test_a_track_call() -> None:
    event = one(
        "track",
        {
            "event": "Order Completed",
            "userId": "u1",
            "anonymousId": "a1",
            "messageId": "m1",
            "properties": {"revenue": 59.99, "items": [{"sku": "x"}]},
            "context": {"ip": "192.0.2.1"},
            "timestamp": "2026-11-21T10:00:00.123+01:00",
        },
    )
    assert event == Event(
        name="Order Completed",
        kind="track",
        user_id="u1",
        anonymous_id="a1",
        message_id="m1",
        properties={"revenue": 59.99, "items": [{"sku": "x"}]},
        context={"ip": "192.0.2.1"},
        timestamp=datetime(2026, 11, 21, 9, 0, 0, 123000, tzinfo=UTC),
        received_at=RECEIVED,
        source="web",
    )
    assert event.timestamp.utcoffset() == timedelta(0)


def test_identify_carries_its_traits_and_those_in_its_context() -> None:
    event = one(
        "identify",
        {
            "userId": "u1",
            "traits": {"plan": "gold"},
            "context": {"traits": {"plan": "old", "country": "DE"}, "locale": "de"},
        },
    )
    assert (event.name, event.kind) == ("Identified", "identify")
    assert event.properties == {"plan": "gold", "country": "DE"}
    assert event.context == {"locale": "de"}


@pytest.mark.parametrize(("kind", "name"), [("page", "Page Viewed"), ("screen", "Screen Viewed")])
def test_pages_and_screens_carry_name_and_category(kind: str, name: str) -> None:
    event = one(kind, {"anonymousId": "a", "name": "Home", "category": "Shop", "properties": {"url": "/", "name": "x"}})
    assert event.name == name
    assert event.properties == {"url": "/", "name": "Home", "category": "Shop"}
    assert one(kind, {"anonymousId": "a"}).properties == {}


def test_group_and_alias() -> None:
    group = one("group", {"userId": "u1", "groupId": 7, "traits": {"seats": 3}})
    assert (group.name, group.group_id) == ("Group Joined", "7")
    assert group.properties == {"seats": 3, "group_id": "7"}
    alias = one("alias", {"userId": "u1", "previousId": "a1"})
    assert (alias.name, alias.previous_id) == ("Aliased", "a1")
    assert alias.properties == {"previous_id": "a1"}


def test_a_batch_shares_its_context_and_integrations_with_every_message() -> None:
    decoded = read(
        "batch",
        {
            "batch": [a_track(context={"a": 1}), a_track(messageId="m2", integrations={"X": False})],
            "context": {"a": 0, "b": 2},
            "integrations": {"All": True},
        },
    )
    contexts = [event.context for _, event in decoded.events]
    assert contexts == [
        {"integrations": {"All": True}, "a": 1, "b": 2},
        {"integrations": {"All": True, "X": False}, "a": 0, "b": 2},
    ]


def test_the_endpoint_says_what_a_single_call_is() -> None:
    assert one("page", {"type": "track", "event": "x", "userId": "u"}).kind == "page"


# Identities.


@pytest.mark.parametrize(
    ("sent", "text"),
    [(42, "42"), (42.0, "42"), (1.5, "1.5"), (2**63, str(2**63)), (" x ", " x "), ("ß İ 🎈", "ß İ 🎈")],
)
def test_ids_become_text(sent: object, text: str) -> None:
    assert one("track", a_track(userId=sent)).user_id == text


def test_blank_ids_are_none() -> None:
    event = one("track", a_track(userId="", anonymousId="a"))
    assert (event.user_id, event.anonymous_id) == (None, "a")
    assert one("track", a_track(anonymousId="  ")).anonymous_id is None


# When it happened.


@pytest.mark.parametrize("where", ["batch", "message"])
def test_a_clock_that_is_wrong_is_corrected_by_when_the_batch_was_sent(where: str) -> None:
    # The client's clock is two days ahead; the event was 90 seconds old when it was sent.
    sent = (RECEIVED + timedelta(days=2)).isoformat()
    happened = (RECEIVED + timedelta(days=2, seconds=-90)).isoformat()
    message = a_track(timestamp=happened) | ({"sentAt": sent} if where == "message" else {})
    body = {"batch": [message]} | ({"sentAt": sent} if where == "batch" else {})
    assert one("batch", body).timestamp == RECEIVED - timedelta(seconds=90)


def test_the_original_timestamp_is_the_one_corrected() -> None:
    sent, original = RECEIVED - timedelta(hours=5), RECEIVED - timedelta(hours=6)
    body = a_track(sentAt=sent.isoformat(), originalTimestamp=original.isoformat(), timestamp="2001-01-01T00:00:00Z")
    assert one("track", body).timestamp == RECEIVED - timedelta(hours=1)


def test_without_sent_at_the_timestamp_stands() -> None:
    at = RECEIVED - timedelta(days=3)
    assert one("track", a_track(timestamp=at.isoformat())).timestamp == at
    for unreadable in ("soon", "", 5, None, "1815-12-10T00:00:00Z", "0001-01-01T00:00:00Z"):
        body = {"batch": [a_track(timestamp=at.isoformat())], "sentAt": unreadable}
        assert one("batch", body).timestamp == at
        assert one("track", a_track(timestamp=at.isoformat(), sentAt=unreadable)).timestamp == at


def test_an_import_keeps_its_timestamps() -> None:
    at = RECEIVED - timedelta(days=300)
    body = {"batch": [a_track(timestamp=at.isoformat())], "sentAt": (RECEIVED - timedelta(days=9)).isoformat()}
    assert one("import", body).timestamp == at


def test_without_a_timestamp_it_happened_when_it_was_received() -> None:
    assert one("track", a_track()).timestamp == RECEIVED
    assert one("track", a_track(timestamp=None)).timestamp == RECEIVED
    assert one("track", a_track(timestamp="")).timestamp == RECEIVED


def test_nothing_happens_after_it_was_received() -> None:
    assert one("track", a_track(timestamp="2199-01-01T00:00:00Z")).timestamp == RECEIVED
    later = {"timestamp": (RECEIVED + timedelta(hours=2)).isoformat(), "sentAt": RECEIVED.isoformat()}
    assert one("track", a_track(**later)).timestamp == RECEIVED


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T10:00", datetime(2026, 11, 1, 10, tzinfo=UTC)),
        ("2026-11-01T10:00:00", datetime(2026, 11, 1, 10, tzinfo=UTC)),
        ("2026-11-01 10:00:00+02:00", datetime(2026, 11, 1, 8, tzinfo=UTC)),
        ("20261101T100000Z", datetime(2026, 11, 1, 10, tzinfo=UTC)),
        (" 2026-11-01T10:00:00Z ", datetime(2026, 11, 1, 10, tzinfo=UTC)),
    ],
)
def test_iso_8601_is_read_in_all_its_forms(written: str, meant: datetime) -> None:
    assert one("track", a_track(timestamp=written)).timestamp == meant


@pytest.mark.parametrize("written", ["yesterday", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z", 1700000000, True, []])
def test_a_timestamp_nobody_can_read_is_a_bad_record(written: object) -> None:
    bad = bad_one({"batch": [a_track(timestamp=written)]})
    assert (bad.code, bad.path) == ("bad_timestamp", "$.batch[0].timestamp")
    assert bad.hint


# Message ids.


def test_a_message_without_an_id_gets_one_made_of_its_content_and_place() -> None:
    message = {"type": "track", "event": "x", "userId": "u", "timestamp": "2026-11-01T00:00:00Z"}
    first = read("batch", {"batch": [message, message]})
    again = read("batch", {"batch": [message, message]}, received_ms=RECEIVED_MS + 5000)
    ids = [event.message_id for _, event in first.events]
    assert len(set(ids)) == 2
    assert [event.message_id for _, event in again.events] == ids
    other = one("batch", {"batch": [message | {"event": "y"}]}).message_id
    assert other not in ids
    assert one("batch", {"batch": [message]}, source="app").message_id not in ids


def test_two_messages_with_neither_id_nor_time_are_two_events() -> None:
    message = {"event": "x", "userId": "u"}
    first, second = one("track", message), one("track", message, received_ms=RECEIVED_MS + 1)
    assert first.message_id != second.message_id
    assert one("track", message).message_id == first.message_id


# Bad records in a good batch.


@pytest.mark.parametrize(
    ("message", "code", "path"),
    [
        ({"type": "track", "event": "x"}, "no_identity", ".userId"),
        ({"type": "track", "event": "x", "userId": "", "anonymousId": None}, "no_identity", ".userId"),
        ({"type": "track", "userId": "u"}, "no_event_name", ".event"),
        ({"type": "track", "userId": "u", "event": " "}, "no_event_name", ".event"),
        ({"type": "track", "userId": "u", "event": 5}, "wrong_type", ".event"),
        ({"type": "track", "userId": True, "event": "x"}, "wrong_type", ".userId"),
        ({"type": "track", "userId": {"$oid": "x"}, "event": "x"}, "wrong_type", ".userId"),
        ({"type": "track", "userId": "u", "event": "x", "properties": ["a"]}, "wrong_type", ".properties"),
        ({"type": "identify", "userId": "u", "traits": "gold"}, "wrong_type", ".traits"),
        ({"type": "track", "userId": "u", "event": "x", "context": 5}, "wrong_type", ".context"),
        ({"type": "track", "userId": "u", "event": "x", "messageId": {}}, "wrong_type", ".messageId"),
        ({"userId": "u", "event": "x"}, "unknown_type", ".type"),
        ({"type": "Track", "userId": "u", "event": "x"}, "unknown_type", ".type"),
        ({"type": "group", "userId": "u"}, "no_groupId", ".groupId"),
        ({"type": "alias", "userId": "u"}, "no_previousId", ".previousId"),
        ({"type": "alias", "anonymousId": "a", "previousId": "b"}, "no_userId", ".userId"),
        ({"type": "track", "userId": "u" * 5000, "event": "x"}, "too_long", ".userId"),
        ({"type": "track", "userId": "ß" * 2500, "event": "x"}, "too_long", ".userId"),
        ({"type": "track", "userId": "u", "event": "x" * 5000}, "too_long", ".event"),
        ({"type": "track", "userId": "u\0", "event": "x"}, "bad_character", ".userId"),
        ({"type": "track", "userId": "u", "event": "x", "properties": {"n": 0}}, None, ""),
        (
            {"type": "identify", "userId": "u", "traits": {"a": 1, "list/vip": True}},
            "reserved_trait",
            ".traits.list/vip",
        ),
        ({"type": "identify", "userId": "u", "traits": {"list/": None}}, "reserved_trait", ".traits.list/"),
        (
            {"type": "identify", "userId": "u", "context": {"traits": {"list/x": False}}},
            "reserved_trait",
            ".context.traits.list/x",
        ),
        ({"type": "identify", "userId": "u", "traits": {"List/vip": 1, "list": 2, " list/vip": 3}}, None, ""),
        ({"type": "track", "userId": "u", "event": "Identified", "properties": {"list/vip": True}}, None, ""),
        ({"type": "group", "userId": "u", "groupId": "g", "traits": {"list/vip": True}}, None, ""),
        ("text", "wrong_type", ""),
        (None, "wrong_type", ""),
        ([a_track()], "wrong_type", ""),
    ],
)
def test_a_bad_record_says_what_where_and_how_to_mend_it(message: object, code: str | None, path: str) -> None:
    body = {"batch": [a_track(), message, a_track(messageId="m3")]}
    assert check("batch", json.dumps(body).encode()) == 3
    decoded = read("batch", body)
    good = [index for index, _ in decoded.events]
    if code is None:
        assert good == [0, 1, 2]
        return
    assert good == [0, 2]
    (bad,) = decoded.bad
    assert (bad.index, bad.code, bad.path) == (1, code, f"$.batch[1]{path}")
    assert json.loads(bad.body) == message
    assert bad.message.endswith(".")
    assert bad.hint


def test_the_path_in_a_single_call_starts_at_its_top() -> None:
    assert bad_one({"userId": "u"}, kind="track").path == "$.event"


def test_empty_lists_where_objects_belong_are_how_php_says_empty() -> None:
    event = one("track", a_track(properties=[], context=[], integrations=[]))
    assert (event.properties, event.context) == ({}, {})
    assert one("identify", {"userId": "u", "traits": []}).properties == {}


@pytest.mark.parametrize("depth", [40, 500, 5000])
def test_deep_nesting_is_a_bad_record_and_harms_nobody(depth: int) -> None:
    deep = b'{"type":"track","event":"x","userId":"u","properties":{"a":' + b"[" * depth + b"]" * depth + b"}}"
    body = b'{"batch":[' + deep + b"," + json.dumps(a_track()).encode() + b"]}"
    if depth == 5000:
        with pytest.raises(Invalid) as refused:
            check("batch", body)
        assert refused.value.code == "too_deep"
        return
    assert check("batch", body) == 2
    decoded = read("batch", body)
    assert [bad.code for bad in decoded.bad] == ["too_deep"]
    assert [index for index, _ in decoded.events] == [1]


def test_brackets_in_text_nest_nothing() -> None:
    text = '[{"' * 200
    assert one("track", a_track(properties={"a": text})).properties == {"a": text}


# JSON as clients really write it.


def test_half_an_emoji_and_nan_cost_their_neighbours_nothing() -> None:
    body = b'{"batch":[' + json.dumps(a_track()).encode() + b',{"type":"track","event":"cut \\ud83d","userId":"u",'
    body += b'"properties":{"a":NaN,"b":[-Infinity,1e999],"c":"\\ud83d\\ude00 \\\\ud83d"}}]}'
    assert check("batch", body) == 2
    second = read("batch", body).events[1][1]
    assert second.name == "cut \ufffd"
    assert second.properties == {"a": None, "b": [None, None], "c": "😀 \\ud83d"}


def test_a_byte_order_mark_is_passed_over() -> None:
    body = b"\xef\xbb\xbf" + json.dumps(a_track()).encode()
    assert check("track", body) == 1
    assert one("track", body).name == "Signed Up"


def test_a_number_no_float_can_hold_spoils_its_own_record_only() -> None:
    body = b'{"batch":[{"type":"track","event":"x","userId":"u","properties":{"a":1e999}},%s]}'
    decoded = read("batch", body % json.dumps(a_track()).encode())
    assert [bad.code for bad in decoded.bad] == ["bad_json"]
    assert len(decoded.events) == 1


def test_whole_numbers_of_any_length_stay_whole() -> None:
    assert one("track", a_track(properties={"n": 10**40})).properties == {"n": 10**40}


# What is refused as a whole.


@pytest.mark.parametrize(
    ("kind", "body", "code", "path"),
    [
        ("batch", b"", "bad_json", "$"),
        ("batch", b"{", "bad_json", "$"),
        ("batch", b'{"batch":[{}', "bad_json", "$"),
        ("batch", b'{"batch":[{"a":01}]}', "bad_json", "$"),
        ("batch", b'{"batch":[]} x', "bad_json", "$"),
        ("batch", b'{"batch":[{"userId":"\xff"}]}', "bad_json", "$"),
        ("batch", b'{"batch":[{"userId":"\xed\xa0\xbd"}]}', "bad_json", "$"),
        ("batch", b"[]", "wrong_type", "$"),
        ("batch", b"{}", "wrong_type", "$"),
        ("batch", b'{"batch":{}}', "wrong_type", "$.batch"),
        ("batch", b'{"batch":null}', "wrong_type", "$.batch"),
        ("batch", b'{"batch":[],"context":[]}', "wrong_type", "$.context"),
        ("track", b"[]", "wrong_type", "$"),
        ("track", b"null", "wrong_type", "$"),
        ("track", b"track", "bad_json", "$"),
    ],
)
def test_a_body_that_is_no_batch_is_refused(kind: str, body: bytes, code: str, path: str) -> None:
    for refuse in (check, open_body):
        with pytest.raises(Invalid) as refused:
            refuse(kind, body)
        assert (refused.value.code, refused.value.path) == (code, path)
        assert refused.value.hint
    with pytest.raises(Invalid):
        decode(kind, body, received_ms=RECEIVED_MS, source="web")


def test_an_empty_batch_is_empty() -> None:
    assert check("batch", b'{"batch":[]}') == 0
    assert read("batch", b'{"batch":[]}') == Decoded(events=(), bad=())


def over(kind: str, body: object) -> OverLimit:
    with pytest.raises(OverLimit) as refused:
        check(kind, json.dumps(body, separators=(",", ":")).encode())
    error = refused.value
    assert error.status == 413
    assert str(error.limit) in error.message
    assert error.hint
    return error


def padded(size: int, message: dict[str, Any]) -> dict[str, Any]:
    """The message, as long as `size` bytes of compact JSON."""
    room = size - len(json.dumps({**message, "pad": ""}, separators=(",", ":")))
    return {**message, "pad": "x" * room}


@pytest.mark.parametrize("neighbours", [0, 1, 40])
@pytest.mark.parametrize("place", [0, -1])
def test_an_event_may_fill_its_limit_but_not_pass_it(neighbours: int, place: int) -> None:
    small = [a_track(messageId=f"small-{number}", properties={"n": "y" * 300}) for number in range(neighbours)]
    for size in (EVENT_BYTES_MOST, EVENT_BYTES_MOST + 1):
        batch = [*small]
        batch.insert(0 if place == 0 else len(batch), padded(size, a_track(messageId="large")))
        body = {"batch": batch}
        if size <= EVENT_BYTES_MOST:
            assert check("batch", json.dumps(body, separators=(",", ":")).encode()) == neighbours + 1
        else:
            assert over("batch", body).path == f"$.batch[{0 if place == 0 else neighbours}]"
    assert over("track", padded(EVENT_BYTES_MOST + 1, a_track())).path == "$"


def test_an_event_that_hides_its_size_behind_quoted_ids_is_set_aside_when_it_is_read() -> None:
    ids = [f"id-{number:04}" for number in range(60)]
    decoy = a_track(messageId="decoy", properties={"quoted": [each + "x" * 900 for each in ids]})
    body = json.dumps({"batch": [decoy, *(a_track(messageId=each) for each in ids)]}).encode()
    assert check("batch", body) == 61
    decoded = read("batch", body)
    assert [(bad.index, bad.code) for bad in decoded.bad] == [(0, "too_large")]
    assert len(decoded.events) == 60


def test_a_batch_has_a_limit_of_events() -> None:
    tiny = {"type": "track"}
    assert check("batch", json.dumps({"batch": [tiny] * EVENTS_MOST}).encode()) == EVENTS_MOST
    assert over("batch", {"batch": [tiny] * (EVENTS_MOST + 1)}).path == "$.batch"


def test_a_body_has_a_limit_of_bytes() -> None:
    body = b'{"batch":[]}'
    assert check("batch", body.ljust(BODY_BYTES_MOST)) == 0
    with pytest.raises(OverLimit) as refused:
        check("batch", body.ljust(BODY_BYTES_MOST + 1))
    assert (refused.value.limit, refused.value.unit) == (BODY_BYTES_MOST, "bytes")


def test_a_message_id_has_a_limit_of_characters() -> None:
    longest = "ß" * MESSAGE_ID_CHARACTERS_MOST
    assert check("batch", json.dumps({"batch": [a_track(messageId=longest)]}).encode()) == 1
    error = over("batch", {"batch": [a_track(), a_track(messageId=longest + "x")]})
    assert (error.path, error.unit) == ("$.batch[1].messageId", "characters")
    assert over("track", a_track(messageId=longest + "x")).path == "$.messageId"


def test_the_write_key_of_the_body() -> None:
    for kind, body in [("batch", {"batch": [], "writeKey": "wk"}), ("track", a_track(writeKey="wk"))]:
        assert open_body(kind, json.dumps(body).encode()).write_key == "wk"
    assert open_body("track", b'{"writeKey":5}').write_key is None


# Whatever comes.

_texts = st.text(max_size=12) | st.sampled_from(["ß", "İ", "\\", "\0", "\ud83d", "a\ud83db", "2026-11-21", "[{", '"'])
_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=8,
)
_fields = ["type", "event", "userId", "anonymousId", "messageId", "timestamp", "originalTimestamp", "sentAt"]
_fields += ["properties", "traits", "context", "integrations", "previousId", "groupId", "name", "category"]
_messages = st.one_of(
    _values,
    st.dictionaries(st.sampled_from(_fields), _values, max_size=8),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["track", *NAMES]), "userId": _texts},
        optional={
            "event": _texts,
            "properties": st.dictionaries(_texts, _values, max_size=3),
            "timestamp": st.datetimes().map(str),
            "groupId": _texts,
            "previousId": _texts,
        },
    ),
)


@given(st.lists(_messages, max_size=5))
def test_every_record_of_a_batch_is_an_event_or_a_bad_record(messages: list[Any]) -> None:
    body = json.dumps({"batch": messages}).encode()
    try:
        count = check("batch", body)
    except OverLimit:
        return
    assert count == len(messages)
    decoded = read("batch", body)
    indexes = sorted([index for index, _ in decoded.events] + [bad.index for bad in decoded.bad])
    assert indexes == list(range(len(messages)))
    assert read("batch", body) == decoded or any(_has_nan(event.properties) for _, event in decoded.events)
    for _, event in decoded.events:
        assert event.timestamp <= event.received_at == RECEIVED
        json.dumps([event.properties, event.context], allow_nan=False).encode()


def _has_nan(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_nan, value.values()))
    if isinstance(value, list):
        return any(map(_has_nan, value))
    return isinstance(value, float) and math.isnan(value)


_ordinary = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", *NAMES]), "userId": st.sampled_from(["u1", "ß"]), "messageId": st.just("m1")},
    optional={
        "event": st.sampled_from(["Signed Up", "İ"]),
        "anonymousId": st.sampled_from(["a1", "u1"]),
        "properties": st.dictionaries(st.sampled_from(["a", "list/a"]), _values, max_size=3),
        "traits": st.dictionaries(st.sampled_from(["a", "list/a"]), _values, max_size=3),
        "context": st.dictionaries(st.sampled_from(["traits", "device"]), _values, max_size=2),
        "integrations": st.dictionaries(st.just("All"), st.booleans()),
        "timestamp": st.datetimes().map(lambda at: f"{at.isoformat()}Z"),
        "originalTimestamp": st.datetimes().map(lambda at: f"{at.isoformat()}+01:00"),
        "sentAt": st.datetimes().map(lambda at: f"{at.isoformat()}Z"),
        "groupId": st.just("g1"),
        "previousId": st.just("p1"),
        "name": st.sampled_from(["", "Home"]),
        "category": st.just("Shop"),
        "channel": st.just("server"),
        "_metadata": st.just({"bundled": ["Shop"]}),
    },
)
"""What clients send, and now and then what they should not."""


def _read_one_by_one(kind: str, messages: list[Any], around: dict[str, Any]) -> Decoded:
    """What an erasure leaves has the whole body read message by message."""
    body = json.dumps({**around, "batch": messages}).encode()
    return read(kind, body[:-2] + b"," * bool(messages) + ERASED + b"]}")


@given(
    st.lists(st.one_of(_ordinary, _ordinary, _messages), max_size=3),
    st.fixed_dictionaries(
        {},
        optional={
            "context": st.dictionaries(st.sampled_from(["traits", "ip"]), _values, max_size=2),
            "integrations": st.dictionaries(st.just("All"), st.booleans()),
            "sentAt": st.sampled_from(["2026-11-21T21:08:08Z", "2026-11-21", "", 3]),
        },
    ),
    st.sampled_from(["batch", "import"]),
)
def test_a_batch_means_the_same_read_in_one_go_and_one_by_one(
    messages: list[Any], around: dict[str, Any], kind: str
) -> None:
    at_once, by_one = read(kind, {**around, "batch": messages}), _read_one_by_one(kind, messages, around)
    # As text, for 1 and 1.0 and true are equal.
    assert repr(at_once) == repr(by_one)


@given(_ordinary, st.sampled_from(["track", *NAMES]))
def test_a_single_call_means_the_same_read_in_one_go_and_by_the_field(message: dict[str, Any], kind: str) -> None:
    at_once, by_field = read(kind, message), read(kind, {**message, "unheardOf": 0})
    assert repr(at_once.events) == repr(by_field.events)
    assert [(each.code, each.path) for each in at_once.bad] == [(each.code, each.path) for each in by_field.bad]


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("event", " "),
        ("event", "x" * 5_000),
        ("event", "a\0"),
        ("userId", " "),
        ("userId", "x" * 5_000),
        ("userId", 7.0),
        ("messageId", ""),
        ("messageId", 5),
        ("timestamp", "1960-01-01T00:00:00Z"),
        ("timestamp", "0001-01-01T00:00:00+14:00"),
        ("timestamp", "2026-01-05"),
        ("properties", {"deep": json.loads("[" * 40 + "]" * 40)}),
        ("properties", {"whole": 2**80, "one": 1.0, "tiny": 1e-320, "minus": -0.0}),
        ("properties", {"items": [{"price": 1.0, "tags": ["a", {"b": [1]}]}]}),
        ("properties", []),
        ("properties", None),
        ("elsewhere", json.loads("[" * 40 + "]" * 40)),
        ("type", "identify"),
        ("type", None),
    ],
)
@pytest.mark.parametrize("neighbours", [0, 400])
def test_what_is_out_of_the_ordinary_spoils_no_neighbour(field: str, said: object, neighbours: int) -> None:
    others = [a_track(messageId=f"n{number}", properties={"pad": "x" * 50}) for number in range(neighbours)]
    body = {"batch": [*others, a_track() | {field: said}]}
    by_one = _read_one_by_one("batch", body["batch"], {})
    assert repr(read("batch", body)) == repr(by_one)
    assert len(by_one.events) >= neighbours


def test_a_plain_event_over_its_limit_is_set_aside_though_its_body_may_be_larger() -> None:
    large = a_track(properties={"pad": "x" * EVENT_BYTES_MOST})
    decoded = read("batch", {"batch": [a_track(messageId="m0"), large]})
    assert [each.code for each in decoded.bad] == ["too_large"]
    assert [index for index, _ in decoded.events] == [0]


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\untrfalse01.eE-batch ', max_size=60).map(str.encode))
def test_any_bytes_are_taken_or_refused_and_nothing_else(body: bytes) -> None:
    for kind in ("batch", "track"):
        for text in (body, b'{"batch":[' + body + b"]}"):
            try:
                count = check(kind, text)
            except (Invalid, OverLimit):
                continue
            decoded = read(kind, text)
            # What an erasure left of a message says nothing, whoever sends it.
            erased = sum(bytes(raw) == ERASED for raw in open_body(kind, text).messages)
            assert len(decoded.events) + len(decoded.bad) == count - erased


# Our own events.

_own_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
_names_ = _own_texts.filter(lambda text: text.strip() != "" and "\0" not in text)
_moments = st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
_own_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _own_texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_own_texts, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def own_events(draw: st.DrawFn) -> Event:
    kind: Kind = draw(st.sampled_from(["track", "identify", "page", "screen", "group", "alias"]))
    user_id = draw(_names_) if kind == "alias" else draw(st.none() | _names_)
    group_id = draw(_names_) if kind == "group" else None
    previous_id = draw(_names_) if kind == "alias" else None
    properties: dict[str, Any] = draw(st.dictionaries(_own_texts, _own_values, max_size=4))
    if group_id is not None:
        properties["group_id"] = group_id
    if previous_id is not None:
        properties = {"previous_id": previous_id}
    context: dict[str, Any] = draw(st.dictionaries(_own_texts, _own_values, max_size=2))
    context.pop("traits", None)
    return Event(
        name=draw(_names_) if kind == "track" else NAMES[kind],
        kind=kind,
        user_id=user_id,
        anonymous_id=draw(st.none() | _names_) if user_id else draw(_names_),
        timestamp=draw(_moments),
        received_at=draw(_moments),
        message_id=draw(_names_),
        properties=properties,
        context=context,
        previous_id=previous_id,
        group_id=group_id,
        source=OWN_SOURCE,
    )


@given(st.lists(own_events(), max_size=4))
def test_our_own_events_come_back_as_they_were(events: list[Event]) -> None:
    decoded = decode("batch", encode_own(events), received_ms=RECEIVED_MS, source=OWN_SOURCE)
    assert decoded.bad == ()
    assert [event for _, event in decoded.events] == events


_PLAIN = own_event(
    "Message Queued",
    user=IdentityKey(kind="user", value="ann"),
    at=RECEIVED,
    properties={"send": "s", "version": 1},
    key=("s",),
)


@given(st.lists(own_events(), max_size=4), st.booleans())
def test_our_own_events_mean_the_same_read_in_one_go_and_one_by_one(events: list[Event], plain: bool) -> None:
    body = encode_own([_PLAIN, *(each for each in events if not plain or (each.kind == "track" and not each.context))])
    # What an erasure leaves has the whole body read as anybody's is.
    by_one = decode("batch", body[:-2] + b"," + ERASED + b"]}", received_ms=RECEIVED_MS, source=OWN_SOURCE)
    assert decode("batch", body, received_ms=RECEIVED_MS, source=OWN_SOURCE) == by_one


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("event", " "),
        ("event", "x" * 5_000),
        ("event", "a\0"),
        ("userId", " "),
        ("userId", "a\0"),
        ("messageId", ""),
        ("timestamp", "1960-01-01T00:00:00Z"),
        ("timestamp", "0001-01-01T00:00:00+14:00"),
        ("timestamp", "2026-01-05"),
        ("receivedAt", None),
        ("properties", {"deep": json.loads("[" * 40 + "]" * 40)}),
        ("properties", None),
        ("type", "identify"),
        ("sentAt", "2026-01-05T00:00:00Z"),
        ("integrations", {"All": False}),
    ],
)
def test_what_is_out_of_the_ordinary_in_our_own_body_means_what_it_would_mean_elsewhere(
    field: str, said: object
) -> None:
    (message,) = json.loads(encode_own([_PLAIN]))["batch"]
    body = json.dumps({"batch": [message | {field: said}]}).encode()
    by_one = decode("batch", body[:-2] + b"," + ERASED + b"]}", received_ms=RECEIVED_MS, source=OWN_SOURCE)
    assert decode("batch", body, received_ms=RECEIVED_MS, source=OWN_SOURCE) == by_one


def test_a_client_cannot_say_when_we_received_its_event() -> None:
    assert one("track", a_track(receivedAt="2001-01-01T00:00:00Z")).received_at == RECEIVED


def test_own_batches_have_their_limits_too() -> None:
    event = Event(name="X", user_id="u", timestamp=RECEIVED, received_at=RECEIVED, message_id="m", source=OWN_SOURCE)
    with pytest.raises(ValueError, match="at most 2500"):
        encode_own([event] * (EVENTS_MOST + 1))
    with pytest.raises(ValueError, match="is called 'Page Viewed'"):
        encode_own(
            [Event(name="X", kind="page", user_id="u", timestamp=RECEIVED, received_at=RECEIVED, message_id="m")]
        )
