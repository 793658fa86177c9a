"""chDB behind ClickHouse's HTTP interface: a server for tests where no ClickHouse can be had.

It is a way in and nothing more: what comes over HTTP is asked of chDB as it stands, so that every answer and every
error is the engine's own. Of the interface there is what `clickhouse-connect` speaks: the query in the URL, the body or
a form; values as `param_name`; settings, a database and a session by name; data to insert behind the statement; tables
given along; the code of an exception in a header. There is no TLS, no compression and no progress, sessions do not time
out, and users have a password and no rights.

Run by itself (`python -m tests.clickhouse_facade DIRECTORY USER:PASSWORD`) it prints its port, and ends when its input
does. A process of its own, because a process can have one directory open.
"""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote, urlsplit

import pyarrow as pa

# What the interface itself takes; everything else in the URL is a setting.
_OURS = frozenset(
    {
        "query", "database", "query_id", "session_id", "session_timeout", "session_check", "default_format", "role",
        "wait_end_of_query", "buffer_size", "compress", "decompress", "client_protocol_version", "quota_key", "user",
        "password", "stacktrace", "close_session",
    }
)  # fmt: skip
_INSERT = re.compile(rb"\s*INSERT\s+INTO\s+([^\n]*?)\s+FORMAT\s+(\w+)\n", re.IGNORECASE)
_ABOUT_A_FILE = re.compile(rb'name="([^"]*)"(; filename=)?')
_NOT_FOUND = frozenset({60, 81, 36})
_AUTHENTICATION_FAILED = 516
_WIDEST_FIELD = 128 * 1024
_WIDEST_URL = 1024 * 1024


class Refused(Exception):
    """What the interface refuses before the engine is asked."""


@dataclass(slots=True)
class Link:
    """One of chDB's connections, with the settings and the database it was last asked with."""

    connection: Any
    settings: dict[str, str] = field(default_factory=dict)
    database: str = "default"
    busy: threading.Lock = field(default_factory=threading.Lock)

    def arrange(self, settings: Mapping[str, str], database: str) -> None:
        changed = {name: f"'{value}'" for name, value in settings.items() if self.settings.get(name) != value}
        changed |= {name: "DEFAULT" for name in self.settings if name not in settings}
        if changed:
            self.connection.query(f"SET {', '.join(f'{name} = {value}' for name, value in changed.items())}", "Null")
            self.settings = dict(settings)
        if database != self.database:
            self.connection.query(f"USE `{database}`", "Null")
            self.database = database


@dataclass(slots=True)
class Asked:
    """What a request says."""

    query: bytes
    params: dict[str, str]
    files: dict[str, bytes]


class Facade(ThreadingHTTPServer):
    """The server, on a free port of this machine."""

    daemon_threads = True

    def __init__(self, directory: Path, login: str, config: str = "") -> None:
        import chdb

        connect: Callable[[str], Any] = chdb.connect
        self.connect: Callable[[], Any] = partial(
            connect, f"{directory}?config-file={config}" if config else str(directory)
        )
        self.login = login
        self.sessions: dict[str, Link] = {}
        self.lock = threading.Lock()
        self._first = self.connect()
        super().__init__(("127.0.0.1", 0), Handler)

    @contextmanager
    def link(self, session: str, own: Link) -> Iterator[Link]:
        """The link of a session, or the one of the connection the request came by."""
        if not session:
            yield own
            return
        with self.lock:
            link = self.sessions.setdefault(session, Link(self.connect()))
        with link.busy:
            yield link


class Handler(BaseHTTPRequestHandler):
    """A connection of a client: requests, one after the other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Facade
    statuses: ClassVar[Mapping[int, int]] = {_AUTHENTICATION_FAILED: 403, **dict.fromkeys(_NOT_FOUND, 404), 62: 400}

    def setup(self) -> None:
        super().setup()
        self.own = Link(self.server.connect())

    def finish(self) -> None:
        super().finish()
        self.own.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def handle_one_request(self) -> None:
        """As it is inherited, but with the limit ClickHouse has on a URL, 1 MiB."""
        self.raw_requestline = self.rfile.readline(_WIDEST_URL + 1)
        if not self.raw_requestline:
            self.close_connection = True
        elif len(self.raw_requestline) > _WIDEST_URL:
            self.close_connection = True
            self.requestline, self.request_version, self.command = "", "", ""
            self._reply(414, b"")
        elif self.parse_request():
            self.do_POST()

    def do_POST(self) -> None:
        try:
            body = self._body()
            if self.path.startswith("/ping"):
                self._reply(200, b"Ok.\n")
                return
            self._check_login()
            self._reply(200, self._answer(self._asked(body)))
        except Exception as error:  # noqa: BLE001 - Whatever it is, the client is told.
            found = re.search(r"Code: (\d+)", str(error))
            code = int(found.group(1)) if found else 1002
            self._reply(self.statuses.get(code, 500), f"{error}\n".encode(errors="backslashreplace"), code)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _check_login(self) -> None:
        said = self.headers.get("Authorization", "").removeprefix("Basic ")
        if base64.b64decode(said).decode() != self.server.login:
            raise Refused(f"Code: {_AUTHENTICATION_FAILED}. DB::Exception: Authentication failed.")

    def _asked(self, body: bytes) -> Asked:
        params = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        kind = self.headers.get("Content-Type", "")
        query = params.get("query", "").encode()
        files: dict[str, bytes] = {}
        if kind.startswith("multipart/form-data"):
            fields, files = _parts(body, kind.partition("boundary=")[2])
            query += fields.pop("query", "").encode()
            params |= fields
        else:
            query = query + b"\n" + body if query and body else query or body
        if any(len(value.encode()) > _WIDEST_FIELD for name, value in params.items() if name != "query"):
            raise Refused("Poco::Exception. Code: 1000, e.code() = 0, HTML Form Exception: Field value too long")
        return Asked(query=query, params=params, files=files)

    def _answer(self, asked: Asked) -> bytes:
        params = asked.params
        form = params.get("default_format") or self.headers.get("X-ClickHouse-Format") or "TabSeparated"
        settings = {name: each for name, each in params.items() if name not in _OURS and not name.startswith("param_")}
        for name in asked.files:
            settings.pop(f"{name}_structure")
            settings.pop(f"{name}_format")
        values = {name.removeprefix("param_"): each for name, each in params.items() if name.startswith("param_")}
        with self.server.link(params.get("session_id", ""), self.own) as link:
            link.arrange(settings, params.get("database") or "default")
            with _along(link.connection, asked):
                if found := _INSERT.match(asked.query):
                    return _insert(link.connection, found, asked.query[found.end() :])
                return bytes(link.connection.query(asked.query.decode(), form, params=values).bytes())

    def _reply(self, status: int, body: bytes, code: int = 0) -> None:
        lines = [f"HTTP/1.1 {status} {'OK' if status == 200 else 'Error'}", f"Content-Length: {len(body)}"]
        lines += ["Connection: keep-alive", "X-ClickHouse-Server-Display-Name: facade"]
        lines += [f"X-ClickHouse-Exception-Code: {code}"] if code else []
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)


def _insert(connection: Any, statement: re.Match[bytes], data: bytes) -> bytes:
    """Not by `send_insert`: a server says what it could not write, and that does not."""
    assert statement.group(2) == b"ArrowStream", statement.group(2)
    into = statement.group(1).decode()
    rows = pa.ipc.open_stream(data).read_all()  # noqa: F841  # chDB finds it by its name.
    one_block = "max_threads = 1, max_insert_threads = 1, max_insert_block_size = 1000000000"
    names = into[into.index("(") + 1 : into.rindex(")")]
    connection.query(f"INSERT INTO {into} SELECT {names} FROM Python(rows) SETTINGS {one_block}", "Null")
    return b""


@contextmanager
def _along(connection: Any, asked: Asked) -> Iterator[None]:
    """The tables given along, there for as long as the question is."""
    for name, data in asked.files.items():
        connection.query(f"CREATE TEMPORARY TABLE {name} ({asked.params[f'{name}_structure']}) ENGINE = Memory", "Null")
        with connection.send_insert(f"INSERT INTO {name}", asked.params[f"{name}_format"]) as inserter:
            inserter.append(data)
            inserter.finish()
    try:
        yield
    finally:
        for name in asked.files:
            connection.query(f"DROP TEMPORARY TABLE {name}", "Null")


def _parts(body: bytes, boundary: str) -> tuple[dict[str, str], dict[str, bytes]]:
    """The plain fields of a form, and its files."""
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for part in body.split(b"--" + boundary.encode())[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        found = _ABOUT_A_FILE.search(head)
        assert found
        if found.group(2):
            files[found.group(1).decode()] = content.removesuffix(b"\r\n")
        else:
            fields[found.group(1).decode()] = content.removesuffix(b"\r\n").decode()
    return fields, files


@contextmanager
def served(
    directory: Path, *, user: str = "ingrid", password: str = "s:e/cr@t", config: Path | None = None
) -> Iterator[str]:
    """The URL of a facade in a process of its own, over the directory, with a configuration of the engine's if any."""
    login = f"{user}:{password}"
    words = [sys.executable, "-m", "tests.clickhouse_facade", str(directory), login, *([str(config)] if config else [])]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            port = int(process.stdout.readline())
            yield f"http://{quote(user, safe='')}:{quote(password, safe='')}@127.0.0.1:{port}"
        finally:
            process.stdin.close()
            process.kill()


def main() -> None:
    facade = Facade(Path(sys.argv[1]), *sys.argv[2:])
    print(facade.server_address[1], flush=True)
    threading.Thread(target=facade.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
