"""A carrier that keeps what it is given, and answers what it is told to."""

from __future__ import annotations

from holdfast.messages.parcel import Accepted, Parcel, Verdict


class KeptParcels:
    """Answers `ports.carrier.Carrier`: accepts every parcel, unless `answers` holds other verdicts, taken in order."""

    def __init__(self, *answers: Verdict) -> None:
        self.parcels: list[Parcel] = []
        self._answers = list(answers)

    async def carry(self, parcel: Parcel) -> Verdict:
        """Keep the parcel."""
        self.parcels.append(parcel)
        return self._answers.pop(0) if self._answers else Accepted(f"kept-{len(self.parcels)}")

    async def close(self) -> None:
        """Nothing is held."""
