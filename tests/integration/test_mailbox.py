"""The built-in mailbox: a real SMTP server that keeps every delivery, durably, and shows it over HTTP."""

from __future__ import annotations

import asyncio
import smtplib
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.channels.carriers.smtp import SmtpCarrier
from holdfast.channels.email_smtp import email_channel
from holdfast.http.mailbox import mailbox_routes
from holdfast.http.problems import install_problems
from holdfast.kernel.ids import effect_key
from holdfast.messages.content import Words
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Accepted, Parcel
from holdfast.stores.mailbox import SqliteMailbox, mailbox
from holdfast.stores.mailbox.mailbox import FILE
from holdfast.stores.mailbox.reading import glimpse, read_message
from holdfast.stores.mailbox.server import SIZE_BYTES_MOST, MailboxServer
from holdfast.stores.memory.state import MemoryState
from holdfast.testing import FakeClock, a_send

LINKER = Linker(base_url="https://t.example", key=b"a key of thirty-two bytes, for us")
CHANNEL = email_channel("Tea & Cup <shop@shop.example>", linker=LINKER, workspace_name="tea")
WORDS = Words(
    {
        "subject": "Zoë, your cart 🛒",
        "html": '<p>Hi Zoë,</p><p>it waits.</p><a href="https://shop.example/?a=1&amp;b=2">Buy</a>',
        "text": "",
    }
)


class Post:
    """A mailbox and its server."""

    def __init__(self, kept: SqliteMailbox, port: int) -> None:
        self.kept = kept
        self.port = port


@asynccontextmanager
async def posting(directory: Path) -> AsyncIterator[Post]:
    kept = SqliteMailbox(directory)
    server = MailboxServer(kept, FakeClock())
    port = await server.start()
    try:
        yield Post(kept, port)
    finally:
        await server.close()
        await kept.close()


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with posting(tmp_path) as post:
        yield post


async def send(post: Post, *addresses: str) -> list[object]:
    carrier = SmtpCarrier("127.0.0.1", post.port, tls="none")
    parcels = [CHANNEL.parcel(a_send(effect_key("cart", address), address=address), WORDS) for address in addresses]
    try:
        return list(await asyncio.gather(*(carrier.carry(each) for each in parcels)))
    finally:
        await carrier.close()


async def everything(post: Post, **wanted: object) -> list[str]:
    mails, total = await post.kept.find(**({"to": "", "text": "", "limit": 100, "before": None} | wanted))  # type: ignore[arg-type]  # Named as there.
    assert total >= len(mails)
    return [each.to for each in mails]


async def test_what_was_written_is_what_is_read(post: Post) -> None:
    (answer,) = await send(post, "zoe@mail.example")
    assert isinstance(answer, Accepted)
    (mail,), total = await post.kept.find(to="", text="", limit=50, before=None)
    assert total == 1
    assert mail.subject == WORDS.text("subject")
    assert mail.preview == "Hi Zoë, it waits. Buy <https://shop.example/?a=1&b=2>"
    assert mail.send == effect_key("cart", "zoe@mail.example")
    opened = await post.kept.read(mail.id)
    assert opened is not None
    assert "Hi Zoë," in opened.html
    assert opened.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [each.split("/m/")[1][0] for each in opened.links] == ["c"]
    assert await post.kept.holds([mail.send, "another"]) == {mail.send}


async def test_every_delivery_is_kept_the_second_of_the_same_too(post: Post) -> None:
    for _ in range(2):
        await send(post, "zoe@mail.example")
    assert await everything(post) == ["zoe@mail.example"] * 2


async def test_many_at_once_are_all_kept(post: Post) -> None:
    addresses = [f"p{number}@mail.example" for number in range(150)]
    answers = await send(post, *addresses)
    assert all(isinstance(each, Accepted) for each in answers)
    assert sorted(await everything(post, limit=1_000)) == sorted(addresses)


async def test_mail_is_found_by_address_and_words_and_in_pages(post: Post) -> None:
    for number in range(5):
        await send(post, f"P{number}@mail.example")
    assert await everything(post, to="p3@MAIL.example") == ["P3@mail.example"]
    assert len(await everything(post, text="it waits")) == 5
    assert await everything(post, text="100%") == []
    assert await everything(post, text="p_") == []
    first, _ = await post.kept.find(to="", text="", limit=2, before=None)
    rest = await everything(post, before=first[-1].id)
    assert [*(each.to for each in first), *rest] == [f"P{number}@mail.example" for number in (4, 3, 2, 1, 0)]


async def test_the_oldest_are_let_go_of(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "KEPT_MOST", 3)
    monkeypatch.setattr(mailbox, "TIDY_EVERY", 1)
    for number in range(6):
        await send(post, f"p{number}@mail.example")
    assert await everything(post) == ["p5@mail.example", "p4@mail.example", "p3@mail.example"]


async def test_mail_is_there_after_a_restart(tmp_path: Path) -> None:
    async with posting(tmp_path) as post:
        await send(post, "zoe@mail.example")
    async with posting(tmp_path) as post:
        assert await everything(post) == ["zoe@mail.example"]


def test_mail_that_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    """The process is killed the moment it has acknowledged: the mail must be in the file."""
    script = """
import asyncio, os, signal, sys
from pathlib import Path
from holdfast.stores.mailbox import SqliteMailbox
async def main():
    kept = SqliteMailbox(Path(sys.argv[1]))
    await asyncio.gather(*(
        kept.put(sender="a@b.example", recipients=[f"p{n}@mail.example"], raw=b"Subject: x", received_ms=n)
        for n in range(20)))
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, timeout=60)
    assert ended.returncode == -9
    with sqlite3.connect(tmp_path / FILE) as connection:
        assert connection.execute("SELECT count(*) FROM mail").fetchone() == (20,)
    connection.close()


async def test_a_mailbox_that_cannot_write_says_later(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(deliveries: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(post.kept, "_put", full)
    (answer,) = await send(post, "zoe@mail.example")
    assert "451" in repr(answer)
    monkeypatch.undo()
    (answer,) = await send(post, "zoe@mail.example")
    assert isinstance(answer, Accepted)
    assert len(await everything(post)) == 1


async def dialogue(post: Post, *said: bytes) -> bytes:
    """Everything the server answers to lines said one after another, then the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", post.port)
    writer.write(b"".join(said))
    writer.write_eof()
    answers = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    return answers


def codes(answers: bytes) -> list[int]:
    return [int(line[:3]) for line in answers.splitlines() if line[3:4] == b" "]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"MAIL FROM:<a@b.c>\r\n", [220, 503]),
        (b"EHLO x\r\nRCPT TO:<a@b.c>\r\n", [220, 250, 503]),
        (b"EHLO x\r\nDATA\r\n", [220, 250, 503]),
        (b"EHLO x\r\nMAIL FROM:<a@b.c>\r\nMAIL FROM:<a@b.c>\r\n", [220, 250, 250, 503]),
        (b"EHLO x\r\nMAIL FROM:<a@b.c>\r\nRSET\r\nMAIL FROM:<a@b.c>\r\n", [220, 250, 250, 250, 250]),
        (b"EHLO x\r\nMAIL FROM:a@b.c\r\n", [220, 250, 501]),
        (b"EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<>\r\n", [220, 250, 250, 501]),
        (b"EHLO x\r\nMAIL FROM:<a@b.c> SIZE=99999999999\r\n", [220, 250, 552]),
        (b"HELO x\r\nNOOP\r\nVRFY a\r\nWHAT\r\nQUIT\r\n", [220, 250, 250, 252, 500, 221]),
        (b"GET / HTTP/1.1\r\n" * 40, [220, *[500] * 20, 421]),
        (b"\xff\x00\r\n", [220, 500]),
    ],
)
async def test_the_server_knows_the_order_of_things(post: Post, said: bytes, expected: list[int]) -> None:
    assert codes(await dialogue(post, said)) == expected
    assert await everything(post) == []


async def test_a_mail_cut_off_is_not_kept(post: Post) -> None:
    begun = b"EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\nSubject: x\r\n\r\nhello\r\n"
    await dialogue(post, begun)
    assert await everything(post) == []


async def test_a_mail_over_the_limit_is_not_kept_and_the_next_one_is(post: Post) -> None:
    line = b"x" * 998 + b"\r\n"
    large = line * (SIZE_BYTES_MOST // len(line) + 1)
    envelope = b"MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n"
    answers = await dialogue(post, b"EHLO x\r\n", envelope, large, b".\r\n", envelope, b"hi\r\n.\r\n", b"QUIT\r\n")
    assert codes(answers) == [220, 250, 250, 250, 354, 552, 250, 250, 354, 250, 221]
    assert await everything(post) == ["d@e.f"]


async def test_of_a_long_mail_whose_end_nobody_reads_the_beginning_is_kept(tmp_path: Path) -> None:
    taken: list[bytes] = []

    class Taking:
        async def put(self, *, sender: str, recipients: Sequence[str], raw: bytes, received_ms: int) -> None:
            taken.append(raw)

    server = MailboxServer(Taking(), FakeClock(), kept_bytes_most=1_000)
    port = await server.start()
    try:
        async with posting(tmp_path) as post:
            post.port = port
            begun = b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<b@c.d>\r\nDATA\r\n"
            answers = await dialogue(post, begun, b"\r\n" * 100_000, b".\r\nQUIT\r\n")
    finally:
        await server.close()
    assert codes(answers)[-2:] == [250, 221]
    assert taken == [b"\r\n" * 500]


async def test_a_bare_line_end_does_not_end_a_mail(post: Post) -> None:
    """What some servers take for the end, others do not: between two that differ a second mail could be smuggled in."""
    smuggled = (
        b"one\r\n\n.\nMAIL FROM:<evil@x.example>\nRCPT TO:<victim@x.example>\nDATA\nSubject: two\n\n.\r\nhi\r\n.\r\n"
    )
    answers = await dialogue(post, b"EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n", smuggled, b"QUIT\r\n")
    assert codes(answers)[-2:] == [250, 221]
    assert await everything(post) == ["d@e.f"]


async def test_the_standard_librarys_client_is_understood(post: Post) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@b.example", "zoe@mail.example", "Grüße"
    message.set_content(".\n..\nhello\n")

    def deliver() -> None:
        with smtplib.SMTP("127.0.0.1", post.port, timeout=60) as client:
            client.send_message(message, to_addrs=["zoe@mail.example", "bo@mail.example"])

    await asyncio.to_thread(deliver)
    mails, _ = await post.kept.find(to="", text="", limit=10, before=None)
    assert [each.to for each in mails] == ["bo@mail.example", "zoe@mail.example"]
    opened = await post.kept.read(mails[0].id)
    assert opened is not None
    assert opened.text.replace("\r\n", "\n") == ".\n..\nhello\n"
    assert opened.mail.subject == "Grüße"


@pytest.fixture
async def client(post: Post) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install_problems(app)
    app.include_router(mailbox_routes(post.kept, MemoryState()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def test_the_mailbox_over_http(post: Post, client: httpx.AsyncClient) -> None:
    await send(post, "zoe@mail.example")
    await send(post, "bo@mail.example")
    page = (await client.get("/api/mailbox", params={"to": "zoe@mail.example"})).json()
    assert page["total"] == 1
    (mail,) = page["messages"]
    assert {"id", "to", "from", "subject", "preview", "received_at", "send"} <= mail.keys()
    assert mail["from"] == "shop@shop.example"
    assert mail["received_at"] == "2026-01-05T09:00:00.000Z"
    opened = (await client.get(f"/api/mailbox/{mail['id']}")).json()
    assert {"html", "text", "headers", "links", "size_bytes"} <= opened.keys()
    missing = await client.get("/api/mailbox/999")
    assert missing.status_code == 404
    assert missing.json()["error"]["hint"]


@settings(deadline=None, max_examples=150)
@given(
    st.one_of(
        st.binary(max_size=400),
        st.lists(
            st.sampled_from(
                [
                    b"Subject: ",
                    b"=?utf-8?B?",
                    b"=?utf-8?Q?=FF",
                    b"?=",
                    b"\r\n",
                    b"\r\n\r\n",
                    b"Content-Type: ",
                    b"text/html",
                    b"multipart/mixed; boundary=b",
                    b"--b\r\n",
                    b"--b--",
                    b"Content-Transfer-Encoding: base64\r\n",
                    b"charset=x-none",
                    b";",
                    b"\xff",
                    b"<a href='x'>",
                    b"To: ",
                    b"@",
                    b"<",
                    b"X-Holdfast-Send: ",
                    b"\x00",
                    b"message/rfc822",
                    b"  ",
                ]
            ),
            max_size=20,
        ).map(b"".join),
    )
)
def test_any_bytes_can_be_kept_and_read(raw: bytes) -> None:
    seen, content = glimpse(raw), read_message(raw)
    for each in (seen.subject, seen.preview, seen.send, content.html, content.text, *content.headers.values()):
        each.encode("utf-8")


async def test_a_parcel_of_any_bytes_arrives(post: Post) -> None:
    carrier = SmtpCarrier("127.0.0.1", post.port, tls="none")
    body = b"Subject: x\r\n\r\n.\r\n..\r\n.x\r\n\r\n"
    parcel = Parcel(key="x", channel="email", sender="a@b.example", to="zoe@mail.example", body=body, headers={})
    assert isinstance(await carrier.carry(parcel), Accepted)
    await carrier.close()
    (mail,), _ = await post.kept.find(to="", text="", limit=1, before=None)
    opened = await post.kept.read(mail.id)
    assert opened is not None
    assert opened.text.replace("\r\n", "\n") == ".\n..\n.x\n\n"
