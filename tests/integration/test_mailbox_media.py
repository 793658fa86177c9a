"""The built-in mailbox keeps messages of every medium, beside mail and in one order with it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from holdfast.events.event import IdentityKey
from holdfast.http.mailbox import mailbox_routes
from holdfast.http.problems import install_problems
from holdfast.ports.mailbox import KeptMessage
from holdfast.stores.mailbox import SqliteMailbox
from holdfast.stores.mailbox.mailbox import FILE
from holdfast.stores.memory.state import MemoryState
from holdfast.testing import a_send

MAIL = b"Subject: Hello\r\nX-Holdfast-Send: mail-1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGood morning\r\n"
TEXT = KeptMessage(
    medium="sms",
    sender="+4930123",
    to="+491701234567",
    send="text-1",
    title="",
    preview="Your order “ß” is here",
    words='{"text":"Your order “ß” is here"}'.encode(),
)
PUSH = KeptMessage(
    medium="web_push",
    sender="",
    to="device-1",
    send="push-1",
    title="Sale",
    preview="It ends tonight",
    words=b'{"title":"Sale","body":"It ends tonight","buttons":[{"label":"Go","url":"https://shop.example"}]}',
)


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[SqliteMailbox]:
    mailbox = SqliteMailbox(tmp_path)
    await mailbox.put(sender="shop@shop.example", recipients=["ada@mail.example"], raw=MAIL, received_ms=1)
    await mailbox.keep([TEXT, PUSH], 2)
    yield mailbox
    await mailbox.close()


async def listed(kept: SqliteMailbox, **wanted: str) -> list[str]:
    asked = {"to": "", "text": "", "medium": ""} | wanted
    mails, total = await kept.find(**asked, limit=9, before=None)
    assert total == len(mails)
    return [each.send for each in mails]


async def test_every_medium_is_listed_and_told_apart(kept: SqliteMailbox) -> None:
    assert await listed(kept) == ["push-1", "text-1", "mail-1"]
    assert await listed(kept, medium="sms") == ["text-1"]
    assert await listed(kept, medium="email") == ["mail-1"]
    assert await listed(kept, medium="slack") == []
    assert await listed(kept, to="+491701234567") == ["text-1"]
    assert await listed(kept, text="tonight") == ["push-1"]


async def test_what_one_says_is_read_part_by_part(kept: SqliteMailbox) -> None:
    push, text, mail = (await kept.find(to="", text="", limit=9, before=None))[0]
    opened = await kept.read(push.id)
    assert opened is not None
    assert opened.words == {
        "title": "Sale",
        "body": "It ends tonight",
        "buttons": [{"label": "Go", "url": "https://shop.example"}],
    }
    assert (push.medium, push.subject, push.preview, push.received_ms) == ("web_push", "Sale", "It ends tonight", 2)
    assert (text.sender, text.to, text.size_bytes) == ("+4930123", "+491701234567", len(TEXT.words))
    opened = await kept.read(mail.id)
    assert opened is not None
    assert (opened.words, opened.text.strip(), opened.mail.medium) == (None, "Good morning", "email")


async def test_they_are_forgotten_by_send_and_by_address(kept: SqliteMailbox) -> None:
    assert await kept.holds(["text-1", "push-1", "other"]) == {"text-1", "push-1"}
    assert await kept.count_of(["text-1"], []) == 1
    assert await kept.forget(["text-1", "mail-1"], ["device-1"]) == 2
    assert await listed(kept) == ["push-1"]


async def test_a_mailbox_from_before_there_were_other_media_opens(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as old:
        old.execute(
            "CREATE TABLE mail (id INTEGER PRIMARY KEY AUTOINCREMENT, received_ms INTEGER NOT NULL, "
            "sender TEXT NOT NULL, recipient TEXT NOT NULL, subject TEXT NOT NULL, preview TEXT NOT NULL, "
            "send TEXT NOT NULL, size_bytes INTEGER NOT NULL, raw BLOB NOT NULL)"
        )
        old.execute("INSERT INTO mail VALUES (7, 1, 's', 'r', 'Old', 'p', 'old-1', 3, ?)", (MAIL,))
    old.close()
    for _ in range(2):
        mailbox = SqliteMailbox(tmp_path)
        assert await listed(mailbox, medium="email") == ["old-1"]
        await mailbox.close()


async def test_over_http(kept: SqliteMailbox) -> None:
    app = FastAPI()
    install_problems(app)
    state = MemoryState()
    async with state.begin() as transaction:
        ids = await transaction.add_identities([IdentityKey(kind="user", value=name) for name in ("ann", "bob")], 0)
        theirs = {"text-1": "ann", "push-1": "bob"}
        by_name = {key.value: each.id for key, each in ids.items()}
        await transaction.add_sends([a_send(key, identity=by_name[name]) for key, name in theirs.items()])
    app.include_router(mailbox_routes(kept, state))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        page = (await client.get("/api/mailbox", params={"medium": "sms"})).json()
        assert page["total"] == 1
        (text,) = page["messages"]
        assert (text["medium"], text["subject"], text["from"]) == ("sms", "", "+4930123")
        opened = (await client.get(f"/api/mailbox/{text['id']}")).json()
        assert opened["words"] == {"text": "Your order “ß” is here"}
        mail = (await client.get("/api/mailbox", params={"medium": "email"})).json()["messages"][0]
        assert (await client.get(f"/api/mailbox/{mail['id']}")).json()["words"] is None
        # By person: what was sent to them, whatever its medium; and of each whom it was sent to.
        everything = (await client.get("/api/mailbox")).json()["messages"]
        assert [each["user_id"] for each in everything] == ["bob", "ann", ""]
        anns = (await client.get("/api/mailbox", params={"person": "ann"})).json()
        assert [(each["send"], each["user_id"]) for each in anns["messages"]] == [("text-1", "ann")]
        assert anns["total"] == 1
        assert (await client.get(f"/api/mailbox/{text['id']}")).json()["user_id"] == "ann"
        nobody = await client.get("/api/mailbox", params={"person": "zoe"})
        assert (nobody.status_code, nobody.json()["error"]["path"]) == (404, "person")
