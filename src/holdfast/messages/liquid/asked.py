"""What a parsed template asks for: its variables, place by place, and the catalogues, pools and addresses it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from liquid import BoundTemplate, RenderContext
from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression, Path, StringLiteral
from liquid.expression import Expression

from holdfast.messages.liquid.guards import named, tested_in
from holdfast.messages.liquid.tags._asking import Asking


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One place where a variable stands that the template does not make itself."""

    name: tuple[str, ...]
    """Such as `("person", "first_name")`; up to a place known only later."""
    line: int
    """Of the template, from 1."""
    has_default: bool
    """Whether the `default` filter says what stands there when it is not there."""
    tested: int = 0
    """How many parts of its name a condition has tested to be there, around it or by asking just that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One tag that takes something from outside."""

    tag: str
    name: str
    """The catalogue, pool or address; empty where it is known only later."""
    line: int


def asked_in(parsed: BoundTemplate) -> list[Asked]:
    """Every variable of the template, in order of place; a list's `[0]` ends a name."""
    tested = tested_in(parsed)
    defaulted = {
        path.token.start_index
        for node in _nodes(parsed)
        for expression in node.expressions()
        for path in _defaulted(expression)
    }
    found = parsed.analyze(include_partials=False).globals
    places = sorted(
        ((each.span.index, named(each.segments)) for those in found.values() for each in those),
        key=lambda place: place[0],
    )
    return [
        Asked(name=name, line=_line(parsed, index), has_default=index in defaulted, tested=tested.get(index, 0))
        for index, name in places
        if name
    ]


def sources_in(parsed: BoundTemplate) -> list[Source]:
    """Every tag of the template that takes something from outside, in order of place."""
    return [
        Source(
            tag=node.token.value,
            name=str(node.of.value) if isinstance(node.of, StringLiteral) else "",
            line=_line(parsed, node.token.start_index),
        )
        for node in _nodes(parsed)
        if isinstance(node, Asking)
    ]


def _nodes(parsed: BoundTemplate) -> Iterator[Node]:
    still = RenderContext(parsed)

    def walk(nodes: Iterable[Node]) -> Iterator[Node]:
        for node in nodes:
            yield node
            yield from walk(node.children(still, include_partials=False))

    return walk(parsed.nodes)


def _defaulted(expression: Expression) -> Iterator[Path]:
    """The paths that have a default: those the filter is put behind, other filters between or not."""
    if isinstance(expression, FilteredExpression):
        names = [each.name for each in expression.filters or ()]
        if "default" in names and isinstance(expression.left, Path):
            yield expression.left
    for child in expression.children():
        yield from _defaulted(child)


def _line(parsed: BoundTemplate, index: int) -> int:
    return parsed.name.count("\n", 0, max(index, 0)) + 1
