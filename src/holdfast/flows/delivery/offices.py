"""Offices: which channel and carrier take a medium's messages now.

Connections come, change and go while messages are under way. A message that has begun ends by the carrier it began
with; the next one goes by the connection that is there then. What has no connection waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from holdfast.flows.delivery.send import Office
from holdfast.kernel.errors import Exposed
from holdfast.messages.parcel import Parcel, Verdict
from holdfast.ports.carrier import Carrier
from holdfast.ports.channel import Channel
from holdfast.ports.connections import Connection
from holdfast.ports.state import State

_log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How often it is to be looked whether there are other connections: one small row is read."""


class _Counted:
    """A carrier that is closed when it is wanted no more and the last parcel it was given has come to its end."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def carry(self, parcel: Parcel) -> Verdict:
        """Carry it, and know that it is under way."""
        self._under_way += 1
        self._idle.clear()
        try:
            return await self._carrier.carry(parcel)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def close(self) -> None:
        """Close it at once."""
        await self._carrier.close()

    async def retire(self) -> None:
        """Close it once nothing is under way, or nobody waits for that any more."""
        try:
            await self._idle.wait()
        finally:
            await self._carrier.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    connections: tuple[Connection, ...]
    office: Office
    carrier: _Counted


class Offices(Mapping[str, Office]):
    """The offices there are now, by medium."""

    def __init__(
        self,
        *,
        state: State,
        built_in: Mapping[str, Office],
        kept: Mapping[str, Office],
        open_office: Callable[[Sequence[Connection]], Office],
        together: Collection[str] = (),
        changed: Callable[[Mapping[str, Office], Collection[str]], None],
        written: Callable[[Sequence[Connection]], Mapping[str, Channel]] = lambda connections: {},
    ) -> None:
        """What is built in is there at once; connections are from the first `refresh`.

        Args:
            built_in: who takes media for which no connection is set up.
            kept: who takes media whatever is set up: messages that are kept here in the place of going out.
            open_office: opens the connections of a medium, the default first. Raises Exposed when it cannot be.
            together: media that all their connections carry together, each what it reaches: phones of two makers, say.
                Any other is carried by its default alone.
            changed: told which offices there are whenever there are others, and which of them are new.
            written: by medium, who writes from now on for what is built in, where that depends on the connections there
                are: one may hold the key that signs. Who carries it stays.
        """
        self._state = state
        self._built_in = dict(built_in)
        self._kept = dict(kept)
        self._open_office = open_office
        self._together = frozenset(together)
        self._changed = changed
        self._written = written
        self._opened: dict[str, _Opened] = {}
        """By medium."""
        self._broken: dict[str, str] = {}
        """By medium: its connection cannot be opened, and why."""
        self._seen: int | None = None
        self._turn = asyncio.Lock()
        self._retiring: set[asyncio.Task[None]] = set()
        self._now = self._made()

    def __getitem__(self, medium: str) -> Office:
        return self._now[medium]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now)

    def __len__(self) -> int:
        return len(self._now)

    @property
    def broken(self) -> Mapping[str, str]:
        """Media whose connection cannot be opened, and why: their messages wait."""
        return dict(self._broken)

    @property
    def here(self) -> Collection[str]:
        """Media whose messages go to nobody outside."""
        return self._kept.keys() - self._built_in.keys()

    async def refresh(self) -> bool:
        """Look whether connections have changed, and change with them; whether they had."""
        async with self._turn:
            async with self._state.view() as view:
                changes = await view.connection_changes()
                if changes == self._seen:
                    return False
                connections = await view.connections()
            wanted = self._wanted(connections)
            for medium in [each for each in self._opened if self._opened[each].connections != wanted.get(each)]:
                self._retire(self._opened.pop(medium))
            self._broken = {}
            for medium, channel in self._written(connections).items():
                self._built_in[medium] = replace(self._built_in[medium], channel=channel)
            before = set(self._opened)
            for medium, those in wanted.items():
                if medium not in self._opened:
                    self._try(medium, those)
            self._seen = changes
            self._now = self._made()
            self._changed(self._now, self._opened.keys() - before)
            return True

    async def close(self) -> None:
        """Close every carrier."""
        carriers = {id(each.carrier): each.carrier for each in self._now.values()}
        await asyncio.gather(*(each.close() for each in carriers.values()))
        for each in list(self._retiring):
            each.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)

    def _wanted(self, connections: Sequence[Connection]) -> dict[str, tuple[Connection, ...]]:
        """By which connections each medium is to be carried, its default first."""
        defaults = {each.medium: each for each in connections if each.is_default and each.medium not in self._kept}
        return {
            medium: (
                default,
                *(
                    each
                    for each in connections
                    if each.medium == medium and each != default and medium in self._together
                ),
            )
            for medium, default in defaults.items()
        }

    def _try(self, medium: str, connections: tuple[Connection, ...]) -> None:
        try:
            office = self._open_office(connections)
        except Exposed as error:
            # No other takes its place: what was meant to go by one provider does not go by another unasked.
            self._broken[medium] = str(error)
            names = ", ".join(each.name for each in connections)
            _log.error("Messages for %s wait: the connection %s cannot be used. %s", medium, names, error)
            return
        except Exception as error:  # noqa: BLE001 - Ours to mend; meanwhile every other medium is carried.
            self._broken[medium] = f"It could not be opened: {error!r:.200}"
            _log.exception("Messages for %s wait: a connection could not be opened.", medium)
            return
        carrier = _Counted(office.carrier)
        self._opened[medium] = _Opened(
            connections=connections, office=Office(channel=office.channel, carrier=carrier), carrier=carrier
        )

    def _retire(self, opened: _Opened) -> None:
        task = asyncio.get_running_loop().create_task(opened.carrier.retire())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    def _made(self) -> dict[str, Office]:
        built_in = {medium: office for medium, office in self._built_in.items() if medium not in self._broken}
        return built_in | {medium: each.office for medium, each in self._opened.items()} | self._kept
