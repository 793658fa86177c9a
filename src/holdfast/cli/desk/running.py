"""Where a server runs on a data directory, and the keys it left there."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from holdfast.kernel.errors import Busy, Invalid, Unauthorized

SERVER_FILE = "server.json"
"""A running server says in it where it is: `url` and `pid`."""
KEYS_FILE = "keys.json"
"""What `up` and `demo` leave for whoever may read the data directory: `api_key` and `write_key`; mode 0600."""
WORKSPACE_FILE = "state.sqlite"
"""Where it is, there is a workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that runs on a data directory."""

    url: str
    pid: int


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
    if said := given or environ.get("HOLDFAST_API_KEY") or first_keys(data_dir).get("api_key"):
        return said
    raise Unauthorized(
        "a server runs on this data directory, and it asks for an api key.",
        path=str(data_dir),
        hint="Give one by --api-key KEY or HOLDFAST_API_KEY.",
    )


def first_keys(data_dir: Path) -> dict[str, str]:
    """The keys the workspace began with, by name, as far as its file is there and says them."""
    try:
        said = json.loads((data_dir / KEYS_FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return {name: key for name, key in said.items() if isinstance(key, str)} if isinstance(said, dict) else {}


def no_directory(data_dir: Path) -> Invalid:
    """What to say when the data directory is not there."""
    return Invalid(
        "there is no data directory there.",
        path=str(data_dir),
        hint="Name it by --data DIR, or make one: holdfast up --data DIR.",
    )


def no_workspace(data_dir: Path) -> Invalid:
    """What to say when the data directory holds other things."""
    inside = sorted(each.parent.name for each in data_dir.glob(f"*/{WORKSPACE_FILE}"))
    near = f"There is one in {data_dir / inside[0]}: name it by --data." if inside else ""
    return Invalid(
        "there is no workspace in this directory.",
        path=str(data_dir),
        hint=near or "Name another by --data DIR, or make one: holdfast up --data DIR.",
    )


def not_answering(url: str) -> Busy:
    """What to say when the server cannot be reached."""
    return Busy(
        f"the server at {url} does not answer.",
        hint=f"If it is still starting, wait a moment; if it was killed, delete {SERVER_FILE} in its data directory.",
    )
