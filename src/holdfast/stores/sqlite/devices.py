"""Whose devices are, in SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Session, in_thread, texts

_SQL = load("devices")


class ReadingDevices(Session):
    """Questions about whose devices are."""

    @in_thread
    def device_owners(self, devices: Sequence[str]) -> dict[str, int]:
        return dict(self._rows(_SQL["device_owners"], texts(devices)))


class ChangingDevices(ReadingDevices):
    """Changes of it."""

    @in_thread
    def put_device_owners(self, owners: Mapping[str, int]) -> None:
        self._do_all(_SQL["put_device_owner"], sorted(owners.items()))
