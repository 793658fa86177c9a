"""Mail by HTTP providers, from the event to a real socket and back: all they document, and all a wire can do to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from fastapi import FastAPI

from holdfast.channels.carriers import http
from holdfast.channels.declared import HttpAnswer, providers
from holdfast.channels.email_http import SET_UP_SECONDS
from holdfast.events.event import IdentityKey
from holdfast.flows.delivery.connections import Wish
from holdfast.flows.delivery.life import message_life
from holdfast.http.inbound import inbound_routes
from holdfast.http.problems import install_problems
from holdfast.kernel.moments import to_millis
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Refused, Verdict
from holdfast.ports.state import Send
from holdfast.testing.house import House
from tests.mail_apis import SECRET, SECRETS, SETTINGS, Act, MailApis, answer, mail_apis, tells

NAMES = list(SETTINGS)
ADDRESS = "ada@there.example"
CAMPAIGN = {
    "id": "asked",
    "name": "Asked",
    "goal": {"event": "Order Completed", "within_seconds": 3_600},
    "trigger": {"event": "Asked", "again": "after_exit"},
    "send": {
        "channel": "email",
        "topic": "marketing",
        "template": {"subject": "Grüße, {{ person.name }}", "html": "<body><p>Hi & 👋</p></body>"},
    },
}


@dataclass
class World:
    """An application whose mail goes by one provider."""

    house: House
    apis: MailApis
    name: str

    async def asked(self) -> Send:
        """Something happens that a mail follows."""
        traits = {"name": "Ada", "email": ADDRESS}
        await self.house.happens(
            {"type": "identify", "userId": "ada", "messageId": "i", "traits": traits},
            {"type": "track", "userId": "ada", "messageId": "t", "event": "Asked"},
        )
        return await self.send()

    async def send(self) -> Send:
        async with self.house.app.state.view() as view:
            identity = (await view.identities([ADA]))[ADA].id
            (send,) = await view.sends_of(origin="asked", identities=[identity], limit=9)
        return send

    async def life(self) -> list[str]:
        """What is known of the mail, in the order of time."""
        async with self.house.app.state.view() as view:
            told = await message_life(view, self.house.app.history, (await self.send()).key)
        return [each.status for each in told.life.moments]

    async def set_up(self, **settings: Any) -> None:
        wish = Wish(provider=self.name, settings=self.apis.settings(self.name, **settings))
        await self.house.app.outgoing.connections.put("mail-by-http", wish, by="ann")
        await self.house.settle()

    async def told(self, what: Literal["delivered", "bounced"], *, forged: bool = False) -> int:
        """The provider calls us; the status of our answer."""
        at_seconds = to_millis(self.house.clock.now()) // 1_000
        call = tells(self.name, what, send=(await self.send()).key, address=ADDRESS, at_seconds=at_seconds)
        call = call.forged() if forged else call
        routes = inbound_routes(self.house.app.arrivals, public_url="http://t", clock=self.house.clock)
        app = FastAPI(routes=[*routes])
        install_problems(app)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as outside:
            said = await outside.post(f"/in/mail-by-http{call.query}", content=call.body, headers=dict(call.headers))
        await self.house.settle()
        return said.status_code


ADA = IdentityKey(kind="user", value="ada")


@asynccontextmanager
async def a_world(directory: Path, name: str, *acts: Act, **settings: Any) -> AsyncIterator[World]:
    house = await House.build(directory, webhook_private=True)
    async with mail_apis(lambda: house.clock.now().timestamp(), *acts) as apis:
        world = World(house, apis, name)
        await world.set_up(**settings)
        await house.publish(CAMPAIGN)
        yield world
        await house.app.close()


@pytest.mark.parametrize("name", NAMES)
async def test_a_mail_is_taken_as_it_was_written_and_its_life_is_known(tmp_path: Path, name: str) -> None:
    async with a_world(tmp_path, name) as world:
        send = await world.asked()
        (mail,) = world.apis.mails
        assert (mail["Subject"], mail["X-Taken-For"]) == ("Grüße, Ada", ADDRESS)
        linker = Linker(base_url=world.house.app.settings.url, key=world.house.app.secret)
        assert linker.unsubscribe(send.key) in mail["List-Unsubscribe"]
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        html = mail.get_body(("html",))
        assert html is not None
        assert "👋" in html.get_content()
        assert (send.state, send.attempts, await world.life()) == ("sent", 1, ["queued", "sent"])
        world.house.clock.advance(minutes=1)
        assert await world.told("delivered", forged=True) == 401
        for _ in range(2):
            assert await world.told("delivered") == 200
        world.house.clock.advance(minutes=1)
        assert await world.told("bounced") == 200
        assert await world.life() == ["queued", "sent", "delivered", "bounced"], "told twice, it happened once"
        async with world.house.app.state.view() as view:
            assert await view.suppressed("email", [ADDRESS]) == {ADDRESS: "bounced"}


@pytest.mark.parametrize("name", NAMES)
async def test_the_very_same_is_asked_again_and_no_sooner_than_was_asked_for(tmp_path: Path, name: str) -> None:
    slow = answer(429, b"{}", {"Retry-After": "200", "x-amzn-ErrorType": "TooManyRequestsException"})
    async with a_world(tmp_path, name, slow, answer(503)) as world:
        send = await world.asked()
        assert (send.state, "429" in send.reason) == ("pending", True)
        await world.house.later(seconds=199)
        assert len(world.apis.calls) == 1
        await world.house.later(seconds=2)
        assert len(world.apis.calls) == 2
        await world.house.later(minutes=5)
        first, second, third = (each.repeated for each in world.apis.calls)
        assert first == second == third
        assert len(world.apis.mails) == 1
        send = await world.send()
        assert (send.state, send.attempts, await world.life()) == ("sent", 3, ["queued", "sent"])


def documented() -> list[Any]:
    """Every answer that a provider's file declares, and others of the kinds it says it takes for the same."""
    declared = [(name, each) for name in NAMES for each in providers()[name].answers if isinstance(each, HttpAnswer)]
    numbered = enumerate(declared + MORE)
    return [pytest.param(name, each, id=f"{name}-{each.reply.status}-{number}") for number, (name, each) in numbered]


def _said(name: str, status: int, means: Verdict, body: bytes = b"", **headers: str) -> tuple[str, HttpAnswer]:
    given = {each.replace("_", "-"): value for each, value in headers.items()}
    return name, HttpAnswer(HttpReply(status=status, headers=given, body=body), means)


def _ses(status: int, code: str, means: type[Deferred | Refused], **more: Any) -> tuple[str, HttpAnswer]:
    """AWS puts the address of a namespace behind the code."""
    kind = f"{code}:http://internal.amazon.com/coral/com.amazonaws.ses/"
    verdict = means(f"Amazon SES answered {status}: {code}: Said.", **more)
    return _said("ses", status, verdict, b'{"message": "Said."}', x_amzn_errortype=kind)


def _postmark(code: int, means: type[Verdict], *, status: int = 422, **more: Any) -> tuple[str, HttpAnswer]:
    verdict = means(f"Postmark answered {status}: Said.", **more)
    return _said("postmark", status, verdict, b'{"ErrorCode": %d, "Message": "Said."}' % code)


LATER: Mapping[str, Any] = {"after_seconds": SET_UP_SECONDS, "blame": "provider"}
MORE = [
    *(
        _ses(400, each, Deferred, **LATER)
        for each in ("AccountSuspendedException", "MailFromDomainNotVerifiedException", "InvalidClientTokenId")
    ),
    _ses(400, "LimitExceededException", Deferred, after_seconds=60, blame="provider"),
    _ses(404, "NotFoundException", Deferred, **LATER),
    _ses(403, "AccessDeniedException", Deferred, **LATER),
    _ses(403, "UnrecognizedClientException", Deferred, **LATER),
    _ses(400, "ValidationError", Refused),
    _said("ses", 503, Deferred("Amazon SES answered 503", 60, "provider"), b"<html>busy</html>"),
    *(_postmark(each, Refused) for each in (300, 402, 403, 409, 411)),
    *(_postmark(each, Deferred, **LATER) for each in (401, 412, 413, 1235)),
    _postmark(406, Refused, gone=True),
    _postmark(0, InDoubt, status=500),
    _said("sendgrid", 402, Deferred("SendGrid answered 402", 300, "provider")),
    _said("sendgrid", 404, Refused("SendGrid answered 404"), b"[]"),
    _said("sendgrid", 502, InDoubt("SendGrid answered 502"), b"<html>"),
    _said("mailgun", 402, Deferred("Mailgun answered 402: Pay.", 300, "provider"), b'{"message": "Pay."}'),
    _said("mailgun", 504, InDoubt("Mailgun answered 504")),
]


@pytest.mark.parametrize(("name", "documents"), documented())
async def test_what_is_documented_becomes_of_the_message(tmp_path: Path, name: str, documents: HttpAnswer) -> None:
    reply, means = documents.reply, documents.means
    async with a_world(tmp_path, name, answer(reply.status, reply.body, reply.headers)) as world:
        send = await world.asked()
        match means:
            case Accepted():
                assert (send.state, await world.life()) == ("sent", ["queued", "sent"])
            case Deferred(reason, after_seconds):
                assert (send.state, send.reason, await world.life()) == ("pending", reason, ["queued"])
                assert send.not_before_ms >= to_millis(world.house.clock.now()) + 1_000 * after_seconds
            case Refused(reason, gone):
                assert (send.state, send.reason, send.dead) == ("failed", reason, not gone)
                assert await world.life() == ["queued", "failed"]
                async with world.house.app.state.view() as view:
                    assert bool(await view.suppressed("email", [ADDRESS])) == gone
            case InDoubt(reason):
                assert (send.state, send.reason) == ("in_doubt", reason)
                assert await world.life() == ["queued", "in_doubt"]
        await world.house.later(hours=2)
        again = isinstance(means, Deferred)
        assert len(world.apis.calls) == 1 + again
        assert (await world.send()).state == ("sent" if again else send.state)


GARBLED = {
    "closed": Act(then="close"),
    "cut in the status": Act(b"HTTP/1.1 2", "close"),
    "cut in the headers": Act(b"HTTP/1.1 200 OK\r\nContent-Le", "close"),
    "cut in the body": Act(b'HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{"MessageID": "x"', "close"),
    "cut in a chunk": Act(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{", "close"),
    "no HTTP": Act(b"\x16\x03\x01\x00\xff SSH-2.0-OpenSSH_9.2\r\n\r\n" * 4, "close"),
    "two lengths": Act(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "close"),
    "endless headers": Act(b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"a" * 300_000, "close"),
    "silent": Act(then="hang"),
    "silent in the body": Act(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{", "hang"),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("act", GARBLED.values(), ids=GARBLED)
async def test_a_call_whose_answer_is_lost_is_in_doubt_and_never_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, act: Act
) -> None:
    if act.then == "hang":
        monkeypatch.setitem(http._PATIENCE, "read", 0.1)
    async with a_world(tmp_path, name, act) as world:
        send = await world.asked()
        assert (send.state, send.dead) == ("in_doubt", False), send.reason
        assert SECRET not in send.reason
        await world.house.later(days=2)
        assert len(world.apis.calls) == 1, "it may have been taken"
        assert await world.life() == ["queued", "in_doubt"]
        assert await world.told("delivered") == 200
        assert await world.life() == ["queued", "in_doubt", "delivered"], "and so it was"


@pytest.mark.parametrize("name", NAMES)
async def test_an_answer_that_nobody_can_read_or_that_never_ends_counts_by_its_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(http, "CALL_SECONDS_MOST", 10)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n"
    async with a_world(tmp_path, name, Act(head + b'{"MessageID": "' + b"\xff\x00" * 200_000, "hang")) as world:
        assert (await world.asked()).state == "sent", "it is read as far as is of use"
        assert len(world.apis.calls) == 1


@pytest.mark.parametrize("name", NAMES)
async def test_a_provider_that_is_not_there_is_waited_for(tmp_path: Path, name: str) -> None:
    async with mail_apis(lambda: 0.0) as nobody:
        gone = nobody.url
    async with a_world(tmp_path, name, api_url=gone) as world:
        send = await world.asked()
        assert (send.state, send.reason[:13]) == ("pending", "No connection")
        for _ in range(4):
            await world.house.later(minutes=5)
        (carrying,) = (
            each
            for each in world.house.app.lanes.carrying(to_millis(world.house.clock.now()))
            if each.channel == "email"
        )
        assert carrying.slowed == [], "it is not the fault of the domain it is for"
        await world.set_up()
        await world.house.later(hours=1)
        assert ((await world.send()).state, len(world.apis.mails)) == ("sent", 1)


@pytest.mark.parametrize("name", NAMES)
async def test_a_wrong_key_uses_no_mail_up_and_is_not_told(tmp_path: Path, name: str) -> None:
    wrong = "of-another-account"
    async with a_world(tmp_path, name, **{SECRETS[name]: wrong}) as world:
        send = await world.asked()
        assert (send.state, wrong in send.reason, world.apis.mails) == ("pending", False, [])
        await world.set_up(**{SECRETS[name]: SECRET})
        await world.house.later(minutes=6)
        assert ((await world.send()).state, len(world.apis.mails)) == ("sent", 1)


@pytest.mark.parametrize("name", NAMES)
async def test_a_mail_is_carried_nowhere_else(tmp_path: Path, name: str) -> None:
    """Who answers with another address is not followed: a key would go with it."""
    async with mail_apis(lambda: 0.0) as elsewhere:
        moved = answer(307, b"", {"Location": f"{elsewhere.url}/v3/mail/send"})
        async with a_world(tmp_path, name, moved) as world:
            assert (await world.asked()).state == "failed"
        assert elsewhere.calls == []


@pytest.mark.parametrize("name", NAMES)
async def test_the_server_of_these_tests_lets_nobody_in_who_is_not_known(tmp_path: Path, name: str) -> None:
    """Else it would prove nothing."""
    async with a_world(tmp_path, name) as world:
        await world.asked()
        (call,) = world.apis.calls
        allowed = {each: value for each, value in call.headers.items() if each != "user-agent"}
        secret = next(each for each in ("authorization", "x-postmark-server-token") if each in allowed)
        async with httpx.AsyncClient() as somebody:
            for headers, body in (
                ({**allowed, secret: allowed[secret][:-1] + "0"}, call.body),
                *([(allowed, call.body.replace(b"ada@", b"bob@"))] if name == "ses" else []),
            ):
                said = await somebody.post(world.apis.url + call.path, headers=headers, content=body)
                assert said.status_code in (401, 403)
        assert len(world.apis.mails) == 1
