"""Every condition a journey or campaign asks of people, and where it stands in the definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass

from holdfast.decisions.campaign import Campaign
from holdfast.decisions.fields import at, kinds_of
from holdfast.decisions.journey import Journey
from holdfast.decisions.nodes import Node
from holdfast.segments.condition import Condition


def conditions_of(definition: Journey | Campaign) -> Iterator[tuple[str, Condition]]:
    """Each with its path, such as `$.steps.fork.condition` or `$.trigger.only_if`, in order."""
    return _in(definition, "$")


def _in(value: object, path: str) -> Iterator[tuple[str, Condition]]:
    match value:
        case Condition():
            yield path, value
        case Node(step=step):
            yield from _in(step, path)
        case Mapping():
            for name, each in value.items():
                yield from _in(each, at(path, name))
        case _ if is_dataclass(value):
            for name in kinds_of(type(value)):
                yield from _in(getattr(value, name), at(path, name))
