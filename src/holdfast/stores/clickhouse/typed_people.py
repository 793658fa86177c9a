"""People with chosen traits, each a column of its own type, straight from the maps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import pyarrow as pa

from holdfast.events.event import Json
from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.ports.columns import PERSON_COLUMNS, Column, trait_column, valid_texts, with_traits
from holdfast.segments.condition import Condition, Scope
from holdfast.segments.place import Place
from holdfast.stores.clickhouse.engine import Handle

_Map: TypeAlias = Literal["text", "number", "other"]
_MAPS: tuple[_Map, ...] = ("text", "number", "other")
_Places: TypeAlias = Mapping[str, Sequence[_Map]]
"""In which of the maps a trait may stand."""


def typed_people(handle: Handle, scope: Scope, condition: Condition, traits: Sequence[str]) -> pa.Table:
    """As `History.people_table` says of chosen traits.

    Nearly every trait stands in one map for everybody: that is seen first, from the names alone, and no other is read.
    """
    names = list(dict.fromkeys(traits))
    places: _Places = dict.fromkeys(names, _MAPS)
    if names:
        (there,) = handle.rows(_where(scope, names))
        places = {name: [_MAPS[each] for each in range(3) if there[0][3 * at + each]] for at, name in enumerate(names)}
    found = handle.whole_table(_people(scope, condition, places))
    people = found.select(PERSON_COLUMNS.names)
    people = people.set_column(1, "user_id", valid_texts(people["user_id"])).cast(PERSON_COLUMNS)
    columns = {name: _column(found, at, maps) for at, (name, maps) in enumerate(places.items())}
    return with_traits(people, columns)


def _where(scope: Scope, names: Sequence[str]) -> Sql:
    """One list: of each trait, whether a row has it in each of the maps. Old versions of people count, too."""
    pieces = (
        fill(f"max(has({each}.keys, [[name]]))", {"name": bind("String", name)}) for name in names for each in _MAPS
    )
    return sql("SELECT [") + join(", ", pieces) + sql("] FROM people WHERE workspace = ") + scope.here


def _people(scope: Scope, condition: Condition, places: _Places) -> Sql:
    """Columns `text 0`, `number 0`, `other 0` and so on, as far as they are there; null where missing."""
    pieces = (
        sql(", ") + _value(Place(name), each) + sql(f" AS `{each} {at}`")
        for at, (name, maps) in enumerate(places.items())
        for each in maps
    )
    return fill(
        """SELECT person, user_id, first_seen, last_seen[[traits]] FROM people FINAL
        WHERE workspace = [[here]] AND [[holds]] ORDER BY person""",
        {
            "traits": join("", pieces),
            "here": scope.here,
            "holds": condition.sql(scope),
        },
    )


def _value(place: Place, map_name: _Map) -> Sql:
    value, there = {
        "text": (place.text, place.has_text),
        "number": (place.number, place.has_number),
        "other": (place.other, place.has_other),
    }[map_name]
    return fill("if([[there]], [[value]], NULL)", {"there": there, "value": value})


def _column(found: pa.Table, at: int, maps: Sequence[_Map]) -> Column:
    columns = {each: found[f"{each} {at}"] for each in maps}
    match [each for each, column in columns.items() if column.null_count < found.num_rows]:
        case []:
            return pa.nulls(found.num_rows, pa.string())
        case ["number"]:
            return columns["number"]
        case ["text"]:
            return valid_texts(columns["text"])
    return trait_column(_values(columns, found.num_rows))


def _values(columns: Mapping[_Map, Column], rows: int) -> list[Json]:
    """The values of a trait that stands in several maps. An integer a float cannot hold is whole in `other`."""
    values: list[Json] = columns["number"].to_pylist() if "number" in columns else [None] * rows
    for each in ("other", "text"):
        if each in columns:
            for row, told in enumerate(valid_texts(columns[each]).to_pylist()):
                if told is not None:
                    values[row] = told if each == "text" else json.loads(told)
    return values
