"""Email by SMTP. Source: RFC 5321 (SMTP), RFC 3463 and its IANA registry (status codes), RFC 8058 (one click)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from holdfast.channels.declared import Answer, Declared, Desk
from holdfast.channels.email_letter import FromItsWriter, Writer, writer
from holdfast.channels.smtp_reply import Reply, Stage
from holdfast.decisions.fields import Choice, Secret, Text, Whole
from holdfast.messages.content import Words
from holdfast.messages.doubt import ONCE, DoubtPolicy
from holdfast.messages.links import Linker
from holdfast.messages.mail.email import assemble, message_id
from holdfast.messages.mail.sending_domain import SendingDomain, check_aligned, sending_domain
from holdfast.messages.mail.verp import bounce_address
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict
from holdfast.ports.state import Send

BUSY_SECONDS = 300
"""How long to leave a server alone that says it has had enough of us (421, 4.7.x)."""
LATER_SECONDS = 60

_GONE = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""No such mailbox, no such domain, no address at all, moved with no word where to, takes no mail, disabled. Not 5.7.x:
a refusal of us, for policy, says nothing of the address; nor 5.2.2: a full mailbox may be emptied."""
# Servers that give no enhanced code say it in words, if at all.
_GONE_WORDS = re.compile(
    r"(user|recipient|mailbox|address|account)( \S+)? (is )?(unknown|not found|does not exist|doesn't exist|disabled)"
    r"|(no such|unknown|invalid) (local )?(user|recipient|mailbox|address|account)",
    re.IGNORECASE,
)
_QUEUED = re.compile(r"(?:queued as|id=|queued mail for delivery as) *([^\s<>,;]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """A mail relay."""

    sender: Annotated[str, Text(most=300), "Whom mail is from, such as Shop <hello@shop.example>."]
    reply_to: Annotated[str, Text(least=0, most=300), "Where answers go; empty: to the sender."] = ""
    host: Annotated[str, Text(most=253), "The relay's host."]
    port: Annotated[int, Whole(least=1, most=65_535), "Its port."] = 587
    user: Annotated[str, Text(least=0), "The user name at the relay; empty when it asks for none."] = ""
    password: Annotated[str, Secret(least=0), "The password at the relay."] = ""
    tls: Annotated[
        Literal["starttls", "tls", "none"],
        Choice(("starttls", "tls", "none")),
        "`starttls` upgrades a plain connection, `tls` encrypts from the start, `none` does neither.",
    ] = "starttls"
    dkim_domain: Annotated[
        str, Text(least=0, most=253), "The domain that signs mail; `holdfast email domain add` sets up all of these."
    ] = ""
    dkim_selector: Annotated[str, Text(least=0, most=63), "The name its key has in the DNS."] = ""
    dkim_key: Annotated[str, Secret(least=0), "Its private key, RSA, as PEM."] = ""
    dkim_ed25519_key: Annotated[
        str, Secret(least=0), "A second key, Ed25519, as PEM; its name ends in -ed25519. Empty for none."
    ] = ""
    bounce_host: Annotated[
        str, Text(least=0, most=253), "Where undeliverable mail is reported to, such as bounces.shop.example."
    ] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailSmtp(FromItsWriter):
    """Makes the parcel of a send: the letter put together, and signed by the sender's domain."""

    writer: Writer
    domain: SendingDomain | None = None
    """What vouches for the sender; None: nobody signs, and bounces go to the sender's address."""

    @property
    def doubt(self) -> DoubtPolicy:
        """SMTP knows no keys: a repeated mail would be a second one."""
        return ONCE

    def parcel(self, send: Send, words: Words) -> Parcel:
        """The complete email; the same bytes on every retry.

        Raises ValueError when the address cannot be written to.
        """
        letter = self.writer.letter(send, words)
        return Parcel(
            key=send.key,
            channel=send.channel,
            sender=self._return_address(send),
            to=str(letter.to),
            body=assemble(letter, self.domain.signers if self.domain is not None else ()),
            headers={"Message-ID": message_id(letter)},
        )

    def _return_address(self, send: Send) -> str:
        """Where servers report that it cannot be delivered."""
        if self.domain is None or not self.domain.bounce_host:
            return str(self.writer.sender)
        return bounce_address(send.key, self.domain.bounce_host, self.writer.linker.key)


def email_channel(
    sender: str, *, linker: Linker, workspace_name: str, domain: SendingDomain | None = None
) -> EmailSmtp:
    """The channel that writes as `sender`, such as `Shop <hello@shop.example>`. Raises Invalid for no address.

    Args:
        domain: what vouches for the mail.
    """
    writes = writer(sender, linker=linker, workspace_name=workspace_name, path="email_sender")
    return EmailSmtp(writer=writes, domain=domain)


def open_smtp(settings: SmtpSettings, desk: Desk) -> EmailSmtp:
    """The channel by its settings. Raises Invalid."""
    domain = sending_domain(
        settings.dkim_domain,
        settings.dkim_selector,
        settings.dkim_key,
        ed25519_key=settings.dkim_ed25519_key,
        bounce_host=settings.bounce_host,
    )
    writes = writer(settings.sender, linker=desk.linker, workspace_name=desk.workspace_name, reply_to=settings.reply_to)
    check_aligned(domain, writes.sender.domain)
    return EmailSmtp(writer=writes, domain=domain)


def verdict(stage: Stage, reply: Reply) -> Verdict:
    """What the reply that ended the dialogue means for the message."""
    said = f"The mail server said {reply}"
    later = Deferred(said, BUSY_SECONDS if _busy(reply) else LATER_SECONDS, _blame(stage, reply))
    if stage == "body" and reply.code // 100 == 2:
        queued = _QUEUED.search(reply.text)
        return Accepted(queued[1] if queued else reply.text)
    if reply.code // 100 == 5 and reply.enhanced.startswith("5.") and stage in ("sender", "recipient", "data", "body"):
        return Refused(said, gone=stage != "sender" and reply.enhanced in _GONE)
    match stage, reply.code // 100:
        case ("recipient", 5):
            return Refused(said, gone=bool(_GONE_WORDS.search(reply.text)) and reply.code in (550, 551, 553))
        case ("sender" | "data" | "body", 5):
            return Refused(said)
        case ("body", 4):
            return later
        case ("body", _):
            return InDoubt(said)
        # Before the envelope, no is said to us and not to the message: a wrong password must not use up the mails.
        case _:
            return later


def _blame(stage: Stage, reply: Reply) -> Literal["domain", "provider"]:
    """Who cannot take it now: the server, until it hears of the recipient, and when it is full or has had enough."""
    envelope = stage in ("recipient", "data", "body")
    return "domain" if envelope and reply.code != 421 and not reply.enhanced.startswith("4.3.") else "provider"


def _busy(reply: Reply) -> bool:
    return reply.code == 421 or reply.enhanced.startswith("4.7.")


def _answer(stage: Stage, code: int, text: str, means: Verdict) -> Answer:
    return Answer(stage, Reply(code, (text,)), means)


def _said(code: int, text: str) -> str:
    return f"The mail server said {code} {text}"


CHANNEL = Declared(
    name="email_smtp",
    label="Email by SMTP",
    medium="email",
    transport="smtp",
    source="RFC 5321, RFC 3463",
    settings=SmtpSettings,
    open=open_smtp,
    answers=(
        _answer("body", 250, "2.0.0 Ok: queued as 4Yc5Hq1X2z", Accepted("4Yc5Hq1X2z")),
        _answer("body", 250, "OK id=1tXyZ0-0001Ab-2C", Accepted("1tXyZ0-0001Ab-2C")),
        _answer("body", 452, "4.3.1 full", Deferred(_said(452, "4.3.1 full"), LATER_SECONDS, "provider")),
        _answer("body", 554, "5.7.1 spam", Refused(_said(554, "5.7.1 spam"))),
        _answer("body", 354, "go on", InDoubt(_said(354, "go on"))),
        _answer("recipient", 550, "5.1.1 unknown", Refused(_said(550, "5.1.1 unknown"), gone=True)),
        _answer("recipient", 556, "5.1.10 null MX", Refused(_said(556, "5.1.10 null MX"), gone=True)),
        _answer("recipient", 550, "No such user here", Refused(_said(550, "No such user here"), gone=True)),
        _answer("recipient", 550, "5.7.1 blocked", Refused(_said(550, "5.7.1 blocked"))),
        _answer("recipient", 552, "5.2.2 full", Refused(_said(552, "5.2.2 full"))),
        _answer("recipient", 550, "Relaying denied", Refused(_said(550, "Relaying denied"))),
        _answer("recipient", 450, "4.2.0 greylisted", Deferred(_said(450, "4.2.0 greylisted"), LATER_SECONDS)),
        _answer("sender", 421, "4.7.0 too fast", Deferred(_said(421, "4.7.0 too fast"), BUSY_SECONDS, "provider")),
        _answer("sender", 553, "5.1.8 bad sender", Refused(_said(553, "5.1.8 bad sender"))),
        _answer("auth", 535, "5.7.8 no", Deferred(_said(535, "5.7.8 no"), LATER_SECONDS, "provider")),
        _answer("greeting", 554, "no service", Deferred(_said(554, "no service"), LATER_SECONDS, "provider")),
    ),
)
