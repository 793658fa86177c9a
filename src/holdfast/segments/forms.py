"""What a form needs to know of a condition, as JSON Schema, read from its fields' types.

`format` is the name of the field's kind; a form that knows no such format goes by the type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import Annotated, get_args, get_origin, get_type_hints

from holdfast.events.event import Json
from holdfast.segments.comparison import Comparison
from holdfast.segments.condition import Condition, FieldKind, Part

_TYPES: Mapping[object, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


def condition_schema(shape: type[Condition | Part]) -> dict[str, Json]:
    """The JSON Schema of what a condition, or a part of one, holds beside its `type`."""
    hints = get_type_hints(shape, include_extras=True)
    held = [each for each in fields(shape) if each.init]  # type: ignore[arg-type]  # They are dataclasses.
    return {
        "type": "object",
        "properties": {each.name: _field(each, hints[each.name]) for each in held},
        "required": [each.name for each in held if each.default is MISSING],
    }


def _field(field: Field[object], hint: object) -> dict[str, Json]:
    plain = _plain(hint)
    if field.default is MISSING:
        return plain
    if field.default is None and "type" in plain:
        return {"anyOf": [plain, {"type": "null"}], "default": None, "description": plain.get("description", "")}
    return {**plain, "default": _default(field.default)}


def _default(value: object) -> Json:
    return [] if value == () else value if isinstance(value, (str, int, float, bool)) else None


def _plain(hint: object) -> dict[str, Json]:
    if get_origin(hint) is Annotated:
        kind = next((each for each in get_args(hint)[1:] if isinstance(each, FieldKind)), None)
        typed: dict[str, Json] = {"type": _TYPES[get_args(hint)[0]]}
        return typed if kind is None else {**typed, **_of_kind(kind)}
    if isinstance(hint, type):
        return _of_class(hint)
    inner = [each for each in get_args(hint) if each not in (type(None), Ellipsis)]
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _plain(inner[0])}
    # A union: of one thing and none, or of all that can be compared with.
    return _plain(inner[0]) if len(inner) == 1 else {"format": "operand", "description": "what to compare with"}


def _of_kind(kind: FieldKind) -> dict[str, Json]:
    told: dict[str, Json] = {"format": kind.name, "description": kind.about}
    return {**told, "enum": list(kind.choices)} if kind.choices else told


def _of_class(held: type) -> dict[str, Json]:
    if issubclass(held, Comparison):
        return {"type": "object", "format": "comparison"}
    if issubclass(held, Condition):
        return {"type": "object", "format": "condition"}
    if issubclass(held, Part):
        return {**condition_schema(held), "description": _first_sentence(held)}
    return {"type": _TYPES.get(held, "string")}


def _first_sentence(held: type) -> str:
    return (held.__doc__ or "").strip().partition("\n")[0]
