"""A step of a journey: what it asks of its author, and what it does with the person who stands at it.

One step type is one module in `steps/` that assigns `STEP`. Its fields, their kinds (`fields.py`) and its docstring are
its JSON form, its validation and its documentation; nothing else in the project names it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import msgspec

from holdfast.decisions.gate import Contact
from holdfast.decisions.weights import Weights
from holdfast.events.event import Event, Json
from holdfast.kernel.errors import Invalid
from holdfast.segments.condition import Facts

if TYPE_CHECKING:  # Its declaration is made of fields, and these know of steps.
    from holdfast.decisions.experiment import Experiment


class Place(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Somebody standing at a step, as the step sees it."""

    now: datetime
    arrived: datetime
    """When they came to this step; being woken does not change it."""
    event: Event | None
    """The event that woke them at this step, if one did."""
    facts: Facts
    origin: str = ""
    """The id of the journey."""
    step: str = ""
    """The id of this step."""
    experiments: Mapping[str, Experiment] = {}
    """By id: as they are saved now."""
    weights: Mapping[str, Weights] = {}
    """The last weighing of adaptive steps that were weighed, by experiment."""
    variables: Mapping[str, Json] = {}
    """What led in, as the visit has it."""


class Go(msgspec.Struct, frozen=True, gc=False):
    """Go on by that exit."""

    exit: str


class Park(msgspec.Struct, frozen=True, gc=False):
    """Stay until `due`, or until an event of one of these names comes."""

    due: datetime | None
    events: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.due is None and not self.events:
            raise ValueError("a person parked with nothing to wake them is forgotten; give a due time or an event")


class Ask(msgspec.Struct, frozen=True, gc=False):
    """Ask the gate for the contact, and go on by `sent` when it permits, by `withheld` when it does not."""

    contact: Contact
    sent: str
    withheld: str
    address: str = ""
    """Where it goes, on a channel where that does not depend on the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a step says, before it is known to whom."""

    channel: str
    content: Mapping[str, Json]
    """As the medium declares it, in Liquid."""
    field: str = ""
    """The step's field that holds it; empty when its parts are fields of the step."""


class Leave(msgspec.Struct, frozen=True, gc=False):
    """The journey ends here, for the reason `by`: the step's own id unless it says otherwise."""

    by: str | None = None


class Change(msgspec.Struct, frozen=True, gc=False):
    """Say that a trait of the person has this value from now on, and go on by `exit`."""

    trait: str
    value: Json
    exit: str


class HandOver(msgspec.Struct, frozen=True, gc=False):
    """Let the person into another journey, and go on by `exit`."""

    journey: str
    exit: str


class Assign(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Give the person this variant of an experiment, and go on by `exit`; told if they had none of it before."""

    experiment: str
    variant: str
    propensity: float
    """The chance they had of this variant; in (0, 1]."""
    exit: str
    about: Mapping[str, Json] = {}
    """What else is told of how it came about."""


Outcome: TypeAlias = Go | Park | Ask | Assign | Change | HandOver | Leave


class Step(ABC):
    """One step of a journey. Subclasses are frozen dataclasses; their fields are their JSON form, beside `type`."""

    __slots__ = ()

    exits: ClassVar[tuple[str, ...]]
    """The ways out. `entered` is kept for the trigger: elsewhere the counters use it for arrivals."""
    exits_of: ClassVar[str | None] = None
    """The field whose names are ways out too, where the author names them."""
    spared: ClassVar[tuple[str, ...]] = ()
    """The exits that `stand_ins` may name: of these it hangs on the fields whether they may be left out."""
    starts: ClassVar[bool] = False
    """Whether this is where people enter: a journey has exactly one such step, and nothing leads to it."""

    @abstractmethod
    def stand(self, place: Place) -> Outcome:
        """What becomes of a person who stands here now."""

    @abstractmethod
    def title(self) -> str:
        """What the step does, in a few words: the first line of its card."""

    @abstractmethod
    def note(self) -> str:
        """What is particular about this one, short: the second line of its card; may be empty."""

    def ways(self) -> tuple[str, ...]:
        """Every way out of this one: `exits`, and those its author names."""
        return self.exits if self.exits_of is None else (*self.exits, *getattr(self, self.exits_of))

    def rests(self) -> bool:
        """Whether everybody who comes here waits a while, whatever happens. A loop must hold a step that does."""
        return False

    def wakes(self) -> frozenset[str]:
        """Names of the events that somebody who stands here may be waiting for: all that `stand` ever parks for."""
        return frozenset()

    def stand_ins(self) -> Mapping[str, str]:
        """Exits that may be left out, each with the exit that is taken instead."""
        return {}

    def says(self) -> Said | None:
        """What it sends; None for a step that sends nothing."""
        return None

    def complaints(self) -> Iterator[Invalid]:
        """What is wrong with fields that are each right; paths start with `$` at the step."""
        yield from ()

    @classmethod
    def type_name(cls) -> str:
        """What the step is called in JSON: the name of its module."""
        return cls.__module__.rpartition(".")[2]


def contradiction(path: str, message: str, *, hint: str) -> Invalid:
    """The complaint that fields which are each right do not go together."""
    return Invalid(message, code="contradiction", path=path, hint=hint)


def step_experiment(origin: str, step: str) -> str:
    """The name of the experiment a step is of its own: ids hold no dots, so it is no other's."""
    return f"{origin}.{step}"


NOTE_MOST = 60
"""Characters of a note's words: a card is small."""


def cut(words: str) -> str:
    """The words, cut to fit a card."""
    return words if len(words) <= NOTE_MOST else f"{words[: NOTE_MOST - 1].rstrip()}…"
