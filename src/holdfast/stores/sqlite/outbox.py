"""The outbox in SQLite: sends, what became of them, and suppressed addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain, groupby

import msgspec
from msgspec import structs

from holdfast.decisions.made import Made
from holdfast.ports.sends import urgency_of
from holdfast.ports.state import URGENCIES, WAITED_MS_MOST, Answered, Lane, LaneTotals, Send, SendState, Settlement
from holdfast.stores.packing import pack, unpack
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Row, Session, in_thread, numbers, texts

_SQL = load("outbox")
ADDRESSES_AT_ONCE = 32
SENDS_AT_ONCE = 16
"""As many as the queries have places for."""
_LAST = (2**62, "")
"""Later than any dead letter."""


class ReadingOutbox(Session):
    """Questions about sends."""

    @in_thread
    def sends(self, keys: Sequence[str]) -> dict[str, Send]:
        rows = (self._row(_SQL["send"], key) for key in keys)
        return {row[0]: _send(row) for row in rows if row}

    @in_thread
    def sends_of(self, *, origin: str | None, identities: Sequence[int] | None, limit: int) -> list[Send]:
        if identities is not None:
            rows = self._rows(_SQL["sends_of_identities"], numbers(set(identities)), origin, limit)
        elif origin is not None:
            rows = self._rows(_SQL["sends_of_origin"], origin, limit)
        else:
            rows = self._rows(_SQL["sends"], limit)
        return [_send(row) for row in rows]

    @in_thread
    def send_totals(self, origin: str | None) -> dict[SendState, int]:
        return dict(self._rows(_SQL["send_totals"], origin))

    @in_thread
    def contacts(self, identities: Sequence[int], since_ms: int) -> dict[int, list[Made]]:
        found: dict[int, list[Made]] = defaultdict(list)
        rows = self._rows(_SQL["contacts"], numbers(set(identities)), since_ms, since_ms - WAITED_MS_MOST)
        for identity, channel, topic, at_ms, key, claimed_ms, priority in rows:
            found[identity].append(
                Made(channel=channel, topic=topic, at_ms=at_ms, key=key, handed_ms=claimed_ms, priority=priority)
            )
        return dict(found)

    @in_thread
    def spent(self, origins: Sequence[str]) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for origin, day, cost in self._rows(_SQL["spent"], texts(origins)):
            found[origin][day] = cost
        return dict(found)

    @in_thread
    def suppressed(self, channel: str, addresses: Sequence[str]) -> dict[str, str]:
        wanted = [address.lower() for address in addresses]
        reasons: dict[str, str] = {}
        for start in range(0, len(wanted), ADDRESSES_AT_ONCE):
            some = wanted[start : start + ADDRESSES_AT_ONCE]
            # Not as one JSON text: an address may hold a NUL, at which SQLite would end it.
            repeated = some[:1] * (ADDRESSES_AT_ONCE - len(some))
            reasons.update(self._rows(_SQL["suppressions"], channel, *some, *repeated))
        return {each: reasons[each.lower()] for each in addresses if each.lower() in reasons} if reasons else {}

    @in_thread
    def claimed_before(self, at_ms: int) -> list[Send]:
        return [_send(row) for row in self._rows(_SQL["claimed_before"], at_ms)]

    @in_thread
    def overdue_claims(self, before_ms: int, *, limit: int) -> list[Send]:
        return [_send(row) for row in self._rows(_SQL["overdue_claims"], before_ms, limit)]

    @in_thread
    def lane_totals(self) -> list[LaneTotals]:
        counts: dict[tuple[str, int], dict[str, int]] = defaultdict(dict)
        for channel, urgency, state, count in self._rows(_SQL["lane_totals"]):
            counts[channel, urgency][state] = count
        return [
            LaneTotals(
                lane=Lane(channel, URGENCIES[urgency]),
                pending=of.get("pending", 0),
                claimed=of.get("claimed", 0),
                in_doubt=of.get("in_doubt", 0),
                next_ms=row[0] if (row := self._row(_SQL["lane_next"], channel, urgency)) else None,
            )
            for (channel, urgency), of in sorted(counts.items())
        ]

    @in_thread
    def answers(self, keys: Sequence[str]) -> dict[str, list[Answered]]:
        found = {
            key: [Answered(at_ms=at_ms, said=said) for at_ms, said in self._rows(_SQL["answers"], key)] for key in keys
        }
        return {key: answers for key, answers in found.items() if answers}

    @in_thread
    def dead_letters(
        self,
        *,
        limit: int,
        origin: str | None = None,
        channel: str | None = None,
        before: tuple[int, str] | None = None,
    ) -> list[Send]:
        at_ms, key = before or _LAST
        return [_send(row) for row in self._rows(_SQL["dead_letters"], at_ms, key, origin, channel, limit)]

    @in_thread
    def count_dead_letters(self) -> dict[str, int]:
        return dict(self._rows(_SQL["count_dead_letters"]))


class ChangingOutbox(ReadingOutbox):
    """Changes of sends."""

    @in_thread
    def add_sends(self, sends: Sequence[Send]) -> None:
        self._add_sends(grouped(sends))

    def _add_sends(self, groups: Sequence[Alike]) -> None:
        last = self._number(_SQL["last_send"])
        written = sum(map(self._add_alike, groups))
        if written < sum(len(each.sends) for each in groups):
            self._do(_SQL["count_new_sends"], last)  # Some were written before, and are counted.
            return
        for each in groups:
            self._do(_SQL["count_sends"], *each.counted, len(each.sends))

    def _add_alike(self, alike: Alike) -> int:
        """Write them; returns how many were not written before."""
        sends, common = alike.sends, alike.common
        written, rest = 0, len(sends) - len(sends) % SENDS_AT_ONCE
        for start in range(0, rest, SENDS_AT_ONCE):
            values = chain.from_iterable(sends[start : start + SENDS_AT_ONCE])
            written += self._change(_SQL["add_sixteen_sends"], *values, *common)
        return written + self._change_all(_SQL["add_send"], ((*each, *common) for each in sends[rest:]))

    @in_thread
    def claim_sends(
        self,
        now_ms: int,
        rooms: Mapping[Lane, int],
        *,
        without: Sequence[str] = (),
        claimed_by: str = "",
        send_by_ms: int | None = None,
    ) -> list[Send]:
        left = texts(without)
        due: list[Send] = []
        # A tick has room in every lane there may be, and something waits in one or two.
        waiting = {Lane(channel, URGENCIES[urgency]) for channel, urgency in self._rows(_SQL["due_lanes"], now_ms)}
        for lane, room in rooms.items():
            if lane not in waiting:
                continue
            rows = self._rows(_SQL["due_sends"], lane.channel, URGENCIES.index(lane.urgency), now_ms, room, left)
            due += map(_send, rows)
        self._do_all(_SQL["claim_send"], ((send.key, now_ms, claimed_by, send_by_ms) for send in due))
        return [
            structs.replace(
                send,
                state="claimed",
                claimed_ms=now_ms,
                attempts=send.attempts + 1,
                claimed_by=claimed_by,
                send_by_ms=send_by_ms,
                tried_ms=now_ms if send.tried_ms is None else send.tried_ms,
            )
            for send in due
        ]

    @in_thread
    def settle_sends(self, settlements: Sequence[Settlement], at_ms: int) -> None:
        for each in settlements:
            by = each.claimed_by
            if each.state == "pending":
                until_ms = each.not_before_ms
                changed = self._change(_SQL["defer_send"], each.key, each.reason, until_ms, each.untried, by)
            else:
                changed = self._change(_SQL["settle_send"], each.key, each.state, each.reason, at_ms, by, each.dead)
            if changed and not each.untried and each.state in ("pending", "failed", "in_doubt"):
                self._do(_SQL["add_answer"], each.key, at_ms, each.reason)

    @in_thread
    def replay_dead_letters(self, keys: Sequence[str], at_ms: int) -> list[str]:
        return [key for key in dict.fromkeys(keys) if self._change(_SQL["replay_dead_letter"], key, at_ms)]

    @in_thread
    def drop_dead_letters(self, keys: Sequence[str]) -> list[str]:
        return [key for key in dict.fromkeys(keys) if self._change(_SQL["drop_dead_letter"], key)]

    @in_thread
    def withhold_sends(self, keys: Sequence[str], reason: str, at_ms: int) -> None:
        self._do_all(_SQL["withhold_send"], ((key, reason, at_ms) for key in keys))

    @in_thread
    def spend(self, amounts: Mapping[tuple[str, str], int]) -> None:
        self._do_all(_SQL["spend"], ((origin, day, amount) for (origin, day), amount in sorted(amounts.items())))

    @in_thread
    def suppress(self, channel: str, address: str, reason: str, at_ms: int) -> None:
        self._do(_SQL["suppress"], channel, address.lower(), reason, at_ms)


class Alike(msgspec.Struct, frozen=True, array_like=True):
    """Sends that differ in nothing but their key, whose they are, their address and their body; ready to be written."""

    counted: tuple[str, str, int, str]
    """Where they are counted: origin, channel, urgency and state."""
    common: Row
    sends: list[Row]


def grouped(sends: Sequence[Send]) -> list[Alike]:
    """The sends in their order, with neighbours that are alike together."""
    groups = []
    for common, those in groupby(sends, _in_common):
        alike = list(those)
        first = alike[0]
        urgency = URGENCIES.index(urgency_of(first.origin_kind, transactional=first.transactional))
        counted = (first.origin, first.channel, urgency, first.state)
        groups.append(Alike(counted, common, [_of_its_own(each) for each in alike]))
    return groups


def _of_its_own(send: Send) -> Row:
    return send.key, send.identity, send.address, pack(send.variables)


def _in_common(send: Send) -> Row:
    """What the sends of one step, made in one tick, mostly have in common."""
    return (
        send.origin_kind,
        send.origin,
        send.version,
        send.step,
        send.channel,
        send.template,
        send.topic,
        send.transactional,
        send.state,
        send.created_ms,
        send.not_before_ms,
        send.attempts,
        send.claimed_ms,
        send.settled_ms,
        send.reason,
        send.priority,
        send.cost,
        send.claimed_by,
        send.send_by_ms,
        send.tried_ms,
        send.dead,
    )


def _send(row: Row) -> Send:
    return Send(
        key=row[0],
        identity=row[1],
        origin_kind=row[2],
        origin=row[3],
        version=row[4],
        step=row[5],
        channel=row[6],
        template=row[7],
        topic=row[8],
        transactional=bool(row[9]),
        address=row[10],
        state=row[11],
        created_ms=row[12],
        not_before_ms=row[13],
        attempts=row[14],
        claimed_ms=row[15],
        settled_ms=row[16],
        reason=row[17],
        variables=unpack(row[18]),
        priority=row[19],
        cost=row[20],
        claimed_by=row[21],
        send_by_ms=row[22],
        tried_ms=row[23],
        dead=bool(row[24]),
    )
