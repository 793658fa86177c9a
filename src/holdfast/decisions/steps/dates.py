"""Starting at one time, or at several, named one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from holdfast.decisions.broadcast import Timed
from holdfast.decisions.step import cut
from holdfast.decisions.time_fields import WallTimeSet, wall_words
from holdfast.segments.zones import zone_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates(Timed):
    """Let in everybody in the audience at each of the times in `at`, when their clock shows it.

    When clocks are put forward and leave the time out, it is the first moment after; when they are put back and show it
    twice, the first of the two.
    """

    at: Annotated[WallTimeSet, "When: days and times such as 2026-12-01T09:00. One of them is a campaign sent once."]

    def walls(self, first: date) -> Iterator[datetime]:
        return (each for each in self.at if each.date() >= first)

    def title(self) -> str:
        return "Once" if len(self.at) == 1 else f"On {len(self.at)} dates"

    def note(self) -> str:
        first = wall_words(self.at[0]).replace("T", " ")
        more = f" and {len(self.at) - 1} more" if len(self.at) > 1 else ""
        return cut(f"{first}{more}{zone_words(self.time_zone)}")


STEP = Dates
