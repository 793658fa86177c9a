"""The steps of a journey in their places: which there are, and where their exits lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import cast

import holdfast.decisions.steps as step_modules
from holdfast.decisions.fields import (
    Kind,
    Name,
    as_object,
    at,
    decode_fields,
    encode_fields,
    missing_field,
    one_of,
    schema_of,
)
from holdfast.decisions.start import Start
from holdfast.decisions.step import Step
from holdfast.events.event import Json
from holdfast.kernel.catalogue import discover
from holdfast.kernel.errors import Exposed, Invalid

STEPS_MOST = 500
RESERVED_IDS = frozenset({"goal", "stopped", "failed"})
"""Ways to leave that are no step; a step of that name could not be told from them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A step in its place: with where its exits lead."""

    step: Step
    exits: Mapping[str, str]
    """Step ids by exit. Exits that may be left out, and are, are not here."""

    def leads(self, exit_name: str) -> str:
        """The id of the step that the exit leads to."""
        return self.exits[exit_name] if exit_name in self.exits else self.exits[self.step.stand_ins()[exit_name]]


@cache
def step_types() -> Mapping[str, type[Step]]:
    """Every kind of step there is, by name."""
    return {name: cast("type[Step]", declared) for name, declared in discover(step_modules, "STEP").items()}


USUAL_START = "trigger"
"""The kind of start that is meant where none is named."""


@cache
def start_types() -> Mapping[str, type[Start]]:
    """Every kind of step by which people enter, by name."""
    return {name: cast("type[Start]", each) for name, each in step_types().items() if each.starts}


@dataclass(frozen=True, slots=True)
class StartStep(Kind):
    """A starting step by itself: the fields of its type, beside `type`; without one it is a `trigger`."""

    def decode(self, value: object, path: str) -> Start:
        given = as_object(value, path)
        name = given.get("type", USUAL_START)
        type_ = start_types().get(str(name))
        if type_ is None:
            raise Invalid(
                f"There is no kind of start called {name!r:.120}.",
                code="unknown_type",
                path=at(path, "type"),
                hint=one_of(name, tuple(start_types())),
            )
        return decode_fields(type_, given, path, beside=("type",))

    def encode(self, value: object) -> Json:
        start = cast("Start", value)
        return {"type": start.type_name()} | encode_fields(start)

    def schema(self) -> dict[str, Json]:
        return {"oneOf": [_start_schema(each) for each in start_types()]}


@dataclass(frozen=True, slots=True)
class Nodes(Kind):
    """Steps by id: each the fields of its type, beside `type` and `exits`."""

    def decode(self, value: object, path: str) -> dict[str, Node]:
        given = as_object(value, path)
        if len(given) > STEPS_MOST:
            raise Invalid(
                f"The journey has {len(given):,} steps.",
                code="too_many_steps",
                path=path,
                hint=f"Use {STEPS_MOST} or fewer; two journeys can follow each other.",
            )
        return {
            decode_step_id(name, at(path, name)): _decode_node(node, at(path, name)) for name, node in given.items()
        }

    def encode(self, value: object) -> Json:
        return {name: _encode_node(node) for name, node in cast("Mapping[str, Node]", value).items()}

    def schema(self) -> dict[str, Json]:
        return {"type": "object", "additionalProperties": {"oneOf": [_node_schema(each) for each in step_types()]}}


def decode_step_id(name: object, path: str) -> str:
    """The id of a step. Raises Invalid."""
    decoded = Name().decode(name, path)
    if decoded in RESERVED_IDS:
        hint = f"Choose another; {', '.join(sorted(RESERVED_IDS))} say how somebody left who came to no exit."
        raise Invalid(f"A step cannot be called {decoded!r}.", code="bad_id", path=path, hint=hint)
    return decoded


def _decode_node(value: object, path: str) -> Node:
    given = as_object(value, path)
    step = decode_fields(decode_step_type(given, path), given, path, beside=("type", "exits"))
    return Node(step=step, exits=_decode_exits(step, given.get("exits", {}), at(path, "exits")))


def decode_step_type(given: Mapping[str, object], path: str) -> type[Step]:
    """Which kind of step it says it is. Raises Invalid."""
    if "type" not in given:
        raise missing_field("type", path, tuple(step_types()))
    type_ = step_types().get(str(given["type"]))
    if type_ is None:
        raise Invalid(
            f"There is no kind of step called {given['type']!r}.",
            code="unknown_type",
            path=at(path, "type"),
            hint=one_of(given["type"], tuple(step_types())),
        )
    return type_


def _decode_exits(step: Step, value: object, path: str) -> dict[str, str]:
    given = as_object(value, path)
    for complaint in exit_complaints(step, given, path):
        raise complaint
    return {name: str(given[name]) for name in step.ways() if name in given}


def exit_complaints(step: Step, given: Mapping[str, object], path: str) -> Iterator[Exposed]:
    """What is wrong with the exits that a step is given; where they lead is not asked."""
    for name in given:
        if name not in step.ways():
            message = f"A step of type {step.type_name()!r} has no exit {name!r:.120}."
            yield Invalid(message, code="unknown_exit", path=at(path, name), hint=one_of(name, step.ways()))
    yield from missing_exits(step, given, path)
    for name in step.ways():
        if name in given:
            try:
                Name().decode(given[name], at(path, name))
            except Exposed as wrong:
                yield wrong


def check_exits(step: Step, exits: Mapping[str, object], path: str) -> None:
    """Complain of an exit that leads nowhere, unless the step has one to take in its place."""
    for complaint in missing_exits(step, exits, path):
        raise complaint


def missing_exits(step: Step, exits: Mapping[str, object], path: str) -> Iterator[Invalid]:
    """Every exit that leads nowhere, and has no other to be taken in its place."""
    for name in step.ways():
        if name not in exits and name not in step.stand_ins():
            hint = f"Add {name!r} with the id of the step it leads to."
            yield Invalid(f"The exit {name!r} leads nowhere.", code="missing_exit", path=path, hint=hint)


def _encode_node(node: Node) -> dict[str, Json]:
    fields = {"type": node.step.type_name()} | encode_fields(node.step)
    return fields | {"exits": dict(node.exits)} if node.step.ways() else fields


def _start_schema(type_name: str) -> dict[str, Json]:
    type_ = start_types()[type_name]
    schema = schema_of(type_)
    cast("dict[str, Json]", schema["properties"])["type"] = {"const": type_name}
    return schema | {"title": type_name, "description": type_.__doc__ or ""}


def _node_schema(type_name: str) -> dict[str, Json]:
    type_ = step_types()[type_name]
    schema = schema_of(type_)
    properties = cast("dict[str, Json]", schema["properties"])
    properties["type"] = {"const": type_name}
    properties["exits"] = {"type": "object", "properties": {name: {"type": "string"} for name in type_.exits}}
    if type_.exits_of is not None:
        properties["exits"] = {"type": "object", "additionalProperties": {"type": "string"}}
    return schema | {"title": type_name, "description": type_.__doc__ or ""}
