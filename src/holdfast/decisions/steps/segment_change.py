"""Starting when somebody comes into a segment, or goes out of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, cast

from holdfast.decisions.durations import DAY_SECONDS, in_words
from holdfast.decisions.fields import Choice, Duration, Kind, LiveConditionOrNone, Name, Seconds
from holdfast.decisions.start import Admitted, Applicant, Cause, EntryRules, NoEntry, Start, is_late
from holdfast.decisions.step import contradiction
from holdfast.events.event import OWN_SOURCE, Event, Json
from holdfast.kernel.errors import Invalid
from holdfast.segments.comparison import Comparison
from holdfast.segments.condition import Condition
from holdfast.segments.conditions.did import Did
from holdfast.segments.conditions.in_segment import InSegment
from holdfast.segments.library import is_resolved
from holdfast.segments.live import SEGMENT_ENTERED, SEGMENT_LEFT, cannot_be_live


@dataclass(frozen=True, slots=True)
class SavedSegmentName(Kind):
    """The id of a saved segment; kept as the condition that names it, so that it is seen who uses the segment."""

    def decode(self, value: object, path: str) -> InSegment:
        return InSegment(segment=Name().decode(value, path))

    def encode(self, value: object) -> Json:
        return cast("InSegment", value).segment

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "format": "segment"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentChange(Start):
    """Let in who comes into the saved segment `segment`, or goes out of it, at that moment.

    Who is in it already when the journey is published is not let in: they did not come into it.
    """

    segment: Annotated[InSegment, SavedSegmentName(), "The id of the segment."]
    change: Annotated[
        Literal["entered", "left"], Choice(("entered", "left")), "Whether coming into it counts, or going out of it."
    ] = "entered"
    only_if: Annotated[LiveConditionOrNone, "What must be true of the person at that moment; null for everybody."] = (
        None
    )
    again: Annotated[
        Literal["once", "after_exit"],
        Choice(("once", "after_exit")),
        "Who was here before: `once` never again, `after_exit` when they have left the journey.",
    ] = "after_exit"
    cool_down_seconds: Annotated[int, Duration(least=0), "How long after the last entry nobody enters again."] = (
        DAY_SECONDS
    )
    latest_seconds: Annotated[Seconds, "A change older than this when it is taken in lets nobody in."] = 3_600

    def event_names(self) -> frozenset[str]:
        return frozenset({self._event})

    @property
    def _event(self) -> str:
        return SEGMENT_ENTERED if self.change == "entered" else SEGMENT_LEFT

    def prospects(self, days: int) -> Condition | None:
        this_one = Comparison(name="segment", operator="equals", value=self.segment.segment)
        return Did(event=self._event, within_days=days, where=(this_one,))

    def admits(self, cause: Cause, applicant: Applicant) -> Admitted | NoEntry:
        if not isinstance(cause, Event) or cause.name != self._event or cause.source != OWN_SOURCE:
            return "other_event"
        if cause.properties.get("segment") != self.segment.segment:  # The same event tells of every segment.
            return "other_event"
        if is_late(cause.timestamp, applicant.now, self.latest_seconds):
            return "late"
        return Admitted(key=applicant.person_key if self.again == "once" else cause.message_id)

    def rules(self) -> EntryRules:
        return EntryRules(again=self.again, cool_down_seconds=self.cool_down_seconds, only_if=self.only_if)

    def complaints(self) -> Iterator[Invalid]:
        if self.segment.is_bound and (unknowable := cannot_be_live(self.segment.definition)) is not None:
            # What is wrong stands in the segment; what the author wrote is the name of it.
            named = f"Who is in the segment {self.segment.segment!r:.120} cannot be known at once"
            unknowable.message = f"{named}: {unknowable.message}"
            unknowable.path = "$.segment"
            yield unknowable
        if self.again != "once" and not self.cool_down_seconds:
            yield contradiction(
                "$.cool_down_seconds",
                "A journey can move people into a segment and out of it, so this one could start itself for ever.",
                hint="Give a cool-down, or set again to 'once'.",
            )
        if self.only_if is not None and is_resolved(self.only_if):
            complaint = self.only_if.not_live("$.only_if")
            if complaint is not None:
                yield complaint

    def title(self) -> str:
        return f"{'Into' if self.change == 'entered' else 'Out of'} {self.segment.segment}"

    def note(self) -> str:
        often = "Once" if self.again == "once" else "Again after leaving"
        return often + (f", {in_words(self.cool_down_seconds)} apart" if self.cool_down_seconds else "")


STEP = SegmentChange
