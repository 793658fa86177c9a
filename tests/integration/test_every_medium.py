"""Every medium in one running server, over real sockets: each message arrives once, and what comes back is known."""

from __future__ import annotations

import base64
import contextlib
import email
import email.policy
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from holdfast.decisions.medium import media
from holdfast.messages.person_token import sign_token
from tests.integration.api_server import WRITE_KEY, Answer, Server, serving, until
from tests.integration.outside_world import APP, OutsideWorld, outside_world

GOAL = {"event": "Order Completed", "within_seconds": 3_600}
TOKEN = "1:" + "a" * 30
TELEGRAM_SECRET = "a_secret_of_ours_1"
META_SECRET = "s"
HOOK_SECRET = "a secret of the test"
IPHONE = "ab" * 32
BASIC = "Basic " + base64.b64encode(f"{WRITE_KEY}:".encode()).decode()
SAYS: dict[str, dict[str, Any]] = {
    "email": {"subject": "Hello {{ person.name }}", "html": '<p>Mail 👋</p><a href="https://shop.example/m">See</a>'},
    "web_push": {"title": "Hello {{ person.name }}", "url": "https://shop.example/w"},
    "mobile_push": {"title": "Hello {{ person.name }}", "url": "https://shop.example/p"},
    "sms": {"text": "Text for {{ person.name }}"},
    "whatsapp": {"template": "hello", "language": "en", "parameters": ["{{ person.name }}"]},
    "telegram": {"text": "Chat with {{ person.name }}"},
    "slack": {"text": "Alert of {{ person.name }}"},
    "in_app": {"title": "Here, {{ person.name }}"},
    "inbox": {"title": "Kept for {{ person.name }}", "body": "Until you come."},
}
TEXTING = {
    "id": "linking",
    "name": "Linking",
    "goal": GOAL,
    "trigger": {"event": "Asked", "again": "once"},
    "send": {"channel": "sms", "topic": "marketing", "template": {"text": "Chat: /start {{ links.start }}"}},
}


def everything(hook: str) -> dict[str, Any]:
    """A journey that says one thing on each medium, one after the other."""
    steps: dict[str, dict[str, Any]] = {
        medium: {"type": "send", "channel": medium, "topic": "marketing", "template": said}
        for medium, said in SAYS.items()
    }
    steps["webhook"] = {"type": "webhook", "url": hook, "body": '{"who": {{ person.name | json }}}'}
    names = [*steps, "done"]
    for name, after in pairwise(names):
        steps[name]["exits"] = {"sent": after, "withheld": after}
    trigger = {"type": "trigger", "event": "Everything Wanted", "again": "once", "exits": {"entered": names[0]}}
    steps |= {"in": trigger, "done": {"type": "exit"}}
    return {"id": "everything", "name": "Everything", "holdout": 0.0, "goal": GOAL, "start": "in", "steps": steps}


@dataclass
class Story:
    """The server, and the world outside it."""

    server: Server
    world: OutsideWorld

    def connect(self, name: str, provider: str, settings: dict[str, Any], **more: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.server.got(
            "PUT", f"/api/connections/{name}", {"provider": provider, "settings": settings, **more}
        )
        return made

    def calls_back(self, path: str, body: bytes, **headers: str) -> int:
        """A provider calls: whoever it is, it has no key of ours."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.server.call("POST", path, raw=body, headers=given).status

    def moments(self, origin: str) -> list[dict[str, str]]:
        """What the trace tells of the one time Ada entered."""
        told = self.server.got("GET", f"/api/trace?{urlencode({'person': 'ada', 'origin': origin})}")
        (attempt,) = [each for each in told["attempts"] if each["entered"]]
        moments: list[dict[str, str]] = attempt["moments"]
        return moments

    def outcomes(self, origin: str, step: str) -> set[str]:
        send = self.send_of(origin, step)
        return {each["outcome"] for each in self.moments(origin) if send and each["send"] == send}

    def send_of(self, origin: str, step: str) -> str:
        """The key of what the step sent; empty as long as nothing is known of it."""
        found = {each["send"] for each in self.moments(origin) if each["step"] == step and each["send"]}
        return found.pop() if found else ""

    def inbox(self, path: str = "", body: object = None, **query: str) -> Answer:
        """As Ada's app asks for what waits for her."""
        secret = self.server.got("GET", "/api/keys/default/token-secret")["secret"]
        token = sign_token(secret, "ada", ends=datetime.now(UTC) + timedelta(hours=1))
        method = "POST" if path else "GET"
        asked = f"/v1/inbox{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Authorization": BASIC, "X-Holdfast-Person": token}
        return self.server.call(method, asked, body, headers=headers)

    def follow(self, link: str) -> None:
        """Somebody follows a link in a message, by a browser."""
        parts = urlsplit(link)
        asked = f"{parts.path}?{parts.query}" if parts.query else parts.path
        browser = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}
        answer = self.server.call("GET", asked, headers=browser)
        assert answer.status == 302, answer.text
        assert answer.headers["location"].startswith("https://shop.example/")


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    with outside_world(tmp_path) as (world, certificate):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        settings: dict[str, Any] = {
            "mailbox": False,
            "smtp_host": "127.0.0.1",
            "smtp_port": world.mail.port,
            "smtp_tls": "none",
            "email_sender": "Tea & Cup <shop@shop.example>",
            "webhook_private": True,
            "webhook_secret": HOOK_SECRET,
        }
        with serving(tmp_path / "data", **settings) as server:
            yield Story(server, world)


def set_up(story: Story) -> None:
    """Every medium that is carried by a connection has one, and Ada every device there is."""
    world, chats = story.world, story.world.chats.url
    texts = {"host": "127.0.0.1", "port": world.smsc.port, "system_id": "holdfast", "password": "secret"}
    story.connect("texts", "smpp", {**texts, "senders": "+436601111111"})
    story.connect("androids", "fcm", {"service_account": world.service_account(), "address": world.firebase.server.url})
    story.connect("apples", "apns", world.apple_settings())
    browsers = story.connect("browsers", "web_push", {"contact": "mailto:push@shop.example"})
    meta = {"phone_number_id": "111", "access_token": "a-token", "app_secret": META_SECRET, "verify_token": "v"}
    story.connect("meta", "whatsapp_cloud", {**meta, "api_url": chats})
    story.connect("bot", "telegram_bot", {"token": TOKEN, "webhook_secret": TELEGRAM_SECRET, "api_url": chats})
    story.connect("alerts", "slack", {"token": "xoxb-1", "channel": "C1", "api_url": chats})
    world.firebase.devices = {"android-1"}
    world.apple.devices = {IPHONE}
    subscribed = world.browsers.subscribe("ada", browsers["settings"]["public_key"])
    keys = {"p256dh": subscribed.p256dh, "auth": subscribed.auth}
    traits = {"name": "Ada", "email": "ada@there.example", "phone": "+436641234567"}
    story.server.took(
        {"type": "identify", "userId": "ada", "traits": traits},
        {
            "type": "track",
            "userId": "ada",
            "event": "Push Subscribed",
            "properties": {"endpoint": world.browsers.endpoint("ada"), "keys": keys},
        },
        *(
            {
                "type": "track",
                "userId": "ada",
                "event": "App Opened",
                "context": {"device": {"type": kind, "token": token}, "app": {"namespace": APP}},
            }
            for kind, token in (("android", "android-1"), ("ios", IPHONE))
        ),
    )


def test_each_medium_carries_its_message_once_and_what_comes_back_is_known(story: Story) -> None:
    set_up(story)
    assert {*SAYS, "webhook"} == set(media()), "there is a medium that nobody tells a story of"
    linked_by_a_text(story)
    numbers(story)
    story.server.got("PUT", "/api/journeys/everything", everything(story.world.hook.url))
    wanted = {"type": "track", "userId": "ada", "event": "Everything Wanted"}
    story.server.took({**wanted, "messageId": "w1"})
    all_arrive(story)
    says_what_was_meant(story)
    until(lambda: all("sent" in story.outcomes("everything", medium) for medium in media()), "a trace of each")
    for _ in range(2):
        receipts_come_back(story)
    told_of_each(story)
    story.server.took({**wanted, "messageId": "w1"}, {**wanted, "messageId": "w2"})
    until(lambda: len(entries(story)) == 2, "the second event")
    assert arrived(story) == ONCE, "no message came twice"


ONCE = {
    "email": 1,
    "web_push": 1,
    "android": 1,
    "apple": 1,
    "smpp": 1,
    "twilio": 1,
    "whatsapp": 1,
    "telegram": 1,
    "slack": 1,
    "webhook": 1,
    "in_app": 1,
    "inbox": 1,
}


def arrived(story: Story) -> dict[str, int]:
    """How many messages each of them was given; the text with the start link went by the message centre."""
    world = story.world
    paths = [path for path, _ in world.chats.calls]
    return {
        "email": len(world.mail.mails),
        "web_push": len(world.browsers.received),
        "android": len(world.firebase.shown),
        "apple": len(world.apple.shown),
        "smpp": len(world.smsc.taken),
        "twilio": sum(path.startswith("/2010-04-01/") for path in paths),
        "whatsapp": sum(path.endswith("/messages") for path in paths),
        "telegram": sum(path.startswith("/bot") for path in paths),
        "slack": paths.count("/chat.postMessage"),
        "webhook": len(world.hook.calls),
        "in_app": len(story.inbox(channel="in_app").json["messages"]),
        "inbox": len(story.inbox(channel="inbox").json["messages"]),
    }


def all_arrive(story: Story) -> None:
    """One of each, and else it is said which is not there."""
    with contextlib.suppress(AssertionError):
        until(lambda: arrived(story) == ONCE, "one of each")
    assert arrived(story) == ONCE


def entries(story: Story) -> list[Any]:
    told = story.server.got("GET", "/api/trace?person=ada&origin=everything")
    attempts: list[Any] = told["attempts"]
    return attempts


def linked_by_a_text(story: Story) -> None:
    """A text by SMPP brings the link by which Ada's chat is known; its receipt comes back over the same connection."""
    smsc = story.world.smsc
    until(lambda: smsc.binds == 1, "the message centre's client")
    story.server.got("PUT", "/api/campaigns/linking", TEXTING)
    story.server.took({"type": "track", "userId": "ada", "event": "Asked"})
    until(lambda: len(smsc.taken) == 1, "the text")
    (pdu,) = smsc.taken
    assert pdu.destination_addr == b"436641234567"
    until(lambda: "delivered" in {each["outcome"] for each in story.moments("linking")}, "its receipt")
    start = pdu.short_message.decode().replace("\x11", "_").partition(": ")[2]  # So the alphabet of texts has it.
    assert telegram_says(story, 1, start, secret="another") == 401
    assert telegram_says(story, 1, start) == 200
    until(lambda: "telegram" in json.dumps(story.server.got("GET", "/api/people/ada")), "their chat")


def telegram_says(story: Story, number: int, text: str, *, secret: str = TELEGRAM_SECRET, **more: Any) -> int:
    """Telegram tells the bot what Ada wrote."""
    message = {"message_id": number, "chat": {"id": 77, "type": "private"}, "from": {"id": 77}, "text": text, "date": 1}
    body = json.dumps({"update_id": number, "message": {**message, **more}}).encode()
    return story.calls_back("/in/bot", body, X_Telegram_Bot_Api_Secret_Token=secret)


def numbers(story: Story) -> None:
    """From now on texts go by Twilio."""
    settings = {"account_sid": "AC0", "auth_token": "a-token", "senders": "+436601111111"}
    story.connect("numbers", "twilio", {**settings, "api_url": story.world.chats.url}, default=True)
    lanes = [each for each in story.server.got("GET", "/api/connections")["connections"] if each["medium"] == "sms"]
    assert {each["name"]: each["default"] for each in lanes} == {"texts": False, "numbers": True}
    # A server looks every few seconds for what was set up; until then texts would go by the one before.
    until(lambda: story.world.smsc.heard.count("unbind") == 1, "the message centre is left")


def says_what_was_meant(story: Story) -> None:
    """The words reached whoever was to have them, in the form each takes."""
    world = story.world
    mail = mail_of(world.mail.mails[0])
    assert (mail["Subject"], mail["To"]) == ("Hello Ada", "ada@there.example")
    assert json.loads(world.browsers.received[0].plaintext)["title"] == "Hello Ada"
    (shown,) = world.firebase.shown
    assert (shown["token"], shown["notification"]) == ("android-1", {"title": "Hello Ada", "body": ""})
    ((device, payload, _),) = world.apple.shown
    assert (device, payload["aps"]["alert"]["title"]) == (IPHONE, "Hello Ada")  # type: ignore[index]
    said = {path.rpartition("/")[2]: body for path, body in world.chats.calls}
    text = dict(parse_qsl(said["Messages.json"].decode()))
    assert (text["To"], text["Body"]) == ("+436641234567", "Text for Ada")
    template = json.loads(said["messages"])["template"]
    assert template["components"][0]["parameters"] == [{"type": "text", "text": "Ada"}]
    chat = json.loads(said["sendMessage"])
    assert (chat["chat_id"], chat["text"]) == (77, "Chat with Ada")
    assert json.loads(said["chat.postMessage"])["text"] == "Alert of Ada"
    (_, headers, body) = world.hook.calls[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    signature = base64.b64encode(hmac.new(HOOK_SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert (headers["webhook-signature"], json.loads(body)) == (f"v1,{signature}", {"who": "Ada"})
    (banner,), (kept,) = (story.inbox(channel=each).json["messages"] for each in ("in_app", "inbox"))
    assert (banner["content"]["title"], kept["content"]["body"]) == ("Here, Ada", "Until you come.")


def mail_of(raw: bytes) -> EmailMessage:
    """The mail, as SMTP brought it."""
    read = email.message_from_bytes(
        raw.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n."), policy=email.policy.default
    )
    assert isinstance(read, EmailMessage)
    return read


def receipts_come_back(story: Story) -> None:
    """Each provider tells what became of its message, and who only says that they are it is not believed."""
    world = story.world
    text = dict(parse_qsl(next(body for path, body in world.chats.calls if path.endswith("Messages.json")).decode()))
    back = urlsplit(text["StatusCallback"])
    form = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "delivered", "To": "+436641234567"}
    signed = text["StatusCallback"] + "".join(f"{name}{form[name]}" for name in sorted(form))
    genuine = base64.b64encode(hmac.new(b"a-token", signed.encode(), hashlib.sha1).digest()).decode()
    for signature, status in (("AAAA" + genuine[4:], 401), (genuine, 200)):
        path, kind = f"{back.path}?{back.query}", "application/x-www-form-urlencoded"
        answer = story.calls_back(path, urlencode(form).encode(), X_Twilio_Signature=signature, Content_Type=kind)
        assert answer == status
    fates = [
        {"id": "wamid.1", "status": each, "timestamp": "1", "recipient_id": "436641234567"}
        for each in ("read", "delivered", "sent")
    ]
    value = {"metadata": {"phone_number_id": "111"}, "statuses": fates}
    told = json.dumps({"entry": [{"changes": [{"field": "messages", "value": value}]}]}).encode()
    genuine = hmac.new(META_SECRET.encode(), told, hashlib.sha256).hexdigest()
    assert story.calls_back("/in/meta", told + b" ", X_Hub_Signature_256=f"sha256={genuine}") == 401
    assert story.calls_back("/in/meta", told, X_Hub_Signature_256=f"sha256={genuine}") == 200
    assert telegram_says(story, 2, "Thanks!", reply_to_message={"message_id": 3}) == 200
    mail = mail_of(world.mail.mails[0])
    html = mail.get_body(("html",))
    assert html is not None
    story.follow(html.get_content().partition('href="')[2].partition('"')[0].replace("&amp;", "&"))
    story.follow(json.loads(world.browsers.received[0].plaintext)["url"])
    story.follow(str(world.firebase.shown[0]["data"]["url"]))  # type: ignore[index]
    for medium, what in (("in_app", "clicked"), ("inbox", "read")):
        (message,) = story.inbox(channel=medium).json["messages"]
        assert story.inbox(f"/{message['id']}/{what}").status == 200


KNOWN = {
    "email": "clicked",
    "web_push": "clicked",
    "mobile_push": "clicked",
    "sms": "delivered",
    "whatsapp": "opened",
    "telegram": "replied",
    "in_app": "clicked",
    "inbox": "opened",
}
"""What came back of each; of alerts and of calls to others nothing does."""


def told_of_each(story: Story) -> None:
    """The trace tells it, and the life of each message tells it once."""
    for medium, what in KNOWN.items():
        comes_back(story, medium, what)
        life = story.server.got("GET", f"/api/messages/{story.send_of('everything', medium)}")
        assert [each["status"] for each in life["life"]].count("sent") == 1, life
        if what != "clicked":
            assert [each["status"] for each in life["life"]].count(what) == 1, life


def comes_back(story: Story, medium: str, what: str) -> None:
    until(lambda: what in story.outcomes("everything", medium), f"{medium} {what}")
