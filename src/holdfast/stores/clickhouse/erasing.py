"""Forgetting people: their rows leave the tables at once, and the files once the parts they were in are rewritten.

Rows of events are first marked as deleted in small patches, which takes a fraction of a second however large the table
is. Then the parts that have patches are written anew without those rows. The old parts go within seconds, in place of
the minutes they are otherwise kept for.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import LiteralString

from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.ports.erasure import Whom
from holdfast.stores.clickhouse.handle import Handle

_TABLES: tuple[LiteralString, ...] = ("events", "people", "identity_map", "event_properties")
PURGE_SECONDS = 30.0
"""How long old parts are waited for, before whoever asked is told that they are still there."""
_LOOK_SECONDS = 0.25

_THEIRS: LiteralString = "workspace = [[here]] AND identity IN [[identities]]"
_PEOPLE: LiteralString = "workspace = [[here]] AND person IN [[identities]]"
_MAPPED: LiteralString = "workspace = [[here]] AND (identity IN [[identities]] OR person IN [[identities]])"
# Others' events that bear their name: an alias that speaks of them, and what was done on a device both used.
_SPOKEN_OF: LiteralString = """workspace = [[here]] AND event = 'Aliased' AND kind = 'alias'
    AND identity <= [[last]] AND text['previous_id'] IN [[values]] AND received_at <= [[until]]"""
_BEARING: LiteralString = """workspace = [[here]] AND identity <= [[last]] AND anonymous_id != ''
    AND anonymous_id IN [[strangers]] AND received_at <= [[until]]"""
_NAMED: LiteralString = """workspace = [[here]] AND identity <= [[last]] AND user_id != '' AND user_id IN [[users]]"""


def event_names(handle: Handle, here: Sql, identities: Sequence[int]) -> list[str]:
    """The names of the events stored under these identities, in order."""
    question = fill(
        "SELECT DISTINCT event FROM events WHERE workspace = [[here]] AND identity IN [[identities]] ORDER BY event",
        {"here": here, "identities": _numbers(identities)},
    )
    return [str(row[0]) for row in handle.rows(question)]


def forget(handle: Handle, here: Sql, whom: Whom) -> dict[str, int]:
    """Delete their rows and take their names out of others'; returns how many rows of each kind."""
    counted = held(handle, here, whom)
    patched = "SETTINGS lightweight_delete_mode = 'lightweight_update_force'"
    for where, count in ((_THEIRS, counted["events"]), (_SPOKEN_OF, counted["aliases"])):
        if count:
            handle.run(_filled("DELETE FROM events WHERE ", where, here, whom) + sql(" " + patched))
    if counted["names"]:
        handle.run(_filled("UPDATE events SET anonymous_id = '' WHERE ", _BEARING, here, whom))
    if counted["people"]:
        handle.run(_filled("ALTER TABLE people DELETE WHERE ", _PEOPLE, here, whom) + sql(_SYNC))
    if counted["identity_map"]:
        handle.run(_filled("ALTER TABLE identity_map DELETE WHERE ", _MAPPED, here, whom) + sql(_SYNC))
    # Also what another process before us deleted, and did not live to write anew.
    handle.command("ALTER TABLE events APPLY PATCHES" + _SYNC)
    handle.command("ALTER TABLE events APPLY DELETED MASK" + _SYNC)
    return counted


_SYNC: LiteralString = " SETTINGS mutations_sync = 2"


def held(handle: Handle, here: Sql, whom: Whom) -> dict[str, int]:
    """How many rows are theirs, or bear their names, by what they are."""
    return {
        "events": handle.number(_filled("SELECT count() FROM events WHERE ", _THEIRS, here, whom)),
        "aliases": handle.number(_filled("SELECT count() FROM events WHERE ", _SPOKEN_OF, here, whom)),
        "names": handle.number(
            _filled("SELECT count() FROM events WHERE ", "(" + _BEARING + ") OR (" + _NAMED + ")", here, whom)
        )
        - handle.number(
            _filled(
                "SELECT count() FROM events WHERE ",
                "((" + _BEARING + ") OR (" + _NAMED + ")) AND identity IN [[identities]]",
                here,
                whom,
            )
        ),
        "people": handle.number(_filled("SELECT count() FROM people WHERE ", _PEOPLE, here, whom)),
        "identity_map": handle.number(_filled("SELECT count() FROM identity_map WHERE ", _MAPPED, here, whom)),
    }


def purge(handle: Handle) -> bool:
    """Whether parts that were rewritten are gone from the disk; they are given up to `PURGE_SECONDS` for it."""
    left = _old_parts(handle)
    if not left:
        return True
    tables = [table for table in _TABLES if any(each[0] == table for each in left)]
    until = time.monotonic() + PURGE_SECONDS
    try:
        for table in tables:
            handle.command(f"ALTER TABLE {table} MODIFY SETTING old_parts_lifetime = 0")
        while still := left & _old_parts(handle):
            if time.monotonic() > until:
                return False
            left = still
            time.sleep(_LOOK_SECONDS)
    finally:
        for table in tables:
            handle.command(f"ALTER TABLE {table} RESET SETTING old_parts_lifetime")
    return True


def _old_parts(handle: Handle) -> set[tuple[str, str]]:
    question = sql(
        "SELECT table, name FROM system.parts WHERE database = currentDatabase() AND NOT active "
        "AND table IN ('events', 'people', 'identity_map', 'event_properties')"
    )
    return {(str(row[0]), str(row[1])) for row in handle.rows(question)}


def _filled(begin: LiteralString, where: LiteralString, here: Sql, whom: Whom) -> Sql:
    users = [name.value for name in whom.names if name.kind == "user"]
    strangers = [name.value for name in whom.names if name.kind == "anonymous"]
    pieces = {
        "here": here,
        "identities": _numbers(whom.identities),
        "last": bind("UInt32", whom.last_identity),
        "until": sql("fromUnixTimestamp64Milli(") + bind("Int64", whom.until_ms) + sql(", 'UTC')"),
        "values": bind("Array(String)", [*users, *strangers]),
        "users": bind("Array(String)", users),
        "strangers": bind("Array(String)", strangers),
    }
    return fill(begin + where, {name: piece for name, piece in pieces.items() if f"[[{name}]]" in where})


def _numbers(identities: Sequence[int]) -> Sql:
    return bind("Array(UInt32)", list(identities))
