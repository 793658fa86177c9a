"""Builders: the value a test is about, with everything it is not about filled in."""

from __future__ import annotations

from typing import Any

import msgspec

from holdfast.decisions.visit import Visit
from holdfast.events.event import Event, Json
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import to_millis
from holdfast.ports.state import Send
from holdfast.profiles.identity import Link
from holdfast.profiles.profile import EMPTY, Profile, learn
from holdfast.testing.clock import START


def an_event(name: str = "Order Completed", **fields: Any) -> Event:  # noqa: ANN401 - The fields of Event.
    """An event of the user `u1` at the start of the test's time. Its message id is made from the rest."""
    given: dict[str, Any] = {"timestamp": START, "received_at": START} | fields
    if not given.get("user_id") and not given.get("anonymous_id"):
        given["user_id"] = "u1"
    given.setdefault("message_id", effect_key(name, repr(sorted(given.items(), key=lambda each: each[0]))))
    return Event(name=name, **given)


def a_profile(**traits: Json) -> Profile:
    """What is known of somebody who identified with these traits at the start of the test's time."""
    told = learn(EMPTY, an_event("Identified", kind="identify", properties=traits))
    return msgspec.structs.replace(told, tallies={})


def a_link(first: int, second: int, **fields: Any) -> Link:  # noqa: ANN401 - The fields of Link.
    """A login, unless said otherwise."""
    given: dict[str, Any] = {"kind": "login", "at_ms": to_millis(START), "by": "a test"} | fields
    return Link(first=first, second=second, **given)


def a_visit(identity: int = 1, **fields: Any) -> Visit:  # noqa: ANN401 - The fields of Visit.
    """A visit that stands at `wait`, a moment after it began."""
    at_ms = to_millis(START)
    given: dict[str, Any] = {
        "origin": "cart-rescue",
        "version": 1,
        "entry_key": f"entry-{identity}",
        "arm": "treated",
        "step": "wait",
        "entered_ms": at_ms,
        "arrived_ms": at_ms,
    }
    return Visit(identity=identity, **(given | fields))


def a_send(key: str = "send-1", **fields: Any) -> Send:  # noqa: ANN401 - The fields of Send.
    """A pending mail that may go at once."""
    at_ms = to_millis(START)
    given: dict[str, Any] = {
        "identity": 1,
        "origin_kind": "journey",
        "origin": "cart-rescue",
        "version": 1,
        "step": "mail",
        "channel": "email",
        "template": "cart-rescue/1/mail",
        "topic": "marketing",
        "address": "ada@example.com",
        "created_ms": at_ms,
        "not_before_ms": at_ms,
    }
    return Send(key=key, **(given | fields))
