"""What a parsed template asks for: its variables, place by place, and the catalogues, pools and addresses it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from liquid import BoundTemplate, RenderContext
from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression, Path, PositionalArgument, StringLiteral
from liquid.builtin.tags.for_tag import ForNode
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """What a template takes of one catalogue, and does not do without: with neither a default nor a condition."""

    catalogue: str
    fields: Mapping[str, int]
    """Fields of its items, and on which line each stands first."""
    items: Mapping[str, int]
    """Items whose ids are written out, and the lines."""
    ranked: bool
    """Whether it asks for the top items."""


_NO_FIELDS = frozenset({"id", "first", "last", "size"})
"""What may stand behind the name of an item, or of a list of them, and is no field."""
_BY_FIELD = frozenset({"map", "where", "sort", "sort_natural", "sum", "uniq", "find", "reject", "has"})
"""Filters of lists whose first argument is a field."""


def asked_in(parsed: BoundTemplate) -> list[Asked]:
    """Every variable of the template, in order of place; a list's `[0]` ends a name."""
    tested = tested_in(parsed)
    defaulted = _defaulted_in(_nodes(parsed))
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
            name=_written_out(node.of),
            line=_line(parsed, node.token.start_index),
        )
        for node in _nodes(parsed)
        if isinstance(node, Asking)
    ]


def looked_up_in(parsed: BoundTemplate) -> list[LookedUp]:
    """What the template takes of each catalogue it names, in order of name; what it only may take is left out."""
    nodes = list(_nodes(parsed))
    named_by = _named_by(nodes)
    tested, defaulted = tested_in(parsed), _defaulted_in(nodes)
    fields: dict[str, dict[str, int]] = {catalogue: {} for those in named_by.values() for catalogue in those}
    needed: set[str] = set()
    uses = parsed.analyze(include_partials=False).variables
    for name, catalogues in named_by.items():
        for use in uses.get(name, ()):
            index = use.span.index
            if index in defaulted:
                continue
            if not tested.get(index):
                needed.add(name)
            at = next((at for at, part in enumerate(use.segments) if at and _is_field(part)), None)
            if at is not None and tested.get(index, 0) <= at:
                for catalogue in catalogues:
                    fields[catalogue].setdefault(str(use.segments[at]), _line(parsed, index))
    for head, field, index in _mapped(nodes):
        for catalogue in named_by.get(head, ()):
            fields[catalogue].setdefault(field, _line(parsed, index))
    tags = [(of, node) for node in nodes if isinstance(node, Asking) and (of := _looked_up_by(node))]
    return [
        LookedUp(
            catalogue=catalogue,
            fields=fields[catalogue],
            items={
                item: _line(parsed, node.token.start_index)
                for of, node in tags
                if of == catalogue and node.name in needed and (item := _written_out(node.options.get("id")))
            },
            ranked=any(of == catalogue and node.token.value == "recommend" for of, node in tags),
        )
        for catalogue in sorted(fields)
    ]


def _looked_up_by(node: Asking) -> str:
    """The catalogue that a tag names; empty where it names none, or only later."""
    return _written_out(node.of) if node.token.value in ("catalogue", "recommend") else ""


def _written_out(expression: Expression | None) -> str:
    return str(expression.value) if isinstance(expression, StringLiteral) else ""


def _named_by(nodes: Iterable[Node]) -> dict[str, set[str]]:
    """The names that stand for items or lists of them, and of which catalogues; those that loops give, too."""
    found: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node, Asking) and (catalogue := _looked_up_by(node)):
            found.setdefault(str(node.name), set()).add(catalogue)
        elif isinstance(node, ForNode) and isinstance(node.expression.iterable, Path):
            over = node.expression.iterable.path
            if len(over) == 1 and (catalogues := found.get(str(over[0]))):
                found.setdefault(str(node.expression.identifier), set()).update(catalogues)
    return found


def _is_field(part: object) -> bool:
    return isinstance(part, str) and part not in _NO_FIELDS


def _mapped(nodes: Iterable[Node]) -> Iterator[tuple[str, str, int]]:
    """Where a filter takes a field of every item of a list: the list's name, the field, and the place."""
    for expression in _expressions(nodes):
        if not isinstance(expression, FilteredExpression) or not isinstance(expression.left, Path):
            continue
        for each in expression.filters or ():
            first = next(iter(each.args), None)
            if each.name in _BY_FIELD and isinstance(first, PositionalArgument):
                value = first.value
                if isinstance(value, StringLiteral) and len(expression.left.path) == 1:
                    yield str(expression.left.path[0]), str(value.value), expression.left.token.start_index


def _expressions(nodes: Iterable[Node]) -> Iterator[Expression]:
    def walk(expression: Expression) -> Iterator[Expression]:
        yield expression
        for child in expression.children():
            yield from walk(child)

    for node in nodes:
        for expression in node.expressions():
            yield from walk(expression)


def _defaulted_in(nodes: Iterable[Node]) -> set[int]:
    return {path.token.start_index for node in nodes for each in node.expressions() for path in _defaulted(each)}


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
