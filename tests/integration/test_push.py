"""Push, end to end with services that answer as the real ones do: over HTTP/2, error by error, leaving included."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from msgspec import structs

from holdfast.channels import apns, fcm, web_push
from holdfast.channels.carriers.http2 import Http2Carrier, Trust, http2_carrier
from holdfast.channels.declared import Declared, Desk
from holdfast.events.event import Json
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import to_millis
from holdfast.messages.content import Words
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Accepted, Deferred, Gone, InDoubt, Parcel, Refused, Verdict
from holdfast.messages.push.vapid import vapid_key
from holdfast.ports.carrier import Carrier
from holdfast.ports.channel import Channel
from holdfast.ports.state import Send
from holdfast.profiles.devices import Device, write_devices
from holdfast.testing import START, FakeClock
from tests.apns_server import ApnsServer, apns_server
from tests.fcm_server import FcmServer, fcm_server
from tests.http2_server import Answered, Http2Server, Leaving, serving
from tests.push_service import PushService, push_service

VAPID = vapid_key(b"\x07" * 32)
DESK = Desk(
    linker=Linker(base_url="https://t.example", key=b"a key of thirty-two bytes, for us"), workspace_name="Shop"
)
LOCAL = Trust(private=True)
NAMED = Trust(private=True, anywhere=True)
WORDS = Words(
    {
        "title": "Your cart waits",
        "body": "Two things.",
        "image": "https://cdn.example/cart.jpg",
        "url": "https://shop.example/cart",
        "buttons": [{"label": "Buy", "url": "https://shop.example/buy"}],
        "ttl_seconds": 600,
        "urgency": "high",
    }
)
APPLE_KEY = ec.derive_private_key(77, ec.SECP256R1())
GOOGLE_KEY = rsa.generate_private_key(65537, 2048)


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def a_send(devices: list[Device], number: int = 1, channel: str = "mobile_push") -> Send:
    return Send(
        key=effect_key("send", number),
        identity=1,
        origin_kind="journey",
        origin="cart-rescue",
        version=1,
        step="say",
        channel=channel,
        topic="",
        address=write_devices(devices),
        template="say",
        variables={},
        state="claimed",
        created_ms=to_millis(START),
        not_before_ms=0,
    )


def now_of(clock: FakeClock) -> Callable[[], int]:
    return lambda: to_millis(clock.now()) // 1_000


@asynccontextmanager
async def closing(carrier: Carrier) -> AsyncIterator[Carrier]:
    try:
        yield carrier
    finally:
        await carrier.close()


def written(channel: Channel, send: Send, words: Words = WORDS) -> Parcel:
    parcel = channel.parcel(send, words)
    assert isinstance(parcel, Parcel), parcel
    assert parcel == channel.parcel(send, words)
    return parcel


# Browsers.


BROWSERS = web_push.WebPushSettings(contact="mailto:push@shop.example", private_key=VAPID.secret)


def browser(service: PushService, name: str, *, sender: str = "") -> Device:
    made = service.subscribe(name, sender or VAPID.public)
    return Device("web", service.endpoint(name), made.p256dh, made.auth)


async def push_to(
    service: PushService, clock: FakeClock, *devices: Device, words: Words = WORDS, number: int = 1
) -> Verdict:
    channel = web_push.web_push_channel(BROWSERS, DESK)
    parcel = written(channel, a_send(list(devices), number, "web_push"), words)
    async with closing(http2_carrier(web_push.CHANNEL, BROWSERS, clock=clock, trust=NAMED)) as carrier:
        return await carrier.carry(parcel)


async def test_a_browser_is_shown_what_was_said() -> None:
    clock = FakeClock()
    async with push_service(now_of(clock)) as service:
        verdict = await push_to(service, clock, browser(service, "ana"))
        assert verdict == Accepted("1")
        (received,) = service.received
        told = json.loads(received.plaintext)
        assert (told["title"], told["body"], told["image"]) == ("Your cart waits", "Two things.", WORDS.parts["image"])
        assert [each["title"] for each in told["buttons"]] == ["Buy"]
        assert (received.ttl, received.urgency, received.topic) == (600, "high", effect_key("send", 1))
        assert received.contact == "mailto:push@shop.example"


async def test_every_browser_of_a_person_gets_it_and_those_that_are_gone_are_named() -> None:
    clock = FakeClock()
    async with push_service(now_of(clock)) as service:
        devices = [browser(service, name) for name in ("one", "two", "three")]
        service.gone.add("one")
        del service.subscriptions["three"]
        verdict = await push_to(service, clock, *devices)
        assert verdict == Accepted("1", (Gone(devices[0].id), Gone(devices[2].id)))
        assert [each.subscription for each in service.received] == ["two"]
        service.gone.add("two")
        verdict = await push_to(service, clock, *devices)
        assert isinstance(verdict, Refused)
        assert verdict.gone
        assert [each.place for each in verdict.lost] == [each.id for each in devices]


async def test_a_service_that_is_busy_is_left_alone_for_as_long_as_it_says() -> None:
    clock = FakeClock()
    async with push_service(now_of(clock)) as service:
        device = browser(service, "ana")
        service.busy["ana"] = "120"
        assert await push_to(service, clock, device) == Deferred("The push service said 429 slow down", 120)


async def test_a_key_that_is_not_ours_ends_no_subscription() -> None:
    clock = FakeClock()
    async with push_service(now_of(clock)) as service:
        verdict = await push_to(service, clock, browser(service, "ana", sender=vapid_key(b"\x08" * 32).public))
        assert isinstance(verdict, Refused)
        assert not verdict.gone
        assert not verdict.lost


async def test_what_is_too_long_is_cut_and_arrives() -> None:
    clock = FakeClock()
    async with push_service(now_of(clock)) as service:
        words = Words({**WORDS.parts, "body": "long " * 2_000})
        assert isinstance(await push_to(service, clock, browser(service, "ana"), words=words), Accepted)
        assert json.loads(service.received[0].plaintext)["body"].endswith("…")


def test_what_cannot_be_cut_is_refused_and_so_are_browsers_whose_keys_are_none() -> None:
    channel = web_push.web_push_channel(BROWSERS, DESK)
    sound = Device("web", "https://push.example/1", "B" * 87, "a" * 22)
    assert isinstance(channel.parcel(a_send([sound]), Words({"title": "x" * 5_000})), Refused)
    assert channel.parcel(a_send([sound]), WORDS) == Refused("None of their browsers can be written to.")
    with pytest.raises(ValueError, match="device"):
        channel.parcel(structs.replace(a_send([sound]), address="ana@mail.example"), WORDS)


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/push/ana", "http://localhost:{port}/push/ana"])
async def test_nobody_leads_us_into_the_network_we_stand_in(url: str) -> None:
    async with push_service(lambda: 0) as service:
        service.subscribe("ana")
        parcel = Parcel(
            key="k", channel="web_push", sender="web_push", to="d", body=b"", url=url.format(port=service.server.port)
        )
        carrier = http2_carrier(web_push.CHANNEL, BROWSERS, clock=FakeClock(), trust=Trust(anywhere=True))
        async with closing(carrier):
            verdict = await carrier.carry(parcel)
        assert isinstance(verdict, Refused)
        assert "private network" in verdict.reason
        assert not service.server.asked


@pytest.mark.parametrize("place", ["127.0.0.1:{port}\\@1.1.1.1", "1.1.1.1@127.0.0.1:{port}", "0x7f.1:{port}"])
async def test_what_reads_as_one_server_and_is_another_is_not_called(place: str) -> None:
    context, shown = certified("127.0.0.1")
    server = Http2Server(lambda asked: Answered(status=201))
    trust = Trust(anywhere=True, prior=False, roots=shown)
    async with serving(server, context), bare(trust) as carrier:
        verdict = await carrier.carry(a_parcel(f"https://{place.format(port=server.port)}/x"))
        assert isinstance(verdict, Refused)
        assert "private network" in verdict.reason
        assert server.connections == 0


# Apple.


APPLE = apns.ApnsSettings(team_id="TEAM123456", key_id="KEY1234567", private_key=pem(APPLE_KEY), topic="example.shop")


def apple_service(clock: FakeClock) -> ApnsServer:
    return ApnsServer(
        now_seconds=now_of(clock),
        team="TEAM123456",
        key_id="KEY1234567",
        key=APPLE_KEY.public_key(),
        topic="example.shop",
    )


def iphone(number: int, *, sandbox: bool = False) -> Device:
    return Device("ios", f"{number:064x}", app="example.shop", sandbox=sandbox)


@asynccontextmanager
async def apples(
    monkeypatch: pytest.MonkeyPatch, clock: FakeClock, leaving: list[Leaving] | None = None
) -> AsyncIterator[tuple[ApnsServer, ApnsServer, Carrier]]:
    """Production, the sandbox, and what carries to both."""
    async with (
        apns_server(apple_service(clock), leaving=leaving) as production,
        apns_server(apple_service(clock)) as sandbox,
        closing(http2_carrier(apns.CHANNEL, APPLE, clock=clock, trust=LOCAL)) as carrier,
    ):
        monkeypatch.setattr(apns, "PRODUCTION", production.server.url)
        monkeypatch.setattr(apns, "SANDBOX", sandbox.server.url)
        yield production, sandbox, carrier


def for_apple(*devices: Device, number: int = 1) -> Parcel:
    return written(apns.apns_channel(APPLE, DESK), a_send(list(devices), number))


async def test_an_iphone_is_shown_what_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    async with apples(monkeypatch, clock) as (production, _, carrier):
        production.devices.add(iphone(1).token)
        parcel = for_apple(iphone(1))
        assert await carrier.carry(parcel) == Accepted(parcel.headers["apns-id"])
        ((device, payload, headers),) = production.shown
        assert device == iphone(1).token
        alert: Any = payload["aps"]
        assert alert["alert"] == {"title": "Your cart waits", "body": "Two things."}
        assert alert["mutable-content"] == 1
        assert headers["apns-collapse-id"] == effect_key("send", 1)
        assert headers["apns-expiration"] == str(to_millis(START) // 1_000 + 600)
        assert headers["apns-push-type"] == "alert"


def test_a_message_is_good_from_when_it_was_first_handed_over_and_on_a_retry_no_longer() -> None:
    channel = apns.apns_channel(APPLE, DESK)
    late = structs.replace(a_send([iphone(1)]), tried_ms=to_millis(START) + 3_600_000)
    first, again = written(channel, late), written(channel, structs.replace(late, attempts=3, not_before_ms=5))
    assert first == again
    assert first.headers["apns-expiration"] == str(to_millis(START) // 1_000 + 3_600 + 600)


async def test_one_token_of_the_team_serves_forty_minutes_and_never_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    async with apples(monkeypatch, clock) as (production, _, carrier):
        production.devices.add(iphone(1).token)
        for number in range(24):
            assert isinstance(await carrier.carry(for_apple(iphone(1), number=number)), Accepted)
            clock.advance(minutes=9)
        moments = [at for _, at in production.tokens]
        assert 5 <= len(moments) <= 7
        assert all(later - earlier >= 1_200 for earlier, later in pairwise(moments))


async def test_a_device_that_is_gone_is_gone_as_of_when_apple_says(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    async with apples(monkeypatch, clock) as (production, _, carrier):
        production.unregistered[iphone(1).token] = 1_700_000_000_000
        verdict = await carrier.carry(for_apple(iphone(1)))
        assert isinstance(verdict, Refused)
        assert verdict.gone
        assert verdict.lost == (Gone(iphone(1).id, 1_700_000_000_000),)


async def test_a_token_of_the_other_environment_is_tried_there_before_it_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = FakeClock()
    async with apples(monkeypatch, clock) as (production, sandbox, carrier):
        sandbox.devices.add(iphone(1).token)
        assert isinstance(await carrier.carry(for_apple(iphone(1))), Accepted)
        assert len(sandbox.shown) == 1
        assert isinstance(await carrier.carry(for_apple(iphone(1, sandbox=True), number=2)), Accepted)
        assert (len(production.server.asked), len(sandbox.shown)) == (1, 2)
        verdict = await carrier.carry(for_apple(iphone(2)))
        assert isinstance(verdict, Refused)
        assert verdict.lost == (Gone(iphone(2).id),)


@pytest.mark.parametrize(
    ("status", "reason", "means"),
    [
        (429, "TooManyRequests", Deferred("Apple said 429 TooManyRequests", 60)),
        (503, "Shutdown", Deferred("Apple said 503 Shutdown", 60, "provider")),
        (403, "InvalidProviderToken", Deferred("Apple said 403 InvalidProviderToken", 300, "provider")),
        (413, "PayloadTooLarge", Refused("Apple said 413 PayloadTooLarge")),
    ],
)
async def test_each_reason_means_what_it_says(
    monkeypatch: pytest.MonkeyPatch, status: int, reason: str, means: Verdict
) -> None:
    async with apples(monkeypatch, FakeClock()) as (production, _, carrier):
        production.reasons[iphone(1).token] = (status, reason)
        assert await carrier.carry(for_apple(iphone(1))) == means


async def test_another_teams_key_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    async with apples(monkeypatch, FakeClock()) as (production, _, carrier):
        production.key = ec.derive_private_key(78, ec.SECP256R1()).public_key()
        assert await carrier.carry(for_apple(iphone(1))) == Deferred(
            "Apple said 403 InvalidProviderToken", 300, "provider"
        )


async def test_what_apple_had_not_come_to_goes_again_and_the_rest_as_it_was_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leaving = [Leaving(after=6, last_stream=5)]
    async with apples(monkeypatch, FakeClock(), leaving) as (production, _, carrier):
        devices = [iphone(number) for number in range(6)]
        production.devices = {each.token for each in devices}
        parcels = [for_apple(each, number=number) for number, each in enumerate(devices)]
        verdicts = await asyncio.gather(*map(carrier.carry, parcels))
        assert all(isinstance(each, Accepted) for each in verdicts)
        asked = [each.headers["apns-id"] for each in production.server.asked]
        assert len(production.shown) == 6
        assert production.server.connections == 2
        # Three were on the second connection, each under the id it had on the first.
        assert len(asked) == 9
        assert len(set(asked)) == 6


@pytest.mark.parametrize("error", [0, 2, 11])
async def test_what_apple_may_have_taken_is_in_doubt(monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    leaving = [Leaving(after=4, last_stream=3, error=error, answers=False)]
    async with apples(monkeypatch, FakeClock(), leaving) as (production, _, carrier):
        devices = [iphone(number) for number in range(4)]
        production.devices = {each.token for each in devices}
        parcels = [for_apple(each, number=number) for number, each in enumerate(devices)]
        verdicts = await asyncio.gather(*map(carrier.carry, parcels))
        by_stream = {each.headers["apns-id"]: each.stream for each in production.server.asked if each.connection == 1}
        for parcel, verdict in zip(parcels, verdicts, strict=True):
            taken = by_stream[parcel.headers["apns-id"]] > 3
            assert isinstance(verdict, Accepted if taken else InDoubt), verdict
        assert len(production.shown) == 2


async def test_a_server_that_only_leaves_is_given_up_for_now(monkeypatch: pytest.MonkeyPatch) -> None:
    leaving = [Leaving(after=1, last_stream=0, error=11)] * 10
    async with apples(monkeypatch, FakeClock(), leaving) as (production, _, carrier):
        verdict = await carrier.carry(for_apple(iphone(1)))
        assert isinstance(verdict, Deferred)
        assert verdict.blame == "provider"
        assert not production.shown
        assert production.server.connections <= 4


# Firebase.


@asynccontextmanager
async def firebase(clock: FakeClock) -> AsyncIterator[tuple[FcmServer, fcm.FcmSettings, Carrier]]:
    service = FcmServer(
        now_seconds=now_of(clock), project="shop", email="push@shop.example", key=GOOGLE_KEY.public_key()
    )
    async with fcm_server(service):
        file = {
            "project_id": "shop",
            "client_email": "push@shop.example",
            "private_key": pem(GOOGLE_KEY),
            "token_uri": service.token_url,
        }
        settings = fcm.FcmSettings(service_account=json.dumps(file), address=service.server.url)
        async with closing(http2_carrier(fcm.CHANNEL, settings, clock=clock, trust=LOCAL)) as carrier:
            yield service, settings, carrier


def android(name: str, kind: Any = "token") -> Device:
    return Device("android", name, kind=kind)


def for_firebase(settings: fcm.FcmSettings, *devices: Device, number: int = 1, **more: Json) -> Parcel:
    channel = fcm.fcm_channel(settings, DESK)
    return written(channel, a_send(list(devices), number), Words({**WORDS.parts, **more}))


async def test_a_phone_is_shown_what_was_said_under_either_kind_of_name() -> None:
    clock = FakeClock()
    async with firebase(clock) as (service, settings, carrier):
        service.devices = {"t1", "fid:f1"}
        parcel = for_firebase(settings, android("t1"), android("f1", "installation"), data={"screen": "cart"})
        assert await carrier.carry(parcel) == Accepted("1")
        first: Any = next(each for each in service.shown if each.get("token") == "t1")
        assert {each.get("fid") for each in service.shown} == {None, "f1"}
        assert first["notification"]["title"] == "Your cart waits"
        assert (first["data"]["screen"], first["data"]["send"]) == ("cart", effect_key("send", 1))
        assert first["android"]["notification"]["tag"] == effect_key("send", 1)


async def test_one_token_is_fetched_however_many_wait_for_it_and_another_when_it_is_over() -> None:
    clock = FakeClock()
    async with firebase(clock) as (service, settings, carrier):
        service.devices = {"t1"}
        parcels = [for_firebase(settings, android("t1"), number=number) for number in range(30)]
        verdicts = await asyncio.gather(*map(carrier.carry, parcels))
        assert all(isinstance(each, Accepted) for each in verdicts)
        assert len(service.tokens) == 1
        clock.advance(minutes=56)
        assert isinstance(await carrier.carry(parcels[0]), Accepted)
        assert len(service.tokens) == 2


async def test_a_token_that_was_taken_back_is_fetched_anew_and_the_message_goes_once_more() -> None:
    async with firebase(FakeClock()) as (service, settings, carrier):
        service.devices = {"t1"}
        assert isinstance(await carrier.carry(for_firebase(settings, android("t1"))), Accepted)
        service.take_back()
        assert isinstance(await carrier.carry(for_firebase(settings, android("t1"), number=2)), Accepted)
        assert len(service.shown) == 2


async def test_where_no_token_is_given_nothing_is_lost_and_nobody_asks_without_end() -> None:
    clock = FakeClock()
    async with firebase(clock) as (service, settings, carrier):
        service.devices, service.gives_tokens = {"t1"}, False
        verdicts = await asyncio.gather(*(carrier.carry(for_firebase(settings, android("t1"))) for _ in range(20)))
        assert set(verdicts) == {Deferred("Google gave no token: 503 try again later", 60, "provider")}
        assert len(service.server.asked) == 1
        service.gives_tokens = True
        clock.advance(seconds=11)
        assert isinstance(await carrier.carry(for_firebase(settings, android("t1"))), Accepted)


@pytest.mark.parametrize(
    ("status", "code"), [(404, "UNREGISTERED"), (403, "SENDER_ID_MISMATCH"), (400, "INVALID_ARGUMENT")]
)
async def test_devices_that_are_gone_are_named(status: int, code: str) -> None:
    async with firebase(FakeClock()) as (service, settings, carrier):
        service.errors["t1"] = (status, code)
        verdict = await carrier.carry(for_firebase(settings, android("t1")))
        assert isinstance(verdict, Refused)
        assert verdict.gone
        assert verdict.lost == (Gone(android("t1").id),)


@pytest.mark.parametrize(
    ("status", "code", "seconds"),
    [
        (429, "QUOTA_EXCEEDED", 90),
        (503, "UNAVAILABLE", 90),
        (500, "INTERNAL", 90),
        (401, "THIRD_PARTY_AUTH_ERROR", 300),
    ],
)
async def test_trouble_that_is_not_the_devices_is_waited_for(status: int, code: str, seconds: int) -> None:
    async with firebase(FakeClock()) as (service, settings, carrier):
        service.errors["t1"], service.retry_after = (status, code), "90"
        verdict = await carrier.carry(for_firebase(settings, android("t1")))
        assert verdict == Deferred(f"Firebase said {status} {code}: {code.lower()}", seconds, "provider")


async def test_a_long_body_is_cut_to_what_firebase_takes() -> None:
    async with firebase(FakeClock()) as (service, settings, carrier):
        service.devices = {"t1"}
        parcel = for_firebase(settings, android("t1"), body="long " * 3_000)
        assert isinstance(await carrier.carry(parcel), Accepted)
        said: Any = service.shown[0]["notification"]
        assert said["body"].endswith("…")


def test_each_service_writes_to_its_own_devices() -> None:
    settings = fcm.FcmSettings(
        service_account=json.dumps(
            {"project_id": "p", "client_email": "e", "private_key": pem(GOOGLE_KEY), "token_uri": "https://x.example"}
        )
    )
    devices = [iphone(1), android("t1"), Device("ios", "f1:APA91b"), Device("ios", "e" * 64, app="example.other")]
    google, apple = for_firebase(settings, *devices), for_apple(*devices)
    assert [each.to for each in (google, *google.copies)] == [devices[1].id, devices[2].id]
    assert [each.to for each in (apple, *apple.copies)] == [devices[0].id]
    nobody = fcm.fcm_channel(settings, DESK).parcel(a_send([iphone(1)]), WORDS)
    assert nobody == Refused("None of their devices is reached by Firebase.")


# The carrier itself.


BARE = Declared(
    name="bare",
    label="Bare",
    medium="webhook",
    transport="http2",
    source="this test",
    open=web_push.web_push_channel,
    read=lambda reply, parcel: Accepted(f"{reply.status} {reply.body.decode()} {parcel.key}"),
)


def a_parcel(url: str, key: str = "k", body: bytes = b"x") -> Parcel:
    return Parcel(key=key, channel="webhook", sender="bare", to="", body=body, url=url)


@asynccontextmanager
async def bare(trust: Trust = LOCAL) -> AsyncIterator[Http2Carrier]:
    carrier = Http2Carrier(BARE, None, clock=FakeClock(), trust=trust)
    try:
        yield carrier
    finally:
        await carrier.close()


async def test_many_calls_share_a_connection_and_keep_to_the_room_it_gives() -> None:
    server = Http2Server(lambda asked: Answered(status=200, body=str(len(asked.body)).encode()), window=2_000)
    server.streams_most = 7
    async with serving(server), bare() as carrier:
        await carrier.carry(a_parcel(server.url, "first"))
        parcels = [a_parcel(server.url, str(number), b"y" * 5_000) for number in range(60)]
        verdicts = await asyncio.gather(*map(carrier.carry, parcels))
        assert verdicts == [Accepted(f"200 5000 {number}") for number in range(60)]
        assert server.connections == 1


async def test_empty_frames_end_nothing() -> None:
    server = Http2Server(lambda asked: Answered(status=200, body=b"fine", empty_frames=3))
    async with serving(server), bare() as carrier:
        assert await carrier.carry(a_parcel(server.url)) == Accepted("200 fine k")


async def test_answers_without_end_are_read_no_further_than_they_are_of_use() -> None:
    server = Http2Server(lambda asked: Answered(status=200, body=b"z" * 60_000))
    async with serving(server), bare() as carrier:
        verdict = await carrier.carry(a_parcel(server.url))
        assert isinstance(verdict, Accepted)
        assert len(verdict.provider_id) == len("200  k") + 60_000


async def test_where_there_is_no_connection_nothing_was_taken() -> None:
    async with bare() as carrier:
        verdict = await carrier.carry(a_parcel("http://127.0.0.1:1/"))
        assert isinstance(verdict, Deferred)
        assert verdict.blame == "provider"
        assert isinstance(await carrier.carry(a_parcel("nonsense")), Refused)
    async with bare(NAMED) as carrier:
        verdict = await carrier.carry(a_parcel("http://127.0.0.1:1/"))
        assert isinstance(verdict, Deferred)
        assert verdict.blame == "domain"
        assert isinstance(await carrier.carry(a_parcel("http://nowhere.invalid/")), Deferred)
        assert isinstance(await carrier.carry(a_parcel("nonsense")), Refused)
    async with bare(Trust()) as carrier:
        assert isinstance(await carrier.carry(a_parcel("http://127.0.0.1:1/")), Refused)


async def test_a_server_whose_connection_ends_in_the_middle_leaves_doubt() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(200)
        writer.transport.abort()

    server = await asyncio.start_server(cut, "127.0.0.1", 0)
    async with server, bare() as carrier:
        verdict = await carrier.carry(a_parcel(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"))
        assert isinstance(verdict, InDoubt)


def certified(host: str) -> tuple[ssl.SSLContext, bytes]:
    """What a server of this machine shows in TLS, offering HTTP/2, and the certificate to trust it by."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, APPLE_KEY.public_key(), 1, now - timedelta(1), now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .sign(APPLE_KEY, SHA256())
    )
    shown = certificate.public_bytes(Encoding.PEM)
    with TemporaryDirectory() as folder:
        file = Path(folder, "both.pem")
        file.write_bytes(shown + pem(APPLE_KEY).encode())
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file)
    context.set_alpn_protocols(["h2"])
    return context, shown


async def test_a_server_that_anybody_named_is_asked_in_tls_what_it_speaks() -> None:
    context, shown = certified("127.0.0.1")
    server = Http2Server(lambda asked: Answered(status=200, body=b"fine"))
    async with serving(server, context):
        async with bare(Trust(anywhere=True, private=True, prior=False, roots=shown)) as carrier:
            assert await carrier.carry(a_parcel(server.url)) == Accepted("200 fine k")
        async with bare(Trust(anywhere=True, private=True, prior=False)) as carrier:
            # Whom nobody vouches for is told nothing.
            verdict = await carrier.carry(a_parcel(server.url))
            assert isinstance(verdict, Deferred)
        assert len(server.asked) == 1
