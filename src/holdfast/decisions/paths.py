"""Where the exits of a journey lead: that everybody who enters comes out, and nobody runs in circles."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
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
    for complaint in path_complaints(start, nodes):
        raise complaint


def path_complaints(start: str, nodes: Mapping[str, Node]) -> Iterator[Invalid]:
    """Everything that is wrong with the ways through the steps; what hangs on something wrong is not looked at."""
    starts = {name for name, node in nodes.items() if node.step.starts}
    wrong = [*lead_complaints(start, starts, {name: node.exits for name, node in nodes.items()})]
    yield from wrong
    if not wrong:
        yield from _circles(nodes)


def lead_complaints(start: str, starts: Collection[str], leads: Mapping[str, Mapping[str, str]]) -> Iterator[Invalid]:
    """What is wrong with where the exits of steps lead, whatever the steps themselves do.

    Args:
        starts: the steps by which people enter.
        leads: step ids by exit, by step id.
    """
    wrong = [*_start_complaints(start, starts, leads), *_exit_complaints(start, leads)]
    yield from wrong
    if not wrong:
        yield from _unreached(start, leads)


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


def _start_complaints(start: str, starts: Collection[str], names: Collection[str]) -> Iterator[Invalid]:
    if start not in names:
        hint = one_of(start, tuple(names))
        yield Invalid(f"There is no step {start!r} to start at.", code="unknown_step", path="$.start", hint=hint)
        return
    if start not in starts:
        first = next((name for name in names if name in starts), None)
        hint = "Add a step of type 'trigger', and start there." if first is None else f"Start at {first!r}."
        yield Invalid(f"{start!r} is no trigger.", code="start_is_no_trigger", path="$.start", hint=hint)
        return
    for name in names:
        if name in starts and name != start:
            yield Invalid(
                "A journey has one trigger.",
                code="two_triggers",
                path=_path(name),
                hint="Remove one, or make it a journey of its own.",
            )


def _exit_complaints(start: str, leads: Mapping[str, Mapping[str, str]]) -> Iterator[Invalid]:
    for name, exits in leads.items():
        for exit_name, to in exits.items():
            path = at(at(_path(name), "exits"), exit_name)
            if to not in leads:
                hint = one_of(to, tuple(leads))
                yield Invalid(f"There is no step {to!r} to lead to.", code="unknown_step", path=path, hint=hint)
            elif to == start:
                yield Invalid(
                    "Nothing can lead back to the trigger.",
                    code="leads_to_trigger",
                    path=path,
                    hint="Lead to the step after it; who may enter again is the trigger's 'again'.",
                )


def _unreached(start: str, leads: Mapping[str, Mapping[str, str]]) -> Iterator[Invalid]:
    reached, to_visit = {start}, [start]
    while to_visit:
        new = set(leads[to_visit.pop()].values()) - reached
        reached |= new
        to_visit += new
    for name in leads:
        if name not in reached:
            hint = "Lead an exit to it, or remove it."
            yield Invalid(f"Nobody can come to {name!r}.", code="unreachable", path=_path(name), hint=hint)


def _circles(nodes: Mapping[str, Node]) -> Iterator[Invalid]:
    at_once = {name: [to for to in _next(node) if not nodes[to].step.rests()] for name, node in nodes.items()}
    try:
        order = list(TopologicalSorter(at_once).static_order())
    except CycleError as found:
        circle: list[str] = found.args[1]
        yield Invalid(
            f"Somebody could go in circles without ever waiting: {' → '.join(reversed(circle))}.",
            code="loop_without_wait",
            path=_path(circle[-1]),
            hint="Put a wait into the loop.",
        )
        return
    hops: dict[str, int] = {}
    for name in order:  # Each step comes after those it leads to.
        # Who comes to a step that rests stops there; who is woken there goes on from it.
        hops[name] = 1 + max((1 if nodes[to].step.rests() else hops[to] for to in _next(nodes[name])), default=0)
        if hops[name] > HOPS_MOST:
            yield Invalid(
                f"From {name!r} on somebody could stand at {hops[name]} steps in one instant.",
                code="too_many_hops",
                path=_path(name),
                hint=f"{HOPS_MOST} are allowed; put a wait between them.",
            )
            return


def _next(node: Node) -> list[str]:
    return list(node.exits.values())


def _path(name: str) -> str:
    return at("$.steps", name)
