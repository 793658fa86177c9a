"""A witness that stands by in every transaction and at every hand-over, and holds each to what was promised.

What is promised of a moment must be looked at in that moment: at the end nobody can tell any more what somebody had
said, or what hour it was where they lived, when they were written to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import time
from zoneinfo import ZoneInfo, available_timezones

from holdfast.decisions.caps import Cap
from holdfast.decisions.gate import GateRules
from holdfast.decisions.visit import Visit
from holdfast.events.event import Event, IdentityKey
from holdfast.flows.delivery.lanes import SEND_WITHIN_MS
from holdfast.kernel.moments import from_millis
from holdfast.messages.parcel import Parcel
from holdfast.ports.log import Record
from holdfast.ports.state import WAITED_MS_MOST, Send, Settlement
from holdfast.profiles.profile import EMPTY, Profile, combine
from holdfast.stores.memory.tables import Tables

GIVEN = ("pending", "claimed", "sent", "in_doubt")
"""Contacts that were made, or are to be."""
KNOWN_ZONES = available_timezones()


@dataclass(slots=True, kw_only=True)
class Seen:
    """One transaction as the witness sees it."""

    tables: Tables
    """As they are in it."""
    began: int
    """When it began, in the world's order."""
    claims: list[Send] = field(default_factory=list)
    settled: list[Settlement] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    forgotten: list[Forgotten] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """Somebody who was erased, as they were."""

    names: frozenset[IdentityKey]
    until: int
    """What stood in the log before this offset and is theirs, goes."""
    at_ms: int
    unwanted: frozenset[str]
    """Addresses at which they wanted nothing."""
    visits: tuple[Visit, ...]
    sends: tuple[Send, ...]


class Witness:
    """Sees everything; says what is broken."""

    def __init__(self, rules: GateRules, now_ms: Callable[[], int], say: Callable[[str], None]) -> None:
        self._rules = rules
        self._now_ms = now_ms
        self._say = say
        self._sends: dict[str, Send] = {}
        self.moment = 0
        """Counts what happened: the order of the world."""
        self.claims: dict[str, list[int]] = {}
        """For every send, when each transaction that claimed it began."""
        self.offsets: dict[bytes, list[int]] = {}
        """Where requests are in the log, by their bodies."""
        self.forgotten: list[Forgotten] = []
        self.unwanted: set[str] = set()
        """Addresses of erased people who had said no."""
        self.joined: set[int] = set()
        """Identities that were ever joined to another, though they be parted, or the other erased, since."""
        self.broken: list[str] = []

    def happened(self) -> int:
        """The next moment in the world's order."""
        self.moment += 1
        return self.moment

    def appended(self, first: int, records: Sequence[Record]) -> None:
        """These are durable."""
        for offset, record in enumerate(records, first):
            self.offsets.setdefault(record.body, []).append(offset)

    def asked_for(self, tables: Tables, keys: Iterable[str]) -> None:
        """Contacts were asked for; those that are permitted keep the caps together with those that wait."""
        for key in keys:
            send = tables.sends[key]
            if send.state == "pending" and not send.transactional:
                self._hold_caps(tables, send, "is permitted", lambda each: max(each.created_ms, each.not_before_ms))

    def commits(self, seen: Seen) -> None:
        """A transaction is about to be committed."""
        tables = seen.tables
        self.joined.update(end for link in tables.links.values() for end in (link.first, link.second))
        for forgotten in seen.forgotten:
            self._say(f"  {sorted(each.value for each in forgotten.names)} are forgotten")
            self.forgotten.append(forgotten)
            self.unwanted |= forgotten.unwanted
        for event in seen.told:
            self._say(f"  {event.identity.value}: {event.name} {_told(event)}")
        for settlement in seen.settled:
            self._say(f"  {settlement.key[:8]} is {settlement.state} {settlement.reason}")
        for key in dict.fromkeys(each.key for each in seen.claims):
            send = tables.sends[key]
            if send.state != "claimed":
                continue
            self.claims.setdefault(key, []).append(seen.began)
            self._sends[key] = send
            self._say(f"  {key[:8]} of {send.origin} to {send.address} is claimed by {send.claimed_by}")
            # The moment of the claim is the one that was read when it was begun; what is handed over is looked at then.
            self._claimed(tables, send, send.claimed_ms or 0)

    def forgets(self, tables: Tables, identities: Sequence[int]) -> Forgotten:
        """Somebody is about to be erased: as they are."""
        gone = set(identities)
        whole = combine(tables.profiles.get(each, EMPTY) for each in identities)
        sends = tuple(each for each in tables.sends.values() if each.identity in gone)
        refuses = False in whole.consent_values().values()
        return Forgotten(
            names=frozenset(each.key for each in tables.identities.values() if each.id in gone),
            until=tables.offsets.get("react", 0),
            at_ms=self._now_ms(),
            unwanted=frozenset(each.address.lower() for each in sends if each.address and refuses),
            visits=tuple(each for each in tables.visits.values() if each.identity in gone),
            sends=sends,
        )

    def hands_over(self, parcel: Parcel) -> None:
        """A message is about to be handed to the provider."""
        send, now_ms = self._sends.get(parcel.key), self._now_ms()
        if send is None:
            self.broken.append(f"{parcel.key} is handed over and was never claimed")
        elif send.claimed_ms is not None and now_ms > send.claimed_ms + SEND_WITHIN_MS:
            self.broken.append(f"{parcel.key} is handed over {now_ms - send.claimed_ms} ms after its claim")

    def _claimed(self, tables: Tables, send: Send, now_ms: int) -> None:
        """What must be true of whoever is written to now."""
        if send.transactional:
            return
        whole = whole_of(tables, send)
        consent = whole.consents_to(send.channel, send.topic)
        silent = self._rules.consent_default == "granted"
        self._hold(silent if consent is None else consent, f"{send.key} is claimed without consent")
        dead = (send.channel, send.address.lower()) in tables.suppressions
        self._hold(not dead, f"{send.key} is claimed, and {send.address} is suppressed")
        self._hold(send.address.lower() not in self.unwanted, f"{send.key} goes to somebody erased who had said no")
        self._hold(not self._is_quiet(whole, now_ms), f"{send.key} is claimed in quiet hours")
        holds = [each for each in self._rules.service_holds if each.holds(whole.tallies, now_ms)]
        self._hold(not holds, f"{send.key} is claimed while {holds} hold")
        versions = [each for each in tables.decisions.values() if each.id == send.origin]
        newest = max(versions, key=lambda each: each.version)
        self._hold(newest.state == "live", f"{send.key} is claimed and {send.origin} is {newest.state}")
        self._hold_caps(tables, send, "is claimed", lambda each: each.claimed_ms)

    def _hold_caps(self, tables: Tables, send: Send, what: str, when: Callable[[Send], int | None]) -> None:
        """In every window that holds this contact, wherever it is laid, there are no more than allowed."""
        person = tables.identities[send.identity].person
        theirs = {each.id for each in tables.identities.values() if each.person == person}
        at_ms = when(send)
        assert at_ms is not None
        for cap in self._rules.caps:
            if not _concerns(cap, send):
                continue
            made = [
                moment
                for each in tables.sends.values()
                if each.identity in theirs and each.state in GIVEN and _concerns(cap, each)
                # Those that waited for longer than that are forgotten by the caps sooner.
                if each.created_ms >= at_ms - cap.within_seconds * 1000 - WAITED_MS_MOST
                if (moment := when(each)) is not None
            ]
            window_ms = cap.within_seconds * 1000
            for start in (each for each in made if each <= at_ms < each + window_ms):
                within = sum(start <= each < start + window_ms for each in made)
                self._hold(within <= cap.most, f"{send.key} {what}, the {within}th within {window_ms} ms of {cap}")

    def _is_quiet(self, whole: Profile, now_ms: int) -> bool:
        quiet = self._rules.quiet
        if quiet is None:
            return False
        lives_in = whole.trait_values().get("timezone")
        zone = ZoneInfo(lives_in) if isinstance(lives_in, str) and lives_in in KNOWN_ZONES else self._rules.zone
        wall = from_millis(now_ms).astimezone(zone).time()
        begins, ends = (time(minute // 60, minute % 60) for minute in (quiet.from_minute, quiet.until_minute))
        return begins <= wall < ends if begins < ends else wall >= begins or wall < ends

    def _hold(self, true: object, said: str) -> None:
        if not true:
            self.broken.append(said)


def whole_of(tables: Tables, send: Send) -> Profile:
    """All that is known of whom a send is to."""
    person = tables.identities[send.identity].person
    members = [each.id for each in tables.identities.values() if each.person == person]
    return combine(tables.profiles.get(each, EMPTY) for each in members)


def _concerns(cap: Cap, send: Send) -> bool:
    if send.transactional or cap.channel not in ("", send.channel):
        return False
    return cap.topic in ("", send.topic)


def _told(event: Event) -> str:
    said = event.properties
    return " ".join(
        str(said[name])[:12] for name in ("origin", "segment", "send", "step", "reason", "by") if name in said
    )
