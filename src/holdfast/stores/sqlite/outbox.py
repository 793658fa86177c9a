"""The outbox in SQLite: sends, what became of them, and suppressed addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from holdfast.decisions.caps import Made
from holdfast.ports.state import WAITED_MS_MOST, Send, SendState, Settlement
from holdfast.stores.packing import pack, unpack
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Row, Session, in_thread, numbers, texts

_SQL = load("outbox")
_TRANSACTIONAL, _MARKETING = True, False


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
        for identity, channel, topic, at_ms, key, claimed_ms in rows:
            found[identity].append(Made(channel=channel, topic=topic, at_ms=at_ms, key=key, handed_ms=claimed_ms))
        return dict(found)

    @in_thread
    def suppressed(self, channel: str, addresses: Sequence[str]) -> dict[str, str]:
        found = {}
        for address in addresses:
            row = self._row(_SQL["suppression"], channel, address.lower())
            if row:
                found[address] = row[0]
        return found

    @in_thread
    def claimed_before(self, at_ms: int) -> list[Send]:
        return [_send(row) for row in self._rows(_SQL["claimed_before"], at_ms)]


class ChangingOutbox(ReadingOutbox):
    """Changes of sends."""

    @in_thread
    def add_sends(self, sends: Sequence[Send]) -> None:
        self._do_all(_SQL["add_send"], map(_send_row, sends))

    @in_thread
    def claim_sends(
        self, now_ms: int, *, limit: int, without: Sequence[str] = (), transactional_only: bool = False
    ) -> list[Send]:
        left = texts(without)
        rows = self._rows(_SQL["due_sends"], _TRANSACTIONAL, now_ms, limit, left)
        if not transactional_only:
            rows += self._rows(_SQL["due_sends"], _MARKETING, now_ms, limit - len(rows), left)
        due = [_send(row) for row in rows]
        self._do_all(_SQL["claim_send"], ((send.key, now_ms) for send in due))
        return [replace(send, state="claimed", claimed_ms=now_ms, attempts=send.attempts + 1) for send in due]

    @in_thread
    def settle_sends(self, settlements: Sequence[Settlement], at_ms: int) -> None:
        for each in settlements:
            if each.state == "pending":
                self._do(_SQL["defer_send"], each.key, each.reason, each.not_before_ms, each.untried)
            else:
                self._do(_SQL["settle_send"], each.key, each.state, each.reason, at_ms)

    @in_thread
    def suppress(self, channel: str, address: str, reason: str, at_ms: int) -> None:
        self._do(_SQL["suppress"], channel, address.lower(), reason, at_ms)


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
    )
