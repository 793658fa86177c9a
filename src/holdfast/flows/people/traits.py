"""What we say of somebody ourselves: traits that a colleague sets or takes away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from holdfast.events.event import LIST_TRAITS, NAMES, Event, IdentityKey, Json, own_event
from holdfast.events.segment_body import EVENT_BYTES_MOST, event_over_limit
from holdfast.events.segment_spec import encode_own
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import to_millis
from holdfast.kernel.shown import can_be_shown

TRAIT_NAME_CHARACTERS_MOST = 200


def trait_change(user: IdentityKey, traits: Mapping[str, Json], *, by: str, now: datetime) -> Event:
    """The event that gives somebody traits; one that is null is taken away. It is part of their history.

    Raises Invalid, with the path of a name that is none, and OverLimit.
    """
    if not traits:
        raise Invalid("nothing says which traits to change.", path="$.set", hint="Name a trait and its value.")
    for name in traits:
        _check_name(name)
    said = msgspec.json.encode(traits, order="deterministic").decode()
    change = own_event(
        NAMES["identify"],
        user=user,
        at=now,
        properties=traits,
        key=(user.kind, user.value, "traits", to_millis(now), said),
        kind="identify",
        context={"by": by},
    )
    size = len(encode_own([change]))
    if size > EVENT_BYTES_MOST:
        raise event_over_limit("$.set", size)
    return change


def _check_name(name: str) -> None:
    path = f"$.set.{name:.60}"
    if not name.strip() or len(name) > TRAIT_NAME_CHARACTERS_MOST or not can_be_shown(name):
        hint = f"Write up to {TRAIT_NAME_CHARACTERS_MOST} letters that can be seen, such as favourite_colour."
        raise Invalid(f"{name!r:.120} is no name of a trait.", path=path, hint=hint)
    if name.startswith(LIST_TRAITS):
        hint = "Change the list: POST /api/lists/{list_id}/people."
        raise Invalid(f"{name!r:.120} says who is on a list, and is no trait to set.", path=path, hint=hint)
