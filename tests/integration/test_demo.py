"""The whole demo, as somebody starts it: a past, a server, customers who act and read their mail, a clean end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

API_KEY = "ak_of_the_test"
PEOPLE = 150
START_SECONDS = 90
WAIT_SECONDS = 180

HELLO = {
    "id": "hello",
    "name": "Hello",
    "goal": {"event": "Order Completed", "within_seconds": 3600},
    "start": "look",
    "steps": {
        "look": {"type": "trigger", "event": "Product Viewed", "again": "once", "exits": {"entered": "mail"}},
        "mail": {
            "type": "send",
            "channel": "email",
            "topic": "marketing",
            "template": {
                "subject": "Hello {{ person.first_name }}",
                "html": '<p>Hello</p><a href="{{ event.properties.url }}">look</a>'
                '<a href="{{ links.unsubscribe }}">unsubscribe</a>',
                "text": "Hello. {{ links.unsubscribe }}",
            },
            "exits": {"sent": "done", "withheld": "done"},
        },
        "done": {"type": "exit"},
    },
}


class Demo:
    """A demo under way."""

    def __init__(self, process: subprocess.Popen[str], data: Path, url: str) -> None:
        self.process = process
        self.data = data
        self.url = url

    def ask(self, path: str, *, method: str = "GET", body: object = None) -> Any:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)

    def count_of(self, event: str) -> int:
        events = self.ask("/api/schema/events")["events"]
        return next((each["count"] for each in events if each["name"] == event), 0)


def until(true: Callable[[], bool], what: str, seconds: float) -> None:
    """Wait for it; a limit so far off that only a fault reaches it."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what} did not come about in {seconds} s"
        time.sleep(0.3)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    data = tmp_path_factory.mktemp("demo") / "data"
    words = ["demo", "--port", "0", "--people", str(PEOPLE), "--seed", "3", "--data", str(data)]
    command = [sys.executable, "-c", "from holdfast.cli.main import app; app()", *words, "--api-key", API_KEY]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=data.parent
    ) as process:
        try:
            said = data / "server.json"
            until(lambda: said.exists() or process.poll() is not None, "the server", START_SECONDS)
            assert process.poll() is None, process.stdout.read() if process.stdout else ""
            yield Demo(process, data, json.loads(said.read_text(encoding="utf-8"))["url"])
        finally:
            if process.poll() is None:
                process.kill()


def test_the_past_is_there(demo: Demo) -> None:
    overview = demo.ask("/api/overview")
    assert overview["people"] >= PEOPLE
    assert len(overview["activity"]) == 90
    running = {each["id"]: each for each in overview["running"]}
    assert set(running) >= {"cart-rescue", "win-back"}
    assert running["cart-rescue"]["entered"] > 20
    arms = {each["arm"]: each for each in running["cart-rescue"]["result"]["arms"]}
    assert arms["treated"]["people"] > arms["holdout"]["people"]


def test_segments_are_saved_and_hold_people(demo: Demo) -> None:
    saved = demo.ask("/api/segments")["segments"]
    assert len(saved) >= 4
    for each in saved:
        counted = demo.ask("/api/segments/count", method="POST", body={"definition": each["definition"]})
        assert 0 < counted["count"] < counted["of"], each["name"]


def test_where_people_stand_is_theirs(demo: Demo) -> None:
    """What the timeline says of a person's journeys, and where the state has them, is one story."""
    entered = {"type": "did", "event": "Journey Entered"}
    found = demo.ask("/api/segments/people", method="POST", body={"definition": entered, "limit": 10})["people"]
    assert len(found) == 10
    for person in found:
        timeline = demo.ask(f"/api/people/{person['user_id']}/events?event=Journey%20Entered")["events"]
        said = {(each["properties"]["origin"], each["properties"]["arm"], each["timestamp"]) for each in timeline}
        visits = demo.ask(f"/api/people/{person['user_id']}")["visits"]
        assert {(visit["origin"], visit["arm"], visit["entered_at"]) for visit in visits} == said


def test_what_the_shop_tries_out_has_a_past(demo: Demo) -> None:
    course = demo.ask("/api/trials/product-offer/course?moments=6")
    people = [sum(each["people"] for each in point["variants"]) for point in course["points"]]
    assert people == sorted(people)
    assert 0 < people[0] < people[-1], "what was known then is known of then"
    learnt = demo.ask("/api/adaptive/after-order.which")
    moments = [each["at"] for each in learnt["log"]]
    assert moments == sorted(moments, reverse=True)
    assert len(moments) >= 5
    assert sum(each["people"] for each in learnt["paths"]) > 20
    counted = {each["id"]: each["entered"] for each in demo.ask("/api/journeys")["journeys"]}
    assert counted["after-order"] >= sum(each["people"] for each in learnt["log"][0]["learnt"])


def test_customers_act_and_read_their_mail(demo: Demo) -> None:
    demo.ask("/api/journeys/hello", method="PUT", body=HELLO)
    looked, opened = demo.count_of("Product Viewed"), demo.count_of("Message Opened")
    until(lambda: demo.count_of("Product Viewed") > looked, "a live customer", WAIT_SECONDS)
    until(lambda: demo.ask("/api/mailbox?medium=email")["total"] > 0, "a mail", WAIT_SECONDS)
    until(lambda: demo.count_of("Message Opened") > opened, "an opened mail", WAIT_SECONDS)
    mail = demo.ask("/api/mailbox?medium=email&limit=1")["messages"][0]
    assert mail["to"].endswith("@post.example")


def test_messages_of_several_channels_come_to_people(demo: Demo) -> None:
    media = ("sms", "mobile_push", "web_push", "in_app", "inbox")
    for medium in media:
        until(lambda: demo.ask(f"/api/mailbox?medium={medium}")["total"] > 0, medium, WAIT_SECONDS)  # noqa: B023 - it is called at once.
    push = demo.ask("/api/mailbox?medium=mobile_push&limit=1")["messages"][0]
    person = demo.ask(f"/api/people/{push['user_id']}")
    assert push["to"] in {each["id"] for each in person["devices"] if each["type"] in {"ios", "android"}}
    theirs = demo.ask(f"/api/mailbox?person={push['user_id']}")["messages"]
    assert push["id"] in {each["id"] for each in theirs}
    # What came before they gave their name is theirs, too.
    assert {each["user_id"] for each in theirs} <= {each["value"] for each in person["identities"]}


def test_it_ends_cleanly(demo: Demo) -> None:
    demo.process.send_signal(signal.SIGINT)
    said, _ = demo.process.communicate(timeout=60)
    assert demo.process.returncode == 0, said
    assert "Traceback" not in said
    assert API_KEY in said
    assert f"{PEOPLE} customers" in said
    assert not (demo.data / "server.json").exists()
