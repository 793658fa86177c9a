"""The tables as they are declared in `schema.sql`, and the statements that make them in process and on a server."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from holdfast.kernel.errors import Internal, Invalid

_TABLE = re.compile(
    r"CREATE TABLE (?:IF NOT EXISTS )?(?P<name>\w+) \(\n(?P<columns>.*)\n\) ENGINE = (?P<engine>\w+)"
    r"(?:\((?P<of>[^()]*)\))?\n?(?P<rest>.*)",
    re.DOTALL,
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table as it is declared."""

    name: str
    columns: str
    """Columns, indices and codecs, a line each."""
    engine: str
    of: str
    """What the engine is given between brackets; empty for nothing."""
    rest: str
    """From PARTITION BY or ORDER BY on; empty for nothing."""


def embedded_schema() -> Sequence[str]:
    """The statements of `schema.sql`, for whoever is alone with the database."""
    return _statements()


@cache
def tables() -> dict[str, Table]:
    """Every table by its name, in the order of their declarations."""
    found = {}
    for statement in _statements():
        if statement.startswith("CREATE TABLE"):
            match = _TABLE.fullmatch(statement)
            if match is None:
                raise Internal(f"schema.sql declares a table oddly: {statement[:80]}")
            fields = {name: (said or "").strip("\n") for name, said in match.groupdict().items()}
            found[fields["name"]] = Table(**fields)
    return found


@cache
def _statements() -> tuple[str, ...]:
    """Without comments."""
    text = resources.files("holdfast.stores.clickhouse").joinpath("schema.sql").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("--"))
    return tuple(each for piece in "\n".join(lines).split(";") if (each := piece.strip()))


def named(name: str) -> str:
    """A name of a database or a cluster that can stand in a statement as it is. Raises Invalid."""
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"{name!r:.80} is no name for a database or a cluster.",
            path="$.name",
            hint="Use letters, digits and _, starting with a letter.",
        )
    return name


def server_schema(database: str) -> Sequence[str]:
    """The statements for a server others may use at the same time: nothing is dropped, and nothing begins empty.

    What is in memory in process outlives the one who asked here, so sets of people go by themselves, and the map of
    identities is kept on disk beside the memory. The database is looked for and made by name, so these statements are
    to be sent without one.
    """
    here = named(database)
    declared = tables()
    made = [_create(f"{here}.{each.name}", each) for each in declared.values() if each.name not in IN_MEMORY]
    identity, sets = declared["identity_person"], declared["people_sets"]
    return [
        f"CREATE DATABASE IF NOT EXISTS {here}",
        f"CREATE DATABASE IF NOT EXISTS {empty_database(here)}",
        *made,
        kept_join(f"{here}.identity_person", identity),
        passing_sets(f"{here}.people_sets", sets),
    ]


def empty_database(database: str) -> str:
    """The name of the database in which there is nothing."""
    return f"{database}_empty"


IN_MEMORY = ("identity_person", "people_sets")
"""Tables that are in memory: what is in them is made of the others."""


def kept_join(name: str, table: Table, *, on_cluster: str = "") -> str:
    """The map in memory, kept on disk, too: a server that starts anew has it before anybody asks."""
    return (
        f"CREATE TABLE IF NOT EXISTS {name}{on_cluster} (\n{table.columns}\n) ENGINE = {table.engine}({table.of})\n"
        f"SETTINGS join_any_take_last_row = 1, persistent = 1"
    )


def passing_sets(name: str, table: Table, *, on_cluster: str = "", engine: str = "MergeTree") -> str:
    """The sets of people, each gone an hour after it was made: it is asked about for a minute at most."""
    return (
        f"CREATE TABLE IF NOT EXISTS {name}{on_cluster} (\n{table.columns},\n    made_at DateTime DEFAULT now()\n"
        f") ENGINE = {engine}\nORDER BY (workspace, number)\nTTL made_at + INTERVAL 1 HOUR"
    )


def behind(database: str) -> str:
    """What the map in memory lacks of the truth: whoever wrote the truth may have ended before.

    In a question of its own. One that looks people up cannot write to the table it looks them up in.
    """
    return (
        f"SELECT workspace, identity, person FROM {database}.identity_map FINAL "
        f"WHERE joinGet('{database}.identity_person', 'person', workspace, identity) != person"
    )


def _create(name: str, table: Table) -> str:
    of = f"({table.of})" if table.of else ""
    return f"CREATE TABLE IF NOT EXISTS {name} (\n{table.columns}\n) ENGINE = {table.engine}{of}\n{table.rest}"
