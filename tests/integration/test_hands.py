"""A server with much to do has hands, and nobody can tell the difference, whoever of them ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holdfast.settings import Settings
from holdfast.stores.sqlite.state import SqliteState
from holdfast.workers.hands import InForce, ServersHands
from tests.integration.api_server import Server, serving, until
from tests.integration.hands_world import HELP, Crowd, a_crowd, a_journey, address, end_all, hands_of, lives

if len(os.sched_getaffinity(0)) < 2:
    pytest.skip("there are no hands on one processor", allow_module_level=True)


def publish(server: Server, *journeys: dict[str, Any]) -> None:
    for each in journeys:
        server.got("PUT", f"/api/journeys/{each['id']}", each)


def arrived(crowd: Crowd, count: int) -> None:
    """Wait until so many mails are there."""

    def enough() -> bool:
        sends = crowd.server.got("GET", "/api/overview")["sends"]
        return int(sends.get("sent", 0)) >= count

    until(enough, f"{count} mails")


def test_events_timers_and_mail_go_through_once_with_hands_at_work(tmp_path: Path) -> None:
    with serving(tmp_path / "data", hand_events=1, cap_email_per_day=0) as server:
        crowd = a_crowd(server)
        publish(server, a_journey("welcome", "Signed Up"), a_journey("later", "Signed Up", seconds=3))
        crowd.come()
        assert hands_of(server) == []
        with crowd.reading():
            pids = crowd.helped()
            crowd.do("Signed Up")
            arrived(crowd, 2 * len(crowd.names))
            assert hands_of(server) == pids
        crowd.settled()
        expected = {(name, address(who)) for name in ("welcome", "later") for who in crowd.names}
        assert crowd.mails() == Counter(expected)
        crowd.check_kept()
        assert "could not be done" not in server.log
    assert not any(map(lives, pids))


def test_a_hand_that_is_killed_loses_and_doubles_nothing_and_others_begin(tmp_path: Path) -> None:
    with serving(tmp_path / "data", hand_events=1, cap_email_per_day=0) as server:
        crowd = a_crowd(server)
        publish(server, a_journey("welcome", "Signed Up"))
        crowd.come()
        with crowd.reading():
            first = crowd.helped()
            crowd.do("Signed Up", crowd.names[:200])
            os.kill(first[-1], signal.SIGKILL)
            crowd.do("Signed Up", crowd.names[200:400])
            until(lambda: not any(map(lives, first)), "the end of the others")
            until(lambda: server.log.count(HELP) == 2, "others that are ready")
            second = crowd.helped()
            assert not set(first) & set(second)
            crowd.do("Signed Up", crowd.names[400:])
            end_all(second, signal.SIGKILL)
            arrived(crowd, len(crowd.names))
        crowd.settled()
        assert crowd.mails() == Counter(("welcome", address(who)) for who in crowd.names)
        crowd.check_kept()
        assert server.log.count("The server does everything itself until") == 2
        assert "Fatal error" not in server.log


def test_hands_end_with_a_server_that_is_killed_and_nothing_is_lost(tmp_path: Path) -> None:
    pids: list[int] = []
    # That it did not end well is of no interest here.
    with (  # noqa: PT012
        pytest.raises(AssertionError),
        serving(tmp_path / "data", hand_events=1, cap_email_per_day=0) as server,
    ):
        crowd = a_crowd(server)
        publish(server, a_journey("welcome", "Signed Up"))
        crowd.come()
        with crowd.reading():
            pids = crowd.helped()
            crowd.do("Signed Up")
            server.process.kill()
            server.process.wait()
    end = time.monotonic() + 10
    while any(map(lives, pids)):
        assert time.monotonic() < end, "hands live on"
        time.sleep(0.01)
    with serving(tmp_path / "data", hand_events=1, cap_email_per_day=0) as server:
        crowd.server = server
        arrived(crowd, len(crowd.names))
        crowd.settled()
        assert crowd.mails() == Counter(("welcome", address(who)) for who in crowd.names)
        crowd.check_kept()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("loading", [False, True])
def test_a_server_that_is_told_to_stop_ends_its_hands(tmp_path: Path, number: signal.Signals, *, loading: bool) -> None:
    """Also where everybody is told, as by a terminal, and where they are being loaded."""
    with serving(tmp_path / "data", hand_events=1) as server:
        crowd = a_crowd(server, 200)
        crowd.come()
        with crowd.reading():
            if loading:
                until(lambda: hands_of(server), "hands")
            else:
                crowd.helped()
            pids, until_then = hands_of(server), len(server.log)
            end_all([*pids, server.process.pid], number)
            assert server.process.wait(30) == 0
        assert not any(map(lives, pids))
        said = server.log[until_then:]  # On a busy machine others may have been too slow to begin before.
        assert "does everything itself" not in said
        assert "ERROR" not in said


def test_a_cap_that_is_chosen_is_obeyed_by_hands(tmp_path: Path) -> None:
    with serving(tmp_path / "data", hand_events=1, cap_email_per_day=0) as server:
        crowd = a_crowd(server, 400)
        before, after = crowd.names[:200], crowd.names[200:]
        publish(server, a_journey("one", "Signed Up"), a_journey("two", "Signed Up"))
        crowd.come()
        with crowd.reading():
            crowd.helped()
            crowd.do("Signed Up", before)
            arrived(crowd, 400)
            server.got("PUT", "/api/settings", {"values": {"contact_caps": "1 in 24 hours"}, "based_on": None})
            crowd.do("Signed Up", after)
            arrived(crowd, 600)
            assert hands_of(server)
        sends = crowd.settled()
        assert sends == {"sent": 600, "withheld": 200}
        got = Counter(who for _, who in crowd.mails())
        assert got == Counter({address(who): 2 for who in before} | {address(who): 1 for who in after})


def test_there_are_none_where_none_are_wanted_or_there_is_little_to_do(tmp_path: Path) -> None:
    for least in (0, 1_000_000):
        with serving(tmp_path / "data", hand_events=least) as server:
            crowd = a_crowd(server, 200)
            with crowd.reading():
                end = time.monotonic() + 4
                while time.monotonic() < end:
                    assert hands_of(server) == []
                    time.sleep(0.1)
            assert len(crowd.acknowledged) > 1_000


class Own:
    """Hands of this process's own, and what it does."""

    def __init__(self, directory: Path, **seconds: float) -> None:
        self.settings = Settings.load(directory, {}, {"hand_events": 1}, working_dir=directory)
        self.state = SqliteState(directory)
        in_force = InForce(settings=self.settings, secret=b"secret", revision=0)
        self.hands = ServersHands(self.settings, lambda: in_force, **seconds)

    async def works(self, until_then: Callable[[], bool], what: str = "it") -> None:
        """Do much until it is so."""
        loop = asyncio.get_running_loop()
        end = loop.time() + 60
        while not until_then():
            assert loop.time() < end, f"{what} did not come about"
            self.hands.done(10_000)
            await asyncio.sleep(0.02)

    async def works_on(self, seconds: float) -> None:
        end = asyncio.get_running_loop().time() + seconds
        await self.works(lambda: asyncio.get_running_loop().time() > end)

    async def close(self) -> None:
        await self.hands.close()
        await self.state.close()


def children_of_ours() -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=False
    ).stdout.splitlines()
    return [int(line.split()[0]) for line in found if "holdfast.workers.hand" in line]


async def test_idle_hands_end_and_others_are_begun_when_there_is_much_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.workers.hands.AGAIN_SECONDS", 0.1)
    own = Own(tmp_path, idle_seconds=2)
    await own.works(lambda: own.hands.ready > 0, "hands")
    first = children_of_ours()
    assert len(first) == own.hands.ready + 1, "one more copies"
    assert await own.hands.give(0, b"no task") is None
    assert await own.hands.give(own.hands.ready, b"there is none of this number") is None
    await own.works(lambda: own.hands.ready == 0, "their end")
    await own.works(lambda: own.hands.ready > 0, "others")
    assert not set(first) & set(children_of_ours())
    await own.close()
    assert children_of_ours() == []
    assert own.hands.ready == 0
    await own.works_on(1)
    assert children_of_ours() == [], "nobody begins any more"


def stand_in(path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Callable[[], list[int]]:
    """Have something else begun in place of a hand: a shell script. Returns who tells which processes there were."""
    program, begun = path / "stand-in", path / "begun"
    begun.touch()
    program.write_text(f"#!/bin/sh\necho $$ >> {begun}\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    return lambda: [int(each) for each in begun.read_text().split()]


SAYS = "import msgspec, os, sys, time; os.write(int(sys.argv[1]), {}); time.sleep(60)"
FRAMED = "(lambda said: len(said).to_bytes(4, 'big') + said)({})"
READY_OF_ANOTHER = FRAMED.format("msgspec.msgpack.encode(['ready', '0.0.0'])")
NO_USE = {
    "exec sleep 60": "not ready after",
    "exit 3": "has ended",
    f'exec {sys.executable} -c "{SAYS.format(READY_OF_ANOTHER)}" $4': "is Holdfast 0.0.0",
    f'exec {sys.executable} -c "{SAYS.format(FRAMED.format(repr(bytes([193]))))}" $4': "has ended",
    f'exec {sys.executable} -c "{SAYS.format(FRAMED.format(repr(bytes([129]))))}" $4': "has ended",
}


@pytest.mark.parametrize("script", NO_USE, ids=["never ready", "ends", "another version", "no message", "half of one"])
async def test_what_never_becomes_of_use_is_ended_said_once_and_not_tried_again_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, script: str
) -> None:
    begun = stand_in(tmp_path, monkeypatch, script)
    monkeypatch.setattr("holdfast.workers.hands.AGAIN_SECONDS", 3)
    own = Own(tmp_path, start_seconds=1)
    await own.works(lambda: "No processes can be begun" in caplog.text, "that it is said")
    assert NO_USE[script] in caplog.text
    first = begun()
    await own.works(lambda: not any(map(lives, first)), "their end")
    await own.works_on(1)
    assert begun() == first, "it is not tried again at once"
    await own.works(lambda: len(begun()) > len(first), "another try")
    await own.works_on(1.5)
    await own.close()
    assert not any(map(lives, begun()))
    assert caplog.text.count("No processes can be begun") == 1
    assert "Fatal error" not in caplog.text


async def test_one_that_is_killed_while_it_is_loaded_is_soon_replaced_and_waits_become_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("holdfast.workers.hands.AGAIN_SECONDS", 1)
    monkeypatch.setattr("holdfast.workers.hands.AGAIN_SECONDS_MOST", 2)
    own, waits = Own(tmp_path), []
    for _ in range(4):
        await own.works(lambda: bool(children_of_ours()), "processes")
        os.kill(children_of_ours()[0], signal.SIGKILL)
        await own.works(lambda: not children_of_ours(), "their end")
        ended = time.monotonic()
        await own.works(lambda: bool(children_of_ours()), "others")
        waits.append(time.monotonic() - ended)
    assert min(waits[1:]) > 1.5, "twice as long as the first"
    assert max(waits) < 6, "but not twice as long each time"
    await own.works(lambda: own.hands.ready > 0, "hands")
    assert caplog.text.count("No processes can be begun") == 1
    await own.close()


async def test_where_there_can_be_no_further_process_the_first_does_not_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun = stand_in(tmp_path, monkeypatch, "exec sleep 60")
    monkeypatch.setattr("holdfast.workers.hands.cores", lambda: 4)
    asked = 0

    class Few(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **named: Any) -> None:
            nonlocal asked
            asked += 1
            if asked == 2:
                self._child_created = False  # Asked for when it is let go of.
                raise BlockingIOError("Resource temporarily unavailable")
            super().__init__(*args, **named)

    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", Few)
        own = Own(tmp_path)
        await own.works(lambda: asked == 2, "the second")
    assert "temporarily unavailable" in caplog.text
    await own.close()
    assert not any(map(lives, begun()))


async def test_a_hand_that_takes_too_long_is_ended_and_none_is_there_until_others_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("holdfast.workers.hands.TASK_SECONDS", 0.5)
    own = Own(tmp_path)
    await own.works(lambda: own.hands.ready > 0, "hands")
    pids = children_of_ours()
    end_all(pids[:2], signal.SIGSTOP)  # One of two is a hand, whichever of them all is the one that copies.
    given = await asyncio.gather(*(own.hands.give(number, b"") for number in range(len(pids))))
    assert given == [None] * len(pids)
    assert "takes too long" in caplog.text
    await own.works(lambda: not any(map(lives, pids)), "their end")
    assert own.hands.ready == 0
    await own.close()
