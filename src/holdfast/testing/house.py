"""The whole of Holdfast in memory, with a clock to turn by hand: for stories told from end to end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from holdfast.flows.journey.decide import publish
from holdfast.ports.log import Log
from holdfast.ports.state import State
from holdfast.settings import Settings
from holdfast.stores.memory.history import MemoryHistory
from holdfast.stores.memory.log import MemoryLog
from holdfast.stores.memory.state import MemoryState
from holdfast.testing.carrier import KeptParcels
from holdfast.testing.clock import FakeClock
from holdfast.wiring import Application, Mail, assemble


class House:
    """An application over stores in memory. What happens in it happens at the clock's time, and at once."""

    def __init__(self, app: Application, clock: FakeClock, carrier: KeptParcels) -> None:
        self.app = app
        self.clock = clock
        self.carrier = carrier

    @classmethod
    async def build(
        cls,
        data_dir: Path,
        *,
        carrier: KeptParcels | None = None,
        state: State | None = None,
        log: Log | None = None,
        **settings: object,
    ) -> House:
        """A house with nothing in it; `data_dir` only holds its secret.

        Args:
            state: an empty one, in place of one in memory.
            log: the one that goes with it, where it is not empty.
        """
        clock, carrier = FakeClock(), carrier or KeptParcels()
        said = Settings.load(data_dir, {}, settings, working_dir=data_dir)
        app = await assemble(
            said,
            clock=clock,
            log=log or MemoryLog(stride=1000),  # As the logs of a cluster, whose offsets skip.
            state=state or MemoryState(),
            history=MemoryHistory(currency=said.currency),
            mail=Mail(carrier=carrier, mailbox=None),
        )
        return cls(app, clock, carrier)

    async def publish(self, definition: Mapping[str, object]) -> None:
        """Publish a journey, or a campaign if it has no steps."""
        kind: Literal["journey", "campaign"] = "journey" if "steps" in definition else "campaign"
        await publish(self.app.state, kind, json.dumps(definition).encode(), now=self.clock.now())

    async def happens(self, *messages: Mapping[str, object]) -> None:
        """These messages of the Segment specification arrive, as one batch, and everything follows that follows."""
        body = json.dumps({"batch": messages}).encode()
        await self.app.collector.collect("batch", body, "default")
        await self.settle()

    async def later(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Time goes by, and what falls due happens."""
        self.clock.advance(days=days, hours=hours, minutes=minutes, seconds=seconds)
        await self.settle()

    async def settle(self) -> None:
        """Until nothing is left to do: sends carried and settled, own events told and archived."""
        while True:
            await self.app.settle()
            async with self.app.state.view() as view:
                under_way = (await view.send_totals(None)).get("claimed", 0)
            if not under_way:
                return
            await asyncio.sleep(0)
