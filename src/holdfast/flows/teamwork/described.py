"""Described: what a thing says now, so that what changed of it can be told. Secrets are never part of it."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

import msgspec

from holdfast.events.event import Json
from holdfast.flows.audience.list_registry import lists_of
from holdfast.flows.upkeep.chosen_settings import chosen_settings
from holdfast.ports.boards import AnalysisKind
from holdfast.ports.state import View
from holdfast.ports.templates import SavedKind
from holdfast.segments.difference import differences

CHANGES_MOST = 100
"""Places told of one change; a change of more says at the end that there are more."""
VALUE_CHARACTERS_MOST = 600
"""Longer values are told by how they begin."""
_SECRET_WORDS = ("secret", "password", "passphrase", "token", "private_key", "api_key", "recovery")
KPI_NOTE = "kpi_tree"


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What a thing says."""

    name: str
    document: Json
    version: int = 0
    """Its newest version; 0 where it has none."""
    kind: str = ""
    """What it is, where that differs from what it was asked for as."""


async def describe(view: View, kind: str, about: str) -> Described | None:
    """What it says now; None where it is not there, or its kind is one that is not described."""
    known = _KINDS.get(kind)
    return None if known is None else await known(view, about)


def fingerprint(described: Described | None) -> str:
    """A text that is the same as long as the thing says the same."""
    said = None if described is None else [described.version, described.document]
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()


def changes_between(before: Described | None, after: Described | None) -> bytes:
    """What differs, as an audit entry keeps it."""
    was, now = (None if each is None else each.document for each in (before, after))
    if was is None and isinstance(now, Mapping):
        was = {}
    elif now is None and isinstance(was, Mapping):
        now = {}
    found = [_change(each.path, each.before, each.after) for each in differences(was, now)]
    rest = len(found) - CHANGES_MOST
    more: list[dict[str, Json]] = [{"path": "$", "before": None, "after": f"{rest} more"}] if rest > 0 else []
    return encoded([*found[:CHANGES_MOST], *more])


def changes_said(said: Mapping[str, Json]) -> bytes:
    """What a call said of what is not described, as an audit entry keeps it."""
    return encoded([_change(f"$.{name}", None, value) for name, value in list(said.items())[:CHANGES_MOST]])


def encoded(changes: list[dict[str, Json]]) -> bytes:
    """Changes as an entry keeps them. Half of a surrogate pair, which no text can hold, is told as a question mark."""
    try:
        return msgspec.json.encode(changes)
    except UnicodeEncodeError:
        return msgspec.json.encode(_whole(changes))


def _whole(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case Mapping():
            return {_whole(name): _whole(each) for name, each in value.items()}
        case list():
            return [_whole(each) for each in value]
        case _:
            return value


def _change(path: str, before: Json, after: Json) -> dict[str, Json]:
    return {"path": path, "before": _shown(path, before), "after": _shown(path, after)}


def _shown(path: str, value: Json) -> Json:
    last = path.rpartition(".")[2].lower()
    if value is not None and any(word in last for word in _SECRET_WORDS):
        return "…"
    match value:
        case str() if len(value) > VALUE_CHARACTERS_MOST:
            return value[:VALUE_CHARACTERS_MOST] + "…"
        case Mapping() | list():
            shown = _without_secrets(value)
            text = msgspec.json.encode(_whole(shown)).decode()
            return shown if len(text) <= VALUE_CHARACTERS_MOST else text[:VALUE_CHARACTERS_MOST] + "…"
        case _:
            return value


def _without_secrets(value: Json) -> Json:
    match value:
        case Mapping():
            return {name: _shown(f"$.{name}", each) for name, each in value.items()}
        case list():
            return [_without_secrets(each) for each in value]
        case _:
            return value


async def _decision(view: View, about: str) -> Described | None:
    found = next((each for each in await view.decisions() if each.id == about), None)
    if found is None:
        return None
    said = _json(found.definition)
    document: Json = {**said, "state": found.state} if isinstance(said, Mapping) else said
    return Described(name=_name(said, about), document=document, version=found.version, kind=found.kind)


async def _segment(view: View, about: str) -> Described | None:
    found = next(iter(await view.segment_versions(about, limit=1)), None)
    if found is None or found.deleted:
        return None
    document: Json = {
        "name": found.name,
        "description": found.description,
        "live": found.live,
        "definition": _json(found.definition),
    }
    return Described(name=found.name, document=document, version=found.version)


def _saved(kind: SavedKind) -> Callable[[View, str], Awaitable[Described | None]]:
    async def saved(view: View, about: str) -> Described | None:
        newest = next(iter(await view.template_versions(kind, about, limit=1)), None)
        found = None if newest is None else await view.template_version(kind, about, newest.version)
        if found is None or found.deleted:
            return None
        return Described(name=found.name, document=_json(found.definition), version=found.version)

    return saved


async def _experiment(view: View, about: str) -> Described | None:
    found = next(iter(await view.experiment_versions(about, limit=1)), None)
    if found is None:
        return None
    said = _json(found.definition)
    return Described(name=_name(said, about), document=said, version=found.version)


async def _connection(view: View, about: str) -> Described | None:
    found = next((each for each in await view.connections() if each.name == about), None)
    if found is None:
        return None
    document: Json = {
        "provider": found.provider,
        "settings": _json(found.settings),
        "default": found.is_default,
        # Of what is sealed only that it changed can be told.
        "sealed": hashlib.sha256(found.secrets).hexdigest()[:8] if found.secrets else "",
    }
    return Described(name=found.name, document=document)


async def _key(view: View, about: str) -> Described | None:
    found = next((each for each in await view.keys() if each.name == about), None)
    if found is None:
        return None
    document: Json = {
        "kind": found.kind,
        "shown": found.shown,
        "scopes": None if found.scopes is None else [*sorted(found.scopes)],
        "revoked": found.revoked_ms is not None,
    }
    return Described(name=found.name, document=document)


async def _account(view: View, about: str) -> Described | None:
    found = await view.account(about)
    if found is None:
        return None
    document: Json = {
        "email": found.email,
        "name": found.name,
        "role": found.role,
        "state": found.state,
        "second_factor": bool(found.two_factor),
    }
    return Described(name=found.name or found.email, document=document)


async def _list(view: View, about: str) -> Described | None:
    found = (await lists_of(view)).get(about)
    return None if found is None else Described(name=found.name, document={"name": found.name})


def _analysis(kind: AnalysisKind) -> Callable[[View, str], Awaitable[Described | None]]:
    async def analysis(view: View, about: str) -> Described | None:
        found = await view.analysis(kind, about)
        if found is None or found.deleted:
            return None
        said = _json(found.definition)
        document: dict[str, Json] = {"name": found.name, "description": found.description}
        if isinstance(said, dict):
            document |= said
        return Described(name=found.name, document=document, version=found.version)

    return analysis


async def _kpis(view: View, _about: str) -> Described | None:
    noted = await view.note(KPI_NOTE)
    return None if noted is None else Described(name="", document=_json(noted.encode()))


async def _settings(view: View, _about: str) -> Described:
    chosen = await chosen_settings(view)
    return Described(name="", document=dict(chosen.values), version=chosen.revision)


_KINDS: Mapping[str, Callable[[View, str], Awaitable[Described | None]]] = MappingProxyType(
    {
        "journey": _decision,
        "campaign": _decision,
        "segment": _segment,
        "template": _saved("template"),
        "block": _saved("block"),
        "experiment": _experiment,
        "connection": _connection,
        "key": _key,
        "account": _account,
        "list": _list,
        "kpis": _kpis,
        "settings": _settings,
        "insight": _analysis("insight"),
        "board": _analysis("board"),
    }
)


def _json(text: bytes) -> Json:
    try:
        return cast("Json", msgspec.json.decode(text))
    except msgspec.DecodeError:
        return text.decode("utf-8", "replace")


def _name(said: Json, otherwise: str) -> str:
    name = said.get("name") if isinstance(said, Mapping) else None
    return name if isinstance(name, str) else otherwise
