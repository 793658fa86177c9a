"""The kinds of steps there are, as whoever draws a journey sees them: what each asks for, and which ways lead out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from inspect import cleandoc
from typing import Literal

from holdfast.decisions.fields import schema_of
from holdfast.decisions.nodes import step_types
from holdfast.decisions.step import Step
from holdfast.events.event import Json

Family = Literal["start", "message", "logic", "end"]
"""`start` lets people in, `message` says something, `end` has no way out; `logic` is every other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepKind:
    """One kind of step."""

    name: str
    """Its `type` in a definition."""
    label: str
    family: Family
    help: str
    """What it does; its first sentence says it in short."""
    schema: Mapping[str, Json]
    """Its fields as JSON Schema, without `type` and `exits`."""
    exits: tuple[str, ...]
    """The ways out that it always has."""
    exits_of: str | None
    """The field whose names are ways out, too."""
    spared: tuple[str, ...]
    """Of `exits`, those that may be left out; with some fields they may not."""


@cache
def step_kinds() -> tuple[StepKind, ...]:
    """Every kind of step, in order of name."""
    return tuple(
        StepKind(
            name=name,
            label=name.replace("_", " ").capitalize(),
            family=_family(type_),
            help=cleandoc(type_.__doc__ or ""),
            schema=schema_of(type_),
            exits=type_.exits,
            exits_of=type_.exits_of,
            spared=type_.spared,
        )
        for name, type_ in sorted(step_types().items())
    )


def _family(type_: type[Step]) -> Family:
    if type_.starts:
        return "start"
    if type_.says is not Step.says:
        return "message"
    return "logic" if type_.exits or type_.exits_of is not None else "end"
