"""Text with Telegram's few marks: what is none of them is said as it stands, so that no name can break a message."""

from __future__ import annotations

import re
from html import escape, unescape

from holdfast.messages.mail.markup import Tag, tags

_MARKS = frozenset(
    {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre", "blockquote", "tg-spoiler"}
)
_LINES = frozenset({"br", "p", "div", "li"})
_MANY_LINES = re.compile(r"\n{3,}")


def telegram_html(html: str) -> str:
    r"""The HTML with Telegram's marks alone, each of them closed, and anything else escaped.

    Telegram refuses a message for one mark it does not know, or one that is not closed. Line breaks written as marks
    become such; marks it does not know are left out, and a lone `<` is a character.

    >>> telegram_html("<p>Hi <b>Tea & Cup</p> 3 < 4")
    'Hi <b>Tea &amp; Cup\n 3 &lt; 4</b>'
    """
    out: list[str] = []
    open_: list[str] = []
    at = 0
    for tag in tags(html):
        out.append(_escaped(html[at : tag.start]))
        at = tag.end
        if tag.name in _LINES:
            out.append("\n" if tag.name == "br" or tag.closes else "")
        elif tag.name in _MARKS:
            out.append(_closed(tag.name, open_) if tag.closes else _opened(tag, open_))
    out.append(_escaped(html[at:]))
    out += [f"</{name}>" for name in reversed(open_)]
    return _MANY_LINES.sub("\n\n", "".join(out)).strip()


def _escaped(text: str) -> str:
    return escape(unescape(text), quote=False)


def _opened(tag: Tag, open_: list[str]) -> str:
    if tag.name == "a":
        href = unescape(tag.attribute("href") or "").strip()
        if not href:
            return ""
        open_.append("a")
        return f'<a href="{escape(href)}">'
    open_.append(tag.name)
    return f"<{tag.name}>"


def _closed(name: str, open_: list[str]) -> str:
    """The mark closed, with those within it that were not."""
    if name not in open_:
        return ""
    closing: list[str] = []
    while open_ and (not closing or closing[-1] != f"</{name}>"):
        closing.append(f"</{open_.pop()}>")
    return "".join(closing)
