"""The letter of a send, however it is carried: from whom, to whom, links tracked, one click to be let alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.decisions.annotations import read_annotations
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import from_millis
from holdfast.messages.content import Words
from holdfast.messages.links import Link, Linker, track_links
from holdfast.messages.liquid.template import one_line
from holdfast.messages.mail.address import Mailbox, read_address, read_sender
from holdfast.messages.mail.email import Letter
from holdfast.messages.mail.email_html import with_head, with_preheader
from holdfast.messages.mail.markup import text_of
from holdfast.ports.state import Send


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Whoever mail is from. Make it with `writer`."""

    sender: Mailbox
    sender_name: str
    reply_to: Mailbox | None
    linker: Linker
    workspace_name: str

    @property
    def shown(self) -> str:
        """The sender as people know it: the name, where there is one, and the address."""
        name = one_line(self.sender_name).replace("\\", "").replace('"', "")
        return f'"{name}" <{self.sender}>' if name else str(self.sender)

    def letter(self, send: Send, words: Words) -> Letter:
        """The send's letter; the same on every retry. Raises ValueError when the address cannot be written to."""
        to = read_address(send.address)
        if to is None:
            raise ValueError(f"{send.address!r:.100} is no mail address")
        html, text = words.text("html"), words.text("text")
        return Letter(
            send=send.key,
            sender=self.sender,
            sender_name=self.sender_name,
            reply_to=self.reply_to,
            to=to,
            subject=words.text("subject"),
            # The pixel alone makes no letter: a mail of text stays one.
            html=self._html(html, send, words.parts) if html.strip() else "",
            # From the HTML before its links are tracked: in plain text people see where they lead.
            text=text if text.strip() else text_of(html),
            date=from_millis(send.created_ms),
            unsubscribe_url="" if send.transactional else self.linker.unsubscribe(send.key),
            feedback=(send.origin, self.workspace_name, send.origin_kind, "holdfast"),
        )

    def _html(self, html: str, send: Send, parts: Mapping[str, Any]) -> str:
        html = with_preheader(track_links(html, linker=self.linker, send=send.key), str(parts.get("preheader") or ""))
        if not parts.get("annotations"):
            return html
        told = read_annotations(parts["annotations"]).linked(
            lambda target: self.linker.url(Link(kind="click", send=send.key, target=target))
        )
        return with_head(html, told.markup())


class FromItsWriter:
    """A channel all of whose mail is from the sender of its writer."""

    __slots__ = ()
    writer: Writer

    @property
    def sender_domain(self) -> str:
        """The domain that mailbox providers judge."""
        return self.writer.sender.domain


def writer(sender: str, *, linker: Linker, workspace_name: str, reply_to: str = "", path: str = "sender") -> Writer:
    """Who writes as `sender`, such as `Shop <hello@shop.example>`. Raises Invalid for no address."""
    name, mailbox = read_sender(sender)
    if mailbox is None:
        hint = "Write one like Shop <hello@shop.example>."
        raise Invalid(f"{sender!r:.100} is no mail address", path=path, hint=hint)
    answers = read_address(reply_to)
    if reply_to and answers is None:
        hint = "Write one like help@shop.example, without a name."
        raise Invalid(f"{reply_to!r:.100} is no mail address", path="reply_to", hint=hint)
    return Writer(sender=mailbox, sender_name=name, reply_to=answers, linker=linker, workspace_name=workspace_name)
