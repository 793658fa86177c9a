"""A server that is brought many events leaves them to its door, and nobody who sends can tell the difference."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import os
import re
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.integration.api_server import WRITE_KEY, Server, serving, until

PATIENCE_SECONDS = 30.0


def basic(key: str) -> str:
    return f"Authorization: Basic {base64.b64encode(f'{key}:'.encode()).decode()}"


def request(path: str, body: bytes, *headers: str, method: str = "POST", chunked: bool = False) -> bytes:
    size = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    if chunked:
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: here", *headers, size, "", ""]).encode() + body


def batch(*ids: str) -> bytes:
    return json.dumps(
        {"batch": [{"type": "track", "event": "Read", "userId": "ann", "messageId": i} for i in ids]}
    ).encode()


class Connection:
    """One that is kept alive, and can be asked whose it is."""

    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_SECONDS)
        self._server = server
        self._said = b""

    def send(self, said: bytes) -> None:
        self.socket.sendall(said)

    def answer(self) -> bytes:
        """The next whole answer; what there is of it when the connection is closed."""
        while True:
            head, between, rest = self._said.partition(b"\r\n\r\n")
            size = re.search(rb"content-length: (\d+)", head)
            if between and b"transfer-encoding: chunked" in head and rest.endswith(b"0\r\n\r\n"):
                answer, self._said = self._said, b""
                return answer
            if between and (b" 204 " in head or b" 100 " in head or (size and len(rest) >= int(size[1]))):
                end = len(head) + 4 + (int(size[1]) if size else 0)
                answer, self._said = self._said[:end], self._said[end:]
                return answer
            more = self.socket.recv(65_536)
            if not more:
                return self._said
            self._said += more

    def ask(self, said: bytes) -> bytes:
        self.send(said)
        return self.answer()

    def holder(self) -> int:
        """The process that has it open at the server's end."""
        ours = self.socket.getsockname()[1]
        found: list[int] = []

        def looked() -> bool:
            pids = [self._server.process.pid, *children(self._server)]
            found.extend(pid for pid in pids if ours in ports_of(pid))
            return bool(found)

        until(looked, "somebody who has it")  # On its way between two it is nobody's.
        return found[0]

    def close(self) -> None:
        self.socket.close()


def children(server: Server) -> list[int]:
    """The doors of the server."""
    pid = server.process.pid
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for each in (task / "children").read_text().split():
            with contextlib.suppress(FileNotFoundError):
                if "holdfast.workers.door" in Path(f"/proc/{each}/cmdline").read_text():
                    found.append(int(each))
    return found


def lives(pid: int) -> bool:
    """Whether the process goes on; who has ended may wait to be seen to."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def ports_of(pid: int) -> set[int]:
    """The remote ports of the connections a process has open."""
    inodes = set()
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if (found := re.fullmatch(r"socket:\[(\d+)\]", str(each.readlink()))) is not None:
                inodes.add(found[1])
    lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    return {int(line.split()[2].rpartition(":")[2], 16) for line in lines if line.split()[9] in inodes}


@contextlib.contextmanager
def opened(server: Server) -> Iterator[Connection]:
    connection = Connection(server)
    with contextlib.closing(connection):
        yield connection


_number = iter(range(1_000_000))


def at_the_door(connection: Connection) -> int:
    """Send on it until the door has it; the door's process."""
    end = time.monotonic() + PATIENCE_SECONDS
    server = connection._server
    while connection.holder() == server.process.pid:
        assert time.monotonic() < end, server.log[-2000:]
        for _ in range(10):
            answer = connection.ask(request("/v1/batch", batch(f"fill-{next(_number)}"), basic(WRITE_KEY)))
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer
    return connection.holder()


def undated(answer: bytes) -> bytes:
    return re.sub(rb"date: [^\r]*\r\n", b"date: then\r\n", answer)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("door") / "data", door_requests=1) as it:
        yield it


KEY = basic(WRITE_KEY)
CASES: dict[str, bytes] = {
    "plain": request("/v1/batch", batch("a"), KEY),
    "single": request("/v1/track", json.dumps({"event": "Read", "userId": "ann", "messageId": "s"}).encode(), KEY),
    "of another page": request("/v1/batch", batch("b"), KEY, "Origin: https://shop.example"),
    "packed": request("/v1/batch", gzip.compress(batch("c"), mtime=0), KEY, "Content-Encoding: gzip"),
    "broken packing": request("/v1/batch", gzip.compress(batch("c"), mtime=0)[:-9], KEY, "Content-Encoding: gzip"),
    "no JSON": request("/v1/batch", b'{"batch": [', KEY),
    "no events": request("/v1/batch", b'{"batch": []}', KEY),
    "nothing": request("/v1/batch", b"", KEY),
    "nobody's key": request("/v1/batch", batch("d"), basic("wk_nobodys")),
    "no key": request("/v1/batch", batch("d")),
    "key within": request("/v1/batch", json.dumps({"writeKey": WRITE_KEY, "batch": []}).encode()),
    "too many": request("/v1/batch", json.dumps({"batch": [{}] * 2_501}).encode(), KEY),
    "in pieces": request("/v1/batch", batch("e"), KEY, chunked=True),
    "large": request("/v1/batch", batch("f").ljust(300_000), KEY),
    "too large": request("/v1/batch", batch("g").ljust(600_000), KEY),
    "with a question": request("/v1/batch?x=1", batch("h"), KEY),
    "asked first": request("/v1/batch", b"", "Origin: https://shop.example", method="OPTIONS"),
    "another method": request("/v1/batch", b"", method="PUT"),
    "no such path": request("/v1/nothing-here", b"", method="GET"),
    "no HTTP": b"\x16\x03\x01 this is no HTTP\r\n\r\n",
    "to be closed": request("/v1/batch", batch("i"), KEY, "Connection: close"),
    "offer": request("/v1/batch", batch("j"), KEY, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"),
}
SERVED_THERE = {
    "plain", "single", "of another page", "packed", "broken packing", "no JSON", "no events", "nothing", "no key",
    "key within", "too many",
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_door_gives_the_same_answers(server: Server, case: str) -> None:
    with opened(server) as ours, opened(server) as theirs:
        usual = ours.ask(CASES[case])
        door = at_the_door(theirs)
        assert undated(theirs.ask(CASES[case])) == undated(usual)
        if b"connection: close" not in usual:
            assert theirs.holder() == (door if case in SERVED_THERE else server.process.pid)
            # And it goes on, whoever has it now.
            assert theirs.ask(CASES["plain"]).startswith(b"HTTP/1.1 200 OK\r\n")


def test_requests_in_one_go_are_answered_in_their_order(server: Server) -> None:
    each = [CASES["plain"], CASES["no JSON"], CASES["no such path"], CASES["plain"], CASES["single"]]
    with opened(server) as connection:
        at_the_door(connection)
        connection.send(b"".join(each) * 3)
        found = [int(connection.answer().split()[1]) for _ in range(15)]
        assert found == [200, 400, 404, 200, 200] * 3


def test_a_request_that_comes_while_another_is_answered_waits_its_turn(server: Server) -> None:
    with opened(server) as connection:
        door = at_the_door(connection)
        for _ in range(50):
            connection.send(CASES["plain"])
            time.sleep(0.000_5)
            connection.send(CASES["no JSON"])
            assert [connection.answer().split()[1] for _ in range(2)] == [b"200", b"400"]
        assert connection.holder() in (door, server.process.pid)


@pytest.mark.parametrize("case", ["plain", "no such path", "in pieces"])
def test_requests_cut_anywhere_are_put_together(server: Server, case: str) -> None:
    whole = CASES[case]
    for cut in (1, 30, whole.index(b"\r\n\r\n") + 4, len(whole) - 1):
        with opened(server) as connection:
            at_the_door(connection)
            connection.send(whole[:cut])
            time.sleep(0.05)
            connection.send(whole[cut:])
            assert connection.answer().split()[1] == (b"404" if case == "no such path" else b"200")


@pytest.mark.parametrize("from_the_door", [False, True])
def test_no_letter_of_the_next_request_is_lost_on_the_way(server: Server, from_the_door: bool) -> None:
    whole = CASES["plain"]
    with opened(server) as connection, opened(server) as other:
        at_the_door(connection if from_the_door else other)
        began = 0
        for number in range(300):
            cut = 1 + number % (len(whole) - 1)
            connection.send(whole[began:] + whole[:cut])
            began = cut
            assert connection.answer().startswith(b"HTTP/1.1 200 OK\r\n")
        connection.send(whole[began:])
        assert connection.answer().startswith(b"HTTP/1.1 200 OK\r\n")


def test_who_was_given_back_stays(server: Server) -> None:
    with opened(server) as connection:
        at_the_door(connection)
        assert b"404" in connection.ask(CASES["no such path"])
        for _ in range(30):
            assert connection.ask(CASES["plain"]).startswith(b"HTTP/1.1 200 OK\r\n")
        assert connection.holder() == server.process.pid


def test_a_key_is_known_once_it_is_made_and_unknown_once_it_is_revoked(server: Server) -> None:
    with opened(server) as connection:
        door = at_the_door(connection)
        for number in range(10):
            made = server.got("POST", "/api/keys", {"name": f"Key {number}", "kind": "write"}, status=201)
            theirs = request("/v1/batch", batch(f"of-{number}"), basic(made["key"]))
            assert connection.ask(theirs).startswith(b"HTTP/1.1 200 OK\r\n")
            assert server.ask("DELETE", f"/api/keys/Key%20{number}").status == 204
            if number < 9:
                continue
            refused = connection.ask(theirs)
            assert refused.startswith(b"HTTP/1.1 401 ")
            assert json.loads(refused.partition(b"\r\n\r\n")[2])["message"] == "The write key is unknown."
        assert door != connection.holder()  # The server has the last word on keys.


@dataclass
class Writer:
    """Sends as fast as it is answered, on a connection that is made anew when it breaks."""

    name: str
    server: Server
    acknowledged: list[str] = field(default_factory=list)
    broken: int = 0

    def run(self, stop: threading.Event) -> None:
        number = 0
        while not stop.is_set():
            with contextlib.suppress(OSError), opened(self.server) as connection:
                while not stop.is_set():
                    number += 1
                    name = f"{self.name}-{number}"
                    if not connection.ask(request("/v1/batch", batch(name), KEY)).startswith(b"HTTP/1.1 200 OK\r\n"):
                        break
                    self.acknowledged.append(name)
            self.broken += 1


@contextlib.contextmanager
def writing(server: Server, count: int = 4) -> Iterator[list[Writer]]:
    stop = threading.Event()
    writers = [Writer(f"w{number}", server) for number in range(count)]
    threads = [threading.Thread(target=each.run, args=(stop,)) for each in writers]
    for each in threads:
        each.start()
    try:
        yield writers
    finally:
        stop.set()
        for each in threads:
            each.join()


def kept(server: Server) -> Counter[str]:
    """How often each event is in the history, once all is there."""
    until(lambda: not server.got("GET", "/api/overview")["backlog"], "the end of the backlog")
    time.sleep(2)  # The history follows half a second behind.
    query = "SELECT message_id FROM events WHERE event = 'Read'"
    return Counter(each[0] for each in server.got("POST", "/api/sql", {"query": query, "limit": 100_000})["rows"])


def test_a_killed_door_loses_nothing_and_another_takes_its_place(tmp_path: Path) -> None:
    with serving(tmp_path / "data", door_requests=1) as server:
        with writing(server) as writers:
            until(lambda: "takes events in from now on" in server.log, "a door that is ready")
            time.sleep(1.5)
            (first,) = children(server)
            os.kill(first, signal.SIGKILL)
            until(lambda: children(server) not in ([], [first]), "another door")
            time.sleep(1.5)
        acknowledged = [name for each in writers for name in each.acknowledged]
        there = kept(server)
        assert not set(acknowledged) - there.keys()
        assert max(there.values()) == 1
        assert "has ended" in server.log


def test_a_server_that_is_told_to_stop_ends_its_door_and_loses_nothing(tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    for group in (False, True):
        with serving(tmp_path / "data", door_requests=1) as server:
            with writing(server) as writers:
                until(lambda: children(server), "a door")
                time.sleep(1.0)
                doors = children(server)
                began = time.monotonic()
                for pid in [server.process.pid, *(doors if group else [])]:
                    os.kill(pid, signal.SIGINT if group else signal.SIGTERM)
                assert server.process.wait(PATIENCE_SECONDS) == 0
                assert time.monotonic() - began < 6
                assert not any(map(lives, doors))
                assert "has ended" not in server.log
            acknowledged.update(name for each in writers for name in each.acknowledged)
    with serving(tmp_path / "data") as server:
        there = kept(server)
        assert not acknowledged - there.keys()
        assert len(acknowledged) > 100
        assert not children(server)


def test_a_killed_server_leaves_no_door_behind_and_nothing_is_lost(tmp_path: Path) -> None:
    doors: list[int] = []
    # That it did not end well is of no interest here.
    with (  # noqa: PT012
        pytest.raises(AssertionError),
        serving(tmp_path / "data", door_requests=1) as server,
        writing(server) as writers,
    ):
        until(lambda: children(server), "a door")
        time.sleep(1.0)
        doors = children(server)
        assert any(map(lives, doors))
        server.process.kill()
        server.process.wait()
    end = time.monotonic() + 5
    while any(map(lives, doors)):
        assert time.monotonic() < end, "the door lives on"
        time.sleep(0.01)
    acknowledged = {name for each in writers for name in each.acknowledged}
    assert len(acknowledged) > 100
    with serving(tmp_path / "data") as server:
        there = kept(server)
    assert not acknowledged - there.keys()
    assert max(there.values()) == 1


def test_there_is_no_door_where_there_is_little_to_do_or_none_is_wanted(tmp_path: Path) -> None:
    for least, sent in ((300, 100), (0, 1_000)):
        with serving(tmp_path / "data", door_requests=least) as server, opened(server) as connection:
            for number in range(sent):
                connection.ask(request("/v1/batch", batch(f"{least}-{number}"), KEY))
                if least:
                    time.sleep(0.02)
            assert children(server) == []
            assert connection.holder() == server.process.pid


def test_signals_to_all_processes_do_not_find_a_door_that_is_being_loaded(tmp_path: Path) -> None:
    with serving(tmp_path / "data", door_requests=1) as server:
        with writing(server):
            until(lambda: children(server), "a door")
            for pid in [*children(server), server.process.pid]:
                os.kill(pid, signal.SIGINT)
            assert server.process.wait(PATIENCE_SECONDS) == 0
        assert "is not ready" not in server.log
        assert "has ended" not in server.log


def test_what_the_door_leaves_to_a_server_that_ends_is_answered_there(tmp_path: Path) -> None:
    with serving(tmp_path / "data", door_requests=1) as server, opened(server) as connection:
        at_the_door(connection)
        whole = CASES["nobody's key"]
        connection.send(whole[:-5])
        time.sleep(0.2)  # The door has its head now. One of which it has less is broken off, as the server does.
        server.process.terminate()
        until(lambda: not listens(server), "the end of listening")
        time.sleep(0.2)
        connection.send(whole[-5:])
        assert connection.answer().startswith(b"HTTP/1.1 401 ")
        assert connection.socket.recv(1) == b""
        assert server.process.wait(PATIENCE_SECONDS) == 0


def listens(server: Server) -> bool:
    """Whether connections are taken."""
    with contextlib.suppress(ConnectionRefusedError), opened(server):
        return True
    return False
