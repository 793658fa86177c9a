"""All the servers of the outside world that messages go to, on a thread of their own beside a test that blocks."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.apns_server import ApnsServer
from tests.chat_apis import ChatApis
from tests.chat_apis import running as chat_apis
from tests.fcm_server import FcmServer
from tests.http2_server import serving as http2
from tests.integration.smtp_servers import Scripted
from tests.integration.smtp_servers import running as smtp_server
from tests.integration.test_webhooks import Hook, a_hook
from tests.push_service import PushService
from tests.smsc import Smsc
from tests.smsc import running as smsc_server

HOST = "127.0.0.1"
TEAM, KEY_ID, APP = "TEAM123456", "KEY1234567", "example.shop"
ROBOT = "push@shop.example"
START_SECONDS = 90.0


def _now_seconds() -> int:
    return int(time.time())


@dataclass
class OutsideWorld:
    """One server of each kind, each knowing of nobody yet."""

    apple_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    google_key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    mail: Scripted = field(default_factory=Scripted)
    smsc: Smsc = field(default_factory=lambda: Smsc(receipts="words"))
    browsers: PushService = field(default_factory=lambda: PushService(now_seconds=_now_seconds))
    firebase: FcmServer = field(init=False)
    apple: ApnsServer = field(init=False)
    chats: ChatApis = field(init=False)
    hook: Hook = field(init=False)
    _loop: asyncio.AbstractEventLoop = field(init=False)

    def __post_init__(self) -> None:
        self.firebase = FcmServer(
            now_seconds=_now_seconds, project="shop", email=ROBOT, key=self.google_key.public_key()
        )
        self.apple = ApnsServer(
            now_seconds=_now_seconds, team=TEAM, key_id=KEY_ID, key=self.apple_key.public_key(), topic=APP
        )

    def service_account(self) -> str:
        """The file that lets one in at Firebase."""
        return json.dumps(
            {
                "project_id": "shop",
                "client_email": ROBOT,
                "private_key": _pem(self.google_key),
                "token_uri": self.firebase.token_url,
            }
        )

    def apple_settings(self) -> dict[str, str]:
        """A connection's, to the stand-in for Apple."""
        told = {"team_id": TEAM, "key_id": KEY_ID, "topic": APP, "private_key": _pem(self.apple_key)}
        return {**told, "address": self.apple.server.url}

    def on_its_thread(self, act: Callable[[], Any]) -> None:
        """Do something that only the servers' own thread may."""
        self._loop.call_soon_threadsafe(act)

    async def stand(self, context: ssl.SSLContext, stands: threading.Event, ends: asyncio.Event) -> None:
        """Until it ends."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(smtp_server(self.mail))
            await stack.enter_async_context(smsc_server(self.smsc))
            await stack.enter_async_context(http2(self.browsers.server, context))
            await stack.enter_async_context(http2(self.firebase.server))
            await stack.enter_async_context(http2(self.apple.server))
            self.chats = await stack.enter_async_context(chat_apis())
            self.hook = await stack.enter_async_context(a_hook())
            self._loop = asyncio.get_running_loop()
            stands.set()
            await ends.wait()


@contextmanager
def outside_world(folder: Path) -> Iterator[tuple[OutsideWorld, Path]]:
    """The servers, and the file with the certificate by which the push service of browsers is to be trusted."""
    context, certificate = certified(folder)
    world, stands, ended = OutsideWorld(), threading.Event(), threading.Event()
    ending: list[Callable[[], object]] = []

    async def stand() -> None:
        ends = asyncio.Event()
        loop = asyncio.get_running_loop()
        ending.append(lambda: loop.call_soon_threadsafe(ends.set))
        await world.stand(context, stands, ends)
        ended.set()

    thread = threading.Thread(target=lambda: asyncio.run(stand()), daemon=True)
    thread.start()
    assert stands.wait(START_SECONDS)
    try:
        yield world, certificate
    finally:
        ending[0]()
        thread.join(START_SECONDS)
    assert ended.is_set()


def certified(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """What a server of this machine shows in TLS, offering HTTP/2, and the file to trust it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .sign(key, SHA256())
    )
    shown, private = folder / "shown.pem", folder / "private.pem"
    shown.write_bytes(certificate.public_bytes(Encoding.PEM))
    private.write_text(_pem(key))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(shown, private)
    context.set_alpn_protocols(["h2"])
    return context, shown


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
