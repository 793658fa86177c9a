"""One connection to an SMTP server: opened, greeted, encrypted, signed in; then one mail after another."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from base64 import b64encode
from dataclasses import dataclass
from typing import Literal

from holdfast.channels.carriers.smtp_wire import BrokenError, Wire
from holdfast.channels.email_smtp import verdict
from holdfast.channels.smtp_reply import Reply, Stage
from holdfast.messages.parcel import Accepted, InDoubt, Parcel, Refused, Verdict

Tls = Literal["starttls", "tls", "none"]

CHUNK_BYTES = 65_536
GOODBYE_SECONDS = 1.0
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait at each stage, in seconds. The last is what RFC 5321 (4.5.3.2.6) asks for."""

    connect: float = 15
    command: float = 60
    body: float = 180
    """For the server to take what the socket holds of the body."""
    verdict: float = 600
    """For the answer to the final dot: giving up sooner leaves mails in doubt that were taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the server is and how to get in."""

    host: str
    port: int
    tls: Tls
    context: ssl.SSLContext | None
    user: str
    password: str
    hello_name: str


class SmtpConnection:
    """Make it with `open_connection`. A method that raises BrokenError leaves it useless. One mail at a time."""

    def __init__(self, wire: Wire, patience: Patience) -> None:
        """A connection over the wire, not greeted yet."""
        self._wire = wire
        self._patience = patience
        self._offers: dict[str, str] = {}
        self.delivered = 0
        self.idle_since = 0.0

    @property
    def is_fit(self) -> bool:
        """Whether another mail can go over it."""
        return self._wire.is_quiet

    async def enter(self, door: Door) -> None:
        """Greet, encrypt, sign in. Raises BrokenError, or RefusedEntryError with the server's answer."""
        _expect(await self._wire.reply("greeting", timeout_seconds=self._patience.command), "greeting")
        await self._hello(door)
        if door.tls == "starttls":
            if "STARTTLS" not in self._offers:
                raise BrokenError("tls", "the server offers no STARTTLS; say smtp_tls = none if that is right")
            _expect(await self._ask("tls", b"STARTTLS\r\n"), "tls")
            assert door.context is not None  # noqa: S101  # Made by the carrier for every TLS.
            await self._wire.encrypt(door.context, door.host, timeout_seconds=self._patience.command)
            await self._hello(door)  # What was offered before the encryption is not to be believed.
        if door.user:
            await self._sign_in(door)

    async def _hello(self, door: Door) -> None:
        name = door.hello_name.encode("ascii", "replace")
        reply = await self._ask("hello", b"EHLO " + name + b"\r\n")
        if reply.code // 100 == 5:  # A server of before 1995 knows only HELO.
            _expect(await self._ask("hello", b"HELO " + name + b"\r\n"), "hello")
            self._offers = {}
            return
        _expect(reply, "hello")
        words = (line.upper().partition(" ") for line in reply.lines[1:])
        self._offers = {name: arguments for name, _, arguments in words}

    async def _sign_in(self, door: Door) -> None:
        ways = self._offers.get("AUTH", "").split()
        user, password = door.user.encode(), door.password.encode()
        if "PLAIN" in ways or "LOGIN" not in ways:
            token = b64encode(b"\x00" + user + b"\x00" + password)
            _expect(await self._ask("auth", b"AUTH PLAIN " + token + b"\r\n"), "auth")
            return
        _expect(await self._ask("auth", b"AUTH LOGIN\r\n"), "auth", 3)
        _expect(await self._ask("auth", b64encode(user) + b"\r\n"), "auth", 3)
        _expect(await self._ask("auth", b64encode(password) + b"\r\n"), "auth")

    async def _ask(self, stage: Stage, line: bytes) -> Reply:
        self._wire.write(line)
        return await self._wire.reply(stage, timeout_seconds=self._patience.command)

    async def deliver(self, parcel: Parcel) -> Verdict:
        """Hand over one mail. Raises BrokenError when the connection broke before it could have been taken."""
        envelope = self._envelope(parcel)
        if isinstance(envelope, Refused):
            return envelope
        refusal = await self._open_envelope(envelope)
        if refusal is not None:
            return refusal
        return await self._hand_over(_stuffed(parcel.body))

    def _envelope(self, parcel: Parcel) -> list[tuple[Stage, bytes]] | Refused:
        """The three commands before the body, or why this server cannot be asked."""
        if not (parcel.to + parcel.sender).isprintable() or any(each in parcel.to + parcel.sender for each in " <>"):
            return Refused(f"{parcel.to!r:.100} cannot stand in an envelope")
        size = self._offers.get("SIZE", "")
        if size.isdigit() and 0 < int(size) < len(parcel.body):
            return Refused(f"The mail has {len(parcel.body):,} bytes and the server takes {int(size):,}")
        options = b" SIZE=%d" % len(parcel.body) if "SIZE" in self._offers else b""
        if not (parcel.to + parcel.sender).isascii():
            if "SMTPUTF8" not in self._offers:
                return Refused("The address is not ASCII and the server takes no other (no SMTPUTF8)")
            options += b" SMTPUTF8"
        if not parcel.body.isascii() and "8BITMIME" in self._offers:
            options += b" BODY=8BITMIME"
        return [
            ("sender", b"MAIL FROM:<" + parcel.sender.encode() + b">" + options + b"\r\n"),
            ("recipient", b"RCPT TO:<" + parcel.to.encode() + b">\r\n"),
            ("data", b"DATA\r\n"),
        ]

    async def _open_envelope(self, commands: list[tuple[Stage, bytes]]) -> Verdict | None:
        """Ask for the mail to be taken; None when the server waits for the body."""
        pipelining = "PIPELINING" in self._offers
        if pipelining:
            self._wire.write(b"".join(line for _, line in commands))
        refusal: Verdict | None = None
        waits_for_body = False
        for stage, line in commands:
            if not pipelining:
                self._wire.write(line)
            reply = await self._wire.reply(stage, timeout_seconds=self._patience.command)
            waits_for_body = reply.code == 354 and stage == "data"
            if refusal is None and reply.code // 100 != (3 if stage == "data" else 2):
                refusal = verdict(stage, reply)
                if not pipelining:
                    break
        if refusal is not None:
            await self._back_out(waits_for_body=waits_for_body)
        return refusal

    async def _back_out(self, *, waits_for_body: bool) -> None:
        """Leave the connection fit for the next mail, or closed. The verdict on this one stands either way."""
        try:
            if waits_for_body:  # RFC 2920 (3.1): it refused the recipient and wants a body all the same.
                self._wire.write(b".\r\n")
                await self._wire.reply("body", timeout_seconds=self._patience.command)
            reply = await self._ask("sender", b"RSET\r\n")
            if reply.code // 100 != 2:
                self.abort()
        except BrokenError:
            self.abort()

    async def _hand_over(self, body: bytes) -> Verdict:
        """The body, then the dot. Before the dot the mail cannot have been taken; after it, only the answer says."""
        for start in range(0, len(body), CHUNK_BYTES):
            self._wire.write(body[start : start + CHUNK_BYTES])
            await self._wire.drain("data", timeout_seconds=self._patience.body)
        early = self._wire.take_reply()
        if early is not None:
            self.abort()
            answer = verdict("data", early)
            if isinstance(answer, Refused):
                return answer
            raise BrokenError("data", f"the server broke off with {early}")
        self._wire.write(b".\r\n")
        try:
            reply = await self._wire.reply("body", timeout_seconds=self._patience.verdict)
        except BrokenError as broken:
            self.abort()
            return InDoubt(f"The mail was handed over and not answered: {broken.reason}")
        answer = verdict("body", reply)
        if isinstance(answer, Accepted):
            self.delivered += 1
        elif reply.code == 421 or isinstance(answer, InDoubt):
            self.abort()
        return answer

    async def leave(self) -> None:
        """Say goodbye, and wait a moment for the answer: a server left in mid-sentence logs an error."""
        self._wire.write(b"QUIT\r\n")
        with contextlib.suppress(BrokenError):
            await self._wire.reply("hello", timeout_seconds=GOODBYE_SECONDS)
        self._wire.close()

    def abort(self) -> None:
        """Close at once."""
        self._wire.abort()
        self._wire.lost = self._wire.lost or "closed"


class RefusedEntryError(Exception):
    """The server would not let us in."""

    def __init__(self, stage: Stage, reply: Reply) -> None:
        """Keep the answer: it says how long to wait."""
        super().__init__(str(reply))
        self.stage = stage
        self.reply = reply


def _expect(reply: Reply, stage: Stage, kind: int = 2) -> None:
    if reply.code // 100 != kind:
        raise RefusedEntryError(stage, reply)


async def open_connection(door: Door, patience: Patience) -> SmtpConnection:
    """Connect and get in. Raises BrokenError or RefusedEntryError."""
    loop = asyncio.get_running_loop()
    implicit = door.context if door.tls == "tls" else None
    try:
        async with asyncio.timeout(patience.connect):
            _, wire = await loop.create_connection(
                Wire, door.host, door.port, ssl=implicit, server_hostname=door.host if implicit else None
            )
    except TimeoutError:
        raise BrokenError("connect", f"no connection within {patience.connect:g} s") from None
    except OSError as error:
        raise BrokenError("connect", f"no connection: {error}") from error
    connection = SmtpConnection(wire, patience)
    try:
        await connection.enter(door)
    except BaseException:
        connection.abort()
        raise
    return connection


def _stuffed(body: bytes) -> bytes:
    """The body as it goes over the wire: CRLF line ends only, dots at line starts doubled, a line end at its end."""
    # A bare line end followed by a dot ends the mail for some servers and not for others: never let one through.
    within = body.replace(b"\r\n", b"")
    if b"\r" in within or b"\n" in within:
        body = _BARE.sub(b"\r\n", body)
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    body = body.replace(b"\r\n.", b"\r\n..")
    return b"." + body if body.startswith(b".") else body
