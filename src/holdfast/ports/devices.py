"""Devices, in the state: as whose each telephone and browser was heard of last.

What is known of somebody's devices is in their profile. This is asked the other way round, when a device turns up with
somebody: whose it was until now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class DeviceView(Protocol):
    """Reading whose devices are."""

    async def device_owners(self, devices: Sequence[str]) -> dict[str, int]:
        """The identities under which devices were heard of last, by the device's id; those nobody had are left out."""
        ...


class DeviceTransaction(DeviceView, Protocol):
    """Changing it."""

    async def put_device_owners(self, owners: Mapping[str, int]) -> None:
        """Keep under which identity each of these devices was heard of."""
        ...
