"""Warming up: how much of its day's limit the domain a channel sends from has left, and what goes out of it.

The count is in the state, so all processes that send keep to one limit. It is the domain's: whoever sends from another
one begins anew, and whoever comes back to it goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from holdfast.flows.delivery.lanes import Lanes
from holdfast.messages.mail.warm_up import day_of_millis, next_day_ms, read_sent
from holdfast.ports.state import Send, Transaction, View

WARM = "warm/"
"""Before the names of a channel and of the domain it sends from, the note that holds how many went out on which day."""


async def left_today(view: View, lanes: Lanes, channel: str, now_ms: int) -> int | None:
    """How many of marketing may still be claimed today; None where nothing limits it. The lanes rest when none may."""
    warm_up = lanes.warm_up(channel)
    limit = None if warm_up is None else warm_up.limit(day_of_millis(now_ms))
    if limit is None:
        return None
    left = max(0, limit - read_sent(await view.note(_note(lanes, channel)), day_of_millis(now_ms)).count)
    if not left:
        lanes.rest(channel, next_day_ms(now_ms))
    return left


async def count_sent(transaction: Transaction, lanes: Lanes, sends: Sequence[Send], now_ms: int) -> None:
    """These go out now. Transactional ones are held up by no limit, and count all the same."""
    day = day_of_millis(now_ms)
    for channel, count in Counter(send.channel for send in sends).items():
        warm_up = lanes.warm_up(channel)
        if warm_up is not None and warm_up.limit(day) is not None:
            note = _note(lanes, channel)
            sent = read_sent(await transaction.note(note), day)
            await transaction.set_note(note, str(sent.plus(count)))


def _note(lanes: Lanes, channel: str) -> str:
    return f"{WARM}{channel}/{lanes.sender_domain(channel)}"
