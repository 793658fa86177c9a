"""The SMTP carrier against real servers: aiosmtpd, and servers that break off, stammer or say no at every stage."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from holdfast.channels.carriers.smtp import SmtpCarrier
from holdfast.channels.carriers.smtp_connection import Patience, Tls, _stuffed
from holdfast.kernel.errors import Invalid
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused
from tests.integration.smtp_servers import CLOSE, HELLO, PIPELINING, SILENCE, Scripted, running

BODY = b"Subject: x\r\n\r\nHello\r\n"
HASTY = Patience(connect=5, command=0.2, body=0.5, verdict=0.2)
CALM = Patience(connect=5, command=5, body=5, verdict=5)


def a_parcel(to: str = "ana@mail.example", *, body: bytes = BODY) -> Parcel:
    return Parcel(key=to, channel="email", sender="shop@shop.example", to=to, body=body, headers={})


@asynccontextmanager
async def carrying(
    port: int,
    *,
    tls: Tls = "none",
    patience: Patience = CALM,
    context: ssl.SSLContext | None = None,
    most: int = 8,
    user: str = "",
    password: str = "",
) -> AsyncIterator[SmtpCarrier]:
    carrier = SmtpCarrier(
        "127.0.0.1",
        port,
        tls=tls,
        patience=patience,
        context=context,
        connections_most=most,
        user=user,
        password=password,
    )
    try:
        yield carrier
    finally:
        await carrier.close()


@pytest.mark.parametrize("hello", [HELLO, PIPELINING])
async def test_a_mail_is_handed_over(hello: bytes) -> None:
    async with running(Scripted({"EHLO": hello})) as server, carrying(server.port) as carrier:
        assert await carrier.carry(a_parcel()) == Accepted("A1")
        assert await carrier.carry(a_parcel("bo@mail.example")) == Accepted("A1")
    assert server.mails == [BODY + b".\r\n"] * 2
    assert server.connections == 1, "the connection was not kept"
    assert b"RCPT TO:<ana@mail.example>\r\n" in server.heard


async def test_a_reply_in_pieces_is_waited_for() -> None:
    async with running(Scripted({"EHLO": PIPELINING}, stammers=True)) as server, carrying(server.port) as carrier:
        assert await carrier.carry(a_parcel()) == Accepted("A1")


BEFORE_THE_DOT = ["greeting", "EHLO", "MAIL", "RCPT", "DATA"]


@pytest.mark.parametrize("hello", [HELLO, PIPELINING])
@pytest.mark.parametrize(
    "fault", [CLOSE, SILENCE, b"421 4.3.2 going down\r\n", b"!garbage!\r\n", b"450 4.2.0 later\r\n"]
)
@pytest.mark.parametrize("stage", BEFORE_THE_DOT)
async def test_before_the_dot_a_mail_is_not_taken(stage: str, fault: bytes, hello: bytes) -> None:
    script = {"EHLO": hello} | {stage: fault}
    async with running(Scripted(script)) as server, carrying(server.port, patience=HASTY) as carrier:
        answer = await carrier.carry(a_parcel())
    assert isinstance(answer, Deferred), answer
    assert answer.reason
    assert not any(BODY in each for each in server.mails)


@pytest.mark.parametrize("fault", [CLOSE, SILENCE, b"garbage\r\n", b"354 what?\r\n"])
async def test_after_the_dot_nobody_knows(fault: bytes) -> None:
    async with running(Scripted({"DOT": fault})) as server, carrying(server.port, patience=HASTY) as carrier:
        answer = await carrier.carry(a_parcel())
    assert isinstance(answer, InDoubt), answer
    assert len(server.mails) == 1


async def test_a_mail_cut_off_in_its_body_is_not_taken() -> None:
    large = BODY + b"x" * 70 + b"\r\n" + (b"y" * 74 + b"\r\n") * 200_000
    async with running(Scripted({"BODY": CLOSE})) as server, carrying(server.port) as carrier:
        answer = await carrier.carry(a_parcel(body=large))
    assert isinstance(answer, Deferred), answer
    assert not server.mails


@pytest.mark.parametrize("hello", [HELLO, PIPELINING])
@pytest.mark.parametrize(
    ("stage", "said", "gone"),
    [
        ("MAIL", b"550 5.7.1 not you\r\n", False),
        ("RCPT", b"550 5.1.1 no such user\r\n", True),
        ("RCPT", b"550-5.7.1 your address\r\n550 5.7.1 is blocked\r\n", False),
        ("RCPT", b"552 5.2.2 full\r\n", False),
        ("DATA", b"554 5.5.0 no\r\n", False),
        ("DOT", b"554 5.7.1 spam\r\n", False),
    ],
)
async def test_a_no_is_a_no_and_the_next_mail_goes_on(stage: str, said: bytes, gone: bool, hello: bytes) -> None:
    server = Scripted({"EHLO": hello, stage: said})
    async with running(server), carrying(server.port) as carrier:
        answer = await carrier.carry(a_parcel())
        assert isinstance(answer, Refused), answer
        assert answer.gone == gone
        server.script = {"EHLO": hello}
        assert isinstance(await carrier.carry(a_parcel("bo@mail.example")), Accepted)
    assert server.connections == 1


async def test_a_server_that_wants_a_body_for_nobody_gets_an_empty_one() -> None:
    """RFC 2920: with pipelining the server may open DATA though it refused the recipient."""
    server = Scripted({"EHLO": PIPELINING, "RCPT": b"550 5.1.1 nobody\r\n"})
    async with running(server), carrying(server.port) as carrier:
        assert isinstance(await carrier.carry(a_parcel()), Refused)
    assert all(BODY not in each for each in server.mails)


@pytest.mark.parametrize("said", [b"535 5.7.8 wrong\r\n", b"454 4.7.0 later\r\n"])
async def test_a_wrong_password_uses_up_no_mail(said: bytes) -> None:
    script = {"EHLO": b"250-x\r\n250 AUTH PLAIN\r\n", "AUTH": said}
    async with running(Scripted(script)) as server, carrying(server.port, user="u", password="p") as carrier:
        assert isinstance(await carrier.carry(a_parcel()), Deferred)


async def test_nobody_listening_is_a_deferral() -> None:
    async with running(Scripted()) as server:
        port = server.port
    async with carrying(port, patience=HASTY) as carrier:
        assert isinstance(await carrier.carry(a_parcel()), Deferred)


async def test_a_kept_connection_found_closed_costs_nothing() -> None:
    server = Scripted({"MAIL": CLOSE}, once=True)
    server.script = {}
    async with running(server), carrying(server.port) as carrier:
        assert isinstance(await carrier.carry(a_parcel()), Accepted)
        server.script = {"MAIL": CLOSE}
        assert isinstance(await carrier.carry(a_parcel("bo@mail.example")), Accepted)
    assert server.connections == 2
    assert len(server.mails) == 2


async def test_no_more_connections_than_allowed() -> None:
    async with running(Scripted()) as server, carrying(server.port, most=3) as carrier:
        answers = await asyncio.gather(*(carrier.carry(a_parcel(f"p{number}@mail.example")) for number in range(40)))
    assert all(isinstance(each, Accepted) for each in answers)
    assert 1 <= server.connections <= 3
    assert len(server.mails) == 40


async def test_being_stopped_leaves_no_half_sentence_behind() -> None:
    server = Scripted({"DOT": SILENCE}, once=True)
    async with running(server), carrying(server.port, most=1) as carrier:
        task = asyncio.ensure_future(carrier.carry(a_parcel()))
        while not server.mails:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert isinstance(await carrier.carry(a_parcel("bo@mail.example")), Accepted)
    assert server.connections == 2


async def test_a_mail_over_the_servers_size_is_refused_unsent() -> None:
    async with running(Scripted({"EHLO": b"250-x\r\n250 SIZE 10\r\n"})) as server, carrying(server.port) as carrier:
        assert isinstance(await carrier.carry(a_parcel()), Refused)
    assert not any(line.startswith(b"MAIL") for line in server.heard)


async def test_an_address_beyond_ascii_needs_a_server_that_takes_it() -> None:
    parcel = a_parcel("жан@mail.example")
    async with running(Scripted()) as server, carrying(server.port) as carrier:
        assert isinstance(await carrier.carry(parcel), Refused)
    script = {"EHLO": b"250-x\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"}
    async with running(Scripted(script)) as server, carrying(server.port) as carrier:
        assert isinstance(await carrier.carry(parcel), Accepted)
    assert "RCPT TO:<жан@mail.example>\r\n".encode() in server.heard


@pytest.mark.parametrize("to", ["a@b.example>\r\nRCPT TO:<c@d.example", "a b@c.example", "a@b.example\n"])
async def test_no_address_can_add_a_command(to: str) -> None:
    async with running(Scripted()) as server, carrying(server.port) as carrier:
        assert isinstance(await carrier.carry(a_parcel(to)), Refused)
    assert not any(line.startswith(b"RCPT") for line in server.heard)


@pytest.mark.parametrize(
    ("body", "wired"),
    [
        (b".a\r\n.\r\n..\r\nb", b"..a\r\n..\r\n...\r\nb\r\n"),
        (b"a\n.\nb\r.\r\n", b"a\r\n..\r\nb\r\n..\r\n"),
        (b"a\r\n\n.\r\n", b"a\r\n\r\n..\r\n"),
        (b"", b"\r\n"),
    ],
)
def test_no_body_can_end_the_mail(body: bytes, wired: bytes) -> None:
    assert _stuffed(body) == wired


def test_a_password_does_not_cross_a_network_in_the_clear() -> None:
    with pytest.raises(Invalid):
        SmtpCarrier("mail.example", 25, user="u", password="p", tls="none")


# Encryption and a real server.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and key for 127.0.0.1, signed by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    loopback = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(loopback, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + private)
    return path


def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def client_side(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate)


class Keeping:
    """Keeps what aiosmtpd takes."""

    def __init__(self) -> None:
        self.kept: list[Envelope] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name.
        self.kept.append(envelope)
        return "250 2.0.0 Ok: queued as B2"


def only_ana(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
    return AuthResult(success=data.login == b"ana" and data.password == "pässword".encode())


@asynccontextmanager
async def aiosmtpd(
    keeping: Keeping,
    *,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    auth: bool = False,
    without: tuple[str, ...] = (),
) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return SMTP(
            keeping,
            hostname="127.0.0.1",
            enable_SMTPUTF8=True,
            tls_context=starttls,
            require_starttls=bool(starttls),
            authenticator=only_ana if auth else None,
            auth_required=auth,
            auth_require_tls=bool(starttls),
            auth_exclude_mechanism=without,
            loop=loop,
        )

    server = await loop.create_server(session, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


NASTY_BODY = b"Subject: x\r\n\r\n.\r\n..\r\n.a\r\n" + b"z" * 900 + b"\r\n"


async def test_a_real_server_gets_the_very_bytes() -> None:
    keeping = Keeping()
    async with aiosmtpd(keeping) as port, carrying(port) as carrier:
        answers = await asyncio.gather(
            *(carrier.carry(a_parcel(f"p{n}@mail.example", body=NASTY_BODY)) for n in range(20))
        )
    assert answers == [Accepted("B2")] * 20
    assert {each.content for each in keeping.kept} == {NASTY_BODY}
    assert sorted(each.rcpt_tos[0] for each in keeping.kept) == sorted(f"p{n}@mail.example" for n in range(20))


@pytest.mark.parametrize("way", ["PLAIN", "LOGIN"])
async def test_starttls_and_both_ways_to_sign_in(certificate: Path, way: str) -> None:
    keeping, context = Keeping(), client_side(certificate)
    without = ("PLAIN", "LOGIN")[way == "PLAIN"]
    async with (
        aiosmtpd(keeping, starttls=server_side(certificate), auth=True, without=(without,)) as port,
        carrying(port, tls="starttls", context=context, user="ana", password="pässword") as carrier,
    ):
        assert await carrier.carry(a_parcel()) == Accepted("B2")
        assert await carrier.carry(a_parcel()) == Accepted("B2")


async def test_tls_from_the_start(certificate: Path) -> None:
    keeping, context = Keeping(), client_side(certificate)
    async with (
        aiosmtpd(keeping, tls=server_side(certificate)) as port,
        carrying(port, tls="tls", context=context) as carrier,
    ):
        assert await carrier.carry(a_parcel()) == Accepted("B2")


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_certificate_nobody_vouches_for_is_not_trusted(certificate: Path, tls: Tls) -> None:
    keeping = Keeping()
    mine = server_side(certificate)
    sides = (mine, None) if tls == "starttls" else (None, mine)
    async with aiosmtpd(keeping, starttls=sides[0], tls=sides[1]) as port, carrying(port, tls=tls) as carrier:
        answer = await carrier.carry(a_parcel())
    assert isinstance(answer, Deferred), answer
    assert not keeping.kept


async def test_a_server_that_takes_starttls_away_gets_nothing() -> None:
    async with (
        running(Scripted()) as server,
        carrying(server.port, tls="starttls", user="ana", password="p") as carrier,
    ):
        answer = await carrier.carry(a_parcel())
    assert isinstance(answer, Deferred)
    assert "STARTTLS" in answer.reason
    assert not any(line.startswith((b"AUTH", b"MAIL")) for line in server.heard)


async def test_words_put_in_before_the_encryption_are_not_believed(certificate: Path) -> None:
    script = {"EHLO": b"250-x\r\n250 STARTTLS\r\n", "STARTTLS": b"220 go on\r\n250 injected\r\n"}
    scripted = Scripted(script, tls=server_side(certificate))
    async with (
        running(scripted) as server,
        carrying(server.port, tls="starttls", context=client_side(certificate)) as carrier,
    ):
        answer = await carrier.carry(a_parcel())
    assert isinstance(answer, Deferred)
    assert not any(line.startswith(b"MAIL") for line in server.heard)


async def test_the_password_is_sent_as_it_is() -> None:
    script = {"EHLO": b"250-x\r\n250 AUTH PLAIN LOGIN\r\n"}
    async with running(Scripted(script)) as server, carrying(server.port, user="ana", password="pässword") as carrier:
        assert isinstance(await carrier.carry(a_parcel()), Accepted)
    (line,) = [each for each in server.heard if each.startswith(b"AUTH")]
    assert base64.b64decode(line.split()[2]) == "\0ana\0pässword".encode()
