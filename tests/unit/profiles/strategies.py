"""Nasty inputs for whoever a person is: few names so that they meet, ties, midnights, text that breaks things."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from holdfast.events.event import OWN_SOURCE, Event
from holdfast.profiles.devices import DEVICE_GONE, PUSH_SUBSCRIBED, PUSH_UNSUBSCRIBED, device_id
from holdfast.profiles.identity import Link
from holdfast.profiles.profile import CONSENT_CHANGED
from holdfast.profiles.variants import VARIANT_ASSIGNED

NASTY_TEXT = st.sampled_from(
    ["", "a", "ß", "İ", "\\", "\0", "\0\0", "😀", "e\u0301", "\u202e", "null", "'; --", "\ud800"]
)
NASTY_MOMENTS = st.sampled_from(
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1970, 1, 1, 0, 0, 0, 1000, tzinfo=UTC),
        datetime(2024, 2, 29, 23, 59, 59, 999000, tzinfo=UTC),
        datetime(2024, 3, 1, tzinfo=UTC),
        datetime(2024, 3, 31, 1, 30, tzinfo=UTC),
        datetime(2199, 12, 31, tzinfo=UTC),
    ]
) | st.integers(0, 100).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | NASTY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NASTY_TEXT, inner, max_size=3),
    max_leaves=4,
)
TRAITS = st.dictionaries(st.sampled_from(["plan", "city", "\0", "😀"]), JSON, max_size=3)
CONSENTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"channel": st.sampled_from(["email", "sms", "", 5]), "granted": st.sampled_from([True, False, "yes", None])},
    optional={"topic": st.sampled_from(["news", "", None, "a/b", 0])},
)
ENDPOINTS = st.sampled_from(["https://push.example/1", "https://push.example/2", "http://push.example", "\ud800", 5])
SUBSCRIPTIONS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"endpoint": ENDPOINTS},
    optional={"keys": st.sampled_from([{"p256dh": "B" * 87, "auth": "a" * 22}, {"p256dh": "B" * 87}, None])},
)
TOKENS = st.sampled_from(["one", "two", "", "two words", None])
APP_CONTEXTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "device": st.fixed_dictionaries(
            {"token": TOKENS}, optional={"type": st.sampled_from(["ios", "Android", "toaster", 7])}
        ),
        "app": st.sampled_from([{"namespace": "example.shop"}, {}, "shop", None]),
    },
)
ASSIGNED: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"experiment": st.sampled_from(["x", "y", "\0", "", None]), "variant": st.sampled_from(["a", "b", "", 1])}
)
GONE = st.fixed_dictionaries({"device": st.sampled_from([device_id("one"), device_id("two"), "", None])})


@st.composite
def events(draw: st.DrawFn, message_id: str) -> Event:
    """An event of one identity; the message id is given, since no two events share one."""
    kind = draw(
        st.sampled_from(["track", "identify", "ours", "consent", "subscribed", "unsubscribed", "gone", "assigned"])
    )
    at = draw(NASTY_MOMENTS)
    given: dict[str, Any] = {"user_id": "u", "timestamp": at, "received_at": at, "message_id": message_id}
    if kind == "identify":
        return Event(name="Identified", kind="identify", properties=draw(TRAITS), **given)
    if kind == "ours":
        listed = draw(st.dictionaries(st.sampled_from(["list/a", "list/b", "plan"]), st.booleans() | st.none()))
        return Event(name="Identified", kind="identify", properties=listed, source=OWN_SOURCE, **given)
    if kind == "consent":
        return Event(name=CONSENT_CHANGED, properties=draw(CONSENTS), **given)
    if kind == "subscribed":
        return Event(name=PUSH_SUBSCRIBED, properties=draw(SUBSCRIPTIONS), **given)
    if kind == "unsubscribed":
        return Event(name=PUSH_UNSUBSCRIBED, properties=draw(SUBSCRIPTIONS), **given)
    if kind == "gone":
        source = draw(st.sampled_from([OWN_SOURCE, "web"]))
        return Event(name=DEVICE_GONE, properties=draw(GONE), source=source, **given)
    if kind == "assigned":
        source = draw(st.sampled_from([OWN_SOURCE, OWN_SOURCE, "web"]))
        return Event(name=VARIANT_ASSIGNED, properties=draw(ASSIGNED), source=source, **given)
    given |= {"context": draw(APP_CONTEXTS)}
    return Event(name=draw(st.sampled_from(["A", "B", "Order Completed"])), **given)


@st.composite
def histories(draw: st.DrawFn, *, most: int = 12) -> list[Event]:
    """Events of one identity, all different."""
    return [draw(events(f"m{number}")) for number in range(draw(st.integers(0, most)))]


@st.composite
def links(draw: st.DrawFn, *, identities: int = 8) -> Link:
    """A link among few identities; some were undone."""
    number = st.integers(1, identities)
    return Link(
        first=draw(number),
        second=draw(number),
        kind=draw(st.sampled_from(["login", "alias", "merge"])),
        at_ms=0,
        by="",
        undone_ms=draw(st.none() | st.just(1)),
    )
