"""The mapping: which column of a file is the person, the time, the event, and which are its properties."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from holdfast.kernel.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportMapping:
    """What the columns of a file mean. A field is the name of a column unless it says otherwise."""

    person: str | None = None
    """The user's id. A row needs this or `anonymous`; with both it says that the anonymous one logged in."""
    anonymous: str | None = None
    """The id used before login."""
    time: str
    """When it happened."""
    event: str | None = None
    """The event's name."""
    event_name: str | None = None
    """Not a column: the name of events whose row names none."""
    properties: tuple[str, ...] | None = None
    """The columns kept as properties; None for all that are nothing else here."""
    message_id: str | None = None
    """What makes a row unique; without it, what the event says does, and how many before it say the same."""
    time_format: str | None = None
    """Not a column: such as `%d/%m/%Y %H:%M`. None for ISO 8601; numbers are then seconds, milli-, micro- or
    nanoseconds since 1970, whichever puts them nearest to now."""
    time_zone: str = "UTC"
    """Not a column: the zone of times that name none."""
    currency: str | None = None
    """Not a column: put as the property `currency` where a row has none."""

    def __post_init__(self) -> None:
        if not self.person and not self.anonymous:
            raise Invalid(
                "nothing says whose events these are.",
                code="no_identity",
                path="$.person",
                hint="Name the column of the person's id as `person`, or of the id before login as `anonymous`.",
            )
        if not self.time:
            raise Invalid("names no column.", path="$.time", hint="Name the column of when it happened.")
        if not self.event and not self.event_name:
            raise Invalid(
                "nothing says what happened.",
                code="no_event_name",
                path="$.event",
                hint="Name the column of the event's name as `event`, or give one name for all as `event_name`.",
            )
        _check_zone(self.time_zone)
        if self.currency is not None and not (
            len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper()
        ):
            raise Invalid(
                f"{self.currency!r} is no currency.", path="$.currency", hint="Write three capitals, such as EUR."
            )

    @property
    def roles(self) -> dict[str, str]:
        """Role to column, for the columns that are no properties."""
        named = {
            "person": self.person,
            "anonymous": self.anonymous,
            "time": self.time,
            "event": self.event,
            "message_id": self.message_id,
        }
        return {role: column for role, column in named.items() if column}

    @property
    def is_of_an_export(self) -> bool:
        """Whether it fits a file that Holdfast wrote."""
        return self.properties is None and self.roles == EXPORTED.roles

    @property
    def id_columns(self) -> frozenset[str]:
        """Columns that are names, and so text whatever they look like: `007` is not 7."""
        return frozenset(column for role, column in self.roles.items() if role != "time")


EXPORTED_COLUMNS = frozenset({"identity", "received_at", "kind", "source", "properties", "context", "person"})
"""A file with these columns beside those of EXPORTED was written by Holdfast: its `properties` are the properties, and
its `kind` says which call it was."""

_FIELDS = tuple(field.name for field in fields(ImportMapping))


def decode_mapping(data: bytes | str | Mapping[str, object]) -> ImportMapping:
    """The mapping a JSON object means. Raises Invalid, with the path of what is wrong."""
    if not isinstance(data, Mapping):
        try:
            data = msgspec.json.decode(data, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise Invalid(
                f"is no JSON object: {error}.", path="$", hint='It looks like {"person": "customer_id", "time": "at"}.'
            ) from error
    for name in data:
        if name not in _FIELDS:
            near = difflib.get_close_matches(str(name), _FIELDS, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Fields are {', '.join(_FIELDS)}."
            raise Invalid("is no field of a mapping.", code="unknown_field", path=f"$.{name}", hint=hint)
    if data.get("time") is None:
        raise Invalid("is missing.", path="$.time", hint="Name the column of when it happened.")
    given = {name: _value(name, value) for name, value in data.items() if value is not None}
    return ImportMapping(**given)


def _value(name: str, value: object) -> Any:  # noqa: ANN401 - The type follows the field.
    if name == "properties":
        if not isinstance(value, (list, tuple)):
            raise Invalid("is no list.", path="$.properties", hint="List the columns to keep.")
        for index, each in enumerate(value):
            if not isinstance(each, str) or not each:
                raise Invalid("is no column's name.", path=f"$.properties[{index}]", hint="Write it as text.")
        return tuple(value)
    if not isinstance(value, str) or not value:
        raise Invalid("is no text.", path=f"$.{name}", hint="Write the name as text.")
    return value


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(
            f"{name!r} is no time zone.", path="$.time_zone", hint="Write one of the IANA zones, such as Europe/Berlin."
        ) from error


EXPORTED = ImportMapping(
    person="user_id", anonymous="anonymous_id", time="timestamp", event="event", message_id="message_id"
)
"""What the columns of a file mean that Holdfast wrote."""
