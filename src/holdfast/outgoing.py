"""Outgoing: what messages go out by, as the settings and the connections say.

Everything adapters and flows have to do with each other over a connection is here: opening it, trying it out, and
reading what its provider tells.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from holdfast.channels import webhook
from holdfast.channels.carriers.http import HttpCarrier
from holdfast.channels.carriers.inbox import InboxCarrier
from holdfast.channels.carriers.kept import KeptCarrier
from holdfast.channels.carriers.web import WebFetcher
from holdfast.channels.declared import Declared, Desk, providers
from holdfast.channels.email_smtp import EmailSmtp, SmtpSettings, email_channel
from holdfast.channels.inbox import InboxChannel
from holdfast.channels.kept import KeptChannel
from holdfast.channels.opening import TOGETHER, Outside, SetUp, Told, open_together
from holdfast.decisions.gate import GateRules
from holdfast.decisions.medium import media
from holdfast.flows.delivery.certificates import CertificateKeeper
from holdfast.flows.delivery.connections import Connections
from holdfast.flows.delivery.email_domains import Holder, vouching
from holdfast.flows.delivery.inbound import Inlet
from holdfast.flows.delivery.offices import Offices
from holdfast.flows.delivery.send import Office
from holdfast.flows.delivery.trying import Trial, check_address, try_office
from holdfast.kernel.errors import Busy, Conflict, Exposed, NotFound
from holdfast.kernel.moments import to_millis
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Verdict
from holdfast.messages.webhook_key import signing_key
from holdfast.places import sealer_of
from holdfast.ports.carrier import Carrier
from holdfast.ports.clock import Clock
from holdfast.ports.connections import Connection
from holdfast.ports.mailbox import Mailbox
from holdfast.ports.state import State
from holdfast.settings import Settings

OWN = ("in_app", "inbox")
"""Media that go nowhere but into our own state."""
OUT_ALL_THE_SAME = ("email", "webhook")
"""Media that have a way of their own while everything is kept: mail by SMTP, into the mailbox; calls to other systems,
which are no messages to anybody."""

CERTIFICATE_SECONDS_MOST = 5.0
"""How long fetching a certificate may take; the provider waits for our answer meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What becomes of messages of a medium."""

    medium: str
    by: Literal["connection", "settings", "mailbox", "inbox", "nothing"]
    connection: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of trying a connection out."""

    verdict: Verdict
    kept: bool
    """Whether it is in the built-in mailbox, and went nowhere."""


def to_set_up() -> Mapping[str, Declared]:
    """The providers that connections are made to, by name."""
    return {name: each for name, each in providers().items() if each.transport not in ("kept", "inbox")}


class Outgoing:
    """Opens connections."""

    def __init__(
        self, settings: Settings, *, state: State, clock: Clock, linker: Linker, secret: bytes, told: Told
    ) -> None:
        """Nothing is connected to yet.

        Args:
            secret: the workspace's own.
            told: takes what comes in by connections that stand open.
        """
        self._settings = settings
        self._state = state
        self._clock = clock
        self._linker = linker
        self._secret = secret
        self._certificates = CertificateKeeper(
            open_fetcher=lambda: WebFetcher(allow_private=False, seconds_most=CERTIFICATE_SECONDS_MOST), clock=clock
        )
        self._outside = Outside(clock=clock, private=settings.webhook_private, told=told)
        self.connections = Connections(
            state=state,
            clock=clock,
            sealer=sealer_of(settings, secret),
            providers=to_set_up(),
            check=self._check,
        )

    def office(self, connections: Sequence[Connection]) -> Office:
        """What takes messages by these connections of one medium, the default first. Raises Exposed."""
        set_up = [
            SetUp(
                declared=_provider(each),
                settings=self.connections.settings_of(each),
                desk=self._desk(each.name),
            )
            for each in connections
        ]
        channel, carrier = open_together(set_up, self._outside)
        return Office(channel=channel, carrier=carrier)

    def offices(
        self,
        mail: Carrier,
        mailbox: Mailbox | None,
        *,
        changed: Callable[[Mapping[str, Office], Collection[str]], None],
    ) -> Offices:
        """Everything that takes messages. With a mailbox, what is no mail is kept in it and does not go out."""
        built_in = {
            "email": Office(channel=self._letters(), carrier=mail),
            "webhook": Office(channel=webhook.WebhookChannel(), carrier=self._calls()),
        }
        own = Office(
            channel=InboxChannel(sender=self._settings.workspace_name),
            carrier=InboxCarrier(self._state, self._clock, mailbox),
        )
        kept = dict.fromkeys(OWN, own)
        if mailbox is not None:
            here = Office(
                channel=KeptChannel(sender=self._settings.workspace_name),
                carrier=KeptCarrier(mailbox, self._clock),
            )
            kept |= {medium: here for medium in media() if medium not in (*OWN, *OUT_ALL_THE_SAME)}
            kept["email"] = built_in["email"]
        return Offices(
            state=self._state,
            built_in=built_in,
            kept=kept,
            open_office=self.office,
            together=TOGETHER,
            changed=changed,
            written=lambda connections: {"email": self._letters(connections)},
        )

    async def inlet(self, name: str) -> Inlet | None:
        """By what calls for a connection are read; None where there is no such connection, or its provider makes none.

        Raises Busy when it cannot be opened now: what its provider tells is not lost if it calls again.
        """
        try:
            connection = await self.connections.named(name)
        except NotFound:
            return None
        declared = to_set_up().get(connection.provider)
        if declared is None or declared.inbound is None:
            return None
        try:
            settings = self.connections.settings_of(connection)
        except Exposed as error:
            # Why is for those who set it up, and is shown with the connection.
            hint = "Call again later: until it can be opened, nobody can tell who calls."
            raise Busy(f"the connection {name!r} cannot be opened now.", code="connection_closed", hint=hint) from error
        return Inlet(
            connection=name,
            medium=connection.medium,
            read=partial(declared.inbound, settings),
            certificate=self._certificates.get,
        )

    def carried(self, connections: Sequence[Connection]) -> list[Carried]:
        """What becomes of each medium's messages, by the settings and these connections."""
        defaults = {each.medium: each.name for each in connections if each.is_default}
        return [self._carried(medium, defaults) for medium in media()]

    def _carried(self, medium: str, defaults: Mapping[str, str]) -> Carried:
        if medium in OWN:
            return Carried(medium=medium, by="inbox")
        if self._is_kept(medium):
            return Carried(medium=medium, by="mailbox")
        if medium in defaults:
            return Carried(medium=medium, by="connection", connection=defaults[medium])
        return Carried(medium=medium, by="settings" if medium in OUT_ALL_THE_SAME else "nothing")

    def kept(self) -> frozenset[str]:
        """Media whose messages are handed to the mailbox and to nobody else, which can be asked what it has."""
        return frozenset(each for each in media() if each not in OWN and self._is_kept(each))

    def callback_url(self, connection: Connection) -> str:
        """Where its provider tells what becomes of messages; empty where it tells nothing."""
        declared = to_set_up().get(connection.provider)
        return self._desk(connection.name).callback_url if declared is not None and declared.inbound else ""

    async def try_out(
        self, name: str, to: str, content: Mapping[str, object] | None, *, offices: Offices | None, rules: GateRules
    ) -> Tried:
        """One message by a connection, now. Where messages are kept here, so is this one.

        Args:
            offices: those of this process, if it sends.

        Raises NotFound for no such connection; Invalid, Conflict and CannotUnseal when it cannot be tried.
        """
        connection = await self.connections.named(name)
        medium = media()[connection.medium]
        trial = Trial(connection=name, to=to, workspace_name=self._settings.workspace_name, content=content)
        async with self._state.view() as view:
            await check_address(view, rules, medium, to)
        office = self.office([connection])
        try:
            if not self._is_kept(connection.medium):
                return Tried(verdict=await try_office(office, medium, trial, self._clock.now()), kept=False)
            if offices is None:
                hint = "Ask the server whose mailbox it is, or set `mailbox` to false."
                raise Conflict("messages are kept in the mailbox of another process.", code="kept_elsewhere", hint=hint)
            kept = await try_office(offices[connection.medium], medium, trial, self._clock.now())
            return Tried(verdict=kept, kept=True)
        finally:
            await office.carrier.close()

    def _is_kept(self, medium: str) -> bool:
        return self._settings.mailbox and medium != "webhook"

    def _check(self, provider: str, settings: object) -> None:
        to_set_up()[provider].open(settings, self._desk(""))

    def _desk(self, connection: str) -> Desk:
        return Desk(linker=self._linker, workspace_name=self._settings.workspace_name, connection=connection)

    def relay(self) -> Holder | None:
        """What mail goes out by that no connection carries, as a connection to hold the key that signs it.

        Mail goes out by the settings all the same: the connection is not the default.
        """
        said = self._settings
        if said.mailbox:
            return None
        settings = SmtpSettings(
            sender=said.email_sender,
            host=said.smtp_host,
            port=said.smtp_port,
            user=said.smtp_user,
            password=said.smtp_password,
            tls=said.smtp_tls,
        )
        return Holder(name="relay", provider="email_smtp", settings=settings, default=False)

    def _letters(self, connections: Sequence[Connection] = ()) -> EmailSmtp:
        """Who writes mail that no connection carries; signed where one of these holds its sender's key."""
        letters = email_channel(
            self._settings.email_sender, linker=self._linker, workspace_name=self._settings.workspace_name
        )
        return replace(letters, domain=vouching(self.connections, connections, letters.writer.sender.domain))

    def _calls(self) -> HttpCarrier:
        signing = webhook_secret(self._settings, self._secret)
        return HttpCarrier(
            read=webhook.read,
            allow_private=self._settings.webhook_private,
            seal=lambda parcel: webhook.signed(signing, parcel, to_millis(self._clock.now()) // 1_000),
            clock=self._clock,
        )


def _provider(connection: Connection) -> Declared:
    found = to_set_up().get(connection.provider)
    if found is None:
        hint = "Remove the connection, or use the Holdfast that has it."
        raise NotFound(f"there is no provider {connection.provider!r} here.", code="unknown_provider", hint=hint)
    return found


def webhook_secret(settings: Settings, secret: bytes) -> bytes:
    """What calls are signed with: the setting, else made of the workspace's own secret."""
    said = signing_key(settings.webhook_secret, path="webhook_secret")
    return said or hmac.new(secret, b"webhook", hashlib.sha256).hexdigest().encode()
