"""Connections over HTTP and at the terminal: set up, noticed without a restart, tried out, their secrets untold."""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx
import pytest

import holdfast
from holdfast.channels.declared import providers
from holdfast.decisions.fields import decode_fields, secrets_of
from holdfast.flows.journey.decide import publish
from holdfast.flows.upkeep.keys import first_keys
from holdfast.http.app import make_http
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import to_millis
from holdfast.ports.mailbox import KeptMessage
from holdfast.ports.state import Lane
from holdfast.settings import Settings
from holdfast.stores.mailbox import SqliteMailbox
from holdfast.testing.house import House
from holdfast.wiring import open_application
from tests.integration.test_webhooks import Hook, a_hook

API_KEY = "ak_of_the_test"
TOKEN = "a_token_nobody_is_ever_told"
TAKEN = b'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"sid": "SM1"}'
REFUSED = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 58\r\n\r\n"
    b'{"code": 21211, "message": "Invalid \'To\' Phone Number..."}'
)
ADA = "+4915112345678"


def twilio(hook: Hook, **fields: Any) -> dict[str, Any]:
    settings = {"account_sid": "AC1", "auth_token": TOKEN, "senders": "+49301234567"}
    return {"provider": "twilio", "settings": settings | {"api_url": hook.url.removesuffix("/hooks")} | fields}


@asynccontextmanager
async def a_house(directory: Path, **settings: object) -> AsyncIterator[House]:
    given: dict[str, Any] = {"webhook_private": True, "mailbox": False} | settings
    house = await House.build(directory, **given)
    yield house
    await house.app.close()


@asynccontextmanager
async def asking(house: House) -> AsyncIterator[httpx.AsyncClient]:
    await first_keys(house.app.state, write_key=None, api_key=API_KEY, now=house.clock.now())
    await house.app.access.refresh(house.app.state)
    transport = httpx.ASGITransport(app=make_http(house.app))
    headers = {"Authorization": f"Bearer {API_KEY}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://t", headers=headers) as client:
        yield client


def texting(name: str = "text") -> dict[str, Any]:
    send = {"type": "send", "channel": "sms", "topic": "news", "template": {"text": "Hello {{ person.name }}"}}
    trigger = {"type": "trigger", "event": "Signed Up", "again": "once", "exits": {"entered": "say"}}
    return {
        "id": name,
        "name": name,
        "holdout": 0.0,
        "goal": {"event": "Order Completed", "within_seconds": 3_600},
        "start": "in",
        "steps": {"in": trigger, "say": {**send, "exits": {"sent": "x", "withheld": "x"}}, "x": {"type": "exit"}},
    }


def signing_up(user: str) -> tuple[dict[str, Any], ...]:
    return (
        {"type": "identify", "userId": user, "messageId": f"{user}1", "traits": {"name": user, "phone": ADA}},
        {"type": "track", "userId": user, "messageId": f"{user}2", "event": "Signed Up"},
    )


async def signs_up(house: House, user: str) -> None:
    await house.happens(*signing_up(user))


async def state_of(house: House) -> list[str]:
    async with house.app.state.view() as view:
        return [each.state for each in await view.sends_of(origin="text", identities=None, limit=9)]


async def test_what_warms_up_is_the_domain_that_mail_is_from_now(tmp_path: Path) -> None:
    warm_ups = "new.example from 2026-12-01: 50, doubling, to 50000"
    async with a_house(tmp_path, email_sender="Shop <hi@old.example>", email_warm_up=warm_ups) as house:
        lanes = house.app.lanes
        assert (lanes.sender_domain("email"), lanes.warm_up("email")) == ("old.example", None)
        async with asking(house) as client:
            settings = {"sender": "News <news@new.example>", "server_token": TOKEN}
            said = {"provider": "postmark", "settings": settings}
            assert (await client.put("/api/connections/news", json=said)).status_code == 200
            await house.settle()
            warm_up = lanes.warm_up("email")
            assert lanes.sender_domain("email") == "new.example"
            assert warm_up is not None
            assert warm_up.start == 50
            assert (await client.delete("/api/connections/news")).status_code == 204
            await house.settle()
        assert (lanes.sender_domain("email"), lanes.warm_up("email")) == ("old.example", None)


async def test_messages_wait_for_a_connection_and_go_by_it_as_soon_as_there_is_one(tmp_path: Path) -> None:
    async with a_hook(TAKEN, TAKEN) as hook, a_house(tmp_path) as house, asking(house) as client:
        await house.publish(texting())
        await signs_up(house, "ada")
        assert await state_of(house) == ["pending"]
        put = await client.put("/api/connections/texts", json=twilio(hook))
        assert put.status_code == 200, put.text
        await house.settle()
        assert await state_of(house) == ["sent"]
        (line, headers, body), *_ = hook.calls
        assert line.startswith("POST /2010-04-01/Accounts/AC1/Messages.json")
        assert b"Hello+ada" in body
        assert headers["authorization"].startswith("Basic ")
        assert (await client.delete("/api/connections/texts")).status_code == 204
        await signs_up(house, "bob")
        assert sorted(await state_of(house)) == ["pending", "sent"]
        assert len(hook.calls) == 1


async def test_no_secret_comes_out_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with a_hook(REFUSED) as hook, a_house(tmp_path) as house, asking(house) as client:
        said = [
            await client.put("/api/connections/texts", json=twilio(hook)),
            await client.put("/api/connections/texts", json=twilio(hook, sender="x")),
            await client.put("/api/connections/texts", json={**twilio(hook), "unknown": TOKEN}),
            await client.put("/api/connections/Texts!", json=twilio(hook)),
            await client.put("/api/connections/texts", json={**twilio(hook), "provider": "twillio"}),
            await client.put("/api/connections/texts", json=twilio(hook, account_sid=[TOKEN])),
            await client.get("/api/connections"),
            await client.get("/api/connections/texts"),
            await client.post("/api/connections/texts/test", json={"to": ADA}),
            await client.post("/api/connections/reseal", json={"old_key": None}),
            await client.get("/api/connections/providers"),
        ]
        assert [each.status_code for each in said] == [200, 400, 400, 400, 400, 400, 200, 200, 200, 200, 200]
        assert not [each.text for each in said if TOKEN in each.text]
        assert said[7].json()["secrets"] == {"auth_token": True}
        assert said[7].json()["settings"]["account_sid"] == "AC1"
        assert TOKEN not in caplog.text
        async with house.app.state.view() as view:
            (kept,) = await view.connections()
        assert TOKEN.encode() not in kept.secrets + kept.settings


async def test_what_is_left_out_stays_and_what_is_given_changes(tmp_path: Path) -> None:
    async with a_hook(TAKEN) as hook, a_house(tmp_path) as house, asking(house) as client:
        await client.put("/api/connections/texts", json=twilio(hook))
        wish = twilio(hook, account_sid="AC2")
        del wish["settings"]["auth_token"]
        assert (await client.put("/api/connections/texts", json=wish)).json()["secrets"] == {"auth_token": True}
        tried = await client.post(
            "/api/connections/texts/test", json={"to": ADA, "content": {"text": "Hi {{ 1 | plus: 1 }}"}}
        )
        assert tried.json() == {"verdict": "accepted", "reason": "", "provider_id": "SM1", "kept": False}
        assert hook.calls[0][0].startswith("POST /2010-04-01/Accounts/AC2/")
        assert b"Hi+2" in hook.calls[0][2]


async def test_trying_says_what_the_provider_says_and_passes_by_nobody_who_may_not_be_written_to(
    tmp_path: Path,
) -> None:
    async with a_hook(REFUSED) as hook, a_house(tmp_path) as house, asking(house) as client:
        await client.put("/api/connections/texts", json=twilio(hook))
        tried = (await client.post("/api/connections/texts/test", json={"to": ADA})).json()
        assert tried["verdict"] == "refused"
        assert "21211" in tried["reason"]
        async with house.app.state.begin() as transaction:
            await transaction.suppress("sms", ADA, "bounced", 1)
        refused = await client.post("/api/connections/texts/test", json={"to": ADA})
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "suppressed")
        nobody = await client.post("/api/connections/texts/test", json={"to": "nobody"})
        assert nobody.status_code in (200, 400)
        assert len(hook.calls) == 1
        unknown = await client.post("/api/connections/other/test", json={"to": ADA})
        assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_connection")
        async with house.app.state.view() as view:
            assert await view.sends_of(origin=None, identities=None, limit=9) == []


async def test_what_carries_each_medium_is_told(tmp_path: Path) -> None:
    async with a_hook() as hook, a_house(tmp_path) as house, asking(house) as client:
        await client.put("/api/connections/texts", json=twilio(hook))
        await client.put("/api/connections/spare", json=twilio(hook))
        said = (await client.get("/api/connections")).json()
        assert [(each["name"], each["default"], each["problem"]) for each in said["connections"]] == [
            ("spare", False, ""),
            ("texts", True, ""),
        ]
        by = {each["medium"]: (each["by"], each["connection"]) for each in said["carried"]}
        assert by["sms"] == ("connection", "texts")
        assert by["email"] == by["webhook"] == ("settings", "")
        assert by["in_app"] == by["inbox"] == ("inbox", "")
        assert by["telegram"] == ("nothing", "")
        assert said["connections"][1]["callback_url"].endswith("/in/texts")
        refused = await client.delete("/api/connections/texts")
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "last_default")


async def test_a_key_that_is_not_the_one_is_told_and_nothing_goes_another_way(tmp_path: Path) -> None:
    async with a_hook() as hook, a_house(tmp_path, secret_key="o" * 40) as house, asking(house) as client:
        await client.put("/api/connections/texts", json=twilio(hook))
        mailer = {"provider": "email_smtp", "settings": {"sender": "a@b.eu", "host": "127.0.0.1", "password": TOKEN}}
        assert (await client.put("/api/connections/post", json=mailer)).status_code == 200
        async with house.app.state.view() as view:
            connections = await view.connections()
    (tmp_path / "other").mkdir()
    async with a_house(tmp_path / "other", secret_key="n" * 40) as house, asking(house) as client:
        async with house.app.state.begin() as transaction:
            for each in connections:
                await transaction.put_connection(each)
        await house.settle()
        assert house.app.offices is not None
        assert sorted(house.app.offices.broken) == ["email", "sms"]
        assert "email" not in house.app.offices
        said = (await client.get("/api/connections")).json()["connections"]
        assert all("another key" in each["problem"] and each["name"] in each["problem"] for each in said)
        tried = await client.post("/api/connections/texts/test", json={"to": ADA})
        assert (tried.status_code, tried.json()["error"]["code"]) == (409, "cannot_unseal")
        told = await client.post("/in/texts", content=b"MessageSid=SM1")
        assert (told.status_code, told.headers["retry-after"]) == (503, "1"), "the provider is to call again"
        assert "another key" not in told.text, "that is nobody's business but ours"
        wrong = await client.post("/api/connections/reseal", json={"old_key": "x" * 40})
        assert wrong.status_code == 409
        sealed = await client.post("/api/connections/reseal", json={"old_key": "o" * 40})
        assert sealed.json() == {"connections": 2}
        assert house.app.offices.broken == {}
        assert "email" in house.app.offices


async def test_what_a_killed_process_had_in_hand_is_asked_for_in_the_mailbox(
    tmp_path: Path,
) -> None:
    """Both texts are claimed when the process dies: one was kept by then and is not sent again; the other one is."""
    given = Settings.load(tmp_path, {}, {})
    app = await open_application(given, serving=False)
    await publish(app.state, "journey", json.dumps(texting()).encode(), now=app.clock.now())
    for user in ("ada", "bob"):
        body = json.dumps({"batch": [*signing_up(user)]}).encode()
        await app.collector.collect("batch", body, "default")
    await app.settle()
    now_ms = to_millis(app.clock.now())
    async with app.state.begin() as transaction:
        room = {Lane("sms", "journey"): 9}
        sends = await transaction.claim_sends(now_ms, room, without=(), claimed_by="x/1", send_by_ms=now_ms + 60_000)
    kept, lost = sends
    await app.close()
    mailbox = SqliteMailbox(tmp_path)
    text: dict[str, Any] = {"medium": "sms", "sender": "", "to": ADA, "title": "", "preview": "", "words": b"{}"}
    await mailbox.keep([KeptMessage(send=kept.key, **text)], now_ms)
    await mailbox.close()
    app = await open_application(given)
    async with app.state.view() as view:
        after = await view.sends([kept.key, lost.key])
    assert (after[kept.key].state, after[lost.key].state) == ("sent", "pending")
    assert not app.outgoing.kept() & {"webhook", "in_app", "inbox"}, "no mailbox has these"
    await app.close()


async def test_what_is_kept_here_does_not_go_out(tmp_path: Path) -> None:
    async with a_hook() as hook, asking_workspace(tmp_path) as client:
        assert (await client.put("/api/connections/texts", json=twilio(hook))).status_code == 200
        tried = (await client.post("/api/connections/texts/test", json={"to": ADA})).json()
        assert (tried["verdict"], tried["kept"]) == ("accepted", True)
        assert hook.calls == []
        (kept,) = (await client.get("/api/mailbox", params={"medium": "sms"})).json()["messages"]
        assert (kept["to"], kept["medium"]) == (ADA, "sms")
        assert "works" in kept["preview"]
        by = {each["medium"]: each["by"] for each in (await client.get("/api/connections")).json()["carried"]}
        assert (by["sms"], by["email"], by["inbox"], by["webhook"]) == ("mailbox", "mailbox", "inbox", "settings")


@asynccontextmanager
async def asking_workspace(directory: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A workspace on disk, with a mailbox of its own."""
    app = await open_application(Settings.load(directory, {}, {"webhook_private": True}))
    await first_keys(app.state, write_key=None, api_key=API_KEY, now=app.clock.now())
    await app.access.refresh(app.state)
    headers = {"Authorization": f"Bearer {API_KEY}"}
    transport = httpx.ASGITransport(app=make_http(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://t", headers=headers) as client:
        yield client
    await app.close()


@pytest.mark.parametrize("provider", sorted(providers()))
def test_what_a_provider_is_told_in_secret_is_in_nothing_that_is_printed(provider: str) -> None:
    settings = providers()[provider].settings
    names = secrets_of(settings)
    with contextlib.suppress(Invalid):
        decode_fields(settings, {}, "$")
    hidden = dict.fromkeys(names, TOKEN)
    made = object.__new__(settings)
    for name in settings.__dataclass_fields__:
        object.__setattr__(made, name, hidden.get(name, "plain"))
    assert TOKEN not in repr(made)
    assert TOKEN not in f"{made}"


def test_only_our_own_media_and_what_is_kept_need_no_connection() -> None:
    assert {name for name, each in providers().items() if each.transport in ("inbox", "kept")} == {"in_app", "inbox"}


STORY = """
import sys
from holdfast.cli.main import app

def run(*words):
    try:
        code = app([*words, "--data", "data"], standalone_mode=False)
    except BaseException as error:
        code = error
    if code:
        print("exit", code)

run("channel", "list")
run("channel", "add", "texts", "--provider", "twilio", "--set", "account_sid=AC1", "--set", "senders=+4930123")
run("channel", "list")
run("channel", "test", "--to", "sms=+4915112345678")
run("channel", "test", "texts", "--to", "+4915112345678")
run("channel", "test")
run("channel", "add", "texts", "--provider", "twilio", "--set", "account_sid=AC2")
run("channel", "add", "texts", "--provider", "twillio")
run("channel", "reseal")
run("channel", "providers", "twilio")
run("channel", "remove", "texts")
run("channel", "remove", "texts")
"""


def test_at_the_terminal(tmp_path: Path) -> None:
    with holdfast.open(tmp_path / "data"):
        pass
    done = subprocess.run(
        [sys.executable, "-c", dedent(STORY)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        input=f"{TOKEN}\n",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert TOKEN not in said + done.stderr
    assert "No connection is set up." in said
    assert "texts is set up, and its channel goes out by it." in said
    assert "/in/texts" in said
    assert "Secrets of 0 connections were sealed anew." in said
    assert "texts is forgotten." in said
    assert "there is no provider 'twillio'." in done.stderr
    assert "there is no connection 'texts'." in done.stderr
