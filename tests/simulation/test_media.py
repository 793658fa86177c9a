"""Texts, telephones, browsers, the inbox: nothing twice, nobody after STOP, no device that is gone; whatever dies when.

A seed that fails is told again by `simulate_media(SEED, DIRECTORY)`: the world it gives has its `trace`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from holdfast.channels.carriers.inbox import InboxCarrier
from holdfast.channels.twilio import TwilioChannel
from holdfast.flows.delivery import claiming, hearing, inbound
from holdfast.flows.delivery.send import Sender
from holdfast.flows.delivery.telling import message_event
from holdfast.flows.ingest.own import told_lost
from holdfast.messages.doubt import DoubtPolicy
from holdfast.messages.parcel import Accepted, Parcel
from holdfast.ports.inbox import InboxItem
from holdfast.stores.memory.state import MemoryTransaction
from tests.simulation.media_world import simulate_media
from tests.simulation.plants import Plant, permitted_for_ever

SEEDS = 30
SEEDS_A_PLANT = 60
"""In how many worlds a planted mistake must show."""


@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_promises_are_kept_on_every_medium(seed: int, tmp_path: Path) -> None:
    broken, _ = simulate_media(seed, tmp_path)
    assert not broken, f"seed {seed}"


def test_there_is_something_to_be_promised(tmp_path: Path) -> None:
    """A world in which nothing happens breaks no promise."""
    sent: set[str] = set()
    said = ""
    for seed in range(1, SEEDS + 1):
        (tmp_path / str(seed)).mkdir()
        _, world = simulate_media(seed, tmp_path / str(seed))
        sent |= {each.channel for each in world.tables.sends.values() if each.state == "sent"}
        said += "\n".join(world.trace)
        if sent == {"sms", "mobile_push", "web_push", "in_app", "inbox"} and set(said.split()) >= SHOWS:
            return
    pytest.fail(f"{sent} were sent")


SHOWS = {"Gone", "Stop.", "in_doubt", "Delivered"}
"""Words of the traces that tell of what the promises are about."""


def _texts_repeated() -> contextlib.AbstractContextManager[object]:
    """A text in doubt is sent again, though nobody knows its key."""
    again = DoubtPolicy(idempotent_seconds=86_400, marketing="resend", transactional="resend")
    return patch.object(TwilioChannel, "doubt", property(lambda self: again))


def _repeated_for_ever() -> contextlib.AbstractContextManager[object]:
    """A push that may have been taken is made again however late."""
    return patch.object(Sender, "_is_forgotten", lambda self, send, doubt: False)


def _stop_unheard() -> contextlib.AbstractContextManager[object]:
    """What people write is told, and nothing follows from STOP."""
    return patch.object(inbound, "_keyword", lambda incoming: None)


def _suppressed_in_vain() -> contextlib.AbstractContextManager[object]:
    """Who has said STOP is on no list, and agrees still."""

    async def nothing(*given: Any) -> None: ...

    return patch.multiple(hearing, _suppress=nothing)


def _gone_untold() -> contextlib.AbstractContextManager[object]:
    """Devices that are gone are told to have been so long ago that whatever was heard of them came later."""

    def longest_ago(send: Any, gone: Any, user: Any, at_ms: int) -> Any:
        return told_lost(send, type(gone)(gone.place, 1), user, at_ms)

    return patch.object(claiming, "told_lost", longest_ago)


def _receipts_counted() -> contextlib.AbstractContextManager[object]:
    """A receipt that is brought twice is two."""
    brought: list[int] = []

    def each_for_itself(name: str, user: Any, at: Any, key: tuple[str | int, ...], **said: Any) -> Any:
        brought.append(1)
        return message_event(name, user, at, (*key, len(brought)), **said)

    return patch.object(inbound, "message_event", each_for_itself)


def _inbox_in_passing() -> contextlib.AbstractContextManager[object]:
    """What is put into the inbox is lost where another comes after it."""
    sound = MemoryTransaction.add_inbox

    async def add_inbox(self: MemoryTransaction, items: Sequence[InboxItem]) -> None:
        await sound(self, items)
        if len(self._tables.inbox) > 3:
            kept: Mapping[str, InboxItem] = dict(list(self._tables.inbox.items())[1:])
            self._tables.inbox = dict(kept)

    return patch.object(MemoryTransaction, "add_inbox", add_inbox)


def _inbox_outside() -> contextlib.AbstractContextManager[object]:
    """What is put into the inbox is taken for delivered before it is durable."""
    return patch.object(InboxCarrier, "_delivered", _taken_at_once)


async def _taken_at_once(self: InboxCarrier, parcels: Sequence[Parcel]) -> list[Accepted]:
    return [Accepted(each.key) for each in parcels]


PLANTS: Mapping[Plant, int] = {
    _texts_repeated: 1,
    permitted_for_ever: 1,
    _repeated_for_ever: 1,
    _stop_unheard: 1,
    _suppressed_in_vain: 1,
    _gone_untold: 1,
    _receipts_counted: 1,
    _inbox_in_passing: 1,
    _inbox_outside: 1,
}
"""Each mistake, and a world in which it shows; tried first, for speed only."""


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__.strip("_"))
def test_a_mistake_planted_into_a_medium_is_found(plant: Plant, tmp_path: Path) -> None:
    for seed in (PLANTS[plant], *range(1, SEEDS_A_PLANT + 1)):
        with plant():
            broken, _ = simulate_media(seed, tmp_path)
        if broken:
            return
    pytest.fail(f"{plant.__doc__} Nobody noticed.")
