"""A medium: one way to say something to somebody, such as by email. What is said on it, and to which address.

One medium is one module in `media/` that assigns `MEDIUM`; nothing else in the project lists them. Who carries a
message, and in which form, is not told here: that is a provider's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import holdfast.decisions.media as media_modules
from holdfast.decisions.fields import decode_fields, encode_fields, one_of, schema_of
from holdfast.events.event import Json
from holdfast.kernel.catalogue import discover
from holdfast.kernel.errors import Invalid
from holdfast.profiles.profile import Profile

AddressOf = Callable[[Profile, str], str]
"""Where a person is written to, from what is known of them and the name that lasts; empty for nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """One way to say something."""

    name: str
    """What a send step calls it."""
    label: str
    """What people call it."""
    help: str
    content: type[Any]
    """The declaration of what is said: frozen, its fields with kinds. Every text in it is Liquid."""
    html: frozenset[str] = frozenset()
    """The parts that are HTML: values are escaped as they are put in."""
    lines: frozenset[str] = frozenset()
    """The parts that are one line: line breaks in them become spaces."""
    address_of: AddressOf | None = None
    """None where it does not depend on the person: the step, or the connection, says where it goes."""
    written: Callable[[str], str] = str
    """An address as somebody writes it, in the form it is compared in; empty when it can be none."""
    personal: bool = True
    """Whether it reaches the person. What only reaches colleagues or machines needs no consent of theirs."""

    def decode(self, content: object, path: str) -> dict[str, Json]:
        """The content with every part it may have, as JSON. Raises Invalid with the path of what is wrong."""
        said = decode_fields(self.content, content, path)
        for complaint in complaints_about(said):
            complaint.path = path + complaint.path.removeprefix("$")
            raise complaint
        return encode_fields(said)

    def schema(self) -> dict[str, Json]:
        """The content as JSON Schema."""
        return schema_of(self.content)


def complaints_about(content: object) -> Iterator[Invalid]:
    """What is wrong with parts that are each right; a declaration says so by a method `complaints`."""
    said = getattr(content, "complaints", None)
    yield from said() if said is not None else ()


@cache
def media() -> Mapping[str, Medium]:
    """Every medium there is, by name."""
    return {name: cast("Medium", each) for name, each in discover(media_modules, "MEDIUM").items()}


def medium_called(name: str, path: str) -> Medium:
    """The medium of that name. Raises Invalid."""
    found = media().get(name)
    if found is None:
        raise Invalid(
            f"There is no channel called {name!r:.120}.",
            code="unknown_channel",
            path=path,
            hint=one_of(name, tuple(media())),
        )
    return found


def addresses_in(profile: Profile) -> set[str]:
    """Every address at which what is known says that a person is reached, on whatever channel."""
    return {address_on(channel, profile, "") for channel in media()} - {""}


def personal_media() -> list[str]:
    """The channels on which each person has an address of their own, in order of name."""
    return [name for name, each in media().items() if each.address_of is not None]


def address_on(channel: str, profile: Profile, person_key: str) -> str:
    """Where a person is written to on a channel; empty where they are not, or it does not depend on them."""
    found = media().get(channel)
    return "" if found is None or found.address_of is None else found.address_of(profile, person_key)
