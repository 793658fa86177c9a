"""Strictness: what content asks for is there, or it is not saved and not published.

A variable that nothing provides, a catalogue, pool or host that is not there, and a trait or a property that nobody was
ever seen to have are all found before the first message says nothing where something was meant. What is not known yet
may be declared: by the `default` filter, by a condition that asks whether it is there, or by allowing what is unknown
when it is saved or published.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from urllib.parse import urlsplit

from holdfast.decisions.fields import one_of
from holdfast.kernel.errors import Exposed, Invalid
from holdfast.messages.liquid.asked import Asked, Source
from holdfast.messages.liquid.linked_hosts import LinkedHosts
from holdfast.messages.provided import Texts
from holdfast.ports.discovery import Discovery
from holdfast.ports.state import View

KNOWN_MOST = 1_000
"""Traits, or properties of one event, that are looked through; where there are more, none is called unknown."""
ALLOW = "Else give it a default, put it in an if, or allow what is unknown: allow_unknown, or --allow-unknown."


@dataclass(frozen=True, slots=True, kw_only=True)
class Strictness:
    """What content is held to, beside what the state says."""

    discovery: Discovery | None = None
    """Who knows the traits and properties that were seen; None leaves those unquestioned."""
    hosts: LinkedHosts | None = None
    """Which may be called; None leaves addresses unquestioned."""
    allow_unknown: bool = False
    """Whether traits and properties may be asked for that nobody was seen to have, since they are still to come."""


UNQUESTIONED = Strictness()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Traits, and properties by event, that somebody was seen to have."""

    traits: frozenset[str] = frozenset()
    """Empty where nothing can be said: none is known yet, or too many are."""
    properties: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """As the traits, by event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What tags can take something from."""

    catalogues: tuple[str, ...]
    pools: tuple[str, ...]
    hosts: LinkedHosts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """One place that asks, with neither default nor condition, for what nobody was seen to have."""

    part: str
    """Where the text stands, such as `buttons[0].label`."""
    asked: Asked
    code: str
    message: str
    near: str
    """The name that may have been meant; empty for none."""


NOTHING_SEEN = Seen()


async def look_around(strictness: Strictness, events: Collection[str] = ()) -> Seen:
    """What was seen so far: traits, and the properties of these events. Reads nothing where everything is allowed."""
    discovery = strictness.discovery
    if discovery is None or strictness.allow_unknown:
        return NOTHING_SEEN
    return await seen_by(discovery, events)


async def seen_by(discovery: Discovery, events: Collection[str]) -> Seen:
    """What the history knows of traits, and of the properties of these events."""
    return Seen(
        traits=await _names(discovery, None),
        properties={name: await _names(discovery, name) for name in sorted(events)},
    )


async def load_sources(view: View, hosts: LinkedHosts | None) -> Sources:
    """The catalogues and pools there are, and the hosts."""
    return Sources(
        catalogues=tuple(each.name for each in await view.catalogues()),
        pools=tuple(each.name for each in await view.coupon_pools()),
        hosts=hosts,
    )


def check_sources(texts: Texts, sources: Sources, *, path: str) -> None:
    """Complain of the first tag that names a catalogue or a pool that is not there, or a host that is not called."""
    for part, template in texts:
        for source in template.sources():
            complaint = _complaint(source, sources) if source.name else None
            if complaint is not None:
                complaint.path = f"{path}.{part}"
                raise complaint


def unheard_in(texts: Texts, seen: Seen, event: str | None) -> Iterator[Unheard]:
    """Every place that asks for a trait or a property nobody was seen to have, as if everybody had it.

    Args:
        event: the one that leads to the message; None where that is not known.
    """
    properties = seen.properties.get(event, frozenset()) if event is not None else frozenset()
    for part, template in texts:
        for asked in template.asked():
            if asked.has_default:
                continue
            match asked.name:
                case ("person", "user_id", *_):
                    pass
                case ("person", trait, *_) if asked.tested < 2 and _is_unknown(trait, seen.traits):
                    said, near = f"nobody has a trait {trait!r:.120}.", _nearest(trait, seen.traits)
                    yield Unheard(part=part, asked=asked, code="unknown_trait", message=said, near=near)
                case ("event", "properties", key, *_) if asked.tested < 3 and _is_unknown(key, properties):
                    said, near = f"no event {event!r:.120} ever had a property {key!r:.120}.", _nearest(key, properties)
                    yield Unheard(part=part, asked=asked, code="unknown_property", message=said, near=near)
                case _:
                    pass


def check_unheard(texts: Texts, seen: Seen, event: str | None, *, path: str) -> None:
    """Complain of the first of them."""
    for each in unheard_in(texts, seen, event):
        raise Invalid(
            f"line {each.asked.line}: {each.message}",
            code=each.code,
            path=f"{path}.{each.part}",
            hint=f"Did you mean {each.near!r:.120}? {ALLOW}" if each.near else ALLOW,
        )


async def _names(discovery: Discovery, event: str | None) -> frozenset[str]:
    known = await discovery.known_properties(event, limit=KNOWN_MOST)
    return frozenset(each.name for each in known) if len(known) < KNOWN_MOST else frozenset()


def _is_unknown(name: str, known: frozenset[str]) -> bool:
    return bool(known) and name not in known


def _nearest(name: str, known: frozenset[str]) -> str:
    near = get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return near[0] if near else ""


def _complaint(source: Source, sources: Sources) -> Exposed | None:
    where = f"line {source.line}: "
    match source.tag:
        case "catalogue" | "recommend" if source.name not in sources.catalogues:
            hint = f"{one_of(source.name, sources.catalogues)} Bring one in: holdfast catalogue import NAME FILE."
            return Invalid(f"{where}there is no catalogue {source.name!r:.100}.", code="unknown_catalogue", hint=hint)
        case "coupon" if source.name not in sources.pools:
            hint = f"{one_of(source.name, sources.pools)} Bring codes in: holdfast coupons import POOL FILE."
            return Invalid(f"{where}there is no coupon pool {source.name!r:.100}.", code="unknown_pool", hint=hint)
        case "linked" if sources.hosts is not None and not sources.hosts.allow(source.name.strip()):
            host = _host(source.name)
            return Invalid(
                f"{where}{host or source.name!r:.100} may not be called.",
                code="host_not_allowed",
                hint=f"Add {host} to the setting linked_hosts." if host else "Write an address such as https://….",
            )
        case _:
            return None


def _host(url: str) -> str:
    try:
        return urlsplit(url.strip()).hostname or ""
    except ValueError:
        return ""
