"""Mail that goes out by the settings is signed once its sender's domain has a key, by whichever connection holds it."""

from __future__ import annotations

import email
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import dkim
import pytest

from holdfast.flows.delivery.connections import Wish
from holdfast.flows.delivery.email_domains import DomainWish, EmailDomain, add_email_domain, email_domains
from holdfast.kernel.errors import NotFound
from holdfast.messages.mail.verp import bounce_address
from holdfast.testing.house import House

CAMPAIGN = {
    "id": "asked",
    "name": "Asked",
    "goal": {"event": "Order Completed", "within_seconds": 3_600},
    "trigger": {"event": "Asked", "again": "after_exit"},
    "send": {"channel": "email", "topic": "marketing", "template": {"subject": "Grüße", "text": "Hello."}},
}
SETTINGS: dict[str, Any] = {
    "mailbox": False,
    "email_sender": "Shop <hello@shop.example>",
    "smtp_host": "smtp.relay.example",
    "smtp_user": "holdfast",
    "smtp_password": "s3cret",
    "cap_email_per_day": 0,
    "cap_email_per_week": 0,
}
GRID = {"sender": "Shop <hello@shop.example>", "api_key": "s3cret"}


class World:
    """A house whose mail goes out by its settings."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.connections = house.app.outgoing.connections
        self._asked = 0

    async def add(self, domain: str = "shop.example", **wish: object) -> EmailDomain:
        made = await add_email_domain(
            self.connections,
            DomainWish(domain=domain, **wish),  # type: ignore[arg-type]  # Each test gives the right type.
            receives="in.shop.example",
            now=self.house.clock.now(),
            by="ada",
            relay=self.house.app.outgoing.relay(),
        )
        await self.house.settle()
        return made

    async def mailed(self) -> bytes:
        """The next mail, as it is handed to the relay."""
        self._asked += 1
        track = {"type": "track", "userId": "ada", "messageId": f"t{self._asked}", "event": "Asked"}
        await self.house.happens(
            {"type": "identify", "userId": "ada", "messageId": "i", "traits": {"email": "ada@there.example"}}, track
        )
        assert len(self.house.carrier.parcels) == self._asked
        return self.house.carrier.parcels[-1].body


def believed(raw: bytes, domains: Sequence[EmailDomain]) -> list[str]:
    """Of the signatures in a mail, the names of the keys of those that hold against what the DNS is told to say."""
    said = {each.name: each.value for domain in domains for each in domain.records if each.kind == "TXT"}

    def dns(name: bytes, timeout: int = 5) -> bytes | None:
        del timeout
        value = said.get(name.decode().rstrip("."))
        return None if value is None else value.encode()

    def holds(number: int) -> bool:
        try:
            return bool(dkim.DKIM(raw).verify(number, dnsfunc=dns))
        except dkim.DKIMException:
            return False

    signatures = email.message_from_bytes(raw).get_all("DKIM-Signature", [])
    fields = [dict(part.strip().split("=", 1) for part in str(each).split(";") if part.strip()) for each in signatures]
    return [each["s"] for number, each in enumerate(fields) if holds(number)]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    house = await House.build(tmp_path, **SETTINGS)
    await house.publish(CAMPAIGN)
    yield World(house)
    await house.app.close()


async def test_it_is_signed_from_the_moment_its_domain_has_a_key(world: World) -> None:
    assert b"DKIM-Signature" not in await world.mailed()
    made = await world.add(ed25519=True, bounce_host="bounces.shop.example")
    (spf,) = (each.value for each in made.records if "spf1" in each.value)
    assert (made.connection, spf) == ("relay", "v=spf1 a:smtp.relay.example ~all")
    mail = await world.mailed()
    names = [each.name.partition(".")[0] for each in made.records if "_domainkey" in each.name]
    assert sorted(believed(mail, [made])) == sorted(names)
    assert len(names) == 2
    assert believed(mail.replace(b"Hello.", b"Hallo."), [made]) == []
    assert believed(mail.replace(b"List-Unsubscribe-Post: List", b"List-Unsubscribe-Post: Lost"), [made]) == []
    parcel = world.house.carrier.parcels[-1]
    assert parcel.sender == bounce_address(parcel.key, "bounces.shop.example", world.house.app.secret)
    carried = {each.medium: each.by for each in world.house.app.outgoing.carried(await world.connections.listed())}
    assert carried["email"] == "settings", "the connection only holds the key"


async def test_a_new_key_signs_what_comes_after_it_and_without_one_nothing_is_signed(world: World) -> None:
    first = await world.add()
    before = await world.mailed()
    second = await world.add()
    after = await world.mailed()
    assert len(believed(before, [first])) == len(believed(after, [second])) == 1
    assert (believed(before, [second]), believed(after, [first])) == ([], [])
    assert await email_domains(world.connections, receives="in.shop.example") == [second]
    await world.connections.drop("relay")
    await world.house.settle()
    assert b"DKIM-Signature" not in await world.mailed()


async def test_the_senders_own_domain_signs_and_no_other(world: World) -> None:
    """Of the connections that hold keys, those of other domains and those that cannot be opened say nothing."""
    others = {"sender": "News <news@other.example>", "host": "smtp.other.example"}
    wish = Wish(provider="email_smtp", settings=others, default=False)
    await world.connections.put("others", wish, by="ada")
    await world.add("other.example", connection="others")
    assert b"DKIM-Signature" not in await world.mailed()
    below = {"sender": "hello@mail.shop.example", "host": "smtp.mine.example"}
    await world.connections.put("below", Wish(provider="email_smtp", settings=below, default=False), by="ada")
    made = await world.add("mail.shop.example", connection="below")
    assert len(believed(await world.mailed(), [made])) == 1, "receivers take it for the sender's own"
    very_own = {"sender": "hello@shop.example", "host": "smtp.mine.example"}
    await world.connections.put("a", Wish(provider="email_smtp", settings=very_own, default=False), by="ada")
    made = await world.add("shop.example", connection="a")
    world.house.clock.advance(minutes=1)
    await world.add("mail.shop.example", connection="below")
    assert len(believed(await world.mailed(), [made])) == 1, "but the sender's very own comes before it, however old"


async def test_a_connection_that_carries_mail_is_not_put_aside_for_the_settings(world: World) -> None:
    await world.connections.put("grid", Wish(provider="sendgrid", settings=GRID), by="ada")
    made = await world.add()
    assert made.connection == "relay"
    carried = {each.medium: each for each in world.house.app.outgoing.carried(await world.connections.listed())}
    assert (carried["email"].by, carried["email"].connection) == ("connection", "grid")


async def test_where_mail_stays_here_there_is_nothing_to_hold_a_key(tmp_path: Path) -> None:
    house = await House.build(tmp_path, **(SETTINGS | {"mailbox": True}))
    with pytest.raises(NotFound):
        await World(house).add()
    await house.app.close()


async def test_a_domain_that_is_not_the_senders_makes_no_connection(world: World) -> None:
    with pytest.raises(Exception, match="does not vouch"):
        await world.add("other.example")
    assert await world.connections.listed() == []
