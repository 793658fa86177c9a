"""The way to a ClickHouse server, or to one node of a cluster, by its HTTP interface.

Answers are sent when they are whole, so that an error is never found in the middle of one. What may be sent again
without harm is sent again when a connection breaks: questions, and inserts, each of which has a token of its own.
"""

from __future__ import annotations

import logging
import re
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

import pyarrow as pa

from holdfast.kernel.errors import Busy, Conflict, Internal, Invalid, TooLarge
from holdfast.kernel.sql import Sql, sql
from holdfast.stores.clickhouse.cluster import EVERYWHERE
from holdfast.stores.clickhouse.declared import behind, empty_database, named, server_schema
from holdfast.stores.clickhouse.handle import Handle, Limits
from holdfast.stores.clickhouse.spelling import plain
from holdfast.stores.clickhouse.ways import INSERTING, PARSING, Refusal, code_in

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

T = TypeVar("T")

OLDEST = (26, 8)
"""Releases before it keep deleted rows in another way, and lack functions the questions are made of."""
CONNECT_SECONDS = 10
QUIET_SECONDS_MORE = 30
"""How much longer than its limit a statement may be without a sign of life. Servers send one every little while."""
BULK_ROWS_MOST = 500_000
"""Rows of one request of `insert_bulk`."""
VALUES_MOST = 64_000
"""Characters of all values that are sent beside a statement. A server takes in 128 KiB of one value and a URL of 1 MiB,
in which each of them may take three; a statement itself may be much longer."""
SESSION_SECONDS = 300

_SAID = re.compile(r"^.*?server response: ", re.DOTALL)
_NOT_NOW = frozenset({202, 209, 210, 236, 242, 279, 319, 999})
"""Too many questions, a node that does not answer or is shutting down, Keeper gone: it may go through later."""
_NOT_MADE = frozenset({36, 60, 81, 701})
"""No such table or database; nothing to look up in; no such cluster."""
_LOGIN = frozenset({192, 193, 194, 516})
_TOO_LONG = ("Field value too long", "URI is too long", "HTTP status 414")
_SETTINGS: Mapping[str, str | int] = {
    **PARSING,
    **INSERTING,
    # Inserts are batches already, and what they are told is there must be there.
    "async_insert": 0,
    "insert_deduplicate": 1,
    # What the client would otherwise have read and cast differently from the engine in process.
    "date_time_input_format": "basic",
    "cast_string_to_dynamic_use_inference": 0,
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_quote_denormals": 0,
    "output_format_arrow_string_as_string": 1,
    "output_format_arrow_low_cardinality_as_dictionary": 0,
}
_ON_A_CLUSTER: Mapping[str, str | int] = {
    # A person's events may lie on several shards once two of their identities are joined, so what a subquery finds is
    # gathered from all of them before it is compared: with `local`, answers would be wrong without a word.
    "distributed_product_mode": "global",
    "prefer_global_in_and_join": 1,
    # An insert returns when every shard has its part; how many replicas must have it is the operator's to set.
    "distributed_foreground_insert": 1,
    # What is counted as it comes in is not counted again when an insert is repeated.
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    # Part of an answer would be a wrong answer.
    "skip_unavailable_shards": 0,
}


@dataclass(frozen=True, slots=True)
class _Spelt:
    """A value that is spelt already: the client writes it down as it is."""

    text: str

    def __str__(self) -> str:
        return self.text


class Server:
    """The engine behind a URL such as `https://user:password@clickhouse.example:8443`.

    Args:
        url: of one server, or of whatever always leads one client to the same node of a cluster.
        database: where our tables are or are to be made; the SQL of analysts is run in an empty one beside it.
        cluster: the cluster's name when the tables are those of `cluster.ddl`; they must be there already.
        analyst_url: the same with a user who may only read, for what analysts write; the user of `url` if none.
    """

    alone = False

    def __init__(
        self,
        url: str,
        *,
        database: str = "holdfast",
        cluster: str | None = None,
        analyst_url: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.database = named(database)
        self.empty_database = empty_database(self.database)
        self.cluster = None if cluster is None else named(cluster)
        self.processes = sql("system.processes")
        self.kill = sql("KILL QUERY")
        self.map_in_memory = sql("identity_person")
        if self.cluster is not None:
            # The one place where a name of the operator's becomes SQL; `named` let nothing but a word through.
            self.processes = Sql((f"clusterAllReplicas('{self.cluster}', system.processes)",))
            self.kill = Sql((f"KILL QUERY ON CLUSTER {self.cluster}",))
            self.map_in_memory = sql("identity_person" + EVERYWHERE)
        self._quiet_seconds = (limits or Limits()).seconds + QUIET_SECONDS_MORE
        self._urls = {False: _split(url), True: _split(analyst_url or url)}
        self._clients: dict[SplitResult, Client] = {}
        self._lock = threading.Lock()

    def connect(self, *, analyst: bool = False) -> ServerConnection:
        url = self._urls[analyst]
        with self._lock:
            client = self._clients.get(url)
            if client is None:
                client = self._clients[url] = self._client(url)
        return ServerConnection(client, self.database)

    def prepare(self, handle: Handle) -> None:
        if self.cluster is None:
            for statement in server_schema(self.database):
                handle.command(statement)
        try:
            self._catch_up(handle)
        except Refusal as refusal:
            if self.cluster is None or refusal.code not in _NOT_MADE:
                raise
            raise Conflict(
                f"The cluster {self.cluster} has no tables of ours in {self.database}.",
                code="cluster_not_made",
                hint="Run what `holdfast cluster ddl` prints first.",
            ) from refusal

    def _catch_up(self, handle: Handle) -> None:
        """Bring the map in memory up to the truth."""
        lacking = Sql((behind(self.database),))
        with handle.session():
            handle.command(
                "CREATE TEMPORARY TABLE _behind (workspace UInt32, identity UInt32, person UInt32) ENGINE = Memory"
            )
            try:
                handle.run(sql("INSERT INTO _behind ") + lacking)
                if handle.number(sql("SELECT count() FROM _behind")):
                    into = Sql((f"{self.database}.",)) + self.map_in_memory
                    handle.run(sql("INSERT INTO ") + into + sql(" SELECT * FROM _behind"))
            finally:
                handle.command("DROP TEMPORARY TABLE _behind")

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def _client(self, url: SplitResult) -> Client:
        """A client all threads share; each request is its own."""
        import clickhouse_connect  # noqa: PLC0415  # Only whoever has a server pays for it.
        from clickhouse_connect import common  # noqa: PLC0415

        # The end of a long error says what was meant; the whole of it is needed. And whoever asked is told of it.
        common.set_setting("max_error_size", 0)
        logging.getLogger("clickhouse_connect").setLevel(logging.ERROR)
        settings = {**_SETTINGS, **(_ON_A_CLUSTER if self.cluster else {})}
        client = _told(
            lambda: clickhouse_connect.get_client(
                interface=url.scheme,
                host=url.hostname or "",
                port=url.port or (8443 if url.scheme == "https" else 8123),
                username=unquote(url.username or "default"),
                password=unquote(url.password or ""),
                proxy_path=url.path,
                settings=settings,
                compress=False,
                connect_timeout=CONNECT_SECONDS,
                send_receive_timeout=int(self._quiet_seconds),
                autogenerate_session_id=False,
                show_clickhouse_errors="scrub",
                # Connections of no other client are used, or closed at the end.
                dedicated_pool=True,
            )
        )
        _check_release(client.server_version)
        return client


class ServerConnection:
    """One thread's statements over HTTP."""

    rows_given = sql("rows")
    values_most = VALUES_MOST

    def __init__(self, client: Client, database: str) -> None:
        self._client = client
        self._home = database
        self._database = database
        self._session: dict[str, Any] = {}

    def text(self, statement: str, form: LiteralString, values: Mapping[str, str]) -> bytes:
        return self._ask(statement, form, values)

    def table(self, statement: str, values: Mapping[str, str], rows: pa.Table | None = None) -> pa.Table:
        told = self._ask(statement, "ArrowStream", values, rows)
        with pa.ipc.open_stream(told) as stream:
            return stream.read_all()

    def run(self, statement: str, values: Mapping[str, str]) -> None:
        self._ask(statement, "Null", values)

    def insert(self, table: str, columns: Sequence[str], rows: pa.Table, token: str) -> None:
        settings = self._where() | {"insert_deduplication_token": plain(token)} if token else self._where()
        block = _arrow(rows)
        _told(
            lambda: self._client.raw_insert(
                table, column_names=list(columns), insert_block=block, settings=settings, fmt="ArrowStream"
            )
        )

    def insert_bulk(self, table: str, columns: Sequence[str], rows: pa.Table) -> None:
        """As it says, in requests of so many rows. Each has a token of its own: a broken connection doubles nothing."""
        for start in range(0, rows.num_rows, BULK_ROWS_MOST):
            self.insert(table, columns, rows.slice(start, BULK_ROWS_MOST), secrets.token_hex(16))

    def use(self, database: str | None) -> None:
        self._database = database or self._home

    @contextmanager
    def session(self) -> Iterator[None]:
        self._session = {"session_id": secrets.token_hex(16), "session_timeout": SESSION_SECONDS}
        try:
            yield
        finally:
            self._session = {}

    def close(self) -> None:
        """What threads share is closed by the way."""

    def _ask(
        self, statement: str, form: LiteralString, values: Mapping[str, str], rows: pa.Table | None = None
    ) -> bytes:
        from clickhouse_connect.driver.external import ExternalData  # noqa: PLC0415  # As above.

        given = {name: _Spelt(value) for name, value in values.items()}
        along = None
        if rows is not None:
            along = ExternalData(file_name="rows", data=_arrow(rows), fmt="ArrowStream", structure=_structure(rows))
        return _told(
            lambda: self._client.raw_query(
                _sent(statement),
                parameters=given,
                settings=self._where(),
                use_database=False,
                external_data=along,
                # Not a FORMAT at the end: the statement is the same as in process, whatever kind of statement it is.
                transport_settings={"X-ClickHouse-Format": form},
            )
        )

    def _where(self) -> dict[str, Any]:
        return {"database": self._database, **self._session}


def _told(work: Callable[[], T]) -> T:
    """The work. Raises Refusal for what the engine refuses, and Busy when it cannot be reached for now."""
    from clickhouse_connect.driver.exceptions import Error  # noqa: PLC0415  # As above.

    try:
        return work()
    except Error as cause:
        said = _SAID.sub("", str(cause), count=1)
        code = cause.code or code_in(said)
        if code in _LOGIN:
            raise Busy(
                "The event store does not know its user, or the password is wrong.",
                code="store_login",
                hint="Check the user and the password in the URL of the history.",
            ) from cause
        if any(each in said for each in _TOO_LONG):
            raise TooLarge(
                "A value of this question is longer than the event store takes in.",
                code="value_too_long",
                hint="Give fewer or shorter values; of lists, some thousands go.",
            ) from cause
        if not code or code in _NOT_NOW:
            raise Busy(
                "The event store does not answer.",
                code="store_unreachable",
                hint="Try again in a moment; if it lasts, see whether the ClickHouse server is up.",
            ) from cause
        raise Refusal(code, said) from cause


def _check_release(said: str | None) -> None:
    """Raises Conflict when the server is too old."""
    numbers = re.findall(r"\d+", said or "")[:2]
    if tuple(int(each) for each in numbers) < OLDEST:
        oldest = ".".join(str(each) for each in OLDEST)
        raise Conflict(
            f"The ClickHouse server is of release {said}.",
            code="store_too_old",
            hint=f"Bring it to {oldest} or later.",
        )


def _split(url: str) -> SplitResult:
    """The parts of the URL. Raises Invalid when it is none."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        known = False
    if not known:
        raise Invalid(
            "this is no URL of a ClickHouse server.",
            path="$.url",
            hint="Write it as https://user:password@clickhouse.example:8443.",
        )
    return parts


def _sent(statement: str) -> str:
    """The statement, if it can be sent at all: a lone surrogate is no text. Raises Refusal, as the engine would."""
    try:
        statement.encode()
    except UnicodeEncodeError as cause:
        raise Refusal(62, "Code: 62. DB::Exception: Syntax error: this is not UTF-8") from cause
    return statement


def _arrow(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return sink.getvalue().to_pybytes()


def _structure(rows: pa.Table) -> list[str]:
    """The columns as ClickHouse names their types."""
    return [f"{field.name} {_kind(field.type)}" for field in rows.schema]


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_uint64(kind):
        return "UInt64"
    if pa.types.is_string(kind) or pa.types.is_dictionary(kind):
        return "String"
    raise Internal(f"rows with a column of type {kind} cannot be given along with a question")
