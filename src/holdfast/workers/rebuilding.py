"""Rebuilding: a fresh data directory, made from the log of one that nobody has open."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from holdfast.flows.upkeep.alike import Differing, compare_states
from holdfast.flows.upkeep.rebuild import Rebuilding, Rebuilt, rebuild
from holdfast.kernel.errors import Conflict
from holdfast.places import KEY_FILE, open_history, open_log, open_state, secret_of
from holdfast.settings import Settings
from holdfast.wiring import as_chosen, rules_of

TAKEN_ALONG = (KEY_FILE, "keys.json", "holdfast.toml", "mailbox.sqlite")
"""Files that belong to a workspace and are made of nothing."""
LOG = "log"

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A rebuild, held against the state there is."""

    rebuilt: Rebuilt
    found: Mapping[str, Differing]

    @property
    def same(self) -> bool:
        """Whether both say the same."""
        return all(each.same for each in self.found.values())


async def rebuild_into(settings: Settings, into: Path, *, copy: Path | None, told: Told) -> Rebuilt:
    """Make a data directory anew.

    Args:
        into: the directory; it must not be there yet.
        copy: a back-up that goes on with the rest of the log; None for all of it from the beginning.
        told: how far the log is read, and where it ends.

    Raises Busy when the workspace is in use, Conflict when it cannot be done.
    """
    _check(settings)
    _make_room(into, copy)
    async with contextlib.AsyncExitStack() as opened:
        done, _ = await _rebuild(settings, into, opened, goes_on=copy is not None, told=told)
    _take_along(settings.data_dir, into)
    return done


async def check_rebuild(settings: Settings, *, told: Told) -> Checked:
    """Make the state anew in a directory that is thrown away, and say how it differs from the one there is."""
    _check(settings)
    with tempfile.TemporaryDirectory(prefix="holdfast-rebuild-") as directory:
        async with contextlib.AsyncExitStack() as opened:
            _, checked = await _rebuild(settings, Path(directory), opened, goes_on=False, told=told)
    return checked


async def _rebuild(
    settings: Settings, into: Path, opened: contextlib.AsyncExitStack, *, goes_on: bool, told: Told
) -> tuple[Rebuilt, Checked]:
    there = replace(settings, data_dir=into)
    state = await open_state(there)
    opened.push_async_callback(state.close)
    before = state
    if not goes_on:
        before = await open_state(settings)
        opened.push_async_callback(before.close)
    log = await open_log(settings, before)
    opened.push_async_callback(log.close)
    history = await open_history(there)
    opened.push_async_callback(history.close)
    settings = await as_chosen(settings, before)
    secret = await secret_of(settings, before)
    done = await rebuild(
        Rebuilding(
            log=log,
            before=before,
            state=state,
            history=history,
            rules=rules_of(settings, secret),
            zone=ZoneInfo(settings.time_zone),
            dedup_days=settings.dedup_days,
            goes_on=goes_on,
            progress=told,
        )
    )
    found = {} if goes_on else await compare_states(before, state)
    return done, Checked(rebuilt=done, found=found)


def _make_room(into: Path, copy: Path | None) -> None:
    if into.exists() and any(into.iterdir()):
        raise Conflict(f"{into} is not empty.", path="into", hint="Name a directory that is not there yet.")
    if copy is not None:
        shutil.copytree(copy, into, symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(into / LOG, ignore_errors=True)
    into.mkdir(parents=True, exist_ok=True)


def _take_along(data_dir: Path, into: Path) -> None:
    shutil.copytree(data_dir / LOG, into / LOG)
    for name in TAKEN_ALONG:
        if (data_dir / name).exists():
            shutil.copy2(data_dir / name, into / name)


def _check(settings: Settings) -> None:
    if settings.is_shared:
        raise Conflict(
            "state, log and history are on servers.",
            code="state_not_shared",
            hint="Restore PostgreSQL and ClickHouse from their own back-ups; the reactor goes on with the log.",
        )
