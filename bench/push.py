"""Push messages handed over per second of one core, beside httpx: the same requests, over one connection of HTTP/2.

The server is a process of its own, without encryption, and answers at once. Beside the requests alone stands all that a
message takes: to a browser it is written, sealed for that browser alone and signed for its service; to Apple's devices
it is written, and one signature serves for forty minutes. A message that may be handed over again after a crash is kept
before it is handed over, and let go of with what came of it: that is added to the way that it is part of.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import uvloop
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench.benchmark import Benchmark, Measured, Row
from holdfast.channels import apns, web_push
from holdfast.channels.carriers.http2 import Trust, http2_carrier
from holdfast.channels.declared import Declared, Desk
from holdfast.flows.delivery.wording import Wording, WordsDesk
from holdfast.kernel.ids import effect_key
from holdfast.messages.content import Words
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Accepted, Parcel
from holdfast.messages.push.vapid import vapid_key
from holdfast.ports.channel import Channel
from holdfast.profiles.devices import Device, write_devices
from holdfast.stores.sqlite.state import SqliteState
from holdfast.testing import FakeClock, a_send
from tests.http2_server import Answered, Http2Server, serving
from tests.push_service import Subscription

RATIO_LEAST = 5.0
AT_ONCE = 100
APPLE = apns.ApnsSettings(
    team_id="TEAM123456",
    key_id="KEY1234567",
    private_key=ec.derive_private_key(7, ec.SECP256R1())
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode(),
    topic="example.shop",
)
BROWSERS = web_push.WebPushSettings(contact="mailto:push@shop.example", private_key=vapid_key(b"\x01" * 32).secret)
DESK = Desk(linker=Linker(base_url="https://t.example", key=b"a key for the benchmark"), workspace_name="Shop")
WORDS = Words(
    {
        "title": "Your cart waits",
        "body": "Two things are in it, and one of them is the last of its kind.",
        "image": "https://cdn.example/cart.jpg",
        "url": "https://shop.example/cart",
    }
)
BROWSER = Subscription.made("bench")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to hand messages over."""

    name: str
    run: Callable[[str, range], Coroutine[None, None, None]]


def browser_parcel(channel: Channel, url: str, number: int) -> Parcel:
    """The message to one browser."""
    device = Device("web", f"{url}/push/{number}", BROWSER.p256dh, BROWSER.auth)
    return _parcel(channel, device, number)


def apple_parcel(channel: Channel, url: str, number: int) -> Parcel:
    """The message to one of Apple's devices."""
    parcel = _parcel(channel, Device("ios", f"{number:064x}"), number)
    return replace(parcel, url=url + parcel.url.removeprefix(apns.PRODUCTION))


def _parcel(channel: Channel, device: Device, number: int) -> Parcel:
    parcel = channel.parcel(a_send(effect_key("bench", number), address=write_devices([device])), WORDS)
    assert isinstance(parcel, Parcel)
    return parcel


async def by_httpx(url: str, numbers: range) -> None:
    """The requests, by httpx; what they carry is made before."""
    parcel = apple_parcel(apns.apns_channel(APPLE, DESK), url, 1)
    headers = {**parcel.headers, **apns.seal(APPLE, parcel, 0)}
    async with httpx.AsyncClient(http1=False, http2=True, trust_env=False) as client:

        async def one(number: int) -> None:
            reply = await client.post(f"{url}/3/device/{number}", content=parcel.body, headers=headers)
            assert reply.status_code == 200

        await _in_turns(one, numbers)


async def requests_alone(url: str, numbers: range) -> None:
    """The requests, by our carrier; what they carry is made before."""
    parcel = apple_parcel(apns.apns_channel(APPLE, DESK), url, 1)
    await _carried(apns.CHANNEL, APPLE, lambda number: replace(parcel, url=f"{url}/3/device/{number}"), numbers)


async def to_apple(url: str, numbers: range) -> None:
    """Written and carried."""
    channel = apns.apns_channel(APPLE, DESK)
    await _carried(apns.CHANNEL, APPLE, lambda number: apple_parcel(channel, url, number), numbers)


async def to_browsers(url: str, numbers: range) -> None:
    """Written, sealed for the browser, signed for its service, and carried."""
    channel = web_push.web_push_channel(BROWSERS, DESK)
    await _carried(web_push.CHANNEL, BROWSERS, lambda number: browser_parcel(channel, url, number), numbers)


async def _carried(declared: Declared, settings: object, made: Callable[[int], Parcel], numbers: range) -> None:
    carrier = http2_carrier(declared, settings, clock=FakeClock(), trust=Trust(private=True))

    async def one(number: int) -> None:
        assert isinstance(await carrier.carry(made(number)), Accepted)

    await _in_turns(one, numbers)
    await carrier.close()


async def _in_turns(one: Callable[[int], Coroutine[None, None, None]], numbers: range) -> None:
    for start in range(numbers.start, numbers.stop, AT_ONCE):
        await asyncio.gather(*(one(number) for number in range(start, min(start + AT_ONCE, numbers.stop))))


WAYS = (
    Way(name="httpx, the requests alone", run=by_httpx),
    Way(name="Holdfast, the requests alone", run=requests_alone),
    Way(name="Holdfast, to Apple's devices, writing included", run=to_apple),
    Way(name="Holdfast, to browsers, writing and sealing included", run=to_browsers),
)


async def kept(directory: Path, messages: int) -> float:
    """What it costs to keep what a message says before it is handed over, and to let go of it when it was.

    Returns seconds of processor for each message; the state is SQLite, each of its commits on disk.
    """
    state, clock = SqliteState(directory), FakeClock()
    sends = [
        a_send(effect_key("kept", number), channel="mobile_push", state="claimed", claimed_by="bench#1")
        for number in range(messages)
    ]
    async with state.begin() as transaction:
        await transaction.add_sends(sends)
    desk, wording = WordsDesk(state=state, clock=clock), Wording(words=WORDS)
    before = time.process_time()
    for start in range(0, messages, AT_ONCE):
        batch = sends[start : start + AT_ONCE]
        assert all(await asyncio.gather(*(desk.keep(each, wording) for each in batch)))
        async with state.begin() as transaction:
            await transaction.drop_words([each.key for each in batch])
    spent = (time.process_time() - before) / messages
    await state.close()
    return spent


def _serve(told: Connection) -> None:
    async def serve() -> None:
        async with serving(Http2Server(lambda asked: Answered(status=200), keeps=False)) as server:
            told.send(server.url)
            await asyncio.get_running_loop().run_in_executor(None, told.recv)

    uvloop.run(serve())


@contextmanager
def server() -> Iterator[str]:
    """A server in a process of its own; its address."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("that is all")
        process.join(10)


def run(quick: bool) -> Measured:
    """In short turns; of each way the calmest counts, so that a busy neighbour disturbs none."""
    rounds, messages = (6, 200) if quick else (20, 500)
    best: dict[str, float] = {}
    with server() as url:
        for turn in range(rounds + 1):
            for way in WAYS:
                before = time.process_time()
                uvloop.run(way.run(url, range(turn * messages, (turn + 1) * messages)))
                spent = (time.process_time() - before) / messages
                if turn:  # The first turn warms all of them up.
                    best[way.name] = min(spent, best.get(way.name, spent))
    keeping = min(_kept_anew(messages) for _ in range(rounds))
    best["Holdfast, to Apple's devices, writing and keeping included"] = best[WAYS[2].name] + keeping
    return _table(best)


def _kept_anew(messages: int) -> float:
    with tempfile.TemporaryDirectory() as directory:
        return uvloop.run(kept(Path(directory), messages))


def _table(seconds: dict[str, float]) -> Measured:
    plain, ours, *_ = seconds
    ratio = seconds[plain] / seconds[ours]
    rows = tuple(
        Row(
            what=name,
            value=1 / spent,
            unit="messages per second of one core",
            ratio=seconds[plain] / spent,
            limit=f"at least {RATIO_LEAST:g} times as many" if name == ours else "",
            met=name != ours or ratio >= RATIO_LEAST,
        )
        for name, spent in seconds.items()
    )
    note = f"{AT_ONCE} at once over one connection, which each turn opens anew. The calmest of many turns of each."
    return Measured(headline=ratio, rows=rows, notes=(note,))


BENCHMARK = Benchmark(about="Push messages written, sealed and handed over by HTTP/2, beside httpx.", run=run)
