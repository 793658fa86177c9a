"""The inbox over HTTP: what waits for somebody is shown to them alone, and what they do with it is told once."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from holdfast.channels.carriers.inbox import INBOX_MOST, InboxCarrier
from holdfast.channels.inbox import EXPIRES
from holdfast.events.event import IdentityKey
from holdfast.flows.delivery.inbox import HAPPENED
from holdfast.flows.people.export_person import export_person
from holdfast.flows.people.identify import merge
from holdfast.flows.upkeep.keys import add_key
from holdfast.http.inbox import inbox_routes
from holdfast.http.plain_calls import PLAIN_CALLS
from holdfast.kernel.errors import Busy
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import to_millis
from holdfast.messages.parcel import Accepted, Deferred, Parcel, Refused
from holdfast.messages.person_token import sign_token, token_secret
from holdfast.stores.mailbox import SqliteMailbox
from holdfast.testing import a_send
from holdfast.testing.house import House

WRITE_KEY = "wk_of_the_site"
BASIC = "Basic " + base64.b64encode(f"{WRITE_KEY}:".encode()).decode()
ADA, BOB = IdentityKey(kind="user", value="ada"), IdentityKey(kind="user", value="bob")
LAPTOP, PHONE = IdentityKey(kind="anonymous", value="laptop-1"), IdentityKey(kind="anonymous", value="phone-1")
WORDS = {
    "title": "Zoë, your size is back",
    "body": "Only 3 left",
    "buttons": [{"label": "See", "url": "https://s.test"}],
}
DAY_MS = 86_400_000


class Site:
    """A business's site, its visitors, and what waits for them."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.app = house.app
        self.carrier = InboxCarrier(self.app.state, self.app.clock)
        app = Starlette(routes=inbox_routes(self.app))
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://holdfast.example")

    async def known(self, *keys: IdentityKey) -> None:
        async with self.app.state.begin() as transaction:
            await transaction.add_identities(list(keys), 0)

    async def parcel(self, to: IdentityKey, name: str, *, days: int = 7, medium: str = "inbox") -> Parcel:
        key = effect_key("inbox", name)
        now_ms = to_millis(self.app.clock.now())
        async with self.app.state.begin() as transaction:
            identity = (await transaction.identities([to]))[to]
            await transaction.add_sends([a_send(key, identity=identity.id, channel=medium, address=to.value)])
        return Parcel(
            key=key,
            channel=medium,
            sender="",
            to=to.value,
            body=json.dumps(WORDS, ensure_ascii=False).encode(),
            headers={EXPIRES: str(now_ms + days * DAY_MS)},
        )

    async def delivered(self, to: IdentityKey, name: str, **said: Any) -> str:
        parcel = await self.parcel(to, name, **said)
        assert await self.carrier.carry(parcel) == Accepted(parcel.key)
        self.house.clock.advance(seconds=1)
        return parcel.key

    def token(self, user: str, *, source: str = "website", **ahead: int) -> dict[str, str]:
        ends = self.app.clock.now() + timedelta(**(ahead or {"hours": 1}))
        return {"X-Holdfast-Person": sign_token(token_secret(self.app.secret, source), user, ends=ends)}

    async def asked(self, *, headers: dict[str, str] | None = None, **query: str) -> httpx.Response:
        return await self.client.get("/v1/inbox", params=query, headers={"Authorization": BASIC} | (headers or {}))

    async def told(self, key: str, what: str, body: object = None, **headers: str) -> httpx.Response:
        content = b"" if body is None else json.dumps(body).encode()
        path = f"/v1/inbox/{key}/{what}"
        return await self.client.post(path, content=content, headers={"Authorization": BASIC} | headers)

    async def seen(self, user: str, **query: str) -> list[str]:
        answer = await self.asked(headers=self.token(user), **query)
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["messages"]]

    async def events(self) -> list[tuple[str, str, dict[str, Any]]]:
        async with self.app.state.view() as view:
            emitted = await view.emitted(limit=99)
        return [(each.name, each.identity.value, dict(each.properties)) for _, each in emitted]

    async def names(self) -> list[str]:
        return [name for name, _, _ in await self.events()]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    house = await House.build(tmp_path)
    await add_key(house.app.state, "website", "write", now=house.clock.now(), key=WRITE_KEY)
    await house.app.access.refresh(house.app.state)
    site = Site(house)
    await site.known(ADA, BOB, LAPTOP, PHONE)
    async with site.client:
        yield site


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_what_waits_is_shown_newest_first_and_counts_as_delivered_once(site: Site) -> None:
    first, second = await site.delivered(ADA, "one"), await site.delivered(ADA, "two", medium="in_app")
    answer = await site.asked(headers=site.token("ada"))
    messages = answer.json()["messages"]
    assert [each["id"] for each in messages] == [second, first]
    assert messages[1] | {"received_at": ""} == {
        "id": first,
        "channel": "inbox",
        "content": WORDS,
        "received_at": "",
        "expires_at": messages[1]["expires_at"],
        "opened_at": None,
        "clicked_at": None,
        "dismissed_at": None,
    }
    assert answer.json()["unread"] == 1
    assert await site.seen("ada", channel="in_app") == [second]
    assert await site.seen("ada", limit="1") == [second]
    told = [
        ("Message Delivered", "ada", {"send": key, "channel": channel})
        for key, channel in ((second, "in_app"), (first, "inbox"))
    ]
    about = {"origin": "cart-rescue", "origin_kind": "journey", "step": "mail"}
    assert await site.events() == [(name, who, said | about) for name, who, said in told]


async def test_what_is_asked_for_is_all_that_counts_as_delivered(site: Site) -> None:
    await site.delivered(ADA, "one")
    await site.delivered(ADA, "two", medium="in_app")
    await site.seen("ada", channel="in_app")
    assert await site.names() == ["Message Delivered"]


async def test_nobody_is_shown_what_waits_for_another(site: Site) -> None:
    key = await site.delivered(ADA, "one")
    assert await site.seen("bob") == []
    assert refusal(await site.told(key, "read", **site.token("bob"))) == (404, "unknown_message")
    assert refusal(await site.asked()) == (400, "nobody_named")
    assert refusal(await site.asked(user_id="ada")) == (400, "nobody_named")
    assert await site.names() == []


async def test_a_user_id_opens_nothing_as_an_anonymous_one(site: Site) -> None:
    await site.delivered(ADA, "one")
    assert (await site.asked(anonymous_id="ada")).json() == {"messages": [], "unread": 0}


async def test_an_anonymous_id_opens_what_waits_for_it_until_somebody_signs_in(site: Site) -> None:
    key = await site.delivered(LAPTOP, "one")
    answer = await site.asked(anonymous_id="laptop-1")
    assert [each["id"] for each in answer.json()["messages"]] == [key]
    # Whoever has the write key can say that a browser of theirs is Ada's.
    await merge(site.app.state, ADA, LAPTOP, by="identify", now=site.app.clock.now())
    await site.delivered(ADA, "two")
    assert refusal(await site.asked(anonymous_id="laptop-1")) == (401, "token_needed")
    assert refusal(await site.told(key, "read", None)) == (400, "nobody_named")
    told = await site.client.post(f"/v1/inbox/{key}/read?anonymous_id=laptop-1", headers={"Authorization": BASIC})
    assert refusal(told) == (401, "token_needed")


async def test_messages_follow_the_person_when_people_become_one(site: Site) -> None:
    before, hers = await site.delivered(LAPTOP, "one"), await site.delivered(ADA, "two")
    await merge(site.app.state, ADA, LAPTOP, by="identify", now=site.app.clock.now())
    assert await site.seen("ada") == [hers, before]
    assert (await site.told(before, "clicked", **site.token("ada"))).status_code == 200


async def test_a_token_must_be_of_this_write_key_and_not_over(site: Site) -> None:
    assert refusal(await site.asked(headers=site.token("ada", source="app"))) == (401, "bad_token")
    assert refusal(await site.asked(headers=site.token("ada", hours=-1))) == (401, "token_over")
    assert refusal(await site.client.get("/v1/inbox", headers=site.token("ada"))) == (401, "unknown_write_key")
    wrong = {"Authorization": "Bearer wk_unknown"} | site.token("ada")
    answer = await site.client.get("/v1/inbox", headers=wrong)
    assert refusal(answer) == (401, "unknown_write_key")
    assert "www-authenticate" not in answer.headers


async def test_what_a_person_does_is_told_once(site: Site) -> None:
    key = await site.delivered(ADA, "one")
    ada = site.token("ada")
    read = await site.told(key, "read", **ada)
    assert (read.status_code, read.json()["opened_at"] is not None) == (200, True)
    clicked = await site.told(key, "clicked", {"url": "https://s.test/?ü"}, **ada)
    site.house.clock.advance(hours=1)
    assert (await site.told(key, "clicked", {"url": "https://other.test"}, **ada)).json() == clicked.json()
    assert (await site.told(key, "read", **ada)).json() == clicked.json()
    await site.told(key, "dismissed", **ada)
    await site.told(key, "dismissed", **ada)
    assert await site.names() == ["Message Delivered", "Message Opened", "Message Clicked", "Message Dismissed"]
    assert (await site.events())[2][2] == {
        "send": key,
        "origin": "cart-rescue",
        "origin_kind": "journey",
        "step": "mail",
        "channel": "inbox",
        "agent": "human",
        "url": "https://s.test/?ü",
    }
    assert await site.seen("ada") == []
    assert (await site.asked(headers=ada)).json()["unread"] == 0


async def test_who_clicks_has_opened(site: Site) -> None:
    key = await site.delivered(ADA, "one")
    await site.told(key, "clicked", **site.token("ada"))
    assert await site.names() == ["Message Delivered", "Message Opened", "Message Clicked"]


async def test_told_at_once_by_many_it_is_told_once(site: Site) -> None:
    key = await site.delivered(ADA, "one")
    ada = site.token("ada")
    await asyncio.gather(*(site.told(key, what, **ada) for what in ("read", "clicked", "dismissed") * 5))
    await asyncio.gather(*(site.seen("ada", since="2020-01-01") for _ in range(5)))
    assert sorted(await site.names()) == [
        "Message Clicked",
        "Message Delivered",
        "Message Dismissed",
        "Message Opened",
    ]


async def test_since_tells_what_changed_dismissals_too(site: Site) -> None:
    first, second = await site.delivered(ADA, "one"), await site.delivered(ADA, "two")
    at = site.app.clock.now().isoformat()
    assert await site.seen("ada", since=at) == []
    site.house.clock.advance(seconds=1)
    await site.told(first, "dismissed", **site.token("ada"))
    third = await site.delivered(ADA, "three")
    assert await site.seen("ada", since=at) == [third, first]
    assert await site.seen("ada") == [third, second]


async def test_what_has_not_changed_is_not_sent_again(site: Site) -> None:
    key = await site.delivered(ADA, "one")
    ada = site.token("ada")
    tag = (await site.asked(headers=ada)).headers["etag"]
    again = await site.asked(headers=ada | {"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    await site.told(key, "read", **ada)
    changed = await site.asked(headers=ada | {"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["cache-control"] == "private, no-cache"


async def test_it_is_shown_until_it_expires_and_then_is_nobodys(site: Site) -> None:
    key = await site.delivered(ADA, "one", days=1)
    site.house.clock.advance(days=1)
    assert await site.seen("ada") == []
    assert refusal(await site.told(key, "read", **site.token("ada"))) == (404, "unknown_message")
    await site.delivered(BOB, "two")
    async with site.app.state.view() as view:
        assert await view.inbox_items([key]) == {}


async def test_pages_of_any_origin_may_ask(site: Site) -> None:
    origin = {"Origin": "https://shop.example"}
    for path, methods in (("/v1/inbox", "GET, OPTIONS"), (f"/v1/inbox/{'0' * 32}/read", "POST, OPTIONS")):
        asked = origin | {"Access-Control-Request-Headers": "authorization, x-holdfast-person"}
        answer = await site.client.options(path, headers=asked)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        assert answer.headers["access-control-allow-headers"] == "authorization, x-holdfast-person"
        assert answer.headers["access-control-allow-methods"] == methods
    for answer in (await site.asked(headers=origin | site.token("ada")), await site.asked(headers=origin)):
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"channel": "sms"}, "unknown_choice"),
        ({"since": "yesterday"}, "bad_moment"),
        ({"limit": "0"}, "out_of_range"),
        ({"limit": "201"}, "out_of_range"),
        ({"limit": "٣"}, "out_of_range"),
    ],
)
async def test_what_cannot_be_asked_is_refused(site: Site, query: dict[str, str], code: str) -> None:
    assert refusal(await site.asked(headers=site.token("ada"), **query)) == (400, code)


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("{key}/liked", b"", (404, "unknown_happening")),
        ("' OR 1=1/read", b"", (404, "unknown_message")),
        ("%00%ff/read", b"", (404, "unknown_message")),
        ("{key}/clicked", b"{", (400, "bad_json")),
        ("{key}/clicked", b"[]", (400, "bad_url")),
        ("{key}/clicked", b'{"url": 7}', (400, "bad_url")),
        ("{key}/clicked", b'{"link": "x"}', (400, "bad_url")),
        ("{key}/clicked", b'{"url": "' + b"x" * 2_001 + b'"}', (400, "bad_url")),
        ("{key}/clicked", b" " * 20_000, (413, "too_large")),
    ],
)
async def test_what_cannot_be_told_is_refused(site: Site, path: str, body: bytes, expected: tuple[int, str]) -> None:
    key = await site.delivered(ADA, "one")
    headers = {"Authorization": BASIC} | site.token("ada")
    answer = await site.client.post(f"/v1/inbox/{path.format(key=key)}", content=body, headers=headers)
    assert refusal(answer) == expected
    assert await site.names() == []


async def test_what_is_told_reaches_the_history(site: Site) -> None:
    key = await site.delivered(ADA, "one")
    await site.told(key, "clicked", **site.token("ada"))
    await site.house.settle()
    async with site.app.state.view() as view:
        ada = (await view.identities([ADA]))[ADA]
    timeline = await site.app.history.timeline([ada.id], limit=9, before_ms=None)
    assert {"Message Delivered", "Message Opened", "Message Clicked"} <= {each.name for each in timeline}


# The carrier.


async def test_delivered_twice_it_is_there_once(site: Site) -> None:
    parcel = await site.parcel(ADA, "one")
    assert await asyncio.gather(*(site.carrier.carry(parcel) for _ in range(3))) == [Accepted(parcel.key)] * 3
    await site.carrier.close()
    assert await site.seen("ada") == [parcel.key]


async def test_a_person_has_so_many_at_most(site: Site) -> None:
    await merge(site.app.state, ADA, LAPTOP, by="identify", now=site.app.clock.now())
    names = [f"{number}" for number in range(INBOX_MOST + 5)]
    parcels = [await site.parcel(LAPTOP if int(each) % 2 else ADA, each) for each in names]
    await asyncio.gather(*(site.carrier.carry(each) for each in parcels[:10]))
    site.house.clock.advance(seconds=1)
    await asyncio.gather(*(site.carrier.carry(each) for each in parcels[10:]))
    async with site.app.state.view() as view:
        kept = {each.key for each in await view.inbox_after("", limit=999)}
    assert len(kept) == INBOX_MOST
    assert {each.key for each in parcels[10:]} <= kept


async def test_what_is_erased_or_expired_is_refused_and_the_rest_goes_on(site: Site) -> None:
    gone = await site.parcel(BOB, "gone")
    async with site.app.state.begin() as transaction:
        await transaction.forget_identities([(await transaction.identities([BOB]))[BOB].id])
    late, good = await site.parcel(ADA, "late", days=0), await site.parcel(ADA, "good")
    verdicts = await asyncio.gather(*(site.carrier.carry(each) for each in (gone, late, good)))
    assert [type(each) for each in verdicts] == [Refused, Refused, Accepted]
    assert await site.seen("ada") == [good.key]


class BusyState:
    """A state whose turn does not come."""

    def begin(self) -> object:
        raise Busy("somebody else changes it")


async def test_a_busy_state_puts_it_off(site: Site) -> None:
    carrier = InboxCarrier(BusyState(), site.app.clock)  # type: ignore[arg-type]  # It is asked for nothing else.
    verdict = await carrier.carry(await site.parcel(ADA, "one"))
    assert isinstance(verdict, Deferred)
    assert verdict.blame == "provider"


async def test_a_copy_is_kept_in_the_mailbox(site: Site, tmp_path: Path) -> None:
    mailbox = SqliteMailbox(tmp_path)
    carrier = InboxCarrier(site.app.state, site.app.clock, mailbox)
    parcel = await site.parcel(ADA, "one")
    assert isinstance(await carrier.carry(parcel), Accepted)
    ((mail,), total) = await mailbox.find(to="ada", text="", limit=9, before=None, medium="inbox")
    assert (total, mail.subject, mail.preview, mail.send) == (1, WORDS["title"], WORDS["body"], parcel.key)
    await mailbox.close()


# What is held of a person.


async def test_it_is_exported_and_erased_with_them(site: Site) -> None:
    key = await site.delivered(ADA, "one")
    await site.told(key, "read", **site.token("ada"))
    await site.house.settle()
    written = b"".join([piece async for piece in export_person(site.app.holder(), "ada", "json")])
    (item,) = json.loads(written)["inbox"]
    assert (item["send"], item["content"], item["channel"]) == (key, WORDS, "inbox")
    assert item["opened_at"] is not None
    assert item["dismissed_at"] is None
    site.house.clock.advance(minutes=2)
    record = await site.app.eraser.run((await site.app.eraser.request("ada", by="test")).id)
    assert record.done_ms is not None
    async with site.app.state.view() as view:
        assert await view.inbox_after("", limit=9) == []


# From the journey to the app.


async def test_what_a_journey_says_in_the_app_waits_until_it_is_asked_for(site: Site) -> None:
    said = {"title": "Welcome, {{ person.name }}", "buttons": [{"label": "Go", "url": "https://s.test"}]}
    send = {"type": "send", "channel": "in_app", "topic": "news", "template": said | {"expires_seconds": 3_600}}
    trigger = {"type": "trigger", "event": "Signed Up", "again": "once", "exits": {"entered": "say"}}
    await site.house.publish(
        {
            "id": "hello",
            "name": "Hello",
            "holdout": 0.0,
            "goal": {"event": "Order Completed", "within_seconds": 3_600},
            "start": "in",
            "steps": {"in": trigger, "say": {**send, "exits": {"sent": "x", "withheld": "x"}}, "x": {"type": "exit"}},
        }
    )
    await site.house.happens(
        {"type": "identify", "anonymousId": "phone-1", "messageId": "1", "traits": {"name": "Zoë"}},
        {"type": "track", "anonymousId": "phone-1", "messageId": "2", "event": "Signed Up"},
    )
    (message,) = (await site.asked(anonymous_id="phone-1")).json()["messages"]
    assert (message["channel"], message["content"]["title"]) == ("in_app", "Welcome, Zoë")
    assert message["content"]["buttons"] == said["buttons"]
    async with site.app.state.view() as view:
        (send_row,) = await view.sends_of(origin="hello", identities=None, limit=9)
    assert (send_row.state, send_row.key) == ("sent", message["id"])
    site.house.clock.advance(seconds=3_600)
    assert (await site.asked(anonymous_id="phone-1")).json()["messages"] == []


async def test_the_description_of_the_api_says_what_may_be_asked_and_what_is_answered(site: Site) -> None:
    described_calls: Any = PLAIN_CALLS
    asks, tells = described_calls["/v1/inbox"]["get"], described_calls["/v1/inbox/{id}/{what}"]["post"]
    key = await site.delivered(ADA, "one")
    given = {each["name"]: each["schema"] for each in asks["parameters"]}
    assert given.keys() == {"X-Holdfast-Person", "anonymous_id", "channel", "since", "limit"}
    for channel in given["channel"]["enum"]:
        assert (await site.asked(headers=site.token("ada"), channel=channel)).status_code == 200
    most = given["limit"]["maximum"]
    asked = [await site.asked(headers=site.token("ada"), limit=str(each)) for each in (most, most + 1, 0)]
    assert [each.status_code for each in asked] == [200, 400, 400]
    shown, described = asked[0].json(), asks["responses"]["200"]["content"]["application/json"]["schema"]
    assert shown.keys() == described["properties"].keys() == set(described["required"])
    (message,), wanted = shown["messages"], described["properties"]["messages"]["items"]
    assert message.keys() == wanted["properties"].keys()
    what = next(each["schema"]["enum"] for each in tells["parameters"] if each["name"] == "what")
    assert tuple(what) == HAPPENED
    for each in what:
        body = {"url": "https://s.test"} if each == "clicked" else None
        answer = await site.told(key, each, body, **site.token("ada"))
        assert answer.status_code == 200
        assert set(wanted["required"]) <= answer.json().keys() <= wanted["properties"].keys()
