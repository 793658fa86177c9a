"""MJML: mails written in a few tags that every mail program shows alike, made into HTML.

`mrml` does the making. It takes tags it does not know without a word and leaves them out, and Liquid may break what it
reads (`{% if a < b %}`): so the tags are checked here first, and the Liquid is set aside while it works.

Source: https://documentation.mjml.io (components), mrml 0.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache

import mrml

from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.messages.mail.markup import Tag, tags

MJML_CHARACTERS_MOST = 300_000
"""How long the source may be: mail programs cut off what comes of a third of it."""

_WRITTEN_IN = frozenset(
    {
        *("mj-accordion-text", "mj-accordion-title", "mj-button", "mj-navbar-link", "mj-preview", "mj-raw"),
        *("mj-social-element", "mj-style", "mj-table", "mj-text", "mj-title"),
    }
)
"""Tags that hold HTML or text, in which no other tag of MJML has a place."""
_HOLDING = frozenset(
    {
        *("mjml", "mj-head", "mj-body", "mj-attributes", "mj-all", "mj-class", "mj-breakpoint", "mj-font"),
        *("mj-accordion", "mj-accordion-element", "mj-carousel", "mj-carousel-image", "mj-column", "mj-divider"),
        *("mj-group", "mj-hero", "mj-image", "mj-navbar", "mj-section", "mj-social", "mj-spacer", "mj-wrapper"),
    }
)
TAGS = tuple(sorted(_WRITTEN_IN | _HOLDING))
# Neither runs over another opening of its own kind: openings that are never closed would take quadratic time.
_LIQUID = re.compile(r"\{\{(?:[^{}]|\}(?!\})|\{(?!\{))*+\}\}|\{%(?:[^%{]|%(?!\})|\{(?!%))*+%\}")
_PLACE = re.compile(r"hfq(\d+)z")


def compile_mjml(source: str, *, path: str = "$") -> str:
    """The HTML of an MJML document; the Liquid in it stays as it is. The same source is compiled once.

    Args:
        path: where the source stands in what the caller sent, for the complaint.

    Raises:
        Invalid: it is no MJML; the message names the line.
        TooLarge: it is longer than `MJML_CHARACTERS_MOST`.
    """
    if len(source) > MJML_CHARACTERS_MOST:
        raise TooLarge(
            f"the MJML is longer than {MJML_CHARACTERS_MOST:,} characters",
            code="template_too_large",
            path=path,
            hint="Link pictures instead of embedding them, or say less in one mail.",
        )
    try:
        return _compiled(source)
    except _NoMjml as error:
        raise Invalid(
            f"the template is no valid MJML: {error.message}", code="mjml_invalid", path=path, hint=error.hint
        ) from error


class _NoMjml(Exception):
    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@lru_cache(maxsize=256)
def _compiled(source: str) -> str:
    if _PLACE.search(source):
        raise _NoMjml("it holds a word such as hfq1z", "Write that word otherwise; it is used inside.")
    pieces = [match[0] for match in _LIQUID.finditer(source)]
    # A place has no more lines than what stood there, so lines are told from the source itself.
    places = iter(range(len(pieces)))
    guarded = _LIQUID.sub(lambda _: f"hfq{next(places)}z", source)
    _check(guarded, pieces)
    try:
        made = mrml.to_html(
            guarded,
            mrml.ParserOptions(include_loader=mrml.noop_loader()),
            # No font is fetched from anywhere unless the author asks for it with mj-font.
            mrml.RenderOptions(disable_comments=False, social_icon_origin=None, fonts={}),
        ).content
    except OSError as error:
        raise _NoMjml(
            str(error).replace(" in root template", ""),
            "Close every tag, quote every attribute, and write < as &lt; where it opens no tag.",
        ) from error
    _check_places(made, source)
    return _PLACE.sub(lambda match: pieces[int(match[1])], made)


def _check(document: str, pieces: list[str]) -> None:
    """Complain of the first tag that is not known, or stands where it may not."""
    open_tags: list[str] = []
    for tag in _structure(document):
        name = document[tag.start + 1 + tag.closes :][: len(tag.name)]
        line = _line(document, tag.start, pieces)
        if tag.closes:
            if not open_tags or open_tags[-1] != name:
                inside = f"<{open_tags[-1]}> is open" if open_tags else "nothing is open"
                raise _NoMjml(f"line {line}: </{name}> is closed where {inside}", "Close tags in the order they open.")
            open_tags.pop()
            continue
        _check_tag(name, open_tags, line)
        if not document.endswith("/>", tag.start, tag.end):
            open_tags.append(name)
    if open_tags:
        raise _NoMjml(f"<{open_tags[-1]}> is never closed", f"Write </{open_tags[-1]}> where it ends.")


def _check_tag(name: str, open_tags: list[str], line: int) -> None:
    if name == "mj-include":
        raise _NoMjml(f"line {line}: mj-include is not allowed", 'Save a block and write {% block "its-id" %}.')
    if name not in TAGS:
        near = get_close_matches(name, TAGS, n=1, cutoff=0.6)
        meant = f"Did you mean <{near[0]}>?" if near else "HTML goes inside <mj-text>, <mj-table> or <mj-raw>."
        raise _NoMjml(f"line {line}: there is no tag <{name}> in MJML", meant)
    if open_tags and open_tags[-1] in _WRITTEN_IN:
        raise _NoMjml(f"line {line}: <{name}> stands inside <{open_tags[-1]}>", "Close that one first.")
    if not open_tags and name != "mjml":
        raise _NoMjml(f"line {line}: <{name}> stands outside <mjml>", "Begin with <mjml> and end with </mjml>.")


def _structure(document: str) -> Iterator[Tag]:
    """The tags MJML itself reads: what stands in a tag that holds HTML is left out, but for tags of MJML."""
    inside = ""
    for tag in tags(document):
        if inside and tag.name != inside and not tag.name.startswith("mj-"):
            continue
        yield tag
        if tag.name in _WRITTEN_IN:
            inside = "" if tag.closes or document.endswith("/>", tag.start, tag.end) else tag.name


def _check_places(made: str, source: str) -> None:
    """Complain of the first Liquid that MJML would leave out."""
    kept = {int(each) for each in _PLACE.findall(made)}
    for number, match in enumerate(_LIQUID.finditer(source)):
        if number not in kept:
            line = source.count("\n", 0, match.start()) + 1
            raise _NoMjml(
                f"line {line}: {match[0]:.60} would be left out",
                "Put it into a text, a link or a colour: MJML reckons with widths and names before the mail is sent.",
            )


def _line(document: str, index: int, pieces: list[str]) -> int:
    before = document[:index]
    inside = sum(pieces[int(each)].count("\n") for each in _PLACE.findall(before))
    return before.count("\n") + inside + 1
