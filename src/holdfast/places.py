"""Places: where state, log and history are kept, as the settings say, and what goes with them.

Stores are imported when they are opened: a process that needs two of them starts without the third.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from holdfast.kernel.errors import Conflict, Invalid
from holdfast.kernel.sealing import Sealer, SealingKey
from holdfast.settings import Settings

if TYPE_CHECKING:
    from holdfast.ports.copying import Layout
    from holdfast.ports.hands import Recorder
    from holdfast.ports.history import History
    from holdfast.ports.log import Log
    from holdfast.ports.seat import Seat
    from holdfast.ports.state import State

Role = Literal["collect", "react", "send", "api"]
"""What a process of several does; see docs/how-to/scale.md."""

SECRET_BYTES = 32
KEY_FILE = "secret.key"
SECRET_NOTE = "secret"  # noqa: S105 - the name it is kept under, not a secret.
DATABASE = "holdfast"
"""The database of the history unless the address names another."""
STREAM = "HOLDFAST"
"""The stream of the log, likewise."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """This instant, in UTC."""
        return datetime.now(UTC)


def check_role(settings: Settings, role: Role) -> None:
    """Raises Conflict when a process of that role cannot do its part with these settings."""
    if not settings.is_shared:
        raise Conflict(
            f"`holdfast {role}` is one process of several, and the state is in a file that only one can have open.",
            code="state_not_shared",
            path="state_url",
            hint="Set state_url (PostgreSQL), log_url (NATS) and history_url (ClickHouse), or start `holdfast up`, "
            "which does it all in one process.",
        )
    if role in ("react", "api") and not settings.history_url:
        raise Conflict(
            f"`holdfast {role}` needs the history, and it is in a folder that only one process can have open.",
            code="history_not_shared",
            path="history_url",
            hint="Set history_url to a ClickHouse server.",
        )
    if role == "send" and not settings.public_url:
        raise Conflict(
            "links in messages would lead to this process, which only sends.",
            code="public_url_missing",
            path="public_url",
            hint="Set public_url to the address under which `holdfast api` is reached.",
        )
    if role == "send" and settings.mailbox:
        raise Conflict(
            "the built-in mailbox is within one process, and several may send.",
            code="mailbox_not_shared",
            path="mailbox",
            hint="Set mailbox to false, and smtp_host to a relay.",
        )


async def open_state(settings: Settings, *, migrates: bool = True) -> State:
    """The state.

    Args:
        migrates: whether the schema is made, or brought up to date. One who does not meets it as it is.

    Raises Busy, Invalid or Conflict when it cannot be opened.
    """
    if settings.state_url:
        from holdfast.stores.postgres.state import PostgresState  # noqa: PLC0415

        return await PostgresState.open(settings.state_url, migrates=migrates)
    from holdfast.stores.sqlite.state import SqliteState  # noqa: PLC0415

    return SqliteState(settings.data_dir)


def open_recorder(settings: Settings) -> Recorder:
    """Transactions over the state's file beside the process that has it open; they write nothing down."""
    from holdfast.stores.sqlite.recording import SqliteRecorder  # noqa: PLC0415

    return SqliteRecorder(settings.data_dir)


def layout_of(workspace: int, currency: str) -> Layout:
    """How the history has its tables, without opening it."""
    from holdfast.stores.clickhouse.layout import TableLayout  # noqa: PLC0415

    return TableLayout(workspace, currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What everything else stands on, and what is enough to take events in."""

    state: State
    log: Log


async def open_ground(settings: Settings, opened: contextlib.AsyncExitStack) -> Ground:
    """State and log, open until `opened` is closed. Raises Busy, Invalid or Conflict when they cannot be opened."""
    state = await open_state(settings)
    opened.push_async_callback(state.close)
    log = await open_log(settings, state)
    opened.push_async_callback(log.close)
    return Ground(state=state, log=log)


async def open_log(settings: Settings, state: State) -> Log:
    """The log. Raises Busy, Invalid or Conflict when it cannot be opened.

    Args:
        state: knows how far the log was read, should it be there no more and have to be made anew.
    """

    async def begins_at() -> int:
        async with state.view() as view:
            return max((await view.offsets()).values(), default=0)

    if settings.log_url:
        from holdfast.stores.nats import NatsLog  # noqa: PLC0415

        urls, stream = log_servers(settings.log_url)
        credentials = Path(settings.log_credentials) if settings.log_credentials else None
        return await NatsLog.open(
            urls, stream=stream, queue_bytes=settings.log_queue_bytes, credentials=credentials, begins_at=begins_at
        )
    from holdfast.stores.log.segment_log import SegmentLog  # noqa: PLC0415

    return SegmentLog(
        settings.data_dir / "log",
        segment_bytes=settings.log_segment_bytes,
        queue_bytes=settings.log_queue_bytes,
        begins_at=await begins_at(),
    )


async def open_history(settings: Settings) -> History:
    """The history. Raises Busy, Invalid or Conflict when it cannot be opened."""
    from holdfast.stores.clickhouse.engine import Limits  # noqa: PLC0415
    from holdfast.stores.clickhouse.history import ChdbHistory  # noqa: PLC0415

    zone = ZoneInfo(settings.time_zone)
    limits = Limits(seconds=settings.query_seconds_most, memory_bytes=settings.query_memory_bytes_most)
    if settings.history_url:
        url, database = history_server(settings.history_url)
        return await ChdbHistory.open_server(
            url,
            database=database,
            cluster=settings.history_cluster or None,
            analyst_url=history_server(settings.history_analyst_url)[0] if settings.history_analyst_url else None,
            currency=settings.currency,
            zone=zone,
            limits=limits,
        )
    return await ChdbHistory.open(settings.data_dir / "history", currency=settings.currency, zone=zone, limits=limits)


def open_seat(settings: Settings) -> Seat:
    """The seat of the one process that reacts. There is one only where the state is on a server."""
    from holdfast.stores.postgres.seat import PostgresSeat  # noqa: PLC0415

    return PostgresSeat(settings.state_url)


def log_servers(url: str) -> tuple[list[str], str]:
    """The addresses of the servers, and the name of the stream: what is said of the first holds for all.

    >>> log_servers("nats://ida:pw@n1:4222,n2:4222/SHOP")
    (['nats://ida:pw@n1:4222', 'nats://ida:pw@n2:4222'], 'SHOP')
    """
    scheme, _, rest = url.partition("://")
    servers, _, stream = rest.partition("/")
    login, at, hosts = servers.rpartition("@")
    each = [host.strip() for host in hosts.split(",") if host.strip()]
    if not each:
        raise Invalid("names no server.", path="log_url", hint="Write one like nats://n1:4222,n2:4222,n3:4222.")
    return [f"{scheme}://{login}{at}{host}" for host in each], stream.strip("/") or STREAM


def history_server(url: str) -> tuple[str, str]:
    """The address of the server, and the name of the database.

    >>> history_server("https://ida:pw@clickhouse:8443/shop")
    ('https://ida:pw@clickhouse:8443', 'shop')
    """
    parts = urlsplit(url)
    return parts._replace(path="", query="", fragment="").geturl(), parts.path.strip("/") or DATABASE


async def secret_of(settings: Settings, state: State) -> bytes:
    """The workspace's own secret, made once: in the data directory, or in the state where that is shared."""
    if not settings.is_shared:
        return _secret_in(settings.data_dir)
    async with state.view() as view:
        kept = await view.note(SECRET_NOTE)
    if kept is None:
        # One transaction at a time, among all processes: whoever comes second finds what the first has made.
        async with state.begin() as transaction:
            kept = await transaction.note(SECRET_NOTE)
            if kept is None:
                kept = secrets.token_hex(SECRET_BYTES)
                await transaction.set_note(SECRET_NOTE, kept)
    return bytes.fromhex(kept)


def sealer_of(settings: Settings, secret: bytes) -> Sealer | None:
    """What seals the secrets of connections; None where the processes have no key that is not beside what it seals.

    Args:
        secret: the workspace's own. Where the state is shared it is in there, and so is no key.
    """
    keys = [SealingKey(settings.secret_key.encode())] if settings.secret_key else []
    if not settings.is_shared:
        # After the setting: what was sealed before there was one is still read.
        keys.append(SealingKey(secret))
    return Sealer(keys) if keys else None


def _secret_in(data_dir: Path) -> bytes:
    """The secret of a data directory, readable by its owner only."""
    path = data_dir / KEY_FILE
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
    return path.read_bytes()
