"""/api/email-domains: domains mail is sent from, whose keys are made and kept here, and what their DNS is to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from fastapi import APIRouter

from holdfast.flows.delivery.email_domains import DomainWish, EmailDomain, add_email_domain, email_domains
from holdfast.http.needs import needs
from holdfast.http.shapes import WISH, Truth
from holdfast.messages.mail.dkim import is_host
from holdfast.messages.mail.sending_domain import DnsRecord
from holdfast.wiring import Application


@dataclass(frozen=True, kw_only=True)
class RecordShape:
    """One record to be put into the DNS."""

    kind: Literal["TXT", "MX"]
    name: str
    value: str
    zone_line: str
    """The record as a zone file has it."""
    why: str

    @classmethod
    def of(cls, record: DnsRecord) -> RecordShape:
        return cls(kind=record.kind, name=record.name, value=record.value, zone_line=record.zone_line, why=record.why)


@dataclass(frozen=True, kw_only=True)
class EmailDomainShape:
    """A domain mail is sent from, and what is to stand in its DNS."""

    domain: str
    connection: str
    bounce_host: str
    records: list[RecordShape]

    @classmethod
    def of(cls, domain: EmailDomain) -> EmailDomainShape:
        return cls(
            domain=domain.domain,
            connection=domain.connection,
            bounce_host=domain.bounce_host,
            records=[RecordShape.of(each) for each in domain.records],
        )


@dataclass(frozen=True, kw_only=True)
class EmailDomainList:
    """Every domain that is set up."""

    domains: list[EmailDomainShape]


@dataclass(frozen=True, kw_only=True)
class EmailDomainWish:
    """A domain to be set up: keys are made for it, and take the place of those it had."""

    __pydantic_config__ = WISH

    domain: str
    connection: str = ""
    """Which connection sends its mail; empty: the only one whose mail is signed here, or the relay of the settings."""
    bounce_host: str = ""
    """Where undeliverable mail is reported to, such as bounces.shop.example; empty leaves it as it is."""
    ed25519: Truth = False
    """A second key of that kind as well."""


def email_domain_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/email-domains", tags=["Connections"], dependencies=[needs("read")])

    def receives() -> str:
        """The name the outside reaches us by; empty where it is none that mail could go to."""
        host = urlsplit(app.settings.url).hostname or ""
        return host if is_host(host) and not host.replace(".", "").isdigit() and "." in host else ""

    @routes.get("")
    async def listed() -> EmailDomainList:
        """Every domain whose mail is signed here, with what is to stand in its DNS."""
        found = await email_domains(app.outgoing.connections, receives=receives())
        return EmailDomainList(domains=[EmailDomainShape.of(each) for each in found])

    @routes.post("", dependencies=[needs("settings:write")], status_code=201)
    async def add(wish: EmailDomainWish) -> EmailDomainShape:
        """Make keys for a domain, keep them sealed with the connection that sends its mail, and say what the DNS needs.

        Where mail goes out by the settings' relay, a connection `relay` is made to hold them; mail goes out as before.

        Done again, it makes new keys under a new name: put them into the DNS before long, for from now on they sign.
        """
        wanted = DomainWish(
            domain=wish.domain, connection=wish.connection, bounce_host=wish.bounce_host, ed25519=wish.ed25519
        )
        made = await add_email_domain(
            app.outgoing.connections,
            wanted,
            receives=receives(),
            now=app.clock.now(),
            by="",
            relay=app.outgoing.relay(),
        )
        return EmailDomainShape.of(made)

    return routes
