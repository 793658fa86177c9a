"""Everything that is wrong with a journey while it is being written; decoding tells only the first thing.

What can be read is looked at although the rest cannot: each field, each step, then the ways between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from holdfast.decisions.fields import Kind, as_object, at, decode_fields, kinds_of, missing_field, schema_of
from holdfast.decisions.journey import Journey, decode_journey
from holdfast.decisions.nodes import (
    STEPS_MOST,
    Node,
    Nodes,
    decode_step_id,
    decode_step_type,
    exit_complaints,
)
from holdfast.decisions.paths import lead_complaints, path_complaints
from holdfast.decisions.step import Step
from holdfast.kernel.errors import Exposed

BESIDE = ("type", "exits")
"""What stands in a step beside its own fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a definition comes to as far as it can be read."""

    complaints: tuple[Exposed, ...]
    steps: Mapping[str, Step] = field(default_factory=dict)
    """By id those whose every field can be read, though the step may complain, or its exits lead nowhere."""
    journey: Journey | None = None
    """The whole, where nothing is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What one step comes to."""

    complaints: tuple[Exposed, ...]
    starts: bool = False
    leads: Mapping[str, str] = field(default_factory=dict)
    """Where its exits lead, as far as they are ids."""
    step: Step | None = None


def check_journey(definition: Mapping[str, object]) -> Checked:
    """Read as much of a definition as can be read, and complain of the rest."""
    complaints = list(_field_complaints(Journey, definition, "$", apart=("steps",)))
    try:
        given = as_object(definition.get("steps", {}), "$.steps")
        if len(given) > STEPS_MOST:
            Nodes().decode(given, "$.steps")
    except Exposed as wrong:
        return Checked(complaints=(*complaints, wrong))
    read = {name: _read(name, value) for name, value in given.items()}
    complaints += [complaint for each in read.values() for complaint in each.complaints]
    complaints += _way_complaints(definition.get("start"), read)
    journey = None
    if not complaints:
        try:
            journey = decode_journey(definition)
        except Exposed as wrong:
            complaints.append(wrong)
    steps = {name: each.step for name, each in read.items() if each.step is not None}
    return Checked(complaints=tuple(complaints), steps=steps, journey=journey)


def _read(name: object, value: object) -> _Read:
    path = at("$.steps", name)
    try:
        decode_step_id(name, path)
        given = as_object(value, path)
        type_ = decode_step_type(given, path)
        exits = as_object(given.get("exits", {}), at(path, "exits"))
    except Exposed as wrong:
        return _Read(complaints=(wrong,))
    leads = {way: to for way, to in exits.items() if isinstance(to, str)}
    complaints = tuple(_field_complaints(type_, given, path, beside=BESIDE))
    if complaints:
        return _Read(complaints=complaints, starts=type_.starts, leads=leads)
    step = type_(**{name: _decoded(each, given, name) for name, each in kinds_of(type_).items() if name in given})
    return _Read(
        complaints=(*_step_complaints(step, path), *exit_complaints(step, exits, at(path, "exits"))),
        starts=type_.starts,
        leads={way: to for way, to in leads.items() if way in step.ways()},
        step=step,
    )


def _decoded(kind: Kind, given: Mapping[str, object], name: str) -> Any:  # noqa: ANN401 - As its kind has it.
    return kind.decode(given[name], "$")


def _step_complaints(step: Step, path: str) -> Iterator[Exposed]:
    for complaint in step.complaints():
        complaint.path = path + complaint.path.removeprefix("$")
        yield complaint


def _field_complaints(
    type_: type[Any],
    given: Mapping[str, object],
    path: str,
    *,
    beside: tuple[str, ...] = (),
    apart: tuple[str, ...] = (),
) -> Iterator[Exposed]:
    """What is wrong with each field by itself, but for those that are read apart."""
    kinds = kinds_of(type_)
    required = cast("list[str]", schema_of(type_)["required"])
    for name, value in given.items():
        try:
            if name in kinds and name not in apart:
                kinds[name].decode(value, at(path, name))
            elif name not in kinds and name not in beside:
                decode_fields(type_, {name: value}, path)  # Which complains of it.
        except Exposed as wrong:
            yield wrong
    yield from (missing_field(name, path) for name in required if name not in given)


def _way_complaints(start: object, read: Mapping[str, _Read]) -> Iterator[Exposed]:
    if not isinstance(start, str) or not read:
        return
    if all(each.step is not None for each in read.values()):
        yield from path_complaints(
            start, {name: Node(step=cast("Step", each.step), exits=each.leads) for name, each in read.items()}
        )
    else:  # Whether somebody could go in circles is not known of steps that cannot be read.
        starts = {name for name, each in read.items() if each.starts}
        yield from lead_complaints(start, starts, {name: each.leads for name, each in read.items()})
