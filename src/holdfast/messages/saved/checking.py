"""Checks: what is likely to go wrong with words that can be sent as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias, cast

import holdfast.messages.saved.checks as check_modules
from holdfast.events.event import Json
from holdfast.kernel.catalogue import discover
from holdfast.messages.content import Words

Weight = Literal["wrong", "risky", "note"]
"""`wrong` will not work, `risky` may keep it from being read, a `note` is for information."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing about a message."""

    code: str
    weight: Weight
    part: str
    """The part it is about, such as `html`."""
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What the message is for."""

    transactional: bool = False
    unsubscribe: str = ""
    """The address at which the person can unsubscribe, as the template was given it."""


Check: TypeAlias = Callable[[Words, Occasion], Iterator[Remark]]


@cache
def checks() -> Mapping[str, Check]:
    """What is looked at, by medium; media of which nothing is looked at are left out."""
    return {name: cast("Check", each) for name, each in discover(check_modules, "CHECK").items()}


def remarks_on(medium: str, words: Words, occasion: Occasion) -> list[Remark]:
    """Everything there is to say about a message, the weightiest first."""
    found = list(_leftovers(words))
    if medium in checks():
        found += checks()[medium](words, occasion)
    order: tuple[Weight, ...] = ("wrong", "risky", "note")
    return sorted(found, key=lambda each: order.index(each.weight))


def _leftovers(words: Words) -> Iterator[Remark]:
    """Marks of Liquid that nobody read: a value brought them, or they were written wrongly."""
    for part, said in words.parts.items():
        if any(mark in text for text in texts_in(said) for mark in ("{{", "{%")):
            yield Remark(
                code="liquid_left",
                weight="risky",
                part=part,
                message="There are marks of Liquid in what the person reads.",
                hint="Look where a value, or a raw section, brings {{ or {% with it.",
            )


def texts_in(said: Json) -> Iterator[str]:
    """Every text in a part."""
    match said:
        case str():
            yield said
        case dict():
            for each in said.values():
                yield from texts_in(each)
        case list():
            for each in said:
                yield from texts_in(each)
        case _:
            pass
