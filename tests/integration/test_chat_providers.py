"""Twilio, WhatsApp, Telegram and Slack from the send to a real HTTP server that answers as each documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from holdfast.channels.declared import providers
from holdfast.channels.opening import Outside, SetUp, open_together
from holdfast.decisions.fields import decode_fields
from holdfast.messages.heard.inbound import Incoming, Receipt
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict
from holdfast.places import SystemClock
from tests.chat_apis import CLOSE, running
from tests.unit.channels.sends import DESK, a_send, words_on

TOKEN = "1:" + "a" * 30
SETTINGS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "twilio": lambda url: {"account_sid": "AC0", "auth_token": "a-token", "senders": "+436601111111", "api_url": url},
    "whatsapp_cloud": lambda url: {
        "phone_number_id": "111",
        "access_token": "a-token",
        "app_secret": "s",
        "verify_token": "v",
        "api_url": url,
    },
    "telegram_bot": lambda url: {"token": TOKEN, "webhook_secret": "a_secret_of_ours_1", "api_url": url},
    "slack": lambda url: {"token": "xoxb-1", "channel": "C1", "api_url": url},
}
USUAL = {"sms": "+436641234567", "whatsapp": "+436641234567", "telegram": "77", "slack": "slack"}


async def nobody(connection: str, medium: str, things: Sequence[Receipt | Incoming]) -> None:
    """What comes in comes by calls of theirs."""


@dataclass
class Way:
    """One provider, as it is set up, from the send to the verdict."""

    name: str
    settings: dict[str, Any]

    async def say(self, to: str = "", **parts: Any) -> Verdict:
        declared = providers()[self.name]
        settings = decode_fields(declared.settings, self.settings, "$")
        set_up = SetUp(declared=declared, settings=settings, desk=DESK)
        channel, carrier = open_together([set_up], Outside(clock=SystemClock(), private=True, told=nobody))
        parcel = channel.parcel(
            a_send(declared.medium, to or USUAL[declared.medium]),
            words_on(declared.medium, {"text": "Grüße & 👋", **parts}),
        )
        assert isinstance(parcel, Parcel)
        try:
            return await carrier.carry(parcel)
        finally:
            await carrier.close()


def way(name: str, url: str, **settings: Any) -> Way:
    return Way(name, {**SETTINGS[name](url), **settings})


@pytest.mark.parametrize(
    ("name", "provider_id"),
    [("twilio", "SM" + "0" * 32), ("whatsapp_cloud", "wamid.1"), ("telegram_bot", "77:3"), ("slack", "C1:1.2")],
)
async def test_a_message_is_taken_and_a_retry_is_the_same(name: str, provider_id: str) -> None:
    async with running(503) as apis:
        assert isinstance(await way(name, apis.url).say(), Deferred)
        assert await way(name, apis.url).say() == Accepted(provider_id)
    assert apis.calls[0] == apis.calls[1]


@pytest.mark.parametrize(
    ("name", "to", "means"),
    [
        ("twilio", "+15005550001", Refused("Twilio said 400, 21211: Error 21211", gone=True)),
        ("twilio", "+15005550009", Refused("Twilio said 400, 21614: Error 21614", gone=True)),
        ("twilio", "+15005550004", Refused("Twilio said 400, 21610: the person has replied STOP")),
        ("twilio", "+15005550008", Deferred("Twilio said 429, 20429: Too Many Requests", 11, "provider")),
        ("telegram_bot", "403", Refused("Telegram said 403: Forbidden: bot was blocked by the user", gone=True)),
        ("telegram_bot", "400", Refused("Telegram said 400: Bad Request: chat not found", gone=True)),
        ("telegram_bot", "429", Deferred("Telegram said 429: Too Many Requests: retry after 9", 9, "provider")),
        (
            "whatsapp_cloud",
            "+15005550002",
            Refused("WhatsApp said 400, 131047: the person last wrote more than 24 hours ago: use a template"),
        ),
        (
            "whatsapp_cloud",
            "+15005550003",
            Deferred("WhatsApp said 429, 130429: too many messages in a second", 60, "provider"),
        ),
    ],
)
async def test_what_is_documented_means_what_it_should(name: str, to: str, means: Verdict) -> None:
    async with running() as apis:
        assert await way(name, apis.url).say(to) == means


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("twilio", {"auth_token": "other"}),
        ("whatsapp_cloud", {"access_token": "other"}),
        ("telegram_bot", {"token": "2:" + "b" * 30}),
        ("slack", {"token": "xoxb-2"}),
        ("slack", {"channel": "C2"}),
    ],
)
async def test_wrong_settings_use_no_message_up_and_are_not_told_in_the_reason(
    name: str, wrong: dict[str, str]
) -> None:
    async with running() as apis:
        answer = await way(name, apis.url, **wrong).say()
    assert isinstance(answer, Deferred)
    assert answer.blame == "provider"
    assert not any(secret in answer.reason for key, secret in wrong.items() if key != "channel")


@pytest.mark.parametrize("name", SETTINGS)
async def test_a_call_that_was_not_answered_is_in_doubt(name: str) -> None:
    async with running(CLOSE) as apis:
        answer = await way(name, apis.url).say()
    assert isinstance(answer, InDoubt)
    assert "token" not in answer.reason
    assert TOKEN not in answer.reason


@pytest.mark.parametrize("name", SETTINGS)
async def test_nobody_there_defers(name: str) -> None:
    async with running() as apis:
        url = apis.url
    answer = await way(name, url).say()
    assert isinstance(answer, Deferred)
    assert TOKEN not in answer.reason


@pytest.mark.parametrize("path", ["/services/T0/B0/x", "/services/T0/B0/gone"])
async def test_a_webhook_of_slack(path: str) -> None:
    async with running() as apis:
        answer = await Way("slack", {"webhook_url": apis.url + path}).say()
    assert answer == (Accepted("") if path.endswith("x") else Deferred("Slack said 404: no_service", 300, "provider"))


async def test_a_picture_goes_with_its_text() -> None:
    async with running() as apis:
        assert isinstance(await way("telegram_bot", apis.url).say(image="https://shop.example/a.jpg"), Accepted)
    assert apis.calls[0][0] == f"/bot{TOKEN}/sendPhoto"
