"""Tasks: what a tick gives to a hand, and what it hears of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from holdfast.events.event import Event
from holdfast.flows.ingest.reading import Placed
from holdfast.flows.people.devices import Came
from holdfast.ports.state import Identity

Share = Sequence[tuple[Identity, Placed]]
"""Events of some people, each with whose it is."""


class Learn(msgspec.Struct, frozen=True, array_like=True, tag="learn"):
    """Learn these events, and move whom they concern."""

    revision: int
    """Of the chosen settings that are in force."""
    now_ms: int
    first_ms: int
    events: list[tuple[int, int, int, Event]]
    """Each after its identity, the person that is of, and when it was received."""
    new: list[int] = []
    """The identities among them that this tick has numbered."""


class Wake(msgspec.Struct, frozen=True, array_like=True, tag="wake"):
    """Wake these visits."""

    revision: int
    now_ms: int
    visits: list[int]


class LetIn(msgspec.Struct, frozen=True, array_like=True, tag="let_in"):
    """Let these people in by a run."""

    revision: int
    now_ms: int
    run: int
    persons: list[int]


Task = Learn | Wake | LetIn


class Found(msgspec.Struct, frozen=True, array_like=True):
    """What came of a task."""

    writes: bytes = b""
    """As `ports.hands.TakesOver.take_over` understands it."""
    turned_up: list[Came] = []
    """Devices that turned up with somebody."""
    counts: dict[str, int] = {}
    """How many of the people to be let in are in each arm, or in none for which reason."""


encode = msgspec.msgpack.Encoder().encode
decode_task = msgspec.msgpack.Decoder(Task).decode
decode_found = msgspec.msgpack.Decoder(Found).decode
