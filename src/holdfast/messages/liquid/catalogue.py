"""Catalogues: what an item may be, and what its fields hold."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid

FieldType: TypeAlias = Literal["text", "number", "boolean", "list", "object"]
"""What a field of items holds; any of them may also be null."""
FIELD_TYPES: tuple[FieldType, ...] = get_args(FieldType)
ID_CHARACTERS_MOST = 200
FIELDS_MOST = 200
FIELD_CHARACTERS_MOST = 100
ITEM_BYTES_MOST = 20_000
"""How large an item may be, as JSON."""
RANK_MOST = 2.0**53
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
# As programs write them, small ones too; `1e5` is more likely a code than a number.
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,25})?(e-[0-9]{1,2})?")
_BOOLEANS = {"true": True, "false": False}


class BadItemError(Exception):
    """A row that can be no item; says which field it is, and why."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}" if path else why)
        self.path = path


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item, its fields as they are kept."""

    id: str
    fields: Mapping[str, Json]
    rank: float | None


@dataclass(slots=True, kw_only=True)
class Learning:
    """What the fields of rows hold, learnt from all of them before any is kept.

    Rows of text (CSV) are numbers or booleans where every one of them is, and `00123` is a text.
    """

    id_field: str
    declared: Mapping[str, FieldType] = field(default_factory=dict)
    is_text: bool = False
    """Whether every value is text whose type is to be told from it."""
    _possible: dict[str, set[FieldType]] = field(default_factory=dict)

    def see(self, row: Mapping[str, Json]) -> None:
        """Learn from one row. Raises BadItemError for what no row of the same fields may hold."""
        for name, value in row.items():
            if name == self.id_field or name in self.declared or value is None or value == "":
                continue
            may_be = _may_be(value) if self.is_text else {_type_of(value)}
            before = self._possible.get(name)
            now = may_be if before is None else before & may_be
            if not now:
                held = " or ".join(sorted(before or ()))
                raise BadItemError(name, f"is {_type_of(value)}, and {held} in rows before; declare what it is")
            if before is None and len(self._possible) + len(self.declared) >= FIELDS_MOST:
                raise BadItemError(name, f"is one field more than the {FIELDS_MOST} there may be")
            self._possible[name] = now

    def types(self) -> dict[str, FieldType]:
        """What each field holds; the narrowest type that every value allows."""
        learnt = {name: next(each for each in _NARROW_FIRST if each in may) for name, may in self._possible.items()}
        return {**learnt, **self.declared}


_NARROW_FIRST: tuple[FieldType, ...] = ("number", "boolean", "list", "object", "text")


def item_of(row: Mapping[str, Json], types: Mapping[str, FieldType], *, id_field: str, ranked_by: str) -> Item:
    """The item a row says. Raises BadItemError."""
    said = row.get(id_field)
    name = str(said) if isinstance(said, (str, int)) and not isinstance(said, bool) else ""
    if not name.strip() or len(name) > ID_CHARACTERS_MOST:
        raise BadItemError(id_field, f"is no id: a text or whole number of up to {ID_CHARACTERS_MOST} characters")
    fields = {each: _typed(each, value, types) for each, value in row.items() if each != id_field}
    try:
        size = len(json.dumps(fields, ensure_ascii=False, allow_nan=False).encode())
        name.encode()
    except (ValueError, RecursionError) as error:
        raise BadItemError("", f"is no JSON ({type(error).__name__})") from error
    if size > ITEM_BYTES_MOST:
        raise BadItemError("", f"is larger than {ITEM_BYTES_MOST:,} bytes")
    return Item(id=name, fields=fields, rank=rank_of(fields, ranked_by))


def rank_of(fields: Mapping[str, Json], ranked_by: str) -> float | None:
    """What an item is ranked by; None for one that has no such number."""
    rank = fields.get(ranked_by)
    if isinstance(rank, bool) or not isinstance(rank, (int, float)) or abs(rank) > RANK_MOST:
        return None
    return float(rank)


def check_name(name: str, path: str) -> None:
    """Refuse what is no name for a catalogue or a pool. Raises Invalid."""
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"{name!r:.100} is no name.",
            code="bad_name",
            path=path,
            hint="Use letters, digits, -, _ and . (up to 100), a letter or digit first.",
        )


def decode_types(text: str, path: str) -> dict[str, FieldType]:
    """Declared fields as they are written: `price=number, sku=text`. Raises Invalid, with `path`."""
    found: dict[str, FieldType] = {}
    for each in (part.strip() for part in text.split(",")):
        if not each:
            continue
        name, _, said = (part.strip() for part in each.rpartition("="))
        kind = next((one for one in FIELD_TYPES if one == said), None)
        if not name or len(name) > FIELD_CHARACTERS_MOST or kind is None:
            raise Invalid(
                f"{each!r:.100} declares no field.",
                code="bad_fields",
                path=path,
                hint=f"Write name=type with commas between; the types are {', '.join(FIELD_TYPES)}.",
            )
        found[name] = kind
    return found


def _type_of(value: Json) -> FieldType:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, (list, tuple)):
        return "list"
    return "object" if isinstance(value, Mapping) else "text"


def _may_be(value: Json) -> set[FieldType]:
    text = str(value).strip()
    may: set[FieldType] = {"text"}
    if _NUMBER.fullmatch(text):
        may.add("number")
    if text.lower() in _BOOLEANS:
        may.add("boolean")
    if text.startswith("[") and _read(text, "list") is not None:
        may.add("list")
    return may


def _typed(name: str, value: Json, types: Mapping[str, FieldType]) -> Json:
    """The value as its field holds it. Raises BadItemError."""
    if len(name) > FIELD_CHARACTERS_MOST or not name:
        raise BadItemError(f"{name:.20}", f"is no name for a field: 1 to {FIELD_CHARACTERS_MOST} characters")
    kind = types.get(name)
    if value is None or kind is None or (value == "" and kind != "text"):
        return None
    if kind == _type_of(value):
        if isinstance(value, float) and not math.isfinite(value):
            raise BadItemError(name, "is no number that can be kept")
        return value
    if isinstance(value, str) and (read := _read(value.strip(), kind)) is not None:
        return read
    if kind == "text" and not isinstance(value, (list, tuple, Mapping)):
        return json.dumps(value)
    raise BadItemError(name, f"is {_type_of(value)} {value!r:.40}, and the field holds {kind}")


def _read(text: str, kind: FieldType) -> Json:
    """The value a text says; None when it says none of the kind."""
    if kind == "number" and _NUMBER.fullmatch(text):
        return float(text) if "." in text or "e" in text else int(text)
    if kind == "boolean":
        return _BOOLEANS.get(text.lower())
    if kind in ("list", "object"):
        try:
            read = json.loads(text)
        except (ValueError, RecursionError):
            return None
        return read if _type_of(read) == kind else None
    return None


def words_of(sought: str) -> list[str]:
    """The words of a search, as `sought_in` has them."""
    return sought.casefold().split()


def sought_in(item_id: str, fields: Mapping[str, Json]) -> str:
    """All that an item says, to find words in: its id and the texts and numbers of its fields, without capitals."""
    said = [item_id]
    open_values: list[Json] = list(fields.values())
    while open_values:
        value = open_values.pop()
        if isinstance(value, Mapping):
            open_values += value.values()
        elif isinstance(value, list):
            open_values += value
        elif value is not None and not isinstance(value, bool):
            said.append(str(value))
    return "\n".join(said).casefold()
