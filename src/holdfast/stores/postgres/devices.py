"""Whose devices are, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Session

_SQL = load("devices")


class ReadingDevices(Session):
    """Questions about whose devices are."""

    async def device_owners(self, devices: Sequence[str]) -> dict[str, int]:
        return dict(await self._rows(_SQL["device_owners"], list(devices)))


class ChangingDevices(ReadingDevices):
    """Changes of it."""

    async def put_device_owners(self, owners: Mapping[str, int]) -> None:
        await self._do_all(_SQL["put_device_owners"], sorted(owners.items()))
