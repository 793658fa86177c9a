"""How the global holdout was drawn, in SQLite."""

from __future__ import annotations

from holdfast.ports.holdouts import HoldoutDraw
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Session, in_thread

_SQL = load("holdouts")


class ReadingHoldouts(Session):
    """Questions about it."""

    @in_thread
    def holdout_draws(self) -> list[HoldoutDraw]:
        return [
            HoldoutDraw(since_ms=since_ms, share=share, rotates=rotates, zone=zone)
            for since_ms, share, rotates, zone in self._rows(_SQL["holdout_draws"])
        ]


class ChangingHoldouts(ReadingHoldouts):
    """Changes of it."""

    @in_thread
    def put_holdout_draw(self, draw: HoldoutDraw) -> None:
        self._do(_SQL["put_holdout_draw"], draw.since_ms, draw.share, draw.rotates, draw.zone)
