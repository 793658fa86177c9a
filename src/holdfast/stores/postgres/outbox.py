"""The outbox in PostgreSQL: sends, what became of them, and suppressed addresses."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from holdfast.decisions.caps import Made
from holdfast.ports.state import WAITED_MS_MOST, Send, SendState, Settlement
from holdfast.stores.packing import pack, unpack
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Row, Session, numbers

_SQL = load("outbox")
_TRANSACTIONAL, _MARKETING = True, False


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
        for identity, channel, topic, at_ms, key, claimed_ms in rows:
            found[identity].append(Made(channel=channel, topic=topic, at_ms=at_ms, key=key, handed_ms=claimed_ms))
        return dict(found)

    async def suppressed(self, channel: str, addresses: Sequence[str]) -> dict[str, str]:
        digests = {address: _digest(address) for address in addresses}
        reasons: dict[bytes, str] = dict(await self._rows(_SQL["suppressions"], channel, list(digests.values())))
        return {address: reasons[digest] for address, digest in digests.items() if digest in reasons}

    async def claimed_before(self, at_ms: int) -> list[Send]:
        return [_send(row) for row in await self._rows(_SQL["claimed_before"], at_ms)]


class ChangingOutbox(ReadingOutbox):
    """Changes of sends."""

    async def add_sends(self, sends: Sequence[Send]) -> None:
        await self._do_all(_SQL["add_sends"], map(_send_row, sends))

    async def claim_sends(
        self, now_ms: int, *, limit: int, without: Sequence[str] = (), transactional_only: bool = False
    ) -> list[Send]:
        left = list(without)
        rows = await self._rows(_SQL["due_sends"], _TRANSACTIONAL, now_ms, limit, left)
        if not transactional_only:
            rows += await self._rows(_SQL["due_sends"], _MARKETING, now_ms, limit - len(rows), left)
        due = [_send(row) for row in rows]
        await self._do(_SQL["claim_sends"], [send.key for send in due], now_ms)
        return [replace(send, state="claimed", claimed_ms=now_ms, attempts=send.attempts + 1) for send in due]

    async def settle_sends(self, settlements: Sequence[Settlement], at_ms: int) -> None:
        first: dict[str, Settlement] = {}
        for each in settlements:
            first.setdefault(each.key, each)  # After the first, the send is no longer claimed.
        deferred = [each for each in first.values() if each.state == "pending"]
        settled = [each for each in first.values() if each.state != "pending"]
        await self._do_all(
            _SQL["defer_sends"], [(each.key, each.reason, each.not_before_ms, each.untried) for each in deferred]
        )
        if settled:
            columns = zip(*((each.key, each.state, each.reason) for each in settled), strict=True)
            await self._do(_SQL["settle_sends"], *map(list, columns), at_ms)

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
    )
