"""Templates: what a message says, in Liquid, before it is known to whom."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import takewhile

from liquid import Token
from liquid.exceptions import LiquidError, LiquidSyntaxError, ResourceLimitError
from liquid.token import TOKEN_TAG

from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.messages.liquid._liquid import NOW, AbortedError, BoundedEnvironment, Metered
from holdfast.messages.liquid.asked import Asked, LookedUp, Source, asked_in, looked_up_in, sources_in
from holdfast.messages.liquid.needs import NOTHING_KNOWN, Aborted, Known, Wanting

SOURCE_CHARACTERS_MOST = 500_000
"""How long a template may be."""
MARKUP_CHARACTERS_MOST = 10_000
"""How long one `{{ … }}` or `{% … %}` may be."""
_CACHED_MOST = 512

_OPENING = re.compile(r"\{\{|\{%-?\s{0,500}(\w*)")
_LONG_BLANK = re.compile(r"\s{501}")
_UNREAD_ENDS = {name: re.compile(rf"\{{%-?\s{{0,500}}end{name}\s{{0,500}}-?%\}}") for name in ("raw", "doc")}
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class RenderFailed:
    """The template could not be rendered for this person."""

    reason: str


@dataclass(frozen=True, slots=True)
class Template:
    """One parsed template. Make it with `parse_template`; rendering it never raises."""

    _parsed: Metered

    def variables(self) -> list[tuple[str, ...]]:
        """What it asks to be given, such as `("person", "first_name")`, each once; up to a place known only later."""
        try:
            found = self._parsed.analyze(include_partials=False).globals
        except (LiquidError, RecursionError):
            return []  # It is renderable all the same; nothing can be said of it beforehand.
        names = ((*map(_text, each.segments),) for those in found.values() for each in those)
        return list(dict.fromkeys(tuple(takewhile(bool, name)) for name in names))

    def asked(self) -> list[Asked]:
        """The same, each place by itself: its line, and whether something is said for where it is not there."""
        try:
            return asked_in(self._parsed)
        except (LiquidError, RecursionError):
            return []

    def sources(self) -> list[Source]:
        """The catalogues, coupon pools and addresses its tags name, as far as they are written out in it."""
        try:
            return sources_in(self._parsed)
        except (LiquidError, RecursionError):
            return []

    def looked_up(self) -> list[LookedUp]:
        """What it takes of catalogues and does not do without, as far as it is written out in it."""
        try:
            return looked_up_in(self._parsed)
        except (LiquidError, RecursionError):
            return []

    def render(
        self, variables: Mapping[str, Json], *, now: datetime, known: Known = NOTHING_KNOWN
    ) -> str | RenderFailed | Aborted | Wanting:
        """The text for one person; `Wanting` when it asks for what is not known, `Aborted` when it says not to send.

        Args:
            variables: plain data only; a name that is not there comes out empty, so `| default: "…"` works.
            now: what `"now" | date: …` means. Give the send's own moment, so that a retry says the same.
            known: what was fetched for it so far.
        """
        context = self._parsed.opened({**variables, NOW: now}, known)
        try:
            said: str | RenderFailed | Aborted = self._parsed.written(context)
        except AbortedError as error:
            said = Aborted(str(error))
        except ResourceLimitError as error:
            return RenderFailed(_complaint(error, self._parsed.name))  # It shall not spend as much again and again.
        except LiquidError as error:
            said = RenderFailed(_complaint(error, self._parsed.name))
        # An interpreter of other people's templates may fail in ways of its own (a division, a recursion, a number out
        # of range): whatever it is, this message fails and the next one goes on.
        except Exception as error:  # noqa: BLE001
            said = RenderFailed(f"{type(error).__name__}: {error}"[:300])
        # What was said without what is wanted counts for nothing, whatever it was.
        return Wanting(tuple(context.wanted)) if context.wanted else said


def _text(segment: object) -> str:
    return segment if isinstance(segment, str) else ""


def one_line(text: str) -> str:
    """The text with every run of line breaks and control characters made one space: nothing in it can end a header."""
    return _CONTROLS.sub(" ", text).strip()


def parse_template(source: str, *, html: bool, path: str = "$") -> Template:
    """Parse one Liquid text; the same text is parsed once.

    Args:
        html: whether values are escaped for HTML as they are put in.
        path: where the text stands in what the caller sent, for the complaint.

    Raises:
        Invalid: it is no Liquid; the message names the line.
        TooLarge: it is longer than `SOURCE_CHARACTERS_MOST`.
    """
    if len(source) > SOURCE_CHARACTERS_MOST:
        raise TooLarge(
            f"the template is longer than {SOURCE_CHARACTERS_MOST:,} characters",
            code="template_too_large",
            path=path,
            hint="Move pictures and styles to files of their own and link them.",
        )
    try:
        return _parsed(source, html)
    except LiquidError as error:
        raise Invalid(
            f"the template is no valid Liquid: {_complaint(error, source)}",
            code="template_invalid",
            path=path,
            hint="Check that every tag is closed and every filter is spelt as in the reference.",
        ) from error


@lru_cache(maxsize=_CACHED_MOST)
def _parsed(source: str, html: bool) -> Template:  # A key of the cache, not an option of an interface.
    markup = _markup_length(source)
    environment = _environment(html)
    parsed = environment.from_string(source, name=source)
    assert isinstance(parsed, Metered)  # noqa: S101  # The environment's own template class.
    for name, places in parsed.analyze(include_partials=False).filters.items():
        if name not in environment.filters:
            raise _wrong(f"there is no filter {name!r}", source, places[0].index)
    parsed.allow(markup)
    return Template(parsed)


def _markup_length(source: str) -> int:
    """How much of the source is markup; what lies between is copied, not walked.

    Liquid's own lexer takes quadratic time over markup that is opened and never closed, or mostly blank, so such a
    source is refused here, in one pass, before that lexer sees it.
    """
    length = at = 0
    while opening := _OPENING.search(source, at):
        start, name = opening.start(), opening[1]
        close = source.find("}}" if name is None else "%}", opening.end())
        if close < 0:
            raise _wrong("this markup is never closed", source, start)
        at = close + 2
        if at - start > MARKUP_CHARACTERS_MOST:
            raise _wrong(f"this markup is longer than {MARKUP_CHARACTERS_MOST:,} characters", source, start)
        if _LONG_BLANK.search(source, start, at):
            raise _wrong("this markup holds more than 500 blanks in a row", source, start)
        if name in _UNREAD_ENDS:
            end = _UNREAD_ENDS[name].search(source, at)
            if end is None:
                raise _wrong(f"{name} is never ended", source, start)
            at = end.end()
        length += at - start
    return length


def _wrong(said: str, source: str, index: int) -> LiquidSyntaxError:
    return LiquidSyntaxError(said, token=Token(TOKEN_TAG, "", index, source))


@lru_cache(maxsize=2)
def _environment(html: bool) -> BoundedEnvironment:  # As above.
    return BoundedEnvironment(autoescape=html)


def _complaint(error: LiquidError, source: str) -> str:
    """What is wrong, and on which line."""
    said = str(error.message or type(error).__name__)
    token = error.token
    if token is None or token.start_index < 0:
        cause = error.__cause__
        return f"{said} ({type(cause).__name__})" if cause is not None and "unexpected" in said else said
    return f"line {source.count(chr(10), 0, token.start_index) + 1}: {said}"
