"""Content: what is said on a medium, parsed once, and put into words for one person after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, cast

from holdfast.decisions.fields import at
from holdfast.decisions.medium import Medium
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.messages.liquid.needs import NOTHING_KNOWN, Aborted, Known, Need, Wanting
from holdfast.messages.liquid.template import RenderFailed, Template, one_line, parse_template

SUBJECT_CHARACTERS_MOST = 900
"""How long a part of one line may be: a header line of a mail holds 998 bytes."""


@dataclass(frozen=True, slots=True)
class Words:
    """What one message says, to one person: the parts of its medium, every text of them rendered."""

    parts: Mapping[str, Json]

    def text(self, part: str) -> str:
        """A part that is text; empty when it is not there."""
        said = self.parts.get(part, "")
        return said if isinstance(said, str) else ""


Parsed: TypeAlias = "Template | Json | tuple[Parsed, ...] | dict[str, Parsed]"


@dataclass(frozen=True, slots=True)
class Content:
    """Parsed content of one medium. Make it with `parse_content`; rendering it never raises."""

    medium: Medium
    _parts: Mapping[str, Parsed]

    def variables(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """What each part asks to be given, such as `("subject", ("person", "first_name"))`."""
        for path, template in self.templates():
            for name in template.variables():
                yield path, name

    def templates(self) -> Iterator[tuple[str, Template]]:
        """Every text in it, each with where it stands, such as `buttons[0].label`."""
        for name, part in self._parts.items():
            yield from ((path.removeprefix("$."), each) for path, each in _templates(part, at("$", name)))

    def render(
        self, variables: Mapping[str, Json], *, now: datetime, known: Known = NOTHING_KNOWN
    ) -> Words | RenderFailed | Aborted | Wanting:
        """Every part for one person, why it cannot be said, or what must be fetched for it first.

        Args:
            now: what `"now" | date: …` means. Give the send's own moment, so that a retry says the same.
            known: what was fetched for it so far.
        """
        rendering = _Rendering(variables, now, known)
        words: dict[str, Json] = {}
        for name, part in self._parts.items():
            try:
                said = rendering.of(part)
            except _UnsaidError as unsaid:
                return unsaid.named(name)
            if name in self.medium.lines and isinstance(said, str):
                said = one_line(said)
                if len(said) > SUBJECT_CHARACTERS_MOST:
                    return RenderFailed(f"{name}: longer than {SUBJECT_CHARACTERS_MOST} characters")
            words[name] = said
        if rendering.wanted:
            return Wanting(tuple(rendering.wanted))
        empty = self._unsaid(words)
        return Words(words) if empty is None else RenderFailed(empty)

    def _unsaid(self, words: Mapping[str, Json]) -> str | None:
        """What is missing once it is rendered: parts that were not empty may come out so."""
        try:
            self.medium.decode(words, "$")
        except Invalid as missing:
            return f"{missing.path.removeprefix('$.')}: there is nothing in it" if missing.code == "empty" else None
        return None


def parse_content(medium: Medium, parts: Mapping[str, object], *, path: str = "$") -> Content:
    """Parse the parts of what is said on a medium; the same text is parsed once.

    Raises:
        Invalid: a part that the medium does not have, that is missing, or is no Liquid, with its path.
        TooLarge: a text is too long.
    """
    said = medium.decode(parts, path)
    return Content(
        medium, {name: _parsed(part, html=name in medium.html, path=at(path, name)) for name, part in said.items()}
    )


def _parsed(part: Json, *, html: bool, path: str) -> Parsed:
    if isinstance(part, str):
        return parse_template(part, html=html, path=path) if "{" in part else part
    if isinstance(part, Mapping):
        return {name: _parsed(each, html=html, path=at(path, name)) for name, each in part.items()}
    if isinstance(part, (list, tuple)):
        return tuple(_parsed(each, html=html, path=at(path, index)) for index, each in enumerate(part))
    return part


def _templates(part: Parsed, path: str) -> Iterator[tuple[str, Template]]:
    if isinstance(part, Template):
        yield path, part
    elif isinstance(part, Mapping):
        for name, each in part.items():
            yield from _templates(each, at(path, name))
    elif isinstance(part, tuple):
        for index, each in enumerate(part):
            yield from _templates(each, at(path, index))


class _UnsaidError(Exception):
    """A part cannot be said, or the template says that nothing is to be."""

    def __init__(self, why: RenderFailed | Aborted) -> None:
        super().__init__(why.reason)
        self.why = why

    def named(self, part: str) -> RenderFailed | Aborted:
        """Why, with the part it was found in."""
        return self.why if isinstance(self.why, Aborted) else RenderFailed(f"{part}: {self.why.reason}")


class _Rendering:
    """Parts put into words for one person; what they ask for is gathered from all of them, to be fetched at once."""

    def __init__(self, variables: Mapping[str, Json], now: datetime, known: Known) -> None:
        self._variables = variables
        self._now = now
        self._known = known
        self.wanted: dict[Need, None] = {}

    def of(self, part: Parsed) -> Json:
        """The part in words. Raises _UnsaidError."""
        if isinstance(part, Template):
            return self._text(part)
        if isinstance(part, Mapping):
            return {name: self.of(each) for name, each in part.items()}
        if isinstance(part, tuple):
            return [self.of(each) for each in part]
        return cast("Json", part)

    def _text(self, template: Template) -> str:
        said = template.render(self._variables, now=self._now, known=self._known)
        if isinstance(said, (RenderFailed, Aborted)):
            raise _UnsaidError(said)
        if isinstance(said, Wanting):
            self.wanted |= dict.fromkeys(said.needs)
            return ""
        return said
