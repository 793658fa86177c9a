"""Guards: conditions that ask whether a variable is there at all, and so say what becomes of the text where it is not.

`{% if person.city %}`, `{% unless person.city %}` and `person.city != nil` are meant to come out either way: they, and
what stands where they hold, may ask for what nobody has yet. A comparison (`person.plan == "gold"`) is no guard: with a
name misspelt it comes out the same for everybody, and nobody would notice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from liquid import BoundTemplate, RenderContext
from liquid.ast import Node
from liquid.builtin.expressions import BooleanExpression, Nil, Path
from liquid.builtin.expressions.logical import (
    EqExpression,
    LogicalAndExpression,
    LogicalNotExpression,
    LogicalOrExpression,
    NeExpression,
)
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.expression import Expression

Name: TypeAlias = tuple[str, ...]
Names: TypeAlias = frozenset[Name]

NONE: Names = frozenset()


@dataclass(frozen=True, slots=True)
class Holds:
    """What is there for sure, by how a condition comes out."""

    true: Names = NONE
    false: Names = NONE


def tested_in(parsed: BoundTemplate) -> Mapping[int, int]:
    """How much of each variable's name is tested where it stands, by the place of its markup in the source.

    Of `person.city.name` in the arm of `{% if person.city %}`, two parts: there is a `person.city`. Places where
    nothing is tested are left out.
    """
    walk = _Walk(RenderContext(parsed))
    walk.over(parsed.nodes, NONE)
    return walk.tested


def named(segments: Iterable[object]) -> Name:
    """The name a path has, up to a place known only later."""
    name: list[str] = []
    for segment in segments:
        if not isinstance(segment, str):
            break
        name.append(segment)
    return tuple(name)


class _Walk:
    def __init__(self, still: RenderContext) -> None:
        self._still = still
        self.tested: dict[int, int] = {}

    def over(self, nodes: Iterable[Node], there: Names) -> None:
        for node in nodes:
            if isinstance(node, (IfNode, UnlessNode)):
                self._choice(node, there)
                continue
            for expression in node.expressions():
                self._reads(expression, there)
            self.over(node.children(self._still, include_partials=False), there)

    def _choice(self, node: IfNode | UnlessNode, there: Names) -> None:
        first = self._condition(node.condition, there)
        held, left = (first.true, first.false) if isinstance(node, IfNode) else (first.false, first.true)
        self.over([node.consequence], there | held)
        there |= left
        for other in node.alternatives:
            holds = self._condition(other.expression, there)
            self.over([other.block], there | holds.true)
            there |= holds.false
        if node.default:
            self.over([node.default], there)

    def _condition(self, expression: Expression, there: Names) -> Holds:
        """What is there for sure after a condition, and what it reads itself."""
        match expression:
            case BooleanExpression():
                return self._condition(expression.expression, there)
            case LogicalNotExpression():
                inner = self._condition(expression.right, there)
                return Holds(inner.false, inner.true)
            case LogicalAndExpression():
                one = self._condition(expression.left, there)
                other = self._condition(expression.right, there | one.true)
                return Holds(one.true | other.true, one.false & other.false)
            case LogicalOrExpression():
                one = self._condition(expression.left, there)
                other = self._condition(expression.right, there | one.false)
                return Holds(one.true & other.true, one.false | other.false)
            case Path():
                return Holds(true=self._test(expression))
            case NeExpression() if path := _compared_with_nil(expression):
                return Holds(true=self._test(path))
            case EqExpression() if path := _compared_with_nil(expression):
                return Holds(false=self._test(path))
            case _:
                self._reads(expression, there)
                return Holds()

    def _test(self, path: Path) -> Names:
        name = named(path.path)
        self._note(path, len(name))
        return frozenset({name}) if name else NONE

    def _reads(self, expression: Expression, there: Names) -> None:
        if isinstance(expression, Path):
            name = named(expression.path)
            self._note(expression, max((_common(name, each) for each in there), default=0))
        for child in expression.children():
            self._reads(child, there)

    def _note(self, path: Path, parts: int) -> None:
        if parts:
            self.tested[path.token.start_index] = parts


def _compared_with_nil(expression: EqExpression | NeExpression) -> Path | None:
    """The variable that is compared with nil; None where something else is asked.

    What is not there is nil, and neither blank, empty nor a text: `!= blank` holds of it.
    """
    for one, other in ((expression.left, expression.right), (expression.right, expression.left)):
        if isinstance(one, Path) and isinstance(other, Nil):
            return one
    return None


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many parts two names begin with alike."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count
