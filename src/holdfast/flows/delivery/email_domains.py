"""Email domains: keys made for a domain mail is sent from, kept with the connection that sends it, and told the DNS.

A private key is made here and goes nowhere: it is sealed with the other secrets of the connection. Made anew, keys get
a new name, so that mail under way is still checked by the one before. Mail that goes out by no connection, but by the
relay of the settings, is signed by the key that a connection holds for its sender.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from holdfast.decisions.fields import encode_fields
from holdfast.events.event import Json
from holdfast.flows.delivery.connections import Connections, Wish
from holdfast.kernel.errors import Conflict, Invalid, NotFound
from holdfast.messages.mail.dkim import is_host
from holdfast.messages.mail.sending_domain import (
    DnsRecord,
    SendingDomain,
    dns_records,
    is_aligned,
    sending_domain,
    sent_by,
)
from holdfast.ports.connections import Connection

RSA_BITS = 2_048
"""What every receiver takes; a longer key fits no DNS answer comfortably."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainWish:
    """A domain to be set up."""

    domain: str
    connection: str = ""
    """Which connection sends its mail; empty: the only one there is whose mail we sign, or the settings' relay."""
    bounce_host: str = ""
    """Where undeliverable mail is reported to; empty leaves it as it is."""
    ed25519: bool = False
    """A second key of that kind, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailDomain:
    """A domain that is set up."""

    connection: str
    domain: str
    bounce_host: str
    records: Sequence[DnsRecord]
    """What is to stand in the DNS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """What a domain's keys are kept with: a connection there is, or the one that is made for them."""

    name: str
    provider: str
    settings: object
    """As the provider declares them."""
    default: bool | None = None
    """Whether mail is to go out by it; None leaves that as it is."""


async def add_email_domain(
    connections: Connections, wish: DomainWish, *, receives: str, now: datetime, by: str, relay: Holder | None = None
) -> EmailDomain:
    """Make keys for the domain, and keep them with its connection.

    Args:
        receives: the host that takes in what is reported to the bounce host.
        relay: what mail goes out by as long as no connection is set up; None where it stays here.

    Raises Invalid, NotFound, and Conflict when no connection's mail is signed here, or it cannot be said which.
    """
    if not is_host(wish.domain) or "." not in wish.domain:
        hint = "Write one such as shop.example."
        raise Invalid(f"{wish.domain!r:.100} is no domain.", path="$.domain", hint=hint)
    holder = await _holder(connections, wish.connection, relay)
    names = _names(holder.settings)
    changes: dict[str, Json] = {
        "dkim_domain": wish.domain,
        "dkim_selector": _selector(holder.settings, now),
        "dkim_key": await asyncio.to_thread(_rsa_key),
    }
    if "dkim_ed25519_key" in names:
        changes["dkim_ed25519_key"] = _ed25519_key() if wish.ed25519 else ""
    if wish.bounce_host:
        if "bounce_host" not in names:
            hint = "Leave the bounce host out: the provider takes bounces in, and tells of them."
            raise Invalid("This provider has no bounce host.", path="$.bounce_host", hint=hint)
        changes["bounce_host"] = wish.bounce_host
    given = {**encode_fields(holder.settings), **changes}
    kept = await connections.put(
        holder.name, Wish(provider=holder.provider, settings=given, default=holder.default), by=by
    )
    made = _domain_of(kept, connections.settings_of(kept), receives)
    if made is None:
        raise AssertionError("a connection with a key has a domain")
    return made


async def email_domains(connections: Connections, *, receives: str) -> list[EmailDomain]:
    """Every domain that is set up, with what is to stand in the DNS. One whose key cannot be opened is passed over."""
    found = []
    for each in await connections.listed():
        if each.medium == "email" and not connections.problem(each):
            domain = _domain_of(each, connections.settings_of(each), receives)
            found += [domain] if domain is not None else []
    return found


def vouching(connections: Connections, kept: Sequence[Connection], host: str) -> SendingDomain | None:
    """What vouches for mail from a host that goes out by no connection; None where none of these holds a key for it.

    Of several the host's own before one above it, and the newest.
    """
    found: list[tuple[tuple[bool, int, str], SendingDomain]] = []
    for each in kept:
        if each.medium == "email" and not connections.problem(each):
            domain = _sending_domain(encode_fields(connections.settings_of(each)))
            if domain is not None and domain.signers and is_aligned(domain, host):
                found.append(((domain.name == host, each.changed_ms, each.name), domain))
    return max(found, key=lambda each: each[0])[1] if found else None


async def _holder(connections: Connections, name: str, relay: Holder | None) -> Holder:
    """The connection of that name, or the only one; the relay where there is none. Raises NotFound and Conflict."""
    listed = await connections.listed()
    able = {
        each.name: each
        for each in listed
        if each.medium == "email" and not connections.problem(each) and _signs(connections.settings_of(each))
    }
    if name:
        connection = await connections.named(name)
        if name not in able:
            raise Conflict(
                f"mail that goes out by {name!r} is not signed here.",
                code="not_signed_here",
                path="$.connection",
                hint="Set the domain up at the provider itself, who signs it.",
            )
        return _holding(connections, connection)
    if not able and relay is not None and all(each.name != relay.name for each in listed):
        return relay
    if not able:
        raise NotFound(
            "there is no connection whose mail is signed here.",
            code="unknown_connection",
            hint="Set a mail relay up first: `holdfast channel add`.",
        )
    if len(able) > 1:
        hint = f"Name one of them: {', '.join(sorted(able))}."
        raise Conflict("several connections send mail.", code="which_connection", path="$.connection", hint=hint)
    return _holding(connections, next(iter(able.values())))


def _holding(connections: Connections, connection: Connection) -> Holder:
    return Holder(name=connection.name, provider=connection.provider, settings=connections.settings_of(connection))


def _signs(settings: object) -> bool:
    return "dkim_key" in _names(settings)


def _names(settings: object) -> set[str]:
    return {each.name for each in fields(settings)}  # type: ignore[arg-type]  # A declaration is a dataclass.


def _selector(settings: object, now: datetime) -> str:
    """A name for the new key: the day, and a letter more when the one before was made on it."""
    day = f"hf{now:%Y%m%d}"
    before = str(encode_fields(settings).get("dkim_selector") or "")
    if not before.startswith(day):
        return day
    return day + chr(ord(before[len(day)]) + 1 if len(before) > len(day) and before[len(day)] < "z" else ord("a"))


def _domain_of(connection: Connection, settings: object, receives: str) -> EmailDomain | None:
    given = encode_fields(settings)
    domain = _sending_domain(given)
    if domain is None or not domain.signers:
        return None
    spf = "include:amazonses.com" if connection.provider == "ses" else sent_by(str(given.get("host") or ""))
    return EmailDomain(
        connection=connection.name,
        domain=domain.name,
        bounce_host=domain.bounce_host,
        records=dns_records(domain, spf=spf, receives=receives),
    )


def _sending_domain(given: Mapping[str, Json]) -> SendingDomain | None:
    """The domain as the connection's settings have it. Raises Invalid."""
    texts = {name: str(given.get(name) or "") for name in ("dkim_domain", "dkim_selector", "dkim_key")}
    return sending_domain(
        texts["dkim_domain"],
        texts["dkim_selector"],
        texts["dkim_key"],
        ed25519_key=str(given.get("dkim_ed25519_key") or ""),
        bounce_host=str(given.get("bounce_host") or ""),
    )


def _rsa_key() -> str:
    return _pem(rsa.generate_private_key(public_exponent=65_537, key_size=RSA_BITS))


def _ed25519_key() -> str:
    return _pem(ed25519.Ed25519PrivateKey.generate())


def _pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode("ascii")
