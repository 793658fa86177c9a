"""The stream: how it must be kept, so that nothing acknowledged is lost, and how it is found or made."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from holdfast.kernel.errors import Busy, Conflict
from holdfast.stores.nats.connection import Connection, Unreachable, retry_seconds
from holdfast.stores.nats.packing import sequence_of

_log = logging.getLogger(__name__)

DUPLICATES_SECONDS = 120
"""How long the servers know a message again that is sent once more because its acknowledgement was lost."""
FORGOTTEN_MESSAGES = 1 << 20
"""How many numbers a stream that is made anew leaves out beyond what was read: of the one before it there may have been
more, and processes that run on remember them by their numbers."""
BeginsAt: TypeAlias = Callable[[], Awaitable[int]]
SERVER_LEAST = (2, 11)
"""The first version that gives several messages for one request."""
_NANOSECONDS = 1_000_000_000
_NO_LIMIT = -1
_NOT_FOUND = 10059
_REFUSED = {
    10027: "Raise the account's limit of streams.",
    10052: "Use a name of letters, digits, - and _.",
    10065: "Choose another name, or remove the stream that takes the same subject.",
    10074: "Ask for one replica, or run the servers as a cluster.",
}
"""Errors of JetStream that no waiting mends, and what does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamNames:
    """The stream, and the subjects through which it is written, heard of and asked."""

    stream: str

    @property
    def append(self) -> str:
        """Where messages are published to be stored."""
        return f"{self.stream}.append"

    @property
    def stored(self) -> str:
        """Where the servers tell that a message is stored, without its body."""
        return f"{self.stream}.stored"

    def api(self, verb: str) -> str:
        """JetStream's subject for a request about the stream, such as `STREAM.INFO`."""
        return f"$JS.API.{verb}.{self.stream}"


async def ready_stream(
    connection: Connection, names: StreamNames, *, replicas: int | None, seconds: float, begins_at: BeginsAt
) -> Mapping[str, Any]:
    """The stream's state, after making it if it is not there.

    Args:
        replicas: on how many servers each message must be; None for three in a cluster, and one on a single server.
        begins_at: asked, when there is none, for the offset its first record must not be below.

    Raises Conflict when there is one that does not keep what it acknowledged as it must be kept, Busy when the servers
    are not ready in time.
    """
    copies = replicas or (3 if connection.server.get("cluster") else 1)
    until = asyncio.get_running_loop().time() + seconds
    tries = 0
    while True:
        try:
            info = await _found_or_made(connection, names, copies, begins_at)
        except Unreachable as error:
            if asyncio.get_running_loop().time() > until:
                raise Busy(
                    f"The stream {names.stream} cannot be opened: {error}.",
                    code="log_unreachable",
                    hint=f"JetStream must run on the servers, and a stream of {copies} replicas needs as many of them.",
                ) from error
            await asyncio.sleep(retry_seconds(tries))
            tries += 1
            continue
        _check(names, info["config"], copies)
        state: Mapping[str, Any] = info["state"]
        return state


async def _found_or_made(
    connection: Connection, names: StreamNames, copies: int, begins_at: BeginsAt
) -> dict[str, Any]:
    info = await connection.ask_json(names.api("STREAM.INFO"))
    if info.get("error", {}).get("err_code") == _NOT_FOUND:
        wanted = _wanted(names, copies)
        if offset := await begins_at():
            # In one that began at 1 again, all that is acknowledged would stand where nobody reads any more.
            wanted["first_seq"] = sequence_of(offset) + FORGOTTEN_MESSAGES
            _log.warning(
                "The stream %s, which was read up to offset %d, is not there. It is made anew; what was in it and was "
                "not taken in is lost.",
                names.stream,
                offset,
            )
        info = await connection.ask_json(names.api("STREAM.CREATE"), wanted)
    match info.get("error"):
        case None:
            return info
        case {"err_code": int(number), "description": str(description)} if number in _REFUSED:
            raise Conflict(
                f"The stream {names.stream} cannot be made: {description}.",
                code="log_stream_refused",
                hint=_REFUSED[number],
            )
        case error:
            # Another process has just made it; or a server is starting, or missing: that may pass.
            raise Unreachable(str(error.get("description")))


def _wanted(names: StreamNames, copies: int) -> dict[str, object]:
    """The configuration, as the servers read it (durations in nanoseconds)."""
    return {
        "name": names.stream,
        "description": "Holdfast's log",
        "subjects": [names.append],
        "storage": "file",
        "retention": "limits",
        "discard": "new",
        "max_age": 0,
        "max_bytes": _NO_LIMIT,
        "max_msgs": _NO_LIMIT,
        "max_msgs_per_subject": _NO_LIMIT,
        "max_msg_size": _NO_LIMIT,
        "max_consumers": _NO_LIMIT,
        "num_replicas": copies,
        "duplicate_window": DUPLICATES_SECONDS * _NANOSECONDS,
        "deny_delete": True,
        "allow_direct": True,
        "republish": {"src": names.append, "dest": names.stored, "headers_only": True},
    }


def _check(names: StreamNames, found: Mapping[str, Any], copies: int) -> None:
    """Raise Conflict when the stream was made otherwise, in a way that could lose or hide records."""
    wrong = [
        f"{name} is {_shown(found.get(name))} and must be {must}"
        for name, must, right in _demands(names, found, copies)
        if not right
    ]
    if wrong:
        raise Conflict(
            f"The stream {names.stream} is not kept as a log must be: {'; '.join(wrong)}.",
            code="log_stream_differs",
            hint=f"Change it with `nats stream edit {names.stream}`, or choose another stream and let it be made.",
        )


def _demands(names: StreamNames, found: Mapping[str, Any], copies: int) -> list[tuple[str, str, bool]]:
    """Each demand on the configuration: the field, what it must be in words, and whether it is."""
    limits = ("max_age", "max_bytes", "max_msgs", "max_msgs_per_subject", "max_msg_size")
    republish = found.get("republish") or {}
    return [
        ("subjects", f"[{names.append!r}]", found.get("subjects") == [names.append]),
        ("storage", "'file'", found.get("storage") == "file"),
        ("retention", "'limits'", found.get("retention") == "limits"),
        *((name, "without limit", found.get(name, 0) in (0, _NO_LIMIT)) for name in limits),
        ("num_replicas", f"{copies} or more", int(found.get("num_replicas", 1)) >= copies),
        (
            "duplicate_window",
            f"{DUPLICATES_SECONDS} seconds or more",
            int(found.get("duplicate_window", 0)) >= DUPLICATES_SECONDS * _NANOSECONDS,
        ),
        ("persist_mode", "the default", found.get("persist_mode", "default") in ("", "default")),
        *((name, "off", not found.get(name)) for name in ("no_ack", "sealed", "deny_purge", "allow_msg_ttl")),
        *((name, "unset", not found.get(name)) for name in ("mirror", "sources", "subject_transform")),
        ("deny_delete", "on", found.get("deny_delete") is True),
        ("allow_direct", "on", found.get("allow_direct") is True),
        (
            "republish",
            f"from {names.append} to {names.stored}, headers only",
            (republish.get("src"), republish.get("dest")) == (names.append, names.stored),
        ),
    ]


def _shown(value: object) -> str:
    return "not set" if value is None else repr(value)
