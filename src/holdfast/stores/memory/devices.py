"""Whose devices are, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.stores.memory.session import Session


class ReadingDevices(Session):
    """Questions about whose devices are."""

    async def device_owners(self, devices: Sequence[str]) -> dict[str, int]:
        return {each: self._tables.devices[each] for each in devices if each in self._tables.devices}


class ChangingDevices(ReadingDevices):
    """Changes of it."""

    async def put_device_owners(self, owners: Mapping[str, int]) -> None:
        self._tables.devices = self._tables.devices | dict(owners)
