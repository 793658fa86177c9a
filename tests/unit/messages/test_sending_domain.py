"""Sending domains: which vouches for a sender, and what the DNS is asked to say."""

from __future__ import annotations

import re

import pytest

from holdfast.messages.sending_domain import SendingDomain, dns_records, domain_for
from tests.unit.messages.signing import ed25519_signer, rsa_signer

SHOP = SendingDomain(name="shop.example", signers=(rsa_signer(), ed25519_signer()), bounce_host="bounces.shop.example")
NEWS = SendingDomain(name="news.shop.example", signers=(rsa_signer(),))


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("shop.example", SHOP),
        ("mail.shop.example", SHOP),
        ("news.shop.example", NEWS),
        ("a.news.shop.example", NEWS),
        ("myshop.example", None),
        ("example", None),
    ],
)
def test_the_nearest_domain_vouches(host: str, domain: SendingDomain | None) -> None:
    assert domain_for([SHOP, NEWS], host) == domain
    assert domain_for([NEWS, SHOP], host) == domain


def test_records_to_copy() -> None:
    found = {each.name: each for each in dns_records(SHOP, relay="smtp.relay.example", receives="in.shop.example")}
    assert [*found] == [
        "hf1._domainkey.shop.example",
        "hf2._domainkey.shop.example",
        "bounces.shop.example",
        "_dmarc.shop.example",
    ]
    assert found["bounces.shop.example"].zone_line == "bounces.shop.example. IN MX 10 in.shop.example."
    lines = [each.zone_line for each in dns_records(SHOP, relay="smtp.relay.example", receives="in.shop.example")]
    assert 'bounces.shop.example. IN TXT "v=spf1 a:smtp.relay.example ~all"' in lines
    assert all(len(each) <= 255 for line in lines for each in re.findall(r'"([^"]*)"', line))
    key = found["hf1._domainkey.shop.example"]
    assert "".join(re.findall(r'"([^"]*)"', key.zone_line)) == key.value
    assert key.value.startswith("v=DKIM1; k=rsa; p=MII")


def test_without_a_place_for_bounces_the_domain_itself_is_what_servers_ask_for() -> None:
    names = [(each.kind, each.name) for each in dns_records(NEWS, relay="smtp.relay.example", receives="")]
    assert ("TXT", "news.shop.example") in names
    assert "MX" not in {kind for kind, _ in names}
