"""Needs: what a template asks for that rendering does not have at hand.

Rendering does no input or output. A tag that needs something from outside registers a need; whoever renders fetches
what was asked for and renders again with it. The same need stands for the same thing: it is fetched once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from holdfast.events.event import Json

NEEDS_MOST = 200
"""How many different things one rendering may ask for."""
ROUNDS_MOST = 8
"""How often one message is rendered at most: what one round finds may lead to what the next asks for."""
IDS_MOST = 200
"""How many items one tag may name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueItems:
    """Items of a catalogue by their ids.

    Its value: a list of objects, each with its `id`, in the order of the ids; those that are not there are left out.
    """

    catalogue: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommended:
    """Items worth showing: those named first, as far as they are there, then the catalogue's own top items.

    Its value: a list of objects as of `CatalogueItems`, of no more than `count`.
    """

    catalogue: str
    ids: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    """Ids that are not to be shown, whatever else says so."""
    count: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """A code out of a pool, for this send and no other. Its value: the code, a text."""

    pool: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """What a web address answers.

    Its value: the JSON it answered, or its text; null when it could not be had and is not required.
    """

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    cache_seconds: int = 0
    """How long an answer serves everybody who asks for the same; 0 is not at all."""
    required: bool = False
    """Whether the message is not to be sent without it."""


Need: TypeAlias = CatalogueItems | Recommended | Coupon | Linked
Known: TypeAlias = Mapping[Need, Json]
"""What was fetched, by what it was asked for."""
NOTHING_KNOWN: Known = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Wanting:
    """The text cannot be said yet: first fetch these, then render again with them."""

    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Aborted:
    """The template itself says that this person is not to be written to."""

    reason: str


def has_effect(need: Need) -> bool:
    """Whether to fetch it leaves a trace in the world: such a need is not met before it is certain to be used."""
    return isinstance(need, (Coupon, Linked))
