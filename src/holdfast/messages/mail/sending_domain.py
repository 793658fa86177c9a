"""Sending domains: who vouches for mail from a domain, where its bounces go, and what its DNS has to say of both."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal

from holdfast.kernel.errors import Invalid
from holdfast.messages.mail.dkim import Signer, is_host, public_record, signer

TXT_CHARACTERS_MOST = 255
"""How long one string of a TXT record may be (RFC 1035, 3.3.14); a longer value is written as several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingDomain:
    """A domain mail is sent from."""

    name: str
    """Such as `shop.example`."""
    signers: tuple[Signer, ...]
    """What signs its mail: RSA, which every receiver knows, and perhaps Ed25519, which some prefer."""
    bounce_host: str = ""
    """Where undeliverable mail is reported to, such as `bounces.shop.example`; empty: to the sender's own address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsRecord:
    """One record to be put into the DNS."""

    kind: Literal["TXT", "MX"]
    name: str
    value: str
    why: str

    @property
    def zone_line(self) -> str:
        """The record as a zone file has it."""
        if self.kind == "MX":
            return f"{self.name}. IN MX {self.value}"
        pieces = (self.value[at : at + TXT_CHARACTERS_MOST] for at in range(0, len(self.value), TXT_CHARACTERS_MOST))
        return f"{self.name}. IN TXT " + " ".join(f'"{piece}"' for piece in pieces)


def sending_domain(
    name: str, selector: str, key: str, *, ed25519_key: str = "", bounce_host: str = ""
) -> SendingDomain | None:
    """The domain by what is set of it; None when nothing is.

    Args:
        key: its private key, RSA, as PEM; empty when nothing is signed.
        ed25519_key: one more, which goes by the selector with `-ed25519` behind it.

    Raises Invalid for a key that is none, and for one without its domain or its name.
    """
    given = [(selector, key)] if key.strip() else []
    given += [(f"{selector}-ed25519", ed25519_key)] if ed25519_key.strip() else []
    if given and not (name and selector):
        missing = "dkim_selector" if name else "dkim_domain"
        hint = "Give the domain and the name of its key, or leave the key out."
        raise Invalid("There is a key, and it does not say whose.", path=missing, hint=hint)
    if bounce_host and not is_host(bounce_host):
        hint = "Write one such as bounces.shop.example."
        raise Invalid(f"{bounce_host!r:.100} is no host.", path="bounce_host", hint=hint)
    if not given and not bounce_host:
        return None
    signers = tuple(signer(name, each, pem.encode("utf-8", "replace")) for each, pem in given)
    return SendingDomain(name=name, signers=signers, bounce_host=bounce_host)


def check_aligned(domain: SendingDomain | None, host: str) -> None:
    """Raises Invalid when receivers would not take the domain's signature as the sender's own (RFC 7489, 3.1.1).

    Args:
        host: the domain of the sender's address.
    """
    if domain is not None and domain.signers and not is_aligned(domain, host):
        raise Invalid(
            f"{domain.name!r:.100} does not vouch for mail from {host!r:.100}.",
            path="dkim_domain",
            hint="Let the sender's own domain sign, or one above it.",
        )


def is_aligned(domain: SendingDomain, host: str) -> bool:
    """Whether receivers take the domain's word for mail from a host as the host's own.

    >>> is_aligned(SendingDomain(name="shop.example", signers=()), "mail.shop.example")
    True
    """
    return host == domain.name or host.endswith(f".{domain.name}") or domain.name.endswith(f".{host}")


def sent_by(relay: str) -> str:
    """Who may send, as SPF says it (RFC 7208, 5.3 and 5.6): what goes by an address has no name to be asked for.

    >>> sent_by("smtp.relay.example"), sent_by("192.0.2.7"), sent_by("[2001:db8::7]")
    ('a:smtp.relay.example', 'ip4:192.0.2.7', 'ip6:2001:db8::7')
    """
    try:
        address = ip_address(relay.strip("[]"))
    except ValueError:
        return f"a:{relay}"
    return f"ip{address.version}:{address}"


def dns_records(domain: SendingDomain, *, spf: str, receives: str) -> list[DnsRecord]:
    """What is to be put into the DNS for mail from the domain to be believed.

    Args:
        spf: what may send for it, as SPF says it, such as `a:relay.example`.
        receives: the name of the server that takes in what is reported to `bounce_host`; empty where it has none yet.
    """
    keys = [
        DnsRecord(
            kind="TXT",
            name=f"{each.selector}._domainkey.{domain.name}",
            value=public_record(each),
            why="The public key by which receivers check our signatures (DKIM).",
        )
        for each in domain.signers
    ]
    envelope = domain.bounce_host or domain.name
    senders = DnsRecord(
        kind="TXT",
        name=envelope,
        value=f"v=spf1 {spf} ~all",
        why="Which servers may send for it (SPF). Where there is such a record, add what stands between its ends.",
    )
    dmarc = DnsRecord(
        kind="TXT",
        name=f"_dmarc.{domain.name}",
        value=f"v=DMARC1; p=none; rua=mailto:postmaster@{domain.name}",
        why="What receivers do with mail nobody vouches for (DMARC). Make it p=quarantine once reports look well.",
    )
    bounces = DnsRecord(
        kind="MX",
        name=domain.bounce_host,
        value=f"10 {receives or f'mx.{domain.name}'}.",
        why="Which server takes in reports of undeliverable mail"
        + ("." if receives else ": give this name the address of Holdfast's `bounce_port`, at port 25."),
    )
    return [*keys, senders, dmarc, *([bounces] if domain.bounce_host else [])]
