"""/api/settings and /api/health: how the workspace is set up, what is chosen of that, and how the server stands."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fastapi import APIRouter

from holdfast.flows.ingest.reading import REACT
from holdfast.flows.upkeep.chosen_settings import Chosen, Value, choose_settings, chosen_settings
from holdfast.http.disk import folder_bytes
from holdfast.http.needs import needs
from holdfast.http.shapes import WISH
from holdfast.kernel.errors import Conflict
from holdfast.settings import CHOOSABLE, Settings, about, default_of, options_of
from holdfast.version import __version__
from holdfast.wiring import Application

SettingKind = Literal["text", "whole", "number", "truth", "choice"]


@dataclass(frozen=True, kw_only=True)
class SettingShape:
    """One setting: what it is, what it may be, what it is now and why."""

    name: str
    group: str
    help: str
    unit: str
    kind: SettingKind
    options: list[str]
    """What it may be, where that is one of a few."""
    least: float | None
    most: float | None
    default: Value
    value: Value
    """What it is to be: as chosen, or as it was before anybody chose."""
    chosen: bool
    fixed: str | None
    """Where whoever runs the server has set it, such as `HOLDFAST_CURRENCY`: then it is not for the console to say."""
    live: bool
    """Whether running processes take up a change within seconds."""
    waits: bool
    """Whether what is chosen holds after the next start, and something else until then."""


@dataclass(frozen=True, kw_only=True)
class SettingList:
    """The settings that may be chosen here, in the order of their groups."""

    revision: int
    """How often anything was chosen: to be sent as `based_on` with a change."""
    settings: list[SettingShape]


@dataclass(frozen=True, kw_only=True)
class SettingsWish:
    """What is to be different. Null lets go of what was chosen. `based_on` is the revision that was read."""

    __pydantic_config__ = WISH

    values: dict[str, Value | None]


@dataclass(frozen=True, kw_only=True)
class PlaceShape:
    """Where something is kept."""

    what: Literal["state", "log", "history"]
    how: Literal["file", "server"]


@dataclass(frozen=True, kw_only=True)
class HealthShape:
    """How the server stands."""

    version: str
    places: list[PlaceShape]
    log_backlog: int
    """Requests that are in the log and not taken in yet."""
    log_bytes: int
    """What the log takes up where it is kept."""
    data_bytes: int | None
    """What lies in the data directory; null where that is on servers."""
    free_bytes: int
    """What its disk has left."""
    sends_by: Literal["mailbox", "smtp"]
    """Where mail goes that no connection carries."""
    reacts: bool
    """Whether this process takes events in, or another does."""


def settings_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api", tags=["Settings"], dependencies=[needs("read")])

    @routes.get("/settings")
    async def settings() -> SettingList:
        """How the workspace is set up, as far as that may be chosen here."""
        async with app.state.view() as view:
            chosen = await chosen_settings(view)
        return _listed(app, chosen)

    @routes.put("/settings", dependencies=[needs("settings:write")])
    async def change(wish: SettingsWish) -> SettingList:
        """Choose settings. What may change while the server runs holds within seconds, in every process.

        409 `moved_on` when others were chosen since `based_on` was read; 409 `fixed_setting` for what whoever runs the
        server has set.
        """
        set_up = app.choices.set_up
        for name in wish.values:
            if name not in CHOOSABLE:
                set_up.with_chosen({name: ""})  # Which says so.
            if name in set_up.places:
                raise _fixed(name, set_up)
        async with app.state.begin() as transaction:
            chosen = await choose_settings(transaction, wish.values)
            # Here, so that what cannot be is not kept. What a newer version chose waits for it.
            set_up.with_chosen({name: value for name, value in chosen.values.items() if name in CHOOSABLE})
        await app.choices.look()
        return _listed(app, chosen)

    @routes.get("/health")
    async def health() -> HealthShape:
        """Where things are kept, how far the log is read, and how much room there is."""
        said = app.settings
        async with app.state.view() as view:
            offset = await view.offset(REACT)
        shared = bool(said.state_url)
        size, free = await asyncio.to_thread(_measured, said.data_dir)
        return HealthShape(
            version=__version__,
            places=[
                PlaceShape(what="state", how="server" if said.state_url else "file"),
                PlaceShape(what="log", how="server" if said.log_url else "file"),
                PlaceShape(what="history", how="server" if said.history_url else "file"),
            ],
            log_backlog=await app.log.waiting(offset),
            log_bytes=await app.log.size(),
            data_bytes=None if shared and said.history_url else size,
            free_bytes=free,
            sends_by="mailbox" if said.mailbox else "smtp",
            reacts=app.reacts,
        )

    return routes


def _fixed(name: str, set_up: Settings) -> Conflict:
    where = set_up.places[name]
    return Conflict(
        f"{name} is set by {where}.",
        code="fixed_setting",
        path=f"$.values.{name}",
        hint="Whoever runs the server can change it there, or take it out and leave it to the console.",
    )


def _listed(app: Application, chosen: Chosen) -> SettingList:
    return SettingList(revision=chosen.revision, settings=list(_shapes(app.choices.set_up, app.settings, chosen)))


def _shapes(set_up: Settings, in_force: Settings, chosen: Chosen) -> Iterator[SettingShape]:
    for name in CHOOSABLE:
        said, is_chosen = about(name), name in chosen.values and name not in set_up.places
        value = chosen.values[name] if is_chosen else getattr(set_up, name)
        yield SettingShape(
            name=name,
            group=said.group,
            help=said.help,
            unit=said.unit,
            kind=_kind(name),
            options=list(options_of(name)),
            least=said.least,
            most=said.most,
            default=default_of(name),  # type: ignore[arg-type]  # What may be chosen is no folder.
            value=value,
            chosen=is_chosen,
            fixed=set_up.places.get(name),
            live=said.live,
            waits=not said.live and value != getattr(in_force, name),
        )


def _kind(name: str) -> SettingKind:
    if options_of(name):
        return "choice"
    match default_of(name):
        case bool():
            return "truth"
        case int():
            return "whole"
        case float():
            return "number"
        case _:
            return "text"


def _measured(folder: Path) -> tuple[int, int]:
    """Bytes in a folder, and bytes free on its disk."""
    return folder_bytes(folder), shutil.disk_usage(folder).free
