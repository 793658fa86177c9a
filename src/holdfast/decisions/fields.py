"""Kinds of fields: how JSON becomes a value, how the value becomes JSON again, and what a form or a page says of it.

A declaration writes `seconds: Annotated[Seconds, "How long to wait."]`: the kind is in the type, the help beside it.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, TypeVar, cast, get_type_hints

import msgspec

from holdfast.decisions.durations import TEN_YEARS_SECONDS, in_words
from holdfast.decisions.step import Step
from holdfast.events.event import Json
from holdfast.kernel.errors import Exposed, Invalid, TooLarge
from holdfast.segments.codec import decode_condition, encode_condition
from holdfast.segments.comparison import Comparison, decode_comparisons, encode_comparisons
from holdfast.segments.condition import Condition

DEFINITION_BYTES_MOST = 4_000_000
TEXT_MOST = 1_000
SECRET_MOST = 20_000
"""Characters in a secret: a key file is the longest."""
TEMPLATE_MOST = 500_000
"""Characters in one template: beyond it mail programs cut messages off anyway."""
OPTIONS_SHOWN = 30
"""Names that a remedy lists: every kind of step is among them."""

T = TypeVar("T")


class Kind(ABC):
    """One kind of field."""

    @abstractmethod
    def decode(self, value: object, path: str) -> object:
        """The value the JSON means. Raises Invalid with the path."""

    def encode(self, value: object) -> Json:
        """The JSON form of the value."""
        return cast("Json", value)

    @abstractmethod
    def schema(self) -> dict[str, Json]:
        """The kind as JSON Schema, for forms and reference pages."""


@dataclass(frozen=True, slots=True)
class Text(Kind):
    """Text of so many characters."""

    least: int = 1
    most: int = TEXT_MOST
    format: str = ""
    """What it names, such as `event`: forms offer those there are."""

    def decode(self, value: object, path: str) -> str:
        if not isinstance(value, str):
            raise wrong_type(value, "text", path)
        if len(value) < self.least:
            raise Invalid("This may not be empty.", code="empty", path=path, hint="Write some text.")
        if len(value) > self.most:
            raise Invalid(
                f"This is {len(value):,} characters long.",
                code="too_long",
                path=path,
                hint=f"Write {self.most:,} characters or fewer.",
            )
        return value

    def schema(self) -> dict[str, Json]:
        schema: dict[str, Json] = {"type": "string", "minLength": self.least, "maxLength": self.most}
        return schema | {"format": self.format} if self.format else schema


@dataclass(frozen=True, slots=True)
class Secret(Text):
    """Text that is sealed where it is kept, and is never shown again."""

    least: int = 1
    most: int = SECRET_MOST

    def schema(self) -> dict[str, Json]:
        return {**Text.schema(self), "format": "password", "writeOnly": True}


@dataclass(frozen=True, slots=True)
class Name(Kind):
    """An id: short, safe in an address, a file name and a path."""

    format: str = ""
    """What it names, such as `journey`: forms offer those there are."""

    pattern: ClassVar[str] = r"[a-z0-9][a-z0-9_-]{0,63}"

    def decode(self, value: object, path: str) -> str:
        if not isinstance(value, str):
            raise wrong_type(value, "text", path)
        if not re.fullmatch(self.pattern, value):
            raise Invalid(
                f"{_shown(value)} is no id.",
                code="bad_id",
                path=path,
                hint="Use 1 to 64 of a–z, 0–9, - and _, starting with a letter or a digit, such as cart-rescue.",
            )
        return value

    def schema(self) -> dict[str, Json]:
        schema: dict[str, Json] = {"type": "string", "pattern": f"^{self.pattern}$"}
        return schema | {"format": self.format} if self.format else schema


@dataclass(frozen=True, slots=True)
class Duration(Kind):
    """Whole seconds."""

    least: int = 1
    most: int = TEN_YEARS_SECONDS

    def decode(self, value: object, path: str) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_type(value, "a whole number of seconds", path)
        if value < self.least:
            raise Invalid(
                f"{value} seconds is too short.", code="out_of_range", path=path, hint=f"Use {self.least} or more."
            )
        if value > self.most:
            raise Invalid(
                f"{value} seconds is too long.",
                code="out_of_range",
                path=path,
                hint=f"Use {self.most} ({in_words(self.most)}) or fewer. The unit is seconds.",
            )
        return value

    def schema(self) -> dict[str, Json]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most, "format": "seconds"}


@dataclass(frozen=True, slots=True)
class Whole(Kind):
    """A whole number."""

    least: int = 0
    most: int = 2**53

    def decode(self, value: object, path: str) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_type(value, "a whole number", path)
        if not self.least <= value <= self.most:
            hint = f"Use {self.least:,} to {self.most:,}."
            raise Invalid(f"{value} cannot be.", code="out_of_range", path=path, hint=hint)
        return value

    def schema(self) -> dict[str, Json]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class ShareBelowOne(Kind):
    """A share of people in [0, 1)."""

    def decode(self, value: object, path: str) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise wrong_type(value, "a number", path)
        if not 0 <= value < 1:
            raise Invalid(
                f"{value} is no share of people to leave alone.",
                code="out_of_range",
                path=path,
                hint="Use 0 or more and less than 1; 0.1 leaves a tenth alone.",
            )
        return float(value)

    def schema(self) -> dict[str, Json]:
        return {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "format": "share"}


@dataclass(frozen=True, slots=True)
class Flag(Kind):
    """True or false."""

    def decode(self, value: object, path: str) -> bool:
        if not isinstance(value, bool):
            raise wrong_type(value, "true or false", path)
        return value

    def schema(self) -> dict[str, Json]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Choice(Kind):
    """One of a few words."""

    options: tuple[str, ...]

    def decode(self, value: object, path: str) -> str:
        if not isinstance(value, str):
            raise wrong_type(value, "text", path)
        if value not in self.options:
            raise Invalid(
                f"{_shown(value)} is none of the choices here.",
                code="unknown_choice",
                path=path,
                hint=one_of(value, self.options),
            )
        return value

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "enum": list(self.options)}


@dataclass(frozen=True, slots=True)
class SegmentCondition(Kind):
    """A condition, in the JSON form conditions have everywhere."""

    def decode(self, value: object, path: str) -> Condition:
        with under(path):
            return decode_condition(as_object(value, "$"))

    def encode(self, value: object) -> Json:
        return encode_condition(cast("Condition", value))

    def schema(self) -> dict[str, Json]:
        return {"type": "object", "format": "condition"}


@dataclass(frozen=True, slots=True)
class Comparisons(Kind):
    """Comparisons of an event's properties; all must hold."""

    def decode(self, value: object, path: str) -> tuple[Comparison, ...]:
        with under(path):
            return decode_comparisons(value)

    def encode(self, value: object) -> Json:
        return encode_comparisons(cast("tuple[Comparison, ...]", value))

    def schema(self) -> dict[str, Json]:
        return {"type": "array", "items": {"type": "object", "format": "comparison"}}


@dataclass(frozen=True, slots=True)
class OrNull(Kind):
    """Another kind, or null."""

    kind: Kind

    def decode(self, value: object, path: str) -> object:
        return None if value is None else self.kind.decode(value, path)

    def encode(self, value: object) -> Json:
        return None if value is None else self.kind.encode(value)

    def schema(self) -> dict[str, Json]:
        return {"anyOf": [self.kind.schema(), {"type": "null"}]}


@dataclass(frozen=True, slots=True)
class Nested(Kind):
    """A declaration of its own."""

    type: type[Any]

    def decode(self, value: object, path: str) -> object:
        return decode_fields(self.type, value, path)

    def encode(self, value: object) -> Json:
        return encode_fields(value)

    def schema(self) -> dict[str, Json]:
        return schema_of(self.type)


@dataclass(frozen=True, slots=True)
class Many(Kind):
    """A list of one kind."""

    kind: Kind
    most: int = 100

    def decode(self, value: object, path: str) -> tuple[object, ...]:
        if not isinstance(value, (list, tuple)):
            raise wrong_type(value, "a list", path)
        if len(value) > self.most:
            raise Invalid(
                f"These are {len(value):,}.", code="too_many", path=path, hint=f"Give {self.most:,} or fewer."
            )
        return tuple(self.kind.decode(each, at(path, index)) for index, each in enumerate(value))

    def encode(self, value: object) -> Json:
        return [self.kind.encode(each) for each in cast("tuple[object, ...]", value)]

    def schema(self) -> dict[str, Json]:
        return {"type": "array", "items": self.kind.schema(), "maxItems": self.most}


@dataclass(frozen=True, slots=True)
class Named(Kind):
    """Values of one kind by name."""

    kind: Kind
    most: int = 100

    def decode(self, value: object, path: str) -> Mapping[str, object]:
        given = as_object(value, path)
        if len(given) > self.most:
            raise Invalid(
                f"These are {len(given):,}.", code="too_many", path=path, hint=f"Give {self.most:,} or fewer."
            )
        return MappingProxyType({name: self.kind.decode(each, at(path, name)) for name, each in given.items()})

    def encode(self, value: object) -> Json:
        return {name: self.kind.encode(each) for name, each in cast("Mapping[str, object]", value).items()}

    def schema(self) -> dict[str, Json]:
        return {"type": "object", "additionalProperties": self.kind.schema(), "maxProperties": self.most}


Id = Annotated[str, Name()]
Label = Annotated[str, Text(most=200)]
EventName = Annotated[str, Text(most=200, format="event")]
PropertyName = Annotated[str, Text(most=200, format="property")]
TraitName = Annotated[str, Text(most=200, format="trait")]
Seconds = Annotated[int, Duration()]
Holdout = Annotated[float, ShareBelowOne()]
Truthy = Annotated[bool, Flag()]
Where = Annotated[tuple[Comparison, ...], Comparisons()]
LiveCondition = Annotated[Condition, SegmentCondition()]
LiveConditionOrNone = Annotated[Condition | None, OrNull(SegmentCondition())]


def decode_fields(type_: type[T], value: object, path: str, *, beside: tuple[str, ...] = ()) -> T:
    """The declared value the JSON object means.

    Args:
        beside: keys that belong to the caller and are passed over, such as `type`.

    Raises:
        Invalid: an unknown, missing or wrong field, with its path and the nearest name there is.
    """
    given = as_object(value, path)
    kinds = kinds_of(type_)
    for name in given:
        if name not in kinds and name not in beside:
            raise Invalid(
                f"There is no field {_shown(name)} here.",
                code="unknown_field",
                path=at(path, name),
                hint=one_of(name, (*kinds, *beside)),
            )
    optional = _optional(type_)
    for name in kinds:
        if name not in given and name not in optional:
            raise missing_field(name, path)
    made = type_(**{name: kind.decode(given[name], at(path, name)) for name, kind in kinds.items() if name in given})
    if isinstance(made, Step):
        with under(path):
            for complaint in made.complaints():
                raise complaint
    return made


def read_object(data: bytes | str | Mapping[str, object]) -> Mapping[str, object]:
    """The JSON object in a definition, which may have been read already. Raises Invalid and TooLarge."""
    if isinstance(data, Mapping):
        return data
    if len(data) > DEFINITION_BYTES_MOST:
        raise TooLarge(
            f"The definition is {len(data):,} bytes long.", hint=f"{DEFINITION_BYTES_MOST:,} are allowed at most."
        )
    try:
        return as_object(msgspec.json.decode(data), "$")
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Invalid(f"This is no JSON: {error}.", code="bad_json", path="$", hint="Send one JSON object.") from error


def encode_fields(value: object) -> dict[str, Json]:
    """The JSON object of a declared value: every field, defaults too, in order."""
    return {name: kind.encode(getattr(value, name)) for name, kind in kinds_of(type(value)).items()}


def kinds_of(type_: type[Any]) -> Mapping[str, Kind]:
    """The kind of each field that has one, in order. Fields without a kind are not part of the JSON form."""
    return {name: kind for name, (kind, _) in _declared(type_).items()}


def secrets_of(type_: type[Any]) -> tuple[str, ...]:
    """The fields that are to be sealed and never shown again."""
    return tuple(name for name, kind in kinds_of(type_).items() if isinstance(kind, Secret))


def schema_of(type_: type[Any]) -> dict[str, Json]:
    """The declaration as JSON Schema, with the help of each field."""
    optional = _optional(type_)
    properties: dict[str, Json] = {}
    for name, (kind, help_text) in _declared(type_).items():
        properties[name] = {**kind.schema(), "description": help_text}
        if name in optional:
            properties[name] = {**kind.schema(), "description": help_text, "default": kind.encode(optional[name])}
    required: list[Json] = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_DECLARED: dict[type[Any], Mapping[str, tuple[Kind, str]]] = {}
# What declarations say, read once each: they never change.


def _declared(type_: type[Any]) -> Mapping[str, tuple[Kind, str]]:
    if type_ not in _DECLARED:
        _DECLARED[type_] = _read_declaration(type_)
    return _DECLARED[type_]


def _read_declaration(type_: type[Any]) -> Mapping[str, tuple[Kind, str]]:
    hints = get_type_hints(type_, include_extras=True)
    found: dict[str, tuple[Kind, str]] = {}
    for each in _fields(type_):
        extras = getattr(hints[each.name], "__metadata__", ())
        kind = next((extra for extra in extras if isinstance(extra, Kind)), None)
        if kind is not None:
            found[each.name] = (kind, next((extra for extra in reversed(extras) if isinstance(extra, str)), ""))
    if any(isinstance(kind, Secret) for kind, _ in found.values()):
        # Whoever holds one, in a log line or a complaint, what is secret is in nothing that is printed of it.
        type_.__repr__ = _without_secrets  # type: ignore[assignment]  # A method, once it is in the class.
    return found


def _without_secrets(declared: Any) -> str:  # noqa: ANN401 - Of whatever declaration.
    secret = set(secrets_of(type(declared)))
    said = (
        f"{each.name}={'…' if each.name in secret else repr(getattr(declared, each.name))}" for each in fields(declared)
    )
    return f"{type(declared).__name__}({', '.join(said)})"


def _optional(type_: type[Any]) -> dict[str, object]:
    made = {each.name: each.default_factory() for each in _fields(type_) if each.default_factory is not MISSING}
    return {each.name: each.default for each in _fields(type_) if each.default is not MISSING} | made


def _fields(type_: type[Any]) -> tuple[Field[object], ...]:
    if not is_dataclass(type_):
        raise TypeError(f"{type_.__name__} is no dataclass")
    return fields(type_)


def as_object(value: object, path: str) -> Mapping[str, object]:
    """The value, if it is a JSON object. Raises Invalid."""
    if not isinstance(value, Mapping):
        raise wrong_type(value, "an object", path)
    return cast("Mapping[str, object]", value)


def at(path: str, name: object) -> str:
    """The path of a field or, for a number, of an element."""
    if isinstance(name, int):
        return f"{path}[{name}]"
    plain = isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9_-]+", name)
    return f"{path}.{name}" if plain else f"{path}[{_shown(name)}]"


@contextmanager
def under(path: str) -> Iterator[None]:
    """Put complaints of a part, whose paths start with `$`, where the part stands."""
    try:
        yield
    except Exposed as complaint:
        complaint.path = path + complaint.path.removeprefix("$")
        raise


def missing_field(name: str, path: str, options: tuple[str, ...] = ()) -> Invalid:
    """The complaint that a field is not there; `options` are what it may hold, where that is a choice."""
    if options:
        return Invalid(
            f"The field {name!r} is missing.",
            code="missing_field",
            path=path,
            hint=f"Add {name!r}: {_listed(options)}.",
        )
    return Invalid(f"The field {name!r} is missing.", code="missing_field", path=path, hint=f"Add {name!r}.")


def wrong_type(value: object, wanted: str, path: str) -> Invalid:
    """The complaint that a value is of another type."""
    return Invalid(f"This is {_type_words(value)}.", code="wrong_type", path=path, hint=f"Give {wanted}.")


def one_of(given: object, options: tuple[str, ...]) -> str:
    """The remedy for a name that is none of the options: the nearest one, and the list."""
    near = get_close_matches(str(given), options, n=1, cutoff=0.6)
    listed = f"There is {_listed(options)}." if options else "There are none."
    return f"Did you mean {near[0]!r}? {listed}" if near else listed


def _listed(options: tuple[str, ...]) -> str:
    more = ", …" if len(options) > OPTIONS_SHOWN else ""
    return ", ".join(sorted(options)[:OPTIONS_SHOWN]) + more


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _type_words(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case Mapping():
            return "an object"
        case _:
            return "a list"
