"""Reading mail: bytes from anybody into what a person wants to see. Nothing in a message makes this raise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email import policy
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser

PREVIEW_CHARACTERS = 160
LINKS_MOST = 500
_PARSER = BytesParser(policy=policy.default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a message says."""

    subject: str
    html: str
    text: str
    send: str
    headers: dict[str, str]
    links: Sequence[str]

    @property
    def preview(self) -> str:
        """The beginning of the text, on one line."""
        return " ".join(self.text.split())[:PREVIEW_CHARACTERS]


class _Words(HTMLParser):
    """Gathers the visible text and the links of HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.links: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "script", "title"):
            self._hidden += 1
        address = dict(attrs).get("href")
        if tag in ("a", "area") and address and len(self.links) < LINKS_MOST:
            self.links.append(address)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script", "title") and self._hidden:
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def read_message(raw: bytes) -> Content:
    """What the message says, as far as it can be told."""
    try:
        message = _PARSER.parsebytes(raw)
        html, text = _part(message, "html"), _part(message, "plain")
        headers = {name: _plain(str(value)) for name, value in message.items()}
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, IndexError):
        # The standard library's parser still stumbles over some malformed headers.
        html, text, headers = "", raw.decode("utf-8", "replace"), {}
    words = _Words()
    words.feed(html)
    words.close()
    return Content(
        subject=headers.get("Subject", ""),
        html=html,
        text=text or "\n".join(words.words),
        send=headers.get("X-Holdfast-Send", ""),
        headers=headers,
        links=words.links,
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    content = part.get_content()
    return _plain(content) if isinstance(content, str) else ""


def _plain(text: str) -> str:
    """The text with what is no character replaced: a lone surrogate fits no JSON and no database."""
    return text.encode("utf-8", "replace").decode("utf-8")
