"""Blocks: pieces that messages share, put in where `{% block "footer" %}` stands.

A block is put in as it is written, before the whole is read as Liquid: what it says is said about the same person, with
the same variables.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal

import msgspec

from holdfast.decisions.fields import TEMPLATE_MOST, Label, Text, decode_fields, encode_fields, one_of, read_object
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.messages.mail.markup import text_of

DEPTH_MOST = 10
"""How deep blocks may stand in blocks."""
CHARACTERS_MOST = 500_000
"""How long a text may become."""
PUT_IN_MOST = 500
"""How many blocks may be put into one text, those in blocks too."""

Form = Literal["html", "text", "mjml"]

_UNREAD = ("raw", "doc", "comment")
_ENDS = {name: re.compile(rf"\{{%-?\s{{0,500}}end{name}\s{{0,500}}-?%\}}") for name in _UNREAD}
_TAG = re.compile(r"\{%(-?)\s{0,500}(\w{0,60})(.*?)(-?)%\}", re.DOTALL)
_NAMED = re.compile(r"""\s{0,500}(?:"([^"]{0,200})"|'([^']{0,200})')\s{0,500}""")
_MARKUP_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of a message, in one form or several."""

    name: Annotated[str, Label.__metadata__[0], "What it is called in lists."]
    html: Annotated[str, Text(least=0, most=TEMPLATE_MOST), "What is put into HTML."] = ""
    text: Annotated[str, Text(least=0, most=TEMPLATE_MOST), "What is put into text; made of the HTML if empty."] = ""
    mjml: Annotated[str, Text(least=0, most=TEMPLATE_MOST), "What is put into MJML; the HTML if empty."] = ""

    def __post_init__(self) -> None:
        if not (self.html.strip() or self.text.strip() or self.mjml.strip()):
            raise Invalid("The block says nothing.", code="empty", path="$", hint="Write its html, text or mjml.")

    def said(self, form: Form) -> str:
        """What is put into a text of that form."""
        match form:
            case "html":
                return self.html or self.text
            case "mjml":
                return self.mjml or self.html or self.text
            case _:
                return self.text or text_of(self.html)

    def asks(self) -> tuple[str, ...]:
        """The ids of the blocks it asks for itself, in any of its forms."""
        return blocks_in([self.html, self.text, self.mjml])


def decode_block(definition: bytes | str | Mapping[str, object]) -> Block:
    """The block that a JSON object means. Raises Invalid with a path."""
    return decode_fields(Block, read_object(definition), "$")


def encode_block(block: Block) -> bytes:
    """Its JSON form, without what is empty."""
    return msgspec.json.encode({name: value for name, value in encode_fields(block).items() if value})


@lru_cache(maxsize=512)  # Every batch of messages asks it of the same few texts.
def blocks_named(source: str) -> tuple[str, ...]:
    """The ids of the blocks a text asks for itself, each once, in order."""
    return tuple(dict.fromkeys(each.block for each in _asked(source)))


def blocks_in(value: Json) -> tuple[str, ...]:
    """The ids of the blocks that the texts in a JSON value ask for."""
    match value:
        case str():
            return blocks_named(value)
        case dict():
            return tuple(dict.fromkeys(each for inner in value.values() for each in blocks_in(inner)))
        case list():
            return tuple(dict.fromkeys(each for inner in value for each in blocks_in(inner)))
        case _:
            return ()


def put_in(source: str, blocks: Mapping[str, Block], form: Form, *, path: str = "$") -> str:
    """The text with each block in its place, and the blocks in those.

    Raises:
        Invalid: a block is not there, or stands in itself; the message names it.
        TooLarge: too much comes of it.
    """
    if "{%" not in source:
        return source
    return _Putting(blocks, form, path).of(source, ())


@dataclass(frozen=True, slots=True)
class _Asked:
    """One tag that asks for a block, where it stands with the blanks it eats."""

    block: str
    start: int
    end: int


@dataclass(slots=True)
class _Putting:
    blocks: Mapping[str, Block]
    form: Form
    path: str
    count: int = 0
    length: int = 0

    def of(self, source: str, within: tuple[str, ...]) -> str:
        self.length += len(source)
        if self.length > CHARACTERS_MOST or self.count > PUT_IN_MOST:
            raise TooLarge(
                f"With its blocks the text is longer than {CHARACTERS_MOST:,} characters.",
                code="template_too_large",
                path=self.path,
                hint=f"Put in fewer blocks; {PUT_IN_MOST} are allowed at most.",
            )
        pieces: list[str] = []
        at = 0
        for asked in _asked(source):
            pieces += [source[at : asked.start], self._block(asked.block, within)]
            at = asked.end
        return "".join([*pieces, source[at:]])

    def _block(self, block_id: str, within: tuple[str, ...]) -> str:
        self.count += 1
        if block_id not in self.blocks:
            raise unknown_block(block_id, self.blocks, path=self.path)
        if block_id in within or len(within) >= DEPTH_MOST:
            chain = " → ".join((*within, block_id))
            raise Invalid(
                f"The block {block_id!r} stands in itself: {chain}."
                if block_id in within
                else f"Blocks stand in blocks more than {DEPTH_MOST} deep: {chain}.",
                code="block_cycle",
                path=self.path,
                hint="Take one of these blocks out of another.",
            )
        return self.of(self.blocks[block_id].said(self.form), (*within, block_id))


def unknown_block(block_id: str, there: Collection[str], *, path: str) -> Invalid:
    """The complaint that there is no such block."""
    return Invalid(
        f"There is no block {block_id!r}.", code="unknown_block", path=path, hint=one_of(block_id, tuple(there))
    )


def _asked(source: str) -> Iterator[_Asked]:
    """Every tag that asks for a block, in order; what Liquid does not read is passed over."""
    at = after = 0
    while (start := source.find("{%", at)) >= 0:
        closed = source.find("%}", start)
        if closed < 0:
            return
        at = closed + 2
        tag = _TAG.fullmatch(source, start, at) if at - start <= _MARKUP_MOST else None
        if tag is None:
            continue
        if tag[2] in _UNREAD:
            end = _ENDS[tag[2]].search(source, at)
            if end is None:
                return
            at = end.end()
        elif tag[2] in ("block", "include") and (named := _NAMED.fullmatch(tag[3])) is not None:
            begins, ends = _blanks(source, tag, after)
            yield _Asked(named[1] or named[2] or "", begins, ends)
            at = after = ends


def _blanks(source: str, tag: re.Match[str], floor: int) -> tuple[int, int]:
    """Where the tag stands, with the blanks that a hyphen in it takes away."""
    start, end = tag.span()
    while tag[1] and start > floor and source[start - 1].isspace():
        start -= 1
    while tag[4] and end < len(source) and source[end].isspace():
        end += 1
    return start, end
