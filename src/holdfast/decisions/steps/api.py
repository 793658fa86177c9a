"""Starting by a call: people, or an audience, handed over by a program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.broadcast import Broadcast
from holdfast.decisions.fields import Seconds, Truthy
from holdfast.decisions.start import Admitted, Applicant, Cause, NoEntry, bounded_key, is_late
from holdfast.decisions.step import contradiction
from holdfast.events.event import OWN_SOURCE, Event
from holdfast.kernel.errors import Invalid
from holdfast.segments.condition import Condition

CALLED = "Campaign Called"
"""What the history calls it when a program names a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Api(Broadcast):
    """Let in the people whom a call names, or, if `whole_audience` allows it, everybody in the audience.

    People who are named need not be in the audience. The key of the call tells one from another: the same key never
    lets the same person in twice.
    """

    whole_audience: Annotated[Truthy, "Whether a call that names nobody is for everybody in the audience."] = False
    latest_seconds: Annotated[Seconds, "A call older than this when it is taken in lets nobody in."] = 3_600

    def event_names(self) -> frozenset[str]:
        return frozenset({CALLED})

    def prospects(self, days: int) -> Condition | None:  # Who will be named nobody knows.
        return self.narrowed() if self.whole_audience else None

    def admits(self, cause: Cause, applicant: Applicant) -> Admitted | NoEntry:
        if not isinstance(cause, Event):
            return Admitted(key=cause.key, not_after=self.not_after(cause.at))
        said = cause.context
        if cause.name != CALLED or cause.source != OWN_SOURCE or said.get("campaign") != applicant.origin:
            return "other_event"
        if is_late(cause.timestamp, applicant.now, self.latest_seconds):
            return "late"
        return Admitted(
            key=bounded_key(str(said.get("key", cause.message_id))), not_after=self.not_after(cause.timestamp)
        )

    def complaints(self) -> Iterator[Invalid]:
        yield from Broadcast.complaints(self)
        if not self.whole_audience and self.audience is not None:
            yield contradiction(
                "$.audience",
                "A call names the people, so no audience matters.",
                hint="Set whole_audience, or use only_if to say who may get it.",
            )

    def title(self) -> str:
        return "By a call"

    def note(self) -> str:
        return "People named, or the audience" if self.whole_audience else "People named"


STEP = Api
