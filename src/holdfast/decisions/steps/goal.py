"""The end of the way of who has reached what the journey is for."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.decisions.step import Leave, Outcome, Place, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal(Step):
    """Leave the journey by `goal`, like those who reach its goal while they wait.

    It is for ways that only those take who have reached it, such as the `happened` of an `until`, so that they are
    counted alike. The result does not ask by which step somebody left: it counts the goal's event.
    """

    exits = ()

    def stand(self, place: Place) -> Outcome:
        return Leave(by="goal")

    def title(self) -> str:
        return "Goal"

    def note(self) -> str:
        return ""


STEP = Goal
