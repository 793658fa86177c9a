"""One purchase through processes of every role, over real servers; and what is lost when servers and processes die.

The story is that of tests/test_one_event.py, asked for over HTTP: read that first.
"""

from __future__ import annotations

import copy
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest

from tests.cluster_world import WRITE_KEY, Cluster, Member, asked, cluster, posted, until
from tests.integration.kill_rounds import WELCOME, Writer, check_all, writing
from tests.test_one_event import CART_RESCUE, identify, track

WAIT_SECONDS = 2
JOURNEY: dict[str, Any] = copy.deepcopy(CART_RESCUE)
JOURNEY["steps"]["wait"]["seconds"] = WAIT_SECONDS


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three nodes of NATS, and every role: two that react, two that send, two that collect."""
    with cluster(tmp_path_factory.mktemp("cluster"), nodes=3) as made:
        made.start("api", "collect", "collect", "react", "react", "send", "send")
        for each in made.of("collect"):
            # Until they have heard of the first keys they ask their callers to try again.
            until(answering(each, 200, WRITE_KEY), 20, "the first keys")
        yield made


def answering(member: Member, status: int, key: str) -> Callable[[], bool]:
    """Whether a collector answers so to somebody with that key."""
    return lambda: posted(member.port, [track("Here", user="nobody")], key=key) == status


def happens(world: Cluster, *messages: dict[str, Any]) -> None:
    assert posted(world.of("collect")[0].port, messages) == 200


def timeline(world: Cluster, user: str) -> list[str]:
    return [each["event"] for each in world.ask("GET", f"/api/people/{user}/events?limit=100")["events"]]


def test_one_purchase_goes_through_every_process(world: Cluster) -> None:
    world.ask("PUT", "/api/journeys/cart-rescue", JOURNEY)
    view_of_boots = track("Product Viewed", device="phone-7", product="boots", price=129.0)
    happens(world, view_of_boots, view_of_boots, {"type": "track", "anonymousId": "phone-7"})
    (bad,) = world.ask("GET", "/api/errors")["errors"]
    assert (bad["code"], bad["path"]) == ("no_event_name", "$.batch[2].event")

    traits = {"first_name": "Ida", "email": "ida@example.com", "country": "PT"}
    login = {"type": "identify", "userId": "ida", "anonymousId": "phone-7", "messageId": "login", "traits": traits}
    happens(world, login)
    ida = world.ask("GET", "/api/people/ida")
    assert {each["value"] for each in ida["identities"]} == {"ida", "phone-7"}
    viewed = {"type": "did", "event": "Product Viewed"}
    assert world.ask("POST", "/api/segments/count", {"definition": viewed})["count"] == 1

    # The journey waits; who is in the holdout walks the same way and is left alone.
    happens(
        world,
        identify("ana"),
        track("Checkout Started", user="ida", product="boots"),
        track("Checkout Started", user="ana", product="kettle"),
    )
    until(world.mail.taken, 30, "the mail")
    (mail,) = world.mail.mails()
    read = BytesParser(policy=policy.default).parsebytes(mail)
    assert (read["To"], read["Subject"]) == ("ida@example.com", "Ida, your boots is waiting")
    part = read.get_body(("html",))
    assert part is not None
    (click,) = re.findall(rf'href="http://127.0.0.1:{world.api_port}(/m/c/[^"]+)"', part.get_content())
    assert asked(world.api_port, "GET", click, key="")[0] == 302

    happens(world, track("Order Completed", user="ida", revenue=129.0, currency="EUR"))
    until(lambda: "Message Sent" in timeline(world, "ida"), 30, "word of the mail")
    assert sorted(timeline(world, "ida")) == sorted(
        [
            *("Product Viewed", "Identified", "Checkout Started", "Journey Entered", "Message Queued"),
            *("Journey Left", "Message Sent", "Message Clicked", "Order Completed"),
        ]
    )
    assert "Message Withheld" in timeline(world, "ana")
    arms = world.ask("GET", "/api/journeys/cart-rescue/results")["arms"]
    assert {each["arm"]: each["open_people"] for each in arms} == {"treated": 1, "holdout": 1}
    assert world.mail.taken() == {"ida@example.com": 1}


def test_the_console_sees_what_happens_as_it_happens(world: Cluster) -> None:
    """Another process archives it; the one that is asked looks on."""
    before = world.overview()["events_per_minute"]
    happens(world, track("Looked At", user="ida", number="1"), track("Looked At", user="ida", number="2"))
    until(lambda: world.overview()["events_per_minute"] >= before + 2, 20, "the events of this minute")


def test_everybody_tells_how_far_things_are(world: Cluster) -> None:
    for member in world.members:
        health = member.health()
        assert (health["status"], health["role"]) == ("ok", member.role)
        assert health["backlog"] == 0
    assert [each.health()["acting"] for each in world.of("react")].count(True) == 1
    assert asked(world.of("send")[0].port, "GET", "/api/overview")[0] == 404


def test_a_key_made_by_one_process_is_known_to_the_others(world: Cluster) -> None:
    made = world.ask("POST", "/api/keys", {"name": "app", "kind": "write"})
    for member in world.of("collect"):
        until(answering(member, 200, made["key"]), 20, "the key")
    assert asked(world.api_port, "DELETE", "/api/keys/app")[0] == 204
    for member in world.of("collect"):
        until(answering(member, 401, made["key"]), 20, "the end of the key")


def test_several_collect_on_one_port(world: Cluster) -> None:
    """One of them is killed: another is there in its place, and the port answers all the while."""
    several = world.ready(world.launch("collect", "--workers", "2"))
    until(answering(several, 200, WRITE_KEY), 20, "the keys")
    before = children_of(several)
    assert len(before) == 2
    os.kill(min(before), signal.SIGKILL)
    until(lambda: len(children_of(several) - {min(before)}) == 2, 30, "another in its place")
    until(answering(several, 200, WRITE_KEY), 20, "an answer")
    assert several.stop() == 0
    assert not any(Path(f"/proc/{each}").exists() for each in before)


def children_of(member: Member) -> set[int]:
    """The processes it has started that run."""
    said = Path(f"/proc/{member.process.pid}/task/{member.process.pid}/children").read_text(encoding="ascii")
    return {int(each) for each in said.split()}


def test_collecting_goes_on_without_the_state(world: Cluster) -> None:
    """PostgreSQL is away: events are taken in, a collector starts on the keys last known, and all is made up for."""
    world.postgres.stop(signal.SIGINT)
    try:
        started = time.monotonic()
        (another,) = world.start("collect")
        assert another.health()["backlog"] is None
        happens(world, track("While Away", user="ida", number="1"))
        assert posted(another.port, [track("While Away", user="ida", number="2")]) == 200
        assert posted(another.port, [track("While Away", user="ida", number="3")], key="wk_unheard_of") == 503
        assert time.monotonic() - started < 300
    finally:
        world.postgres.start()
    until(lambda: _answers(world), 60, "the API after PostgreSQL came back")
    until(lambda: timeline(world, "ida").count("While Away") == 2, 60, "what happened meanwhile")
    assert another.stop() == 0


def _answers(world: Cluster) -> bool:
    return asked(world.api_port, "GET", "/api/overview")[0] == 200


def test_nothing_is_lost_or_doubled_whoever_dies(world: Cluster) -> None:
    """A node of NATS, the process that reacts, one that sends, and PostgreSQL, all at work."""
    world.ask("PUT", "/api/journeys/welcome", WELCOME)
    writers = [Writer(f"c{number}") for number in range(3)]
    collectors = [each.port for each in world.of("collect")]
    killed_senders = 0
    with writing(writers, collectors):
        time.sleep(1)
        world.nats[1].kill()
        time.sleep(1)
        acting = world.acting()
        assert acting is not None
        acting.kill()
        until(lambda: world.acting() is not None, 20, "somebody takes over")
        world.of("send")[0].kill()
        killed_senders += 1
        replaced = [world.launch("react"), world.launch("send")]
        world.nats[1].start()
        time.sleep(1)
        world.postgres.stop(signal.SIGQUIT)
        world.postgres.start()
        for each in replaced:
            world.ready(each)
        time.sleep(2)
    assert sum(len(each.acknowledged) for each in writers) > 100
    check_all(world, writers, killed_senders=killed_senders)


def test_everybody_stops_in_good_order(world: Cluster) -> None:
    """SIGTERM: nothing stays under way."""
    for user in range(20):
        happens(world, identify(f"late-{user}"), track("Signed Up", user=f"late-{user}"))
    assert {each.stop() for each in (*world.of("send"), *world.of("react"), *world.of("collect"))} == {0}
    world.start("react", "send")
    until(lambda: sum(world.mail.taken()[f"late-{user}@example.com"] for user in range(20)) == 20, 60, "their mails")
    sends = world.overview()["sends"]
    assert world.of("api")[0].stop() == 0
    assert not sends.get("pending")
    assert max(world.mail.taken().values()) == 1
