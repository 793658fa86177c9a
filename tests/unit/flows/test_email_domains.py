"""Email domains: keys are made here, sealed with their connection, named anew each time, and told the DNS."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdfast.channels.declared import Desk, providers
from holdfast.channels.email_smtp import EmailSmtp, SmtpSettings
from holdfast.flows.delivery.connections import Connections, Wish
from holdfast.flows.delivery.email_domains import DomainWish, EmailDomain, add_email_domain, email_domains
from holdfast.kernel.errors import Conflict, Invalid, NotFound
from holdfast.kernel.ids import effect_key
from holdfast.kernel.sealing import Sealer, SealingKey
from holdfast.messages.content import Words
from holdfast.messages.links import Linker
from holdfast.testing import START, FakeClock, MemoryState, a_send
from tests.unit.messages.signing import holds

DESK = Desk(
    linker=Linker(base_url="https://t.example", key=b"a key of thirty-two bytes, for us"), workspace_name="shop"
)
RELAY = {"sender": "Shop <shop@shop.example>", "host": "relay.example", "password": "s3cret"}
SES = {"sender": "shop@shop.example", "region": "eu-west-1", "key_id": "AK", "key_secret": "s3cret"}
GRID = {"sender": "shop@shop.example", "api_key": "s3cret"}


def check(provider: str, settings: object) -> None:
    providers()[provider].open(settings, DESK)


@pytest.fixture
def connections() -> Connections:
    return Connections(
        state=MemoryState(),
        clock=FakeClock(),
        sealer=Sealer([SealingKey(b"a key")]),
        providers=providers(),
        check=check,
    )


async def set_up(connections: Connections, name: str, provider: str, settings: dict[str, str]) -> None:
    await connections.put(name, Wish(provider=provider, settings=settings), by="ada")


async def add(connections: Connections, *, days: int = 0, **wish: object) -> EmailDomain:
    given = DomainWish(**{"domain": "shop.example", **wish})  # type: ignore[arg-type]  # Each test gives the right type.
    return await add_email_domain(
        connections, given, receives="in.shop.example", now=START + timedelta(days=days), by="ada"
    )


async def settings_of(connections: Connections, name: str = "relay") -> SmtpSettings:
    settings = connections.settings_of(await connections.named(name))
    assert isinstance(settings, SmtpSettings)
    return settings


async def test_a_domain_is_set_up_and_its_mail_holds_against_what_the_dns_says(connections: Connections) -> None:
    await set_up(connections, "relay", "email_smtp", RELAY)
    made = await add(connections, bounce_host="bounces.shop.example", ed25519=True)
    assert (made.connection, made.domain) == ("relay", "shop.example")
    assert [(each.kind, each.name) for each in made.records] == [
        ("TXT", "hf20260105._domainkey.shop.example"),
        ("TXT", "hf20260105-ed25519._domainkey.shop.example"),
        ("TXT", "bounces.shop.example"),
        ("TXT", "_dmarc.shop.example"),
        ("MX", "bounces.shop.example"),
    ]
    assert made.records[2].value == "v=spf1 a:relay.example ~all"
    channel = providers()["email_smtp"].open(await settings_of(connections), DESK)
    assert isinstance(channel, EmailSmtp)
    send = a_send(effect_key("domain", 1), address="ana@mail.example", created_ms=1_700_000_000_000)
    parcel = channel.parcel(send, Words({"subject": "x", "html": "", "text": "x"}))
    assert channel.domain is not None
    # The topmost signature is the RSA one: it is what `holds` looks at.
    assert holds(parcel.body, channel.domain.signers[0])
    assert made.records[0].value.startswith("v=DKIM1; k=rsa; p=MII")
    assert await email_domains(connections, receives="in.shop.example") == [made]


async def test_the_key_is_sealed_and_everything_else_stays(connections: Connections) -> None:
    await set_up(connections, "relay", "email_smtp", RELAY)
    await add(connections)
    kept = await connections.named("relay")
    assert b"PRIVATE KEY" not in kept.settings + kept.secrets
    settings = await settings_of(connections)
    assert (settings.password, settings.host) == ("s3cret", "relay.example")
    assert settings.dkim_key.startswith("-----BEGIN PRIVATE KEY-----")


async def test_made_anew_a_key_has_another_name(connections: Connections) -> None:
    await set_up(connections, "relay", "email_smtp", RELAY)
    names = [(await add(connections, days=days)).records[0].name.partition(".")[0] for days in (0, 0, 0, 1)]
    assert names == ["hf20260105", "hf20260105a", "hf20260105b", "hf20260106"]


async def test_ses_is_signed_for_as_well_and_takes_bounces_in_itself(connections: Connections) -> None:
    await set_up(connections, "amazon", "ses", SES)
    made = await add(connections)
    assert made.records[0].name == "hf20260105._domainkey.shop.example"
    assert made.records[1].value == "v=spf1 include:amazonses.com ~all"
    with pytest.raises(Invalid) as wrong:
        await add(connections, bounce_host="bounces.shop.example")
    assert wrong.value.path == "$.bounce_host"


@pytest.mark.parametrize("domain", ["", "localhost", "shop .example", "Shop.example", "shop.example\r\n"])
async def test_what_is_no_domain_is_refused(connections: Connections, domain: str) -> None:
    with pytest.raises(Invalid) as wrong:
        await add(connections, domain=domain)
    assert wrong.value.path == "$.domain"


async def test_a_domain_that_is_not_the_senders_is_refused_and_nothing_changes(connections: Connections) -> None:
    await set_up(connections, "relay", "email_smtp", RELAY)
    with pytest.raises(Invalid, match="does not vouch"):
        await add(connections, domain="other.example")
    assert not (await settings_of(connections)).dkim_key


async def test_it_must_be_plain_whose_mail_is_signed(connections: Connections) -> None:
    with pytest.raises(NotFound):
        await add(connections)
    await set_up(connections, "grid", "sendgrid", GRID)
    with pytest.raises(NotFound):
        await add(connections)
    with pytest.raises(Conflict) as elsewhere:
        await add(connections, connection="grid")
    assert elsewhere.value.code == "not_signed_here"
    await set_up(connections, "relay", "email_smtp", RELAY)
    await set_up(connections, "amazon", "ses", SES)
    with pytest.raises(Conflict) as which:
        await add(connections)
    assert which.value.hint == "Name one of them: amazon, relay."
    assert (await add(connections, connection="relay")).connection == "relay"
    with pytest.raises(NotFound):
        await add(connections, connection="nobody")
