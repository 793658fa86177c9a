"""Reading HTML as browsers do: tags with where they stand, and the plain text of it.

One pass of one expression: it knows quoted attributes, comments and the elements whose content is no markup, so that
`<img alt="<a href=x>">` holds no link. It takes linear time (its repetitions give nothing back).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import msgspec

_TOKEN = re.compile(
    r"""
      <!--(?:>|->|.*?(?:-->|--!>|\Z))                               # a comment
    | <[!?][^>]*+>?                                                  # a declaration
    | <(/?)([a-zA-Z][^\s/>]*+)
      ((?:[\s/]++|[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|(?!["'])[^\s>]++)?+)?+)*+)
      (?:>|\Z)                                                      # a tag the document ends in is none, but is passed
    """,
    re.VERBOSE | re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"""(?P<name>[^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)'|(?P<bare>(?!["'])[^\s>]++))?+)?+"""
)
_RAW = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
}


class Tag(msgspec.Struct, frozen=True):
    """One tag as it stands in a document: `document[start:end]`.

    A struct and not a dataclass: a mail has hundreds, and the dataclass costs more to make than the tag to find.
    """

    name: str
    """In lower case."""
    closes: bool
    start: int
    end: int
    _document: str
    _attributes: int

    def attribute(self, name: str) -> str | None:
        """The raw value of the attribute, its entities untouched; None when it has none. The first of a name counts."""
        start, end = self.attribute_span(name)
        return self._document[start:end] if end >= 0 else None

    def attribute_span(self, name: str) -> tuple[int, int]:
        """Where the attribute's value stands in the document, without its quotes; (-1, -1) when it has none."""
        for match in _ATTRIBUTE.finditer(self._document, self._attributes, self.end - 1):
            if match["name"].lower() == name:
                for quoting in ("double", "single", "bare"):
                    if match[quoting] is not None:
                        return match.span(quoting)
                return (-1, -1)
        return (-1, -1)


def tags(document: str, names: frozenset[str] | None = None) -> Iterator[Tag]:
    """Every tag, or every tag of these names, in order. Comments, scripts and the like are passed over."""
    found = _TOKEN.finditer(document)
    while (match := next(found, None)) is not None:
        written = match[2]
        if written is None:
            continue
        name, end = written.lower(), match.end()
        closes = match[1] == "/"
        if (names is None or name in names) and document[end - 1] == ">":
            yield Tag(name, closes, match.start(), end, document, match.start(3))
        if name in _RAW and not closes:
            ended = _RAW[name].search(document, end)
            if ended is None:
                return
            found = _TOKEN.finditer(document, ended.start())


_BLANKS = re.compile(r"[ \t\r\n\f]+")
_MANY_LINES = re.compile(r"\n{3,}")
_AROUND_LINE = re.compile(r" *\n *")
_COMMENTS = re.compile(r"<!--(?:>|->|.*?(?:-->|--!>|\Z))|<[!?][^>]*+>?", re.DOTALL)
_HIDDEN = frozenset({*_RAW, "head", "template"})
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre", "hr"})
_LINES = frozenset({"br", "div", "tr", "section", "header", "footer", "article", "body", "address", "dt", "dd"})


def text_of(document: str) -> str:
    """The plain text of an HTML document: paragraphs, lists, and links with where they lead in angle brackets."""
    out: list[str] = []
    at, hidden, href = 0, "", ""
    for tag in tags(document):
        if not hidden and at < tag.start:
            out.append(_words(document[at : tag.start]))
        at = tag.end
        if hidden:
            ended = (tag.closes and tag.name == hidden) or (hidden == "head" and tag.name == "body")
            hidden = "" if ended else hidden
        elif tag.name in _HIDDEN and not tag.closes:
            hidden = tag.name
        elif tag.name == "a":
            if tag.closes and href:
                out.append(f" <{href}>")
            href = "" if tag.closes else _shown_address(tag)
        else:
            out.append(_layout(tag))
    if not hidden:
        out.append(_words(document[at:]))
    return _MANY_LINES.sub("\n\n", _AROUND_LINE.sub("\n", re.sub(r"  +", " ", "".join(out)))).strip()


def _words(markup: str) -> str:
    # The break a source line makes is no break in the text; a non-breaking space is one space.
    if "<" in markup:
        markup = _COMMENTS.sub("", markup)
    if "&" in markup:
        markup = unescape(_BLANKS.sub(" ", markup))
        return markup.replace("\xa0", " ")
    return _BLANKS.sub(" ", markup)


def _shown_address(tag: Tag) -> str:
    if tag.attribute("aria-hidden") == "true":
        return ""  # It is there for nobody who reads.
    address = unescape(tag.attribute("href") or "").strip()
    return address if address.isprintable() and address.startswith(("http://", "https://", "mailto:", "tel:")) else ""


def _layout(tag: Tag) -> str:
    if tag.name in _PARAGRAPHS:
        return "\n\n"
    if tag.name in _LINES:
        return "\n"
    if tag.name == "li":
        return "" if tag.closes else "\n- "
    if tag.name in ("td", "th"):
        return " "
    if tag.name == "img" and not tag.closes:
        return unescape(tag.attribute("alt") or "")
    return ""
