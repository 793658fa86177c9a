"""The page on which people say what they want to hear, over HTTP, with what follows from it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from holdfast.flows.delivery.preferences import PreferenceKeeper
from holdfast.flows.delivery.receive import Receiver
from holdfast.http.preferences import preference_routes
from holdfast.http.tracking import tracking_routes
from holdfast.kernel.ids import effect_key
from holdfast.messages.links import Linker
from holdfast.messages.topics import decode_topics
from holdfast.testing import a_send
from holdfast.testing.house import House

SEND = effect_key("cart", 1)
TOPICS = "news = News & offers; news/de = Neues; tips = Tips"
TOPIC_IDS = ("news", "tips")
ADDRESS = "ada@there.example"


class World:
    def __init__(self, house: House, topics: str = TOPICS) -> None:
        self.house = house
        app = house.app
        self.linker = Linker(base_url="https://t.example", key=app.secret)
        keeper = PreferenceKeeper(
            state=app.state,
            clock=house.clock,
            tell=app.tell,
            key=app.secret,
            rules=app.rules,
            topics=decode_topics(topics),
        )
        receiver = Receiver(state=app.state, clock=house.clock, tell=app.tell, key=app.secret)
        routes = [*tracking_routes(receiver), *preference_routes(keeper)]
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(Starlette(routes=routes)), base_url="https://t.example"
        )

    @property
    def url(self) -> str:
        return self.linker.preferences(SEND)

    async def boxes(self) -> dict[str, bool]:
        """What the page shows, and whether it is ticked."""
        text = (await self.client.get(self.url)).text
        return {key: bool(checked) for key, checked in re.findall(r'name="on" value="([^"]+)"( checked)?', text)}

    async def say(self, *wanted: str) -> httpx.Response:
        form = {"shown": list(await self.boxes()), "on": list(wanted)}
        response = await self.client.post(self.url, data=form)
        await self.house.settle()
        self.house.clock.advance(seconds=1)
        return response

    async def consents(self) -> dict[str, bool]:
        async with self.house.app.state.view() as view:
            return (await view.sayings([1]))[1].consent_values()


@pytest.fixture
async def house(tmp_path: Path) -> House:
    house = await House.build(tmp_path)
    await house.happens({"type": "identify", "userId": "ada", "messageId": "i", "traits": {"email": ADDRESS}})
    async with house.app.state.begin() as transaction:
        await transaction.add_sends([a_send(SEND, identity=1, topic="news", address=ADDRESS)])
    return house


@pytest.fixture
async def world(house: House) -> AsyncIterator[World]:
    world = World(house)
    async with world.client:
        yield world


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_looking_changes_nothing(world: World, method: str) -> None:
    end = await world.house.app.log.end()
    response = await world.client.request(method, world.url)
    assert response.status_code == 200
    assert await world.house.app.log.end() == end


async def test_what_is_said_becomes_consent_and_only_what_changed_is_told(world: World) -> None:
    assert await world.boxes() == {"email/news": True, "email/tips": True}
    response = await world.say("email/tips")
    assert "Saved" in response.text
    assert 'value="email/news">' in response.text, "the page says what was just said"
    assert await world.consents() == {"email/news": False}
    await world.say("email/tips")
    assert await world.consents() == {"email/news": False}
    await world.say("email/news", "email/tips")
    assert await world.boxes() == {"email/news": True, "email/tips": True}


async def test_wanting_nothing_ends_every_channel_and_one_topic_brings_only_itself_back(world: World) -> None:
    identify = {"type": "identify", "userId": "ada", "messageId": "p", "traits": {"phone": "+491701234567"}}
    await world.house.happens(identify)
    response = await world.client.post(world.url, data={"stop": "all"})
    assert "you get none of this any more" in response.text
    await world.house.settle()
    assert await world.consents() == {"email": False, "sms": False, "whatsapp": False}
    assert not any((await world.boxes()).values())
    world.house.clock.advance(seconds=1)
    await world.say("email/tips")
    assert [key for key, ticked in (await world.boxes()).items() if ticked] == ["email/tips"]
    assert set(await world.boxes()) == {f"{on}/{topic}" for on in ("email", "sms", "whatsapp") for topic in TOPIC_IDS}


async def test_who_said_stop_at_an_address_is_heard_again_there(world: World) -> None:
    async with world.house.app.state.begin() as transaction:
        await transaction.suppress("email", ADDRESS, "unsubscribed", 1)
    await world.client.post(world.url, data={"stop": "all"})
    await world.house.settle()
    world.house.clock.advance(seconds=1)
    await world.say("email/news")
    async with world.house.app.state.view() as view:
        assert await view.suppressed("email", [ADDRESS]) == {}


async def test_it_works_without_scripts_and_every_box_has_a_label(world: World) -> None:
    response = await world.client.get(world.url)
    assert "<script" not in response.text
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert response.headers["cache-control"] == "no-store"
    assert "News &amp; offers" in response.text
    assert response.text.count("<label><input type=") == 2
    assert "<legend>By email</legend>" in response.text


async def test_it_speaks_the_persons_language(world: World) -> None:
    await world.house.happens({"type": "identify", "userId": "ada", "messageId": "l", "traits": {"locale": "de-CH"}})
    text = (await world.client.get(world.url, headers={"Accept-Language": "en"})).text
    assert '<html lang="de">' in text
    assert ">Neues</label>" in text


@pytest.mark.parametrize("wrong", ["", "x", "A" * 9_000])
async def test_a_wrong_link_shows_nothing_and_takes_nothing(world: World, wrong: str) -> None:
    token = urlsplit(world.url).path.rpartition("/")[2]
    for url in (f"/m/p/{token[:-3]}{wrong}", world.linker.unsubscribe(SEND).replace("/m/u/", "/m/p/")):
        assert (await world.client.get(url)).status_code == 404
        assert (await world.client.post(url, data={"stop": "all"})).status_code == 404
    await world.house.settle()
    assert await world.consents() == {}


async def test_choices_that_are_not_on_the_page_change_nothing(world: World) -> None:
    form = {"shown": ["email/other", "carrier-pigeon/news", ""], "on": ["email/admin"]}
    assert (await world.client.post(world.url, data=form)).status_code == 200
    await world.house.settle()
    assert await world.consents() == {}


async def test_without_named_topics_it_offers_what_was_spoken_of(house: House) -> None:
    world = World(house, topics="")
    async with world.client:
        assert await world.boxes() == {"email/news": True}
        await house.happens(
            {
                "type": "track",
                "userId": "ada",
                "messageId": "c",
                "event": "Consent Changed",
                "properties": {"channel": "email", "topic": "digest", "granted": False},
            }
        )
        assert await world.boxes() == {"email/news": True, "email/digest": False}


async def test_the_unsubscribe_page_leads_to_it(world: World) -> None:
    for page in (
        await world.client.get(world.linker.unsubscribe(SEND)),
        await world.client.post(world.linker.unsubscribe(SEND)),
    ):
        (link,) = re.findall(r'href="(\.\./p/[^"]+)"', page.text)
        assert httpx.URL(world.linker.unsubscribe(SEND)).join(link) == world.url


async def test_people_of_whom_nothing_is_known_any_more_have_no_page(world: World) -> None:
    gone = world.linker.preferences(effect_key("gone"))
    assert (await world.client.get(gone)).status_code == 404
