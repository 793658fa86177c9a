"""Carriers: one for each transport. A carrier opens the socket, so that no channel can hang or retry in its own way."""

from __future__ import annotations

from typing import Protocol

from holdfast.messages.parcel import Parcel, Verdict


class Carrier(Protocol):
    """Takes parcels to a provider."""

    async def carry(self, parcel: Parcel) -> Verdict:
        """Deliver one parcel. Never raises for what the provider says or fails to say: that is a verdict.

        Where it waited (for a connection, a token, a place) its `begin_by_ms` is asked about after the wait, directly
        before it is begun; what has lapsed by then is begun no more, and the verdict is `Lapsed`.
        """
        ...

    async def close(self) -> None: ...
