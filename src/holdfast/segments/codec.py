"""The JSON form of conditions: one form in the API, the command line, files and the console.

A condition's fields are its JSON form, and the codec goes by their types alone, so a new condition needs no line here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache
from types import MappingProxyType
from typing import Annotated, TypeVar, cast, get_args, get_origin, get_type_hints

from holdfast.events.event import Json
from holdfast.kernel.errors import Exposed, Invalid, TooLarge
from holdfast.segments.catalogue import declaration_of, declared
from holdfast.segments.comparison import Comparison, decode_comparisons, encode_comparisons, nearest
from holdfast.segments.condition import Condition, FieldKind, Part
from holdfast.segments.operators import Operand

Made = TypeVar("Made", Condition, Part)

DEPTH_MOST = 100
"""Conditions within conditions: more than anybody writes, and what Python and the engine can still walk."""
CONDITIONS_MOST = 200
"""Conditions in one segment, at any depth."""
MEANT_BY: Mapping[str, str] = MappingProxyType({"and": "all", "or": "any", "did_not": "not"})
"""The condition that is meant by what others call it; the nearest in letters would say the opposite."""
CHARACTERS_MOST = 1_000_000
"""Characters of JSON text."""


def decode_condition(data: bytes | str | Mapping[str, object]) -> Condition:
    """The condition a JSON document means, as text or already read.

    Raises:
        Invalid: an unknown type, field or operator, a missing field or a wrong value, with its path and a hint.
        TooLarge: over DEPTH_MOST, CONDITIONS_MOST, CHARACTERS_MOST, or a limit of a field.
    """
    return _Decoder().condition(_read(data) if isinstance(data, (bytes, str)) else data, "$", 1)


def encode_condition(condition: Condition) -> dict[str, Json]:
    """The JSON form of the condition; fields that stand at their default are left out."""
    return {"type": declaration_of(condition).name, **_encoded_fields(condition)}


def count_conditions(condition: Condition) -> int:
    """How many conditions there are in it, itself with them."""
    parts = (getattr(condition, field.name) for field in _json_fields(type(condition)))
    inner = (each for part in parts for each in (part if isinstance(part, tuple) else (part,)))
    return 1 + sum(count_conditions(each) for each in inner if isinstance(each, Condition))


def _read(data: bytes | str) -> object:
    if len(data) > CHARACTERS_MOST:
        raise TooLarge(f"The definition has {len(data)} characters.", path="$", hint=f"Use at most {CHARACTERS_MOST}.")
    try:
        return json.loads(data, parse_constant=_no_number)
    except RecursionError as cause:
        raise _too_deep("$") from cause
    except ValueError as cause:
        raise Invalid(f"This is not JSON: {cause}.", code="bad_json", path="$", hint="Check it as JSON.") from cause


def _no_number(name: str) -> Json:
    raise ValueError(f"{name} is no JSON number")


@dataclass(slots=True)
class _Decoder:
    """One decoding, counting conditions as it goes."""

    seen: int = 0

    def condition(self, value: object, path: str, depth: int) -> Condition:
        self.seen += 1
        if depth > DEPTH_MOST:
            raise _too_deep(path)
        if self.seen > CONDITIONS_MOST:
            raise TooLarge(
                "These are too many conditions for one segment.",
                path=path,
                hint=f"Use at most {CONDITIONS_MOST}; `is_any_of` compares with many values at once.",
            )
        given, shape = self._opened(value, path)
        return self._built(shape, given, path, depth, ("type",))

    def _built(
        self, shape: type[Made], given: Mapping[str, object], path: str, depth: int, also: tuple[str, ...] = ()
    ) -> Made:
        """The condition, or the part of one, that has these fields, and those of another meaning."""
        known: tuple[Field[object], ...] = _json_fields(shape)
        for name in given:
            if name not in also and name not in {field.name for field in known}:
                raise Invalid(
                    f"{name!r} is no field of `{given.get('type', shape.__name__)}`.",
                    code="unknown_field",
                    path=f"{path}.{name}",
                    hint=nearest(name, (*also, *(field.name for field in known))),
                )
        values = {field.name: self._field(shape, field, given, path, depth) for field in known if _wanted(field, given)}
        try:
            return shape(**values)
        except Exposed as complaint:
            complaint.path = path + complaint.path.removeprefix("$")
            raise

    def _part(self, shape: type[Part], value: object, path: str, depth: int) -> Part:
        if not isinstance(value, Mapping):
            names = ", ".join(repr(field.name) for field in _json_fields(shape))
            raise Invalid("An object was expected.", code="wrong_type", path=path, hint=f"Its fields are {names}.")
        return self._built(shape, value, path, depth)

    @staticmethod
    def _opened(value: object, path: str) -> tuple[Mapping[str, object], type[Condition]]:
        """The fields, and the shape their `type` names."""
        if not isinstance(value, Mapping):
            raise Invalid(
                "A condition is an object.", code="wrong_type", path=path, hint='Write {"type": "did", "event": "…"}.'
            )
        name = value.get("type")
        if name is None:
            raise Invalid(
                "'type' is missing.", code="missing_field", path=path, hint=f"Use one of: {', '.join(declared())}."
            )
        if not isinstance(name, str) or name not in declared():
            raise Invalid(
                f"There is no condition {name!r}.",
                code="unknown_type",
                path=f"{path}.type",
                hint=nearest(MEANT_BY.get(str(name).lower(), name), declared()),
            )
        return value, declared()[name].shape

    def _field(
        self, shape: type[Condition | Part], field: Field[object], given: Mapping[str, object], path: str, depth: int
    ) -> object:
        here = f"{path}.{field.name}"
        if field.name not in given:
            raise Invalid(f"{field.name!r} is missing.", code="missing_field", path=path, hint=f"Add {field.name!r}.")
        value = given[field.name]
        hint = _hints(shape)[field.name]
        if hint is Condition:
            return self.condition(value, here, depth + 1)
        if hint == tuple[Condition, ...]:
            listed = _listed(value, here, "conditions")
            return tuple(self.condition(each, f"{here}[{index}]", depth + 1) for index, each in enumerate(listed))
        if (part := _part_in(hint)) is not None:
            if get_origin(hint) is not tuple:
                return self._part(part, value, here, depth)
            listed = _listed(value, here, field.name)
            return tuple(self._part(part, each, f"{here}[{index}]", depth) for index, each in enumerate(listed))
        if hint == tuple[Comparison, ...]:
            return _moved(here, value)
        if hint == Operand:
            return tuple(value) if isinstance(value, list) else value
        return _plain(hint, value, here)


def _listed(value: object, path: str, what: str) -> Sequence[object]:
    if not isinstance(value, (list, tuple)):
        raise Invalid("A list was expected.", code="wrong_type", path=path, hint=f"Put the {what} in [ ].")
    return value


def _part_in(hint: object) -> type[Part] | None:
    """The part a field of this type holds, alone or in a list; None when it holds something else."""
    if isinstance(hint, type) and get_origin(hint) is None:
        return hint if issubclass(hint, Part) else None
    return next((part for each in get_args(hint) if (part := _part_in(each)) is not None), None)


def _wanted(field: Field[object], given: Mapping[str, object]) -> bool:
    """Whether the field is to be decoded: a null stands for a default, a missing field without one is complained of."""
    if field.default is MISSING:
        return True
    return given.get(field.name) is not None


def _moved(path: str, value: object) -> tuple[Comparison, ...]:
    try:
        return decode_comparisons(value)
    except Exposed as complaint:
        complaint.path = path + complaint.path.removeprefix("$")
        raise


def _plain(hint: object, value: object, path: str) -> object:
    """A text or number of the type the field has; its own class checks the rest."""
    wanted = _plain_type(hint)
    if wanted is str and not isinstance(value, str):
        raise Invalid("A text was expected.", code="wrong_type", path=path, hint="Write it in quotes.")
    if wanted is int and isinstance(value, float) and value.is_integer():
        return int(value)  # JSON knows one kind of number: 3.0 is 3.
    return value


def _plain_type(hint: object) -> type | None:
    """The plain type within `Annotated[…]` and `… | None`."""
    if get_origin(hint) is Annotated:
        return _plain_type(get_args(hint)[0])
    if isinstance(hint, type):
        return hint
    inner = [each for each in get_args(hint) if each is not type(None)]
    return _plain_type(inner[0]) if len(inner) == 1 else None


def kind_of(shape: type[Condition | Part], name: str) -> FieldKind | None:
    """What kind of thing a field of a condition, or of a part of one, holds, where its type says."""
    return _kind_in(_hints(shape)[name])


def part_of(shape: type[Condition | Part], name: str) -> type[Part] | None:
    """The part a field of a condition holds, alone or in a list; None when it holds something else."""
    return _part_in(_hints(shape)[name])


def _kind_in(hint: object) -> FieldKind | None:
    if get_origin(hint) is Annotated:
        return next((each for each in get_args(hint)[1:] if isinstance(each, FieldKind)), None)
    return next((kind for each in get_args(hint) if (kind := _kind_in(each)) is not None), None)


@cache
def _hints(shape: type[Condition | Part]) -> Mapping[str, object]:
    return get_type_hints(shape, include_extras=True)


@cache
def _json_fields(shape: type[Condition | Part]) -> tuple[Field[object], ...]:
    return tuple(field for field in fields(shape) if field.init)  # type: ignore[arg-type]  # They are dataclasses.


def _encoded_fields(value: Condition | Part) -> dict[str, Json]:
    told: dict[str, Json] = {}
    for field in _json_fields(type(value)):
        held = getattr(value, field.name)
        if field.default is MISSING or held != field.default:
            told[field.name] = _encoded(held)
    return told


def _encoded(value: object) -> Json:
    if isinstance(value, Condition):
        return encode_condition(value)
    if isinstance(value, Part):
        return _encoded_fields(value)
    if isinstance(value, tuple) and value and isinstance(value[0], Comparison):
        return encode_comparisons(cast("tuple[Comparison, ...]", value))
    if isinstance(value, tuple):
        return [_encoded(each) for each in value]
    return cast("Json", value)


def _too_deep(path: str) -> TooLarge:
    return TooLarge(
        "These conditions lie too deep in one another.", path=path, hint=f"Use at most {DEPTH_MOST} levels."
    )
