"""One message to all the devices of a person: each copy to whoever carries it, and one verdict of theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from holdfast.messages.parcel import Accepted, Deferred, Gone, InDoubt, Parcel, Refused, Verdict
from holdfast.ports.carrier import Carrier


class EachDevice:
    """Carries a parcel and its copies at once; answers `ports.carrier.Carrier`."""

    def __init__(self, carriers: Mapping[str, Carrier]) -> None:
        """Nothing is carried yet.

        Args:
            carriers: by the sender of the parcels they carry, which is the name of a provider.
        """
        self._carriers = dict(carriers)

    async def carry(self, parcel: Parcel) -> Verdict:
        """Deliver to every device. Never raises for what providers say or fail to say."""
        parcels = (parcel, *parcel.copies)
        return merged(parcels, await asyncio.gather(*map(self._carry_one, parcels)))

    async def close(self) -> None:
        """Close every carrier."""
        await asyncio.gather(*(each.close() for each in self._carriers.values()))

    async def _carry_one(self, parcel: Parcel) -> Verdict:
        carrier = self._carriers.get(parcel.sender)
        if carrier is None:
            return Refused(f"There is no connection that carries what {parcel.sender} sends.")
        return await carrier.carry(parcel)


def merged(parcels: Sequence[Parcel], verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict of several, in the order of the parcels: taken if any was; else what may still become of it.

    What has lapsed for one of them is `Lapsed` only where no provider said anything that counts for more.

    A device that is dead is named; where it is tried again, it will be found out again.
    """
    lost = tuple(
        Gone(parcel.to, verdict.since_ms)
        for parcel, verdict in zip(parcels, verdicts, strict=True)
        if isinstance(verdict, Refused) and verdict.gone
    )
    for verdict in verdicts:
        if isinstance(verdict, Accepted):
            return Accepted(verdict.provider_id, lost)
    for verdict in verdicts:
        if isinstance(verdict, InDoubt):
            return verdict
    put_off = [verdict for verdict in verdicts if isinstance(verdict, Deferred)]
    if put_off:
        return max(put_off, key=lambda each: each.after_seconds)
    refused = [verdict for verdict in verdicts if isinstance(verdict, Refused)]
    said = next((each.reason for each in refused if not each.gone), refused[0].reason)
    return Refused(said, gone=len(lost) == len(refused), lost=lost)
