"""Where the exits of a journey lead: that everybody who enters comes out, and nobody runs in circles."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from holdfast.decisions.fields import at, one_of
from holdfast.decisions.nodes import Node
from holdfast.kernel.errors import Invalid

HOPS_MOST = 50
"""Steps at which one person may stand in one instant."""


def check_paths(start: str, nodes: Mapping[str, Node]) -> None:
    """Complain of the first thing that is wrong with the ways through the steps.

    Raises:
        Invalid: the start is no trigger, an exit leads to no step, a step cannot be reached, a loop holds no wait, or
            somebody could pass more than `HOPS_MOST` steps in one instant.
    """
    _check_start(start, nodes)
    for name, node in nodes.items():
        _check_exits(name, node, start, nodes)
    _check_reach(start, nodes)
    _check_circles(nodes)


def endless(nodes: Mapping[str, Node]) -> list[str]:
    """The steps from which nobody ever comes to an end, by whatever exits."""
    before: dict[str, list[str]] = {name: [] for name in nodes}
    for name, node in nodes.items():
        for to in _next(node):
            before[to].append(name)
    ends = [name for name, node in nodes.items() if not node.exits]
    saved = set(ends)
    while ends:
        new = set(before[ends.pop()]) - saved
        saved |= new
        ends += new
    return [name for name in nodes if name not in saved]


def _check_start(start: str, nodes: Mapping[str, Node]) -> None:
    if start not in nodes:
        hint = one_of(start, tuple(nodes))
        raise Invalid(f"There is no step {start!r} to start at.", code="unknown_step", path="$.start", hint=hint)
    if not nodes[start].step.starts:
        triggers = tuple(name for name, node in nodes.items() if node.step.starts)
        hint = f"Start at {triggers[0]!r}." if triggers else "Add a step of type 'trigger', and start there."
        raise Invalid(f"{start!r} is no trigger.", code="start_is_no_trigger", path="$.start", hint=hint)
    for name, node in nodes.items():
        if node.step.starts and name != start:
            raise Invalid(
                "A journey has one trigger.",
                code="two_triggers",
                path=_path(name),
                hint="Remove one, or make it a journey of its own.",
            )


def _check_exits(name: str, node: Node, start: str, nodes: Mapping[str, Node]) -> None:
    for exit_name, to in node.exits.items():
        path = at(at(_path(name), "exits"), exit_name)
        if to not in nodes:
            hint = one_of(to, tuple(nodes))
            raise Invalid(f"There is no step {to!r} to lead to.", code="unknown_step", path=path, hint=hint)
        if to == start:
            raise Invalid(
                "Nothing can lead back to the trigger.",
                code="leads_to_trigger",
                path=path,
                hint="Lead to the step after it; who may enter again is the trigger's 'again'.",
            )


def _check_reach(start: str, nodes: Mapping[str, Node]) -> None:
    reached, to_visit = {start}, [start]
    while to_visit:
        new = set(_next(nodes[to_visit.pop()])) - reached
        reached |= new
        to_visit += new
    for name in nodes:
        if name not in reached:
            hint = "Lead an exit to it, or remove it."
            raise Invalid(f"Nobody can come to {name!r}.", code="unreachable", path=_path(name), hint=hint)


def _check_circles(nodes: Mapping[str, Node]) -> None:
    at_once = {name: [to for to in _next(node) if not nodes[to].step.rests()] for name, node in nodes.items()}
    try:
        order = list(TopologicalSorter(at_once).static_order())
    except CycleError as found:
        circle: list[str] = found.args[1]
        raise Invalid(
            f"Somebody could go in circles without ever waiting: {' → '.join(reversed(circle))}.",
            code="loop_without_wait",
            path=_path(circle[-1]),
            hint="Put a wait into the loop.",
        ) from found
    hops: dict[str, int] = {}
    for name in order:  # Each step comes after those it leads to.
        # Who comes to a step that rests stops there; who is woken there goes on from it.
        hops[name] = 1 + max((1 if nodes[to].step.rests() else hops[to] for to in _next(nodes[name])), default=0)
        if hops[name] > HOPS_MOST:
            raise Invalid(
                f"From {name!r} on somebody could stand at {hops[name]} steps in one instant.",
                code="too_many_hops",
                path=_path(name),
                hint=f"{HOPS_MOST} are allowed; put a wait between them.",
            )


def _next(node: Node) -> list[str]:
    return list(node.exits.values())


def _path(name: str) -> str:
    return at("$.steps", name)
