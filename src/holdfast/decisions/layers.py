"""Layers: experiments that must not meet in one person.

A layer is a line from 0 to 1 on which everybody has a place, by hash of the layer's name. An experiment takes a stretch
of it, and only those whose place lies in there can take part: so two experiments in one layer share nobody, and
experiments in different layers divide people independently of each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from holdfast.decisions.fields import Kind, Name, as_object, at, missing_field, one_of, wrong_type
from holdfast.events.event import Json
from holdfast.kernel.chance import share
from holdfast.kernel.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What an experiment takes of a layer: from `begins`, up to `ends` and without it."""

    layer: str
    begins: float = 0.0
    ends: float = 1.0

    def holds(self, person_key: str) -> bool:
        """Whether the person's place lies in it."""
        return self.begins <= share(f"layer:{self.layer}", person_key) < self.ends

    def meets(self, other: Stretch) -> bool:
        """Whether somebody's place may lie in both."""
        return self.layer == other.layer and self.begins < other.ends and other.begins < self.ends


@dataclass(frozen=True, slots=True)
class LayerStretch(Kind):
    """A stretch as its author writes it: `id`, `from` and `to`."""

    def decode(self, value: object, path: str) -> Stretch:
        given = as_object(value, path)
        names = ("id", "from", "to")
        for name in given:
            if name not in names:
                hint = one_of(name, names)
                raise Invalid("There is no such field here.", code="unknown_field", path=at(path, name), hint=hint)
        if "id" not in given:
            raise missing_field("id", path)
        begins = _place(given.get("from", 0), at(path, "from"))
        ends = _place(given.get("to", 1), at(path, "to"))
        if begins >= ends:
            raise Invalid(
                "Nobody has a place in it.", code="never_true", path=at(path, "to"), hint="Let `to` be over `from`."
            )
        return Stretch(layer=Name().decode(given["id"], at(path, "id")), begins=begins, ends=ends)

    def encode(self, value: object) -> Json:
        stretch = cast("Stretch", value)
        return {"id": stretch.layer, "from": stretch.begins, "to": stretch.ends}

    def schema(self) -> dict[str, Json]:
        place: dict[str, Json] = {"type": "number", "minimum": 0, "maximum": 1}
        return {
            "type": "object",
            "properties": {"id": Name().schema(), "from": place, "to": place},
            "required": ["id"],
            "additionalProperties": False,
        }


def free_stretches(taken: Iterable[Stretch]) -> list[tuple[float, float]]:
    """What is left of a layer beside these stretches of it, in order."""
    free: list[tuple[float, float]] = []
    reached = 0.0
    for each in sorted(taken, key=lambda stretch: stretch.begins):
        if each.begins > reached:
            free.append((reached, each.begins))
        reached = max(reached, each.ends)
    return [*free, (reached, 1.0)] if reached < 1 else free


def _place(value: object, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_type(value, "a number", path)
    if not 0 <= value <= 1:
        raise Invalid(f"{value} is no place.", code="out_of_range", path=path, hint="Use 0 to 1; 0.5 is the middle.")
    return float(value)
