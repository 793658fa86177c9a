"""Writing down something of the person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Literal

from holdfast.decisions.fields import Choice, TraitName
from holdfast.decisions.step import Change, Go, Outcome, Place, Step, contradiction, cut
from holdfast.decisions.trait_values import NUMBER_MOST, TraitValue, is_number
from holdfast.events.event import LIST_TRAITS, Json, reserved_trait
from holdfast.kernel.errors import Invalid
from holdfast.segments.values import element_text

ELEMENTS_MOST = 500
"""A list that a journey adds to is no longer than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateTrait(Step):
    """Change a trait of the person and leave by `updated`; by `unchanged` where it cannot be changed so.

    `set` gives it the value; null takes the trait away. `add` puts the value into the list the trait is, `increment`
    adds it to the number the trait is; who has no such trait begins with an empty list, or with 0. What is no list or
    no number stays as it is, and so do a list that has the value already or is full, and a number that would grow too
    large.

    Steps after it see the new value at once, and so does every other journey. It is told as an identify call of ours
    (`Identified`, source `holdfast`), which starts no journey and is waited for by no `until`. The holdout is changed
    like everybody else.
    """

    trait: Annotated[TraitName, "The trait, such as cart_reminders."]
    change: Annotated[
        Literal["set", "add", "increment"],
        Choice(("set", "add", "increment")),
        "`set` it, `add` to the list it is, or `increment` the number it is.",
    ] = "set"
    value: Annotated[Json, TraitValue(), "The value to set, the element to add, or by how much (less than 0: down)."]

    exits = ("updated", "unchanged")
    spared = ("unchanged",)

    def stand(self, place: Place) -> Outcome:
        now = place.facts.traits.get(self.trait)
        match self.change:
            case "set":
                return self._to(self.value)
            case "add":
                return self._added(now)
            case "increment":
                return self._incremented(now)

    def _added(self, now: Json) -> Outcome:
        elements = [] if now is None else now
        if not isinstance(elements, list) or len(elements) >= ELEMENTS_MOST:
            return Go("unchanged")
        if element_text(self.value) in map(element_text, elements):
            return Go("unchanged")
        return self._to([*elements, self.value])

    def _incremented(self, now: Json) -> Outcome:
        before = 0 if now is None else now
        if not is_number(before) or not is_number(self.value):
            return Go("unchanged")
        after = before + self.value
        return self._to(after) if isfinite(after) and abs(after) <= NUMBER_MOST else Go("unchanged")

    def _to(self, value: Json) -> Outcome:
        return Change(self.trait, value, exit="updated")

    def title(self) -> str:
        return f"Update {self.trait}"

    def note(self) -> str:
        shown = f"“{self.value}”" if isinstance(self.value, str) else element_text(self.value)
        match self.change:
            case "set" if self.value is None:
                return "Take it away"
            case "set":
                return cut(" ".join(f"Set to {shown}".split()))
            case "add":
                return cut(" ".join(f"Add {shown}".split()))
            case "increment":
                return f"Count down by {shown.removeprefix('-')}" if shown.startswith("-") else f"Count up by {shown}"

    def stand_ins(self) -> Mapping[str, str]:
        return {"unchanged": "updated"}

    def complaints(self) -> Iterator[Invalid]:
        if reserved_trait((self.trait,)) is not None:
            yield contradiction(
                "$.trait", f"Traits that begin with {LIST_TRAITS!r} say who is on a list.", hint="Choose another name."
            )
        if self.change == "increment" and not is_number(self.value):
            yield contradiction("$.value", "Only a number can be counted up by.", hint="Give a number, such as 1.")
        if self.change == "add" and self.value is None:
            yield contradiction("$.value", "Null is no element of a list.", hint="Give text, a number, true or false.")


STEP = UpdateTrait
