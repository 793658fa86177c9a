"""The desk: where a command asks its questions, whoever answers.

If a server runs on the data directory it is asked over HTTP, for only one process can have the history open. Otherwise
the command opens the data directory itself.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from holdfast.kernel.errors import Busy, Internal, Invalid, Unauthorized
from holdfast.settings import Settings

SERVER_FILE = "server.json"
"""A running server says in it where it is: `url` and `pid`."""
KEYS_FILE = "keys.json"
"""What `up` and `demo` leave for whoever may read the data directory: `api_key` and `write_key`; mode 0600."""

Answer: TypeAlias = dict[str, object]


class Desk(Protocol):
    """Answers in the shapes of the HTTP API, whoever gives them."""

    def count(self, definition: Answer) -> Answer: ...

    def people(self, definition: Answer, *, limit: int) -> Answer: ...

    def segments(self) -> list[Answer]: ...

    def save_segment(self, segment_id: str, name: str, definition: Answer) -> None: ...

    def delete_segment(self, segment_id: str) -> None: ...

    def find(self, text: str, *, limit: int) -> Answer: ...

    def show(self, user_id: str) -> Answer: ...

    def timeline(self, user_id: str, *, limit: int, event: str | None) -> list[Answer]: ...

    def merge(self, first: str, second: str) -> Answer: ...

    def unmerge(self, link_id: int) -> Answer: ...

    def keys(self) -> list[Answer]: ...

    def add_key(self, name: str, kind: Literal["write", "api"]) -> Answer: ...

    def revoke_key(self, name: str) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that runs on a data directory."""

    url: str
    pid: int


@contextlib.contextmanager
def desk(data: Path | None, api_key: str | None) -> Iterator[Desk]:
    """The desk of the data directory, closed again when the block ends.

    Raises Unauthorized when a server runs there and no key is to be found, Invalid when there is no such directory.
    """
    settings = Settings.load(data, os.environ)
    found = running_server(settings.data_dir)
    opened: Desk
    if found is None:
        if not settings.data_dir.is_dir():
            raise Invalid(
                "there is no data directory there.",
                path=str(settings.data_dir),
                hint="Name it by --data DIR, or make one: holdfast up --data DIR.",
            )
        from holdfast.cli.desk_local import LocalDesk

        opened = LocalDesk(settings)
    else:
        from holdfast.cli.desk_http import HttpDesk

        opened = HttpDesk(found.url, key_for(settings.data_dir, api_key, os.environ))
    with contextlib.closing(opened):
        yield opened


def running_server(data_dir: Path) -> Running | None:
    """The server that runs on the data directory; None when none does."""
    try:
        said = json.loads((data_dir / SERVER_FILE).read_bytes())
        found = Running(url=str(said["url"]).rstrip("/"), pid=int(said["pid"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Invalid(
            "it does not say where the server is.",
            path=str(data_dir / SERVER_FILE),
            hint="If no server runs on this data directory, delete the file.",
        ) from error
    return found if is_alive(found.pid) else None


def is_alive(pid: int) -> bool:
    """Whether a process of that number runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # It runs, as somebody else.
    return True


def key_for(data_dir: Path, given: str | None, environ: Mapping[str, str]) -> str:
    """The api key to talk to the server with: the flag's, else the variable's, else the file's."""
    if said := given or environ.get("HOLDFAST_API_KEY"):
        return said
    try:
        key = json.loads((data_dir / KEYS_FILE).read_bytes())["api_key"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unauthorized(
            "a server runs on this data directory, and it asks for an api key.",
            path=str(data_dir),
            hint="Give one by --api-key KEY or HOLDFAST_API_KEY.",
        ) from error
    return str(key)


def rows_of(answer: Answer, name: str) -> list[Answer]:
    """The list of that name in an answer."""
    rows = answer.get(name)
    if not isinstance(rows, list):
        raise Internal(f"the answer has no list {name!r}")
    return rows


def not_answering(url: str) -> Busy:
    """What to say when the server cannot be reached."""
    return Busy(
        f"the server at {url} does not answer.",
        hint=f"If it is still starting, wait a moment; if it was killed, delete {SERVER_FILE} in its data directory.",
    )
