"""How the global holdout was drawn, in PostgreSQL."""

from __future__ import annotations

from holdfast.ports.holdouts import HoldoutDraw
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Session

_SQL = load("holdouts")


class ReadingHoldouts(Session):
    """Questions about it."""

    async def holdout_draws(self) -> list[HoldoutDraw]:
        return [
            HoldoutDraw(since_ms=since_ms, share=share, rotates=rotates, zone=zone)
            for since_ms, share, rotates, zone in await self._rows(_SQL["holdout_draws"])
        ]


class ChangingHoldouts(ReadingHoldouts):
    """Changes of it."""

    async def put_holdout_draw(self, draw: HoldoutDraw) -> None:
        await self._do(_SQL["put_holdout_draw"], draw.since_ms, draw.share, draw.rotates, draw.zone)
