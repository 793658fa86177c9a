"""The server while much is going on: live streams, everybody asking at once, and an end in the middle of it."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPException
from pathlib import Path
from time import monotonic
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from tests.integration.api_server import API_KEY, Server, Stream, person, serving, until

ASKING = 50
ASKS = 180


def track(user: str, event: str) -> dict[str, object]:
    return {"type": "track", "userId": user, "event": event}


def test_everything_is_told_as_it_happens(server: Server) -> None:
    with closing(Stream(server, "/api/live")) as live:
        assert live.answer.getheader("content-type", "").startswith("text/event-stream")
        assert live.answer.getheader("cache-control") == "no-store"
        first = live.next("tick")
        assert set(first) >= {
            "as_of", "events", "people", "events_per_minute", "sends", "errors_open", "loading",
        }  # fmt: skip
        server.took({"type": "identify", "userId": "watched", "traits": {"first_name": "Ada", "last_name": "L"}})
        server.took(track("watched", "Seen Live"))
        seen = live.happened({"Seen Live"})
        event = next(each for each in seen if each["event"] == "Seen Live")
        assert event["person"] == {"user_id": "watched", "name": "Ada L"}
        assert event["identity"]["value"] == "watched"
        later = live.next("tick", lambda tick: tick["events"] >= first["events"] + 2)
        assert later["as_of"] > first["as_of"]
        assert later["events_per_minute"] >= 2


def sought(text: str) -> str:
    return f"/api/events/live?{urlencode({'text': text})}"


def test_what_is_looked_for_is_told_however_much_else_happens(server: Server) -> None:
    mark = uuid4().hex
    hostile = f'<img src=x onerror="{mark}">\u202e\U0001f600'
    server.took(
        {"type": "identify", "userId": f"seeker-{mark}", "traits": {"name": f"Óla {mark}"}}, track(mark, "Before")
    )
    until(lambda: server.ask("GET", person(f"seeker-{mark}")).status == 200, "being known")
    with closing(Stream(server, sought(mark.upper()))) as live, closing(Stream(server, sought(hostile))) as other:
        assert live.answer.getheader("content-type", "").startswith("text/event-stream")
        assert other.next("happened") == {"events": []}
        # A thousand and more at once, of which the stream of everything tells thirty.
        for _ in range(3):
            server.took(*(track(f"{number} of many", "Passed By") for number in range(400)))
        server.took({**track("1 of many", "Hidden"), "properties": {"deep": [{"in": hostile}]}})
        server.took(
            *(track(f"{number} of many", "Passed By") for number in range(600)), track(f"seeker-{mark}", "After")
        )
        seen = live.happened({"Before", "Hidden", "After"})
        assert {each["event"] for each in other.happened({"Hidden"})} == {"Hidden"}
    assert Counter(each["event"] for each in seen if each["kind"] == "track") == {"Before": 1, "Hidden": 1, "After": 1}
    (after,) = (each for each in seen if each["event"] == "After")
    assert after["person"] == {"user_id": f"seeker-{mark}", "name": f"Óla {mark}"}


def test_what_cannot_be_looked_for_is_refused(server: Server) -> None:
    assert server.refused(400, "GET", "/api/events/live")["path"]
    assert server.refused(400, "GET", sought(""))["path"]
    assert server.refused(400, "GET", sought("x" * 201))["path"]
    with closing(Stream(server, sought("\U0001f600" * 200))) as live:
        assert live.next("happened") == {"events": []}
    looker = server.got("POST", "/api/keys", {"name": uuid4().hex, "kind": "api", "scopes": ["read"]}, status=201)
    headers = {"Authorization": f"Bearer {looker['key']}"}
    assert server.call("GET", sought("x"), headers=headers).status == 403


def test_only_so_many_look_at_once_and_who_leaves_makes_room(server: Server) -> None:
    def refused() -> str:
        """What is said to one more; nothing where they may look. Whoever was let look does until the end."""
        try:
            opened.enter_context(closing(Stream(server, sought("room")))).next("happened")
        except AssertionError as refusal:
            return str(refusal)
        return ""

    with ExitStack() as opened:
        until(refused, "the last that may look")
        assert "searches_most" in refused()
    # That a connection was closed is noticed a moment later.
    with ExitStack() as opened:
        until(lambda: not refused(), "room again")


def test_a_person_is_followed_through_their_login(server: Server) -> None:
    server.took({"type": "track", "anonymousId": "passer-by", "event": "Looked In"}, track("followed", "Began"))
    with closing(Stream(server, person("followed", "live"))) as live:
        live.comment()
        server.took(track("somebody-else", "Not Theirs"), track("followed", "First"))
        seen = live.happened({"First"})
        # The login and what the anonymous one does right after it come in one batch.
        server.took(
            {"type": "identify", "userId": "followed", "anonymousId": "passer-by"},
            {"type": "track", "anonymousId": "passer-by", "event": "Joined"},
        )
        seen += live.happened({"Joined"})
        server.took({"type": "track", "anonymousId": "passer-by", "event": "And On"})
        seen += live.happened({"And On"})
    names = Counter(each["event"] for each in seen)
    assert "Not Theirs" not in names
    assert set(names) >= {"First", "Joined", "And On"}
    assert max(names.values()) == 1
    assert {each["person"]["user_id"] for each in seen} == {"followed"}


def test_a_stream_ends_with_the_key_it_was_opened_by(server: Server) -> None:
    made = server.got("POST", "/api/keys", {"name": "looker-on", "kind": "api"}, status=201)
    server.took(track("looked-at", "Began"))
    with (
        closing(Stream(server, "/api/live", key=made["key"])) as live,
        closing(Stream(server, "/api/people/looked-at/live", key=made["key"])) as person_live,
    ):
        live.next("tick")
        person_live.comment()
        server.got("DELETE", "/api/keys/looker-on", status=204)
        assert live.ended()
        assert person_live.ended()


def test_a_file_that_breaks_off_is_not_taken_in(server: Server) -> None:
    mapping = json.dumps({"person": "who", "time": "at", "event_name": "Broken Off"})
    path = f"/api/import?{urlencode({'name': 'broken.csv', 'mapping': mapping})}"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {API_KEY}\r\nContent-Length: 10000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as half:
        half.sendall(head.encode() + b"who,at\nbroken,2026-01-01\n")
        until(lambda: server.got("GET", "/api/overview")["loading"], "the import")
        # Another waits: two files at once would each take the memory of one.
        error = server.refused(503, "POST", path, raw=b"who,at\nbroken,2026-01-01\n")
        assert "broken.csv" in error["message"]
    until(lambda: server.got("GET", "/api/overview")["loading"] is None, "its end")
    assert server.ask("GET", "/api/people/broken").status == 404
    assert not list(server.data.glob("import-*"))


def test_fifty_ask_at_once_while_events_pour_in(server: Server) -> None:
    server.took(*(track(f"crowd-{number}", "Crowded") for number in range(ASKING)))
    condition = {"type": "did", "event": "Crowded"}

    def collecting(number: int) -> int:
        return server.collect(*(track(f"crowd-{number}", "Crowded") for _ in range(20)))

    def consenting(number: int) -> int:
        return server.ask("PUT", f"/api/people/crowd-{number}/consent", {"channel": "email", "granted": True}).status

    def merging(number: int) -> int:
        names = {"first": f"crowd-{number}", "second": f"crowd-{(number + 1) % ASKING}"}
        merged = server.ask("POST", "/api/people/merge", names).status
        parted = server.ask("POST", "/api/people/unmerge", names).status
        # Somebody else may have joined or parted the same two by another way.
        return 200 if merged in {200, 409} and parted in {200, 409} else 500

    def saving(number: int) -> int:
        body = {"name": "Crowd", "definition": condition}
        return server.ask("PUT", f"/api/segments/crowd-{number % 3}", body).status

    def reading(path: str) -> Callable[[int], int]:
        return lambda number: server.ask("GET", path.format(number)).status

    acts = [
        collecting,
        consenting,
        merging,
        saving,
        lambda number: server.ask("POST", "/api/segments/count", {"definition": condition}).status,
        reading("/api/people/crowd-{}"),
        reading("/api/people/crowd-{}/events"),
        reading("/api/overview"),
        reading("/api/people?text=crowd"),
        reading("/api/errors"),
        reading("/api/schema/events"),
        reading("/api/journeys"),
    ]
    with ThreadPoolExecutor(ASKING) as pool:
        done = [pool.submit(acts[number % len(acts)], number % ASKING) for number in range(ASKS)]
        statuses = Counter(each.result(60) for each in done)
    assert set(statuses) == {200}, statuses
    collected = sum(1 for number in range(ASKS) if number % len(acts) == 0)

    def counted() -> bool:
        names = {each["name"]: each for each in server.got("GET", "/api/schema/events")["events"]}
        return bool(names["Crowded"]["count"] == ASKING + 20 * collected)

    until(counted, "every event")


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[tuple[Server, set[str]]]:
    """A server that many talk to, and what it said it took."""
    taken: set[str] = set()
    with serving(tmp_path / "data") as server:
        ended = threading.Event()

        def pour(writer: int) -> None:
            number = 0
            while not ended.is_set():
                number += 1
                name = f"{writer}-{number}"
                try:
                    if server.collect({**track(f"user-{writer}", "Poured"), "messageId": name}) == 200:
                        taken.add(name)
                except (OSError, HTTPException):
                    return

        def ask() -> None:
            while not ended.is_set():
                try:
                    server.ask("GET", "/api/overview")
                    server.ask("GET", "/api/export?format=jsonl")
                except (OSError, HTTPException):
                    return

        threads = [threading.Thread(target=pour, args=(writer,)) for writer in range(4)]
        threads += [threading.Thread(target=ask) for _ in range(2)]
        for each in threads:
            each.start()
        try:
            yield server, taken
        finally:
            ended.set()
            for each in threads:
                each.join(30)


def test_told_to_stop_while_busy_it_stops_and_loses_nothing(busy: tuple[Server, set[str]], tmp_path: Path) -> None:
    server, taken = busy
    until(lambda: len(taken) > 200, "enough to lose")
    with closing(Stream(server, "/api/live")) as live:
        live.next("tick")
        began = monotonic()
        assert server.stop() == 0
        # Not how fast, but that nobody holds it up: an open stream would for ever.
        assert monotonic() - began < 25
        assert live.ended()
    assert "Traceback" not in server.log
    kept = frozenset(taken)
    with serving(tmp_path / "data") as again:
        names = {each["name"]: each for each in again.got("GET", "/api/schema/events")["events"]}
        there: set[str] = set()
        for writer in range(4):
            before: dict[str, object] = {}
            while True:
                page = again.got("GET", person(f"user-{writer}", "events", limit=1000, **before))
                ids = [each["message_id"] for each in page["events"]]
                assert not there & set(ids)
                there |= set(ids)
                if page["next_before"] is None:
                    break
                before = {"before": page["next_before"]}
        assert not kept - there, "what was acknowledged is lost"
        assert names["Poured"]["count"] == len(there)
