"""Sending domains: who vouches for mail from a domain, where its bounces go, and what its DNS has to say of both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from holdfast.messages.dkim import Signer, public_record

TXT_CHARACTERS_MOST = 255
"""How long one string of a TXT record may be (RFC 1035, 3.3.14); a longer value is written as several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingDomain:
    """A domain mail is sent from."""

    name: str
    """Such as `shop.example`; it stands for what is below it as well, unless that is set up by itself."""
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


def domain_for(domains: Iterable[SendingDomain], host: str) -> SendingDomain | None:
    """The domain that vouches for mail from that host: the nearest to it, itself or above; None when there is none."""
    above = (each for each in domains if host == each.name or host.endswith(f".{each.name}"))
    return max(above, key=lambda each: len(each.name), default=None)


def dns_records(domain: SendingDomain, *, relay: str, receives: str) -> list[DnsRecord]:
    """What is to be put into the DNS for mail from the domain to be believed.

    Args:
        relay: the server mail goes out by; what it sends for the domain is to be believed.
        receives: the server that takes in what is reported to `bounce_host`.
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
    spf = DnsRecord(
        kind="TXT",
        name=envelope,
        value=f"v=spf1 a:{relay} ~all",
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
        value=f"10 {receives}.",
        why="Which server takes in reports of undeliverable mail.",
    )
    return [*keys, spf, dmarc, *([bounces] if domain.bounce_host else [])]
