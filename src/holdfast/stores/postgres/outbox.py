"""The outbox in PostgreSQL: sends, what became of them, and suppressed addresses."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec import structs

from holdfast.decisions.made import Made
from holdfast.ports.state import URGENCIES, WAITED_MS_MOST, Answered, Lane, LaneTotals, Send, SendState, Settlement
from holdfast.stores.packing import pack, unpack
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Row, Session, numbers

_SQL = load("outbox")
_LAST = (2**62, "")
"""Later than any dead letter."""


class ReadingOutbox(Session):
    """Questions about sends."""

    async def sends(self, keys: Sequence[str]) -> dict[str, Send]:
        return {row[0]: _send(row) for row in await self._rows(_SQL["sends_by_key"], list(keys))}

    async def sends_of(self, *, origin: str | None, identities: Sequence[int] | None, limit: int) -> list[Send]:
        if identities is not None:
            rows = await self._rows(_SQL["sends_of_identities"], numbers(identities), origin, limit)
        elif origin is not None:
            rows = await self._rows(_SQL["sends_of_origin"], origin, limit)
        else:
            rows = await self._rows(_SQL["sends"], limit)
        return [_send(row) for row in rows]

    async def send_totals(self, origin: str | None) -> dict[SendState, int]:
        return dict(await self._rows(_SQL["send_totals"], origin))

    async def contacts(self, identities: Sequence[int], since_ms: int) -> dict[int, list[Made]]:
        found: dict[int, list[Made]] = defaultdict(list)
        rows = await self._rows(_SQL["contacts"], numbers(identities), since_ms, since_ms - WAITED_MS_MOST)
        for identity, channel, topic, at_ms, key, claimed_ms, priority in rows:
            found[identity].append(
                Made(channel=channel, topic=topic, at_ms=at_ms, key=key, handed_ms=claimed_ms, priority=priority)
            )
        return dict(found)

    async def spent(self, origins: Sequence[str]) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for origin, day, cost in await self._rows(_SQL["spent"], list(origins)):
            found[origin][day] = cost
        return dict(found)

    async def suppressed(self, channel: str, addresses: Sequence[str]) -> dict[str, str]:
        digests = {address: _digest(address) for address in addresses}
        reasons: dict[bytes, str] = dict(await self._rows(_SQL["suppressions"], channel, list(digests.values())))
        return {address: reasons[digest] for address, digest in digests.items() if digest in reasons}

    async def claimed_before(self, at_ms: int) -> list[Send]:
        return [_send(row) for row in await self._rows(_SQL["claimed_before"], at_ms)]

    async def overdue_claims(self, before_ms: int, *, limit: int) -> list[Send]:
        return [_send(row) for row in await self._rows(_SQL["overdue_claims"], before_ms, limit)]

    async def lane_totals(self) -> list[LaneTotals]:
        counts: dict[tuple[str, int], dict[str, int]] = defaultdict(dict)
        soonest: dict[tuple[str, int], int | None] = {}
        for channel, urgency, state, count, next_ms in await self._rows(_SQL["lane_totals"]):
            counts[channel, urgency][state] = count
            soonest[channel, urgency] = next_ms
        return [
            LaneTotals(
                lane=Lane(channel, URGENCIES[urgency]),
                pending=of.get("pending", 0),
                claimed=of.get("claimed", 0),
                in_doubt=of.get("in_doubt", 0),
                next_ms=soonest[channel, urgency],
            )
            for (channel, urgency), of in sorted(counts.items())
        ]

    async def answers(self, keys: Sequence[str]) -> dict[str, list[Answered]]:
        found: dict[str, list[Answered]] = defaultdict(list)
        for key, at_ms, said in await self._rows(_SQL["answers"], list(keys)):
            found[key].append(Answered(at_ms=at_ms, said=said))
        return dict(found)

    async def dead_letters(
        self,
        *,
        limit: int,
        origin: str | None = None,
        channel: str | None = None,
        before: tuple[int, str] | None = None,
    ) -> list[Send]:
        at_ms, key = before or _LAST
        return [_send(row) for row in await self._rows(_SQL["dead_letters"], at_ms, key, origin, channel, limit)]

    async def count_dead_letters(self) -> dict[str, int]:
        return dict(await self._rows(_SQL["count_dead_letters"]))


class ChangingOutbox(ReadingOutbox):
    """Changes of sends."""

    async def add_sends(self, sends: Sequence[Send]) -> None:
        await self._do_all(_SQL["add_sends"], map(_send_row, sends))

    async def claim_sends(
        self,
        now_ms: int,
        rooms: Mapping[Lane, int],
        *,
        without: Sequence[str] = (),
        claimed_by: str = "",
        send_by_ms: int | None = None,
    ) -> list[Send]:
        left = list(without)
        due: list[Send] = []
        for lane, room in rooms.items():
            urgency = URGENCIES.index(lane.urgency)
            due += map(_send, await self._rows(_SQL["due_sends"], lane.channel, urgency, now_ms, room, left))
        if due:
            await self._do(_SQL["claim_sends"], [send.key for send in due], now_ms, claimed_by, send_by_ms)
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

    async def settle_sends(self, settlements: Sequence[Settlement], at_ms: int) -> None:
        # Of a send the first that is of its claim counts: after it, the send is no longer claimed.
        left = list(settlements)
        while left:
            now: dict[str, Settlement] = {}
            for each in left:
                now.setdefault(each.key, each)
            changed = await self._settle(list(now.values()), at_ms)
            left = [each for each in left if each is not now[each.key] and each.key not in changed]

    async def _settle(self, settlements: Sequence[Settlement], at_ms: int) -> set[str]:
        """Settle sends, each once; returns the keys of those that were claimed so."""
        deferred = [
            (each.key, each.reason, each.not_before_ms, each.untried, each.claimed_by)
            for each in settlements
            if each.state == "pending"
        ]
        settled = [
            (each.key, each.state, each.reason, each.claimed_by, each.dead)
            for each in settlements
            if each.state != "pending"
        ]
        changed: list[Row] = []
        if deferred:
            changed += await self._rows(_SQL["defer_sends"], *map(list, zip(*deferred, strict=True)))
        if settled:
            changed += await self._rows(_SQL["settle_sends"], *map(list, zip(*settled, strict=True)), at_ms)
        keys = {row[0] for row in changed}
        answers = [
            each
            for each in settlements
            if each.key in keys and not each.untried and each.state in ("pending", "failed", "in_doubt")
        ]
        if answers:
            await self._do(
                _SQL["add_answers"], [each.key for each in answers], [each.reason for each in answers], at_ms
            )
        return keys

    async def replay_dead_letters(self, keys: Sequence[str], at_ms: int) -> list[str]:
        changed = {row[0] for row in await self._rows(_SQL["replay_dead_letters"], list(keys), at_ms)}
        return [key for key in dict.fromkeys(keys) if key in changed]

    async def drop_dead_letters(self, keys: Sequence[str]) -> list[str]:
        changed = {row[0] for row in await self._rows(_SQL["drop_dead_letters"], list(keys))}
        return [key for key in dict.fromkeys(keys) if key in changed]

    async def withhold_sends(self, keys: Sequence[str], reason: str, at_ms: int) -> None:
        await self._do(_SQL["withhold_sends"], list(keys), reason, at_ms)

    async def spend(self, amounts: Mapping[tuple[str, str], int]) -> None:
        await self._do_all(_SQL["spend"], ((origin, day, amount) for (origin, day), amount in sorted(amounts.items())))

    async def suppress(self, channel: str, address: str, reason: str, at_ms: int) -> None:
        await self._do(_SQL["suppress"], channel, _digest(address), address.lower(), reason, at_ms)


def _digest(address: str) -> bytes:
    return hashlib.sha256(address.lower().encode("utf-8", "surrogatepass")).digest()


def _send_row(send: Send) -> tuple[object, ...]:
    return (
        send.key,
        send.identity,
        send.origin_kind,
        send.origin,
        send.version,
        send.step,
        send.channel,
        send.template,
        send.topic,
        send.transactional,
        send.address,
        send.state,
        send.created_ms,
        send.not_before_ms,
        send.attempts,
        send.claimed_ms,
        send.settled_ms,
        send.reason,
        pack(send.variables),
        send.claimed_by,
        send.send_by_ms,
        send.tried_ms,
        send.dead,
        send.priority,
        send.cost,
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
        transactional=row[9],
        address=row[10],
        state=row[11],
        created_ms=row[12],
        not_before_ms=row[13],
        attempts=row[14],
        claimed_ms=row[15],
        settled_ms=row[16],
        reason=row[17],
        variables=unpack(row[18]),
        claimed_by=row[19],
        send_by_ms=row[20],
        tried_ms=row[21],
        dead=row[22],
        priority=row[23],
        cost=row[24],
    )
