"""Sending domains: which vouches for a sender, and what the DNS is asked to say."""

from __future__ import annotations

import re

import pytest

from holdfast.kernel.errors import Invalid
from holdfast.messages.mail.sending_domain import SendingDomain, check_aligned, dns_records, sending_domain, sent_by
from tests.unit.messages.signing import ed25519_pem, ed25519_signer, rsa_pem, rsa_signer

SHOP = SendingDomain(name="shop.example", signers=(rsa_signer(), ed25519_signer()), bounce_host="bounces.shop.example")
NEWS = SendingDomain(name="news.shop.example", signers=(rsa_signer(),))


RSA = rsa_pem().decode()


def test_a_domain_by_what_is_set_of_it() -> None:
    made = sending_domain("shop.example", "hf1", RSA, ed25519_key=ed25519_pem().decode(), bounce_host="b.shop.example")
    assert made is not None
    assert [(each.selector, each.algorithm) for each in made.signers] == [
        ("hf1", "rsa-sha256"),
        ("hf1-ed25519", "ed25519-sha256"),
    ]
    assert sending_domain("", "", "") is None
    assert sending_domain("shop.example", "hf1", " ") is None
    only_bounces = sending_domain("", "", "", bounce_host="b.shop.example")
    assert only_bounces is not None
    assert not only_bounces.signers


@pytest.mark.parametrize(
    ("given", "bounce_host", "path"),
    [
        (("", "hf1", RSA), "", "dkim_domain"),
        (("shop.example", "", RSA), "", "dkim_selector"),
        (("shop.example", "hf1", "no key"), "", "dkim_key"),
        (("shop example", "hf1", RSA), "", "dkim_domain"),
        (("shop.example", "hf1", RSA), "b.example>", "bounce_host"),
    ],
)
def test_what_does_not_go_together_is_complained_of(given: tuple[str, str, str], bounce_host: str, path: str) -> None:
    with pytest.raises(Invalid) as wrong:
        sending_domain(*given, bounce_host=bounce_host)
    assert wrong.value.path == path


@pytest.mark.parametrize("host", ["shop.example", "news.shop.example", "example"])
def test_a_domain_vouches_for_itself_and_what_is_above_or_below(host: str) -> None:
    check_aligned(SHOP, host)


@pytest.mark.parametrize("host", ["myshop.example", "shop.example.evil.example", "news.example"])
def test_a_domain_vouches_for_no_other(host: str) -> None:
    with pytest.raises(Invalid) as wrong:
        check_aligned(SHOP, host)
    assert wrong.value.path == "dkim_domain"
    check_aligned(None, host)


def test_records_to_copy() -> None:
    found = {each.name: each for each in dns_records(SHOP, spf="a:smtp.relay.example", receives="in.shop.example")}
    assert [*found] == [
        "hf1._domainkey.shop.example",
        "hf2._domainkey.shop.example",
        "bounces.shop.example",
        "_dmarc.shop.example",
    ]
    assert found["bounces.shop.example"].zone_line == "bounces.shop.example. IN MX 10 in.shop.example."
    lines = [each.zone_line for each in dns_records(SHOP, spf="a:smtp.relay.example", receives="in.shop.example")]
    assert 'bounces.shop.example. IN TXT "v=spf1 a:smtp.relay.example ~all"' in lines
    assert all(len(each) <= 255 for line in lines for each in re.findall(r'"([^"]*)"', line))
    key = found["hf1._domainkey.shop.example"]
    assert "".join(re.findall(r'"([^"]*)"', key.zone_line)) == key.value
    assert key.value.startswith("v=DKIM1; k=rsa; p=MII")


@pytest.mark.parametrize(
    ("relay", "says"),
    [
        ("smtp.relay.example", "a:smtp.relay.example"),
        ("192.0.2.7", "ip4:192.0.2.7"),
        ("2001:db8::7", "ip6:2001:db8::7"),
        ("[2001:db8::7]", "ip6:2001:db8::7"),
        ("192.0.2", "a:192.0.2"),
    ],
)
def test_a_relay_that_goes_by_an_address_is_let_send_by_it(relay: str, says: str) -> None:
    assert sent_by(relay) == says


def test_a_server_without_a_name_is_given_one() -> None:
    (bounces,) = [each for each in dns_records(SHOP, spf="a:x", receives="") if each.kind == "MX"]
    assert bounces.zone_line == "bounces.shop.example. IN MX 10 mx.shop.example."
    assert "give this name the address" in bounces.why


def test_without_a_place_for_bounces_the_domain_itself_is_what_servers_ask_for() -> None:
    names = [(each.kind, each.name) for each in dns_records(NEWS, spf="a:smtp.relay.example", receives="")]
    assert ("TXT", "news.shop.example") in names
    assert "MX" not in {kind for kind, _ in names}
