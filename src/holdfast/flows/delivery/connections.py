"""Connections: setting providers up, with their secrets sealed before they are kept anywhere.

A secret goes in and is never told again: whoever changes a connection and says nothing of a secret leaves it as it is.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import msgspec

from holdfast.decisions.fields import Name, as_object, decode_fields, encode_fields, one_of, secrets_of
from holdfast.events.event import Json
from holdfast.kernel.errors import Conflict, Invalid, NotFound
from holdfast.kernel.moments import to_millis
from holdfast.kernel.sealing import NONCE_BYTES, CannotUnseal, Sealer, SealingKey
from holdfast.ports.clock import Clock
from holdfast.ports.connections import Connection
from holdfast.ports.state import State, Transaction, View

CONNECTIONS_MOST = 200
RANDOM_BYTES = 64
"""What keys of our own are made of."""
RESERVED = frozenset({"mail", "providers", "reseal", "settings"})
"""Names that stand for something else in addresses."""


class Provider(Protocol):
    """What is to be known of a provider to set it up."""

    @property
    def name(self) -> str: ...

    @property
    def medium(self) -> str: ...

    @property
    def settings(self) -> type[Any]: ...

    @property
    def complete(self) -> Callable[[Mapping[str, object], bytes], Mapping[str, object]] | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A connection as somebody wants it."""

    provider: str
    settings: Mapping[str, object]
    """Its settings, secrets too; a secret that is not there stays as it is."""
    default: bool | None = None
    """Whether messages of its medium go out by it; None leaves that as it is, and makes the first of a medium so."""


class Connections:
    """Sets connections up and reads them."""

    def __init__(
        self,
        *,
        state: State,
        clock: Clock,
        sealer: Sealer | None,
        providers: Mapping[str, Provider],
        check: Callable[[str, object], None],
    ) -> None:
        """Nothing is read yet.

        Args:
            sealer: None where no key can be had that every process has.
            providers: those that can be set up, by name.
            check: tries out settings of the named provider. Raises Invalid when they do not go together.
        """
        self._state = state
        self._clock = clock
        self._sealer = sealer
        self._providers = providers
        self._check = check

    async def put(self, name: str, wish: Wish, *, by: str) -> Connection:
        """Set a connection up, or change it.

        Raises Invalid with the path of what is wrong; Conflict when a secret cannot be sealed here, or the only default
        of a medium would be none any more.
        """
        Name().decode(name, "$.name")
        if name in RESERVED:
            raise Invalid(f"{name!r} is taken.", code="bad_id", path="$.name", hint="Choose another name.")
        provider = self._provider(wish.provider)
        now_ms = to_millis(self._clock.now())
        async with self._state.begin() as transaction:
            others = {each.name: each for each in await transaction.connections()}
            before = others.pop(name, None)
            if before is None and len(others) >= CONNECTIONS_MOST:
                hint = "Remove one that is not used."
                raise Conflict(f"there are {CONNECTIONS_MOST} connections.", code="too_many", hint=hint)
            connection = Connection(
                name=name,
                provider=provider.name,
                medium=provider.medium,
                **self._kept(name, provider, wish, before),
                is_default=_is_default(provider.medium, wish, before, others.values()),
                created_ms=now_ms if before is None else before.created_ms,
                changed_ms=now_ms,
                by=by,
            )
            if before is not None:
                _stay_carried(before, connection, others.values())
            await transaction.put_connection(connection)
        return connection

    async def drop(self, name: str) -> None:
        """Forget a connection. Raises NotFound; Conflict when others of its medium stay and none is the default."""
        async with self._state.begin() as transaction:
            others = {each.name: each for each in await transaction.connections()}
            before = others.pop(name, None)
            if before is None:
                raise _unknown(name)
            _stay_carried(before, None, others.values())
            await transaction.drop_connection(name)

    async def listed(self) -> Sequence[Connection]:
        """Every connection."""
        async with self._state.view() as view:
            return await view.connections()

    async def named(self, name: str) -> Connection:
        """One connection. Raises NotFound."""
        async with self._state.view() as view:
            return await connection_called(view, name)

    def settings_of(self, connection: Connection) -> object:
        """Its settings as its provider declares them, secrets and all.

        Raises CannotUnseal, naming the connection, and Invalid when its provider asks for other things by now.
        """
        said = {**msgspec.json.decode(connection.settings), **self._unsealed(connection)}
        return decode_fields(self._provider(connection.provider).settings, said, "$.settings")

    def problem(self, connection: Connection) -> str:
        """Why nothing can go out by it; empty when nothing is wrong with how it is set up."""
        try:
            self._check(connection.provider, self.settings_of(connection))
        except (Invalid, CannotUnseal) as error:
            return str(error)
        return ""

    def shown(self, connection: Connection) -> tuple[dict[str, Json], dict[str, bool]]:
        """What may be told of its settings, and of each secret whether there is one."""
        provider = self._providers.get(connection.provider)
        sealed = _secrets(connection)
        names = secrets_of(provider.settings) if provider is not None else tuple(sealed)
        return msgspec.json.decode(connection.settings), {name: name in sealed for name in names}

    async def reseal(self, old_key: str | None) -> int:
        """Seal every secret with the key that seals now; returns of how many connections any was sealed otherwise.

        Args:
            old_key: the `secret_key` that sealed before; None where the keys at hand open everything.

        Raises CannotUnseal when one opens with none of the keys, and Conflict when there is no key: nothing is changed.
        """
        sealer = self._sealing()
        if old_key is not None:
            sealer = Sealer([*sealer.keys, SealingKey(old_key.encode())])
        async with self._state.begin() as transaction:
            return sum([await self._resealed(transaction, each, sealer) for each in await transaction.connections()])

    async def _resealed(self, transaction: Transaction, connection: Connection, sealer: Sealer) -> bool:
        sealed = _secrets(connection)
        if all(sealer.is_current(each) for each in sealed.values()):
            return False
        opened = {field: _unseal(sealer, connection, field, each) for field, each in sealed.items()}
        again = {field: _seal(sealer, connection.name, field, each) for field, each in opened.items()}
        await transaction.put_connection(replace(connection, secrets=msgspec.msgpack.encode(again)))
        return True

    def _provider(self, name: str) -> Provider:
        found = self._providers.get(name)
        if found is None:
            raise Invalid(
                f"there is no provider {name!r:.60}.",
                code="unknown_provider",
                path="$.provider",
                hint=one_of(name, tuple(self._providers)),
            )
        return found

    def _kept(self, name: str, provider: Provider, wish: Wish, before: Connection | None) -> dict[str, bytes]:
        """The settings as they are kept: what is no secret, and what is, sealed. Raises Invalid and Conflict."""
        hidden = secrets_of(provider.settings)
        given = dict(as_object(wish.settings, "$.settings"))
        known = self._unsealed(before, but=given) if before is not None and before.provider == provider.name else {}
        said: Mapping[str, object] = {**known, **given}
        if provider.complete is not None:
            with _within("$.settings"):
                said = provider.complete(said, secrets.token_bytes(RANDOM_BYTES))
        settings = decode_fields(provider.settings, said, "$.settings")
        with _within("$.settings"):
            self._check(provider.name, settings)
        encoded = encode_fields(settings)
        secret = {field: str(encoded.pop(field)) for field in hidden}
        sealed = {field: _seal(self._sealing(), name, field, text) for field, text in secret.items() if text}
        return {
            "settings": msgspec.json.encode(encoded),
            "secrets": msgspec.msgpack.encode(sealed) if sealed else b"",
        }

    def _unsealed(self, connection: Connection, *, but: Mapping[str, object] | None = None) -> dict[str, str]:
        """Its secrets. Those that are given anew need no opening: what cannot be opened can be replaced."""
        sealed = {field: each for field, each in _secrets(connection).items() if field not in (but or {})}
        return {field: _unseal(self._sealing(), connection, field, each) for field, each in sealed.items()}

    def _sealing(self) -> Sealer:
        if self._sealer is None:
            raise Conflict(
                "there is no key to seal secrets with that every process has.",
                code="no_secret_key",
                path="secret_key",
                hint="Set `secret_key` to the same long random text for every process: openssl rand -base64 32.",
            )
        return self._sealer


async def connection_called(view: View, name: str) -> Connection:
    """One connection. Raises NotFound."""
    found = next((each for each in await view.connections() if each.name == name), None)
    if found is None:
        raise _unknown(name)
    return found


def _unknown(name: str) -> NotFound:
    hint = "`holdfast channel list` shows them."
    return NotFound(f"there is no connection {name!r:.60}.", code="unknown_connection", hint=hint)


def _is_default(medium: str, wish: Wish, before: Connection | None, others: Collection[Connection]) -> bool:
    if wish.default is not None:
        return wish.default
    if before is not None and before.medium == medium:
        return before.is_default
    return not any(each.medium == medium and each.is_default for each in others)


def _stay_carried(before: Connection, after: Connection | None, others: Collection[Connection]) -> None:
    """Raises Conflict when its medium would be carried by none though others could: somebody is to say by which."""
    if not before.is_default or (after is not None and after.is_default and after.medium == before.medium):
        return
    able = sorted(each.name for each in others if each.medium == before.medium)
    if able:
        raise Conflict(
            f"messages go out by {before.name!r}, and no other connection for {before.medium} is the default.",
            code="last_default",
            path="$.default",
            hint=f"Make another the default first: {', '.join(able)}.",
        )


def _secrets(connection: Connection) -> dict[str, bytes]:
    if not connection.secrets:
        return {}
    return msgspec.msgpack.decode(connection.secrets, type=dict[str, bytes])


@contextmanager
def _within(path: str) -> Iterator[None]:
    """Complaints about what stands at that path name it."""
    try:
        yield
    except Invalid as complaint:
        if not complaint.path.startswith(path):
            rest = complaint.path.removeprefix("$")
            complaint.path = path + (rest if not rest or rest[0] in ".[" else f".{rest}")
        raise


def _seal(sealer: Sealer, name: str, field: str, text: str) -> bytes:
    return sealer.seal(text, "connection", name, field, nonce=secrets.token_bytes(NONCE_BYTES))


def _unseal(sealer: Sealer, connection: Connection, field: str, sealed: bytes) -> str:
    try:
        return sealer.unseal(sealed, "connection", connection.name, field)
    except CannotUnseal as error:
        raise CannotUnseal(
            f"the secret {field!r} of the connection {connection.name!r} was sealed with another key.",
            path=f"$.settings.{field}",
            hint=error.hint,
        ) from error
