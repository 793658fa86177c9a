"""Keys: making, revoking and recognising them."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

from holdfast.events.event import OWN_SOURCE
from holdfast.kernel.errors import Conflict, Invalid, NotFound
from holdfast.kernel.moments import to_millis
from holdfast.ports.state import AccessKey, State

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}")
_KEY = re.compile(r"[\x21-\x39\x3b-\x7e]{2,200}")  # Printable ASCII with no colon: Basic authentication ends at one.
SHOWN_LETTERS = 4


def key_hash(key: str) -> str:
    """What a key is recognised by."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


async def add_key(
    state: State,
    name: str,
    kind: Literal["write", "api"],
    *,
    now: datetime,
    key: str | None = None,
    scopes: tuple[str, ...] | None = None,
) -> tuple[AccessKey, str]:
    """Make a key, or take the one given; returns it with the secret itself.

    Args:
        scopes: what an api key may do; None: what keys may of which nothing is said.

    Raises Invalid for a name or key that cannot be, Conflict when the name or the key is taken.
    """
    if not _NAME.fullmatch(name) or name == OWN_SOURCE:
        hint = f"Use letters, digits, spaces, dots, hyphens, at most 100; {OWN_SOURCE!r} is our own."
        raise Invalid(f"{name!r:.120} is no name for a key.", path="$.name", hint=hint)
    secret = key if key is not None else ("wk_" if kind == "write" else "ak_") + secrets.token_urlsafe(24)
    if not _KEY.fullmatch(secret):
        raise Invalid("the key cannot be used.", path="$.key", hint="Use 2 to 200 visible ASCII letters, no colon.")
    made = AccessKey(
        name=name,
        kind=kind,
        hash=key_hash(secret),
        shown=secret if kind == "write" else "…" + secret[-SHOWN_LETTERS:],
        created_ms=to_millis(now),
        scopes=scopes,
    )
    async with state.begin() as transaction:
        for each in await transaction.keys():
            if each.name == name or each.hash == made.hash:
                raise Conflict(f"the key {each.name!r} is there already.", path="$.name", hint="Choose another.")
        await transaction.put_key(made)
    return made, secret


async def revoke_key(state: State, name: str, *, now: datetime) -> None:
    """Revoke a key. Raises NotFound when there is none of that name in use, Conflict when it is the last api key."""
    async with state.begin() as transaction:
        used = [each for each in await transaction.keys() if each.revoked_ms is None]
        found = next((each for each in used if each.name == name), None)
        if found is None:
            raise NotFound(f"there is no key {name!r:.120} in use.", hint="`holdfast keys list` shows them.")
        if found.kind == "api" and sum(each.kind == "api" for each in used) == 1:
            hint = "Make another first; then nobody is locked out."
            raise Conflict(f"{name!r} is the last api key.", code="last_key", hint=hint)
        await transaction.revoke_key(name, to_millis(now))


async def first_keys(
    state: State, *, write_key: str | None, api_key: str | None, now: datetime
) -> tuple[str, str] | None:
    """The first write key and api key of a workspace that has none; None when it has some."""
    async with state.view() as view:
        if await view.keys():
            return None
    _, write = await add_key(state, "default", "write", now=now, key=write_key)
    _, api = await add_key(state, "owner", "api", now=now, key=api_key)
    return write, api


class Access:
    """The keys in use, kept at hand so that recognising one costs no query."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], AccessKey] = {}
        self._noted_ms: dict[str, int] = {}
        self._told: list[Callable[[dict[str, str]], None]] = []

    def put(self, keys: Sequence[AccessKey]) -> None:
        """Replace what is known."""
        self._keys = {(each.kind, each.hash): each for each in keys if each.revoked_ms is None}
        for told in self._told:
            told(self._sources())

    def watch(self, told: Callable[[dict[str, str]], None]) -> None:
        """Have somebody told the names of the write keys in use by their hashes, now and whenever they change."""
        self._told.append(told)
        told(self._sources())

    def _sources(self) -> dict[str, str]:
        return {hash_: each.name for (kind, hash_), each in self._keys.items() if kind == "write"}

    async def refresh(self, state: State) -> None:
        """Read the keys anew."""
        async with state.view() as view:
            self.put(await view.keys())

    def source_of(self, write_key: str) -> str | None:
        """The source a write key stands for."""
        key = self._keys.get(("write", key_hash(write_key)))
        return None if key is None else key.name

    def key_of(self, api_key: str) -> AccessKey | None:
        """The api key with that secret."""
        return self._keys.get(("api", key_hash(api_key)))

    def is_used_anew(self, name: str, now_ms: int, *, within_ms: int) -> bool:
        """Whether it was not noted of late that the key is used; from then on it was."""
        if now_ms - self._noted_ms.get(name, 0) < within_ms:
            return False
        self._noted_ms[name] = now_ms
        return True
