"""The Liquid that customers write, with a limit on everything it can spend.

Each limit is here because a template was found that needs it: `replace` chains that grow to gigabytes, ranges of a
thousand million turned round before they are counted, loops one after another, squares of squares. Nothing here reads a
clock: `now` in the `date` filter is the moment the caller gave.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial, wraps
from typing import Any

from liquid import Environment, Markup, RenderContext, Token, TokenStream
from liquid.ast import Node
from liquid.builtin.expressions import LoopExpression
from liquid.builtin.tags.for_tag import ForNode, ForTag
from liquid.builtin.tags.tablerow_tag import TablerowNode, TablerowTag
from liquid.exceptions import (
    FilterArgumentError,
    LocalNamespaceLimitError,
    LoopIterationLimitError,
    ResourceLimitError,
)
from liquid.template import BoundTemplate
from liquid.undefined import UNDEFINED, Undefined

import holdfast.messages.liquid.filters
import holdfast.messages.liquid.tags
from holdfast.events.event import Json
from holdfast.kernel.catalogue import discover
from holdfast.kernel.moments import from_millis, parse_moment
from holdfast.messages.liquid.declared_liquid import DeclaredFilter, DeclaredTag
from holdfast.messages.liquid.needs import NEEDS_MOST, NOTHING_KNOWN, Known, Need, has_effect

VALUE_BYTES_MOST = 100_000
"""How large the text a filter is given or gives may be."""
ITEMS_MOST = 10_000
"""How many things a list, or a range, may hold to be looped over or filtered."""
DIGITS_MOST = 40
"""How many decimal digits a whole number made by a filter may have."""
OUTPUT_BYTES_MOST = 1_000_000
"""How large a rendered template may be."""
LOCALS_BYTES_MOST = 1_000_000
"""How much `assign` and `capture` may hold at once."""
FILTER_WORK_MOST = 20_000_000
"""How many bytes all the filters of one rendering may read and write together."""
LOOP_WORK_MOST = 10_000_000
"""How many bytes of markup one rendering may walk: the limit on loops is this over the template's length of markup."""
READ_WORK_MOST = 50_000_000
"""How many bytes of values one rendering may read, whatever it does with them: print, compare, search, loop over."""
LOOPS_MOST = 10_000
"""How many turns a loop, with the loops around it, may make."""
NOW = "__now__"
"""The variable that holds the moment of rendering, for the `date` filter."""

_FILTER_WORK_LEAST = 50
_NAMED_BYTES = 28  # What a small number takes.
_ITEM_BYTES = 16  # What it takes to look at one thing in a list, beside what that thing is.
_WITHOUT = ("include", "render")  # There is nothing to include: a message is one document.
_WITHOUT_FILTERS = ("base64_decode", "base64_url_safe_decode")  # They give bytes that are no text.


class AbortedError(Exception):
    """The template said that this person is not to be written to."""


class Spending(RenderContext):
    """A rendering that counts what its filters read and write, and allows loops by the template's length.

    It knows what was fetched for it, and keeps what it is still wanting.
    """

    __slots__ = ("known", "locals_bytes", "read", "spent", "wanted")

    def __init__(self, template: BoundTemplate, **arguments: Any) -> None:  # noqa: ANN401  # Handed on as they come.
        super().__init__(template, **arguments)
        self.spent = self.read = self.locals_bytes = 0
        self.known: Known = NOTHING_KNOWN
        self.wanted: dict[Need, None] = {}

    def ask(self, need: Need) -> Json:
        """What a need's value is; None as long as it is wanted."""
        if need in self.known:
            return self.known[need]
        # What leaves a trace is asked for only where all before it is known: what is wanted may lead elsewhere.
        if need not in self.wanted and not (self.wanted and has_effect(need)):
            self.wanted[need] = None
            if len(self.wanted) + len(self.known) > NEEDS_MOST:
                raise ResourceLimitError(f"a template asks for more than {NEEDS_MOST:,} things", token=None)
        return None

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        """What stands at a path; counted, since it may be large, and be compared or printed in a loop."""
        # Every value of every message comes by here, so nothing is called that need not be.
        value = RenderContext.get(self, path, token=token, default=default)
        if isinstance(value, str):
            self.read += len(value)
        elif isinstance(value, (list, tuple, dict)):
            self.read += _extent(value, READ_WORK_MOST - self.read)
        if self.read > READ_WORK_MOST:
            raise _reads_too_much()
        return value

    def count_read(self, size: int) -> None:
        """Count what is read of values beside."""
        self.read += size
        if self.read > READ_WORK_MOST:
            raise _reads_too_much()

    def assign(self, key: str, val: Any) -> None:  # noqa: ANN401  # As the library has it.
        """Name a value. The library weighs all that have a name each time one is given: quadratic time."""
        self.locals_bytes += _kept(val) - (_kept(self.locals[key]) if key in self.locals else 0)
        self.locals[key] = val
        if self.locals_bytes > LOCALS_BYTES_MOST:
            raise LocalNamespaceLimitError("local namespace limit reached", token=None)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        """Refuse a loop whose turns, times those of the loops around it, are too many for this template."""
        turns = math.prod((loop.length for loop in self.loops), start=length)
        allowed = self.template.loops_most if isinstance(self.template, Metered) else LOOPS_MOST
        if turns > allowed:
            raise LoopIterationLimitError(f"loops make more than {allowed:,} turns", token=None)

    def spend(self, work: int) -> None:
        """Count work done by a filter."""
        self.spent += work + _FILTER_WORK_LEAST
        if self.spent > FILTER_WORK_MOST:
            raise ResourceLimitError(f"filters handle more than {FILTER_WORK_MOST:,} bytes", token=None)


class Metered(BoundTemplate):
    """A parsed template that knows how many turns its loops may make."""

    context_class = Spending
    loops_most = LOOPS_MOST

    def allow(self, markup_bytes: int) -> None:
        """Set the loop limit: the more markup there is to walk in each turn, the fewer turns."""
        self.loops_most = max(1, min(LOOPS_MOST, LOOP_WORK_MOST // max(1, markup_bytes)))

    def opened(self, variables: Mapping[str, object], known: Known) -> Spending:
        """A rendering that is yet to begin."""
        context = Spending(self, globals=self.make_globals(dict(variables)))
        context.known = known
        return context

    def written(self, context: Spending) -> str:
        """The rendering, carried through."""
        buffer = self._get_buffer()
        self.render_with_context(context, buffer)
        return buffer.getvalue()


class BoundedLoop(LoopExpression):
    """A loop that counts before it gathers: `reversed` would build the whole list first."""

    __slots__ = ()

    def _to_iter(self, obj: object, context: RenderContext) -> tuple[Iterator[Any], int]:
        things, length = super()._to_iter(obj, context)
        if length > ITEMS_MOST:
            raise LoopIterationLimitError(f"a loop is given more than {ITEMS_MOST:,} things", token=None)
        if isinstance(obj, range) and isinstance(context, Spending):
            context.count_read(_ITEM_BYTES * length)  # Though `limit` leaves one of them, all may be gone through.
        return things, length


def _bounded(loop: LoopExpression) -> BoundedLoop:
    return BoundedLoop(
        loop.token,
        loop.identifier,
        loop.iterable,
        limit=loop.limit,
        offset=loop.offset,
        reversed_=loop.reversed,
        cols=loop.cols,
    )


class BoundedFor(ForTag):
    """The `for` tag over a bounded loop."""

    def parse(self, stream: TokenStream) -> Node:
        """Parse as the built-in tag does, then bound the loop."""
        node = super().parse(stream)
        if isinstance(node, ForNode):
            node.expression = _bounded(node.expression)
        return node


class BoundedTablerow(TablerowTag):
    """The `tablerow` tag over a bounded loop."""

    def parse(self, stream: TokenStream) -> TablerowNode:
        """Parse as the built-in tag does, then bound the loop."""
        node = super().parse(stream)
        node.expression = _bounded(node.expression)
        return node


class BoundedEnvironment(Environment):
    """Liquid with limits. `range` and `reversed` are counted before they are built; filters are weighed both ways."""

    template_class = Metered
    block_nesting_limit = 20
    context_depth_limit = 20
    loop_iteration_limit = LOOPS_MOST
    local_namespace_limit = LOCALS_BYTES_MOST
    output_stream_limit = OUTPUT_BYTES_MOST

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Register the built-in tags and filters, less those that have no place here, each within limits."""
        super().setup_tags_and_filters(extra=extra)
        for name in _WITHOUT:
            del self.tags[name]
        for name in _WITHOUT_FILTERS:
            del self.filters[name]
        self.add_tag(BoundedFor)
        self.add_tag(BoundedTablerow)
        for tag in _declared_tags():
            self.add_tag(tag.tag)
        ours = {each.name: each.apply for each in _declared_filters()}
        self.filters |= {"date": _date, "uniq": _uniq, "json": _json, **ours}
        self.filters = {name: _weighed(name, each, self) for name, each in self.filters.items()}


def _declared_tags() -> list[DeclaredTag]:
    found = discover(holdfast.messages.liquid.tags, "TAG").values()
    return [each for each in found if isinstance(each, DeclaredTag)]


def _declared_filters() -> list[DeclaredFilter]:
    found = discover(holdfast.messages.liquid.filters, "FILTER").values()
    return [each for each in found if isinstance(each, DeclaredFilter)]


def _json(value: object) -> str:
    """The value as JSON; what is not there is null."""
    return json.dumps(None if isinstance(value, Undefined) else value, ensure_ascii=False, default=str)


def _weighed(name: str, inner: Callable[..., Any], environment: Environment) -> Callable[..., Any]:
    """The filter, refusing what is too large to take in or give out, and counting the work."""
    if getattr(inner, "with_environment", False):
        inner = partial(inner, environment=environment)
    wants_context = getattr(inner, "with_context", False)
    growth = _GROWTH.get(name)

    def weighed(*values: object, context: Spending, **named: object) -> object:
        taken = 0
        for value in (*values, *named.values()):
            taken += _weight(value)
        if growth is not None and growth(*values) > VALUE_BYTES_MOST:
            raise _too_large()
        context.spend(taken)
        result = inner(*values, context=context, **named) if wants_context else inner(*values, **named)
        context.spend(_weight(result))
        return result

    if not isinstance(inner, partial):
        weighed = wraps(inner)(weighed)
    weighed.with_context = True  # type: ignore[attr-defined]  # Liquid reads this mark off the function.
    weighed.with_environment = False  # type: ignore[attr-defined]  # The environment is bound above.
    return weighed


def _too_large() -> ResourceLimitError:
    return ResourceLimitError(f"a filter handles more than {VALUE_BYTES_MOST:,} bytes at once", token=None)


def _weight(value: object) -> int:
    """Roughly the bytes of a value. Raises when it is over what a filter may take or give."""
    weight = 8
    if isinstance(value, str):
        weight = len(value)
    elif isinstance(value, (list, tuple, range, dict)):
        # A list of long texts may be joined: count one level of what it holds.
        if len(value) > ITEMS_MOST:
            raise ResourceLimitError(f"a filter is given a list of more than {ITEMS_MOST:,}", token=None)
        weight = 8 * len(value) if isinstance(value, range) else _held(value)
    elif isinstance(value, int) and abs(value) >= 10**DIGITS_MOST:
        raise ResourceLimitError(f"a number has more than {DIGITS_MOST} digits", token=None)
    if weight > VALUE_BYTES_MOST:
        raise _too_large()
    return weight


def _held(value: list[Any] | tuple[Any, ...] | dict[Any, Any], depth: int = 6) -> int:
    inside: Iterable[Any] = value.values() if isinstance(value, dict) else value
    total = 0
    for each in inside:
        if isinstance(each, str):
            total += len(each)
        elif depth and isinstance(each, (list, tuple, dict)):
            total += _held(each, depth - 1)
        total += 8
        if total > VALUE_BYTES_MOST:
            return total
    return total


def _reads_too_much() -> ResourceLimitError:
    return ResourceLimitError(f"a template reads more than {READ_WORK_MOST:,} bytes of values", token=None)


def _kept(value: object) -> int:
    """Roughly the bytes a value takes that has a name, less what its things take that others have, too."""
    if isinstance(value, str):
        return _NAMED_BYTES + len(value)
    return _NAMED_BYTES + (8 * len(value) if isinstance(value, (list, tuple, dict)) else 0)


def _extent(value: list[Any] | tuple[Any, ...] | dict[Any, Any], left: int) -> int:
    """Roughly the bytes of all that a value holds, however deep; counted no further than `left`."""
    inside: Iterable[Any] = value.values() if isinstance(value, dict) else value
    total = _ITEM_BYTES
    for each in inside:
        if isinstance(each, str):
            total += len(each)
        elif isinstance(each, (list, tuple, dict)):
            total += _extent(each, left - total)
        total += _ITEM_BYTES
        if total > left:
            break
    return total


def _replace_growth(value: object = "", old: object = "", new: object = "", *_: object) -> int:
    """How long `replace` would make the text, before it is made."""
    text, sought, put = str(value), str(old), str(new)
    return len(text) + text.count(sought) * (len(put) - len(sought))


def _join_growth(value: object = (), separator: object = " ", *_: object) -> int:
    length = len(value) if isinstance(value, (list, tuple, range)) else 1
    return length * len(str(separator))


_GROWTH: Mapping[str, Callable[..., int]] = {"replace": _replace_growth, "join": _join_growth}


def _uniq(sequence: object, key: object = None) -> list[Any]:
    """The sequence without repeats, in linear time; the built-in one compares all with all."""
    things = list(sequence) if isinstance(sequence, (list, tuple, range)) else [sequence]
    kept: dict[object, Any] = {}
    for each in things:
        named = each if key is None or isinstance(key, Undefined) else each.get(key) if isinstance(each, dict) else None
        try:
            kept.setdefault(named, each)
        except TypeError:
            kept.setdefault(("unhashable", repr(named)), each)
    return list(kept.values())


def _date(value: object, form: object = None, *, context: RenderContext) -> str:
    """The moment in the given `strftime` form, in UTC; what is no moment comes out unchanged.

    Moments are ISO 8601 text, seconds since 1970, or `"now"`.
    """
    if isinstance(value, Undefined) or value is None:
        return ""
    moment = moment_of(value, context)
    if moment is None or not isinstance(form, str) or not form:
        return str(value)
    if len(form) > 200:
        raise FilterArgumentError("date: the form is longer than 200 characters", token=None)
    try:
        written = moment.strftime(form)
    except ValueError as error:
        raise FilterArgumentError(f"date: {error}", token=None) from error
    return Markup(written) if isinstance(form, Markup) else written


_date.with_context = True  # type: ignore[attr-defined]  # Liquid reads this mark off the function.


def moment_of(value: object, context: RenderContext) -> datetime | None:
    """The moment a value names: ISO 8601 text, seconds since 1970, or `"now"`; None when it names none."""
    if value in ("now", "today"):
        now = context.globals.get(NOW)
        return now if isinstance(now, datetime) else None
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return from_millis(round(value * 1000))
        if isinstance(value, str):
            return from_millis(int(value) * 1000) if value.isascii() and value.isdigit() else parse_moment(value)
    except (ValueError, OverflowError):
        return None
    return None
