"""The end of the way."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.decisions.step import Leave, Outcome, Place, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit(Step):
    """Leave the journey. The name of the step is kept as the reason."""

    exits = ()

    def stand(self, place: Place) -> Outcome:
        return Leave()

    def title(self) -> str:
        return "Exit"

    def note(self) -> str:
        return ""


STEP = Exit
