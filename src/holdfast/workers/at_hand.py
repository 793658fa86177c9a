"""At hand: what a hand does with what the server gives it, over the state's file.

It changes nothing and keeps nothing: it may end at any time, and what it was at, the server does itself. It ends when
the server does.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo

from holdfast.flows.ingest.hand import Hand
from holdfast.places import layout_of, open_recorder
from holdfast.ports.hands import Recorder
from holdfast.settings import Settings
from holdfast.version import __version__
from holdfast.wiring.rules import rules_of
from holdfast.workers.garbage import spare_ticks
from holdfast.workers.hand_wire import Copy, Do, Done, Ready, Rules, SettingValue, ToHand
from holdfast.workers.listening import loop_factory
from holdfast.workers.sparing import spare_pandas
from holdfast.workers.wire import Wire

_log = logging.getLogger(__name__)


class AtHand:
    """The one hand of this process, and the server that gives it tasks."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._said: asyncio.Queue[ToHand] = asyncio.Queue()
        self._hand: Hand | None = None
        self._recorder: Recorder | None = None
        self._wire: Wire[ToHand] = Wire(ToHand, self._said.put_nowait, _end)

    async def serve(self, wire: socket.socket) -> None:
        """Do whatever is given, in its order, for ever."""
        await asyncio.get_running_loop().create_unix_connection(lambda: self._wire, sock=wire)
        while True:
            match await self._said.get():
                case Rules() as rules:
                    await self._adopt(rules)
                case Do(number, task):
                    found = None if self._hand is None else await self._hand.do(task)
                    await self._wire.say_out(Done(number, found))
                case Copy(number, task):
                    found = None if self._recorder is None else await _copied(self._recorder, task)
                    await self._wire.say_out(Done(number, found))

    async def _adopt(self, said: Rules) -> None:
        settings = settings_of(said.settings)
        rules = rules_of(settings, said.secret)
        if self._hand is not None:
            self._hand.adopt(rules, said.revision)
            return
        self._recorder = open_recorder(settings)
        zone = ZoneInfo(settings.time_zone)
        self._hand = Hand(self._recorder, rules=rules, revision=said.revision, zone=zone)
        await self._hand.get_ready()
        self._wire.say(Ready(__version__))


async def _copied(recorder: Recorder, task: bytes) -> bytes | None:
    from holdfast.flows.ingest.copying import copied  # noqa: PLC0415 - Arrow is needed by one of the hands.

    spare_pandas()
    try:
        return await copied(task, recorder, layout_of)
    except Exception:  # noqa: BLE001 - The server does it itself, meets the same, and tells.
        _log.exception("what is to be copied could not be laid out")
        return None


def settings_of(said: dict[str, SettingValue]) -> Settings:
    """The settings of these values."""
    return Settings(**{**said, "data_dir": Path(str(said["data_dir"]))})


def _end() -> NoReturn:
    """The server is no more."""
    os._exit(0)


def serve(wire: socket.socket) -> None:
    """Do what comes over the wire, until the server is no more."""
    spare_ticks()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(AtHand().serve(wire))
