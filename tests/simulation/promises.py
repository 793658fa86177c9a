"""What must be true at the end of every world."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

from holdfast.events.event import Event, IdentityKey
from holdfast.flows.person import shown_as
from holdfast.ports.state import Identity
from holdfast.profiles.identity import persons
from holdfast.profiles.profile import EMPTY, Profile, combine, learn
from holdfast.stores.memory.tables import Tables
from tests.simulation.world import DAY_MS, World

TOLD = {"sent": "Message Sent", "failed": "Message Failed", "in_doubt": "Message In Doubt"}
"""What the history calls the end of a send that was queued."""


@dataclass(kw_only=True)
class Ends:
    """Where a world has ended, laid out for questions."""

    world: World
    tables: Tables
    rows: list[dict[str, Any]]
    """The history's events."""
    broken: list[str] = field(default_factory=list)

    def hold(self, true: object, said: str) -> None:
        if not true:
            self.broken.append(said)


async def check(world: World) -> list[str]:
    """Every promise that was not kept, in words."""
    rows = [row async for row in _exported(world)]
    ends = Ends(world=world, tables=world.state._committed, rows=rows)
    for each in (_nothing_lost, _no_mail_twice, _every_contact, _every_traveller, _opted_out, _caps):
        each(ends)
    for each in (_told_once, _profiles, _counters, _at_rest):
        each(ends)
    await _people(ends)
    return ends.broken


async def _exported(world: World) -> AsyncIterator[dict[str, Any]]:
    async for batch in world.history.export(batch_rows=10_000):
        for row in batch.to_pylist():
            yield {**row, "properties": json.loads(row["properties"])}


def _nothing_lost(ends: Ends) -> None:
    there = Counter(row["message_id"] for row in ends.rows)
    for batch in ends.world.batches:
        for message_id in batch.good if batch.acknowledged_at is not None else ():
            ends.hold(there[message_id] == 1, f"{message_id} is in the history {there[message_id]} times")
    bad = Counter(each.origin for each in ends.tables.bad_records.values())
    ends.hold(all(count == 1 for count in bad.values()), "a bad record is there twice")
    unforeseen = [each for each in ends.tables.bad_records.values() if each.code == "unforeseen"]
    ends.hold(not unforeseen, f"an event was blamed: {unforeseen}")
    twice = [message_id for message_id, count in there.items() if count > 1]
    ends.hold(not twice, f"there twice: {twice}")


def _no_mail_twice(ends: Ends) -> None:
    taken = ends.world.provider.taken
    for key, count in taken.items():
        ends.hold(count == 1, f"{key} was carried {count} times")
        send = ends.tables.sends.get(key)
        ends.hold(send is not None and send.state in ("sent", "in_doubt"), f"{key} was carried, and is {send}")
    for send in ends.tables.sends.values():
        ends.hold(send.state != "sent" or taken[send.key], f"{send.key} is sent and was never taken")


def _every_contact(ends: Ends) -> None:
    asked = Counter(
        row["properties"]["send"]
        for row in ends.rows
        if row["event"] in ("Message Queued", "Message Withheld") and "template" in row["properties"]
    )
    settled = Counter(
        (row["properties"]["send"], row["event"])
        for row in ends.rows
        if row["event"].startswith("Message ") and "send" in row["properties"]
    )
    ends.hold(asked.keys() == ends.tables.sends.keys(), "contacts asked for and rows differ")
    for send in ends.tables.sends.values():
        queued = settled[send.key, "Message Queued"]
        ends.hold(send.state not in ("pending", "claimed"), f"{send.key} is {send.state} for ever")
        ends.hold(send.state == "sent" or send.reason, f"{send.key} has no reason for being {send.state}")
        name = TOLD.get(send.state, "Message Withheld")
        ends.hold(settled[send.key, name] == 1, f"{name} was told {settled[send.key, name]} times of {send.key}")
        ends.hold(queued or send.state == "withheld", f"{send.key} was never queued, and is {send.state}")
        others = [each for each in (*TOLD.values(), "Message Withheld") if each != name]
        ends.hold(not any(settled[send.key, each] for each in others), f"{send.key} came to more than one end")


def _every_traveller(ends: Ends) -> None:
    for visit in ends.tables.visits.values():
        if visit.left_ms is None:
            waits = visit.due_ms is not None or visit.waits_for
            ends.broken.append(f"{visit} never left" if waits else f"{visit} waits for nothing")
        ends.hold(visit.left_by != "failed", f"{visit} failed")


def _opted_out(ends: Ends) -> None:
    """Nobody is written to who had said no, in a request acknowledged before the claim began.

    Who else belongs to the person may have said yes later, so only a no that nobody said yes after is held against us.
    """
    said = [(batch.acknowledged_at, each) for batch in ends.world.batches for each in batch.consents]
    said = [(at, each) for at, each in said if _user(each.user) in ends.tables.numbers]
    links = [replace(link, undone_ms=None) for link in ends.tables.links.values()]
    together = persons(ends.tables.identities, links)
    for send in ends.tables.sends.values():
        if send.transactional or not ends.world.provider.taken[send.key]:
            continue
        user = ends.tables.identities[send.identity].key.value
        began = ends.world.claims[send.key][-1]
        refusals = [
            each.stamp for at, each in said if each.user == user and not each.granted and at is not None and at < began
        ]
        kin = together[send.identity]
        others = (each for _, each in said if each.granted and each.stamp > max(refusals, default=(0, "")))
        if refusals and not any(together[ends.tables.numbers[_user(each.user)]] == kin for each in others):
            ends.broken.append(f"{user} had opted out by {max(refusals)[1]} and was written {send.key}")


def _user(name: str) -> IdentityKey:
    return IdentityKey(kind="user", value=name)


def _caps(ends: Ends) -> None:
    caps = [(ends.world.cap_day, DAY_MS), (4, 7 * DAY_MS)]
    contacts: dict[int, list[int]] = defaultdict(list)
    for send in ends.tables.sends.values():
        if not send.transactional and send.state in ("sent", "in_doubt"):
            # What people get counts, not what was asked for: a provider that was down makes the two differ.
            contacts[send.identity].append(send.claimed_ms or send.created_ms)
    for identity, moments in contacts.items():
        for most, window_ms in caps:
            for start in moments:
                within = sum(1 for at in moments if start <= at < start + window_ms)
                ends.hold(not most or within <= most, f"{within} contacts of {identity} within {window_ms} ms")


def _told_once(ends: Ends) -> None:
    told = Counter(
        (row["event"], row["properties"]["origin"], row["identity"], row["properties"]["entry_key"])
        for row in ends.rows
        if row["event"] == "Journey Entered"
    )
    left = Counter(row["event"] for row in ends.rows)["Journey Left"]
    visits = Counter(
        ("Journey Entered", visit.origin, visit.identity, visit.entry_key) for visit in ends.tables.visits.values()
    )
    ends.hold(told == visits, f"entries told and visits differ: {told - visits} {visits - told}")
    gone = sum(visit.left_ms is not None for visit in ends.tables.visits.values())
    ends.hold(left == gone, f"{left} were told to have left, and {gone} did")


def _profiles(ends: Ends) -> None:
    folded: dict[int, Profile] = {}
    for row in ends.rows:
        folded[row["identity"]] = learn(folded.get(row["identity"], EMPTY), _event(row))
    for identity in folded.keys() | ends.tables.profiles.keys():
        kept, wanted = ends.tables.profiles.get(identity, EMPTY), folded.get(identity, EMPTY)
        ends.hold(kept == wanted, f"the profile of {identity} is {kept} and the history's fold is {wanted}")


def _event(row: dict[str, Any]) -> Event:
    return Event(
        name=row["event"],
        kind=row["kind"],
        user_id=row["user_id"] or None,
        anonymous_id=row["anonymous_id"] or None,
        timestamp=row["timestamp"],
        received_at=row["received_at"],
        message_id=row["message_id"],
        properties=row["properties"],
        source=row["source"],
        previous_id="x" if row["kind"] == "alias" else None,
    )


def _counters(ends: Ends) -> None:
    counts = ends.tables.step_counts
    for origin, version, step in {(origin, version, step) for origin, version, step, _ in counts}:
        here = [v for v in ends.tables.visits.values() if (v.origin, v.version) == (origin, version)]
        stands = sum(1 for v in here if v.step == step and (v.left_ms is None or v.left_by == step))
        exits = sum(
            count for place, count in counts.items() if place[:3] == (origin, version, step) and place[3] != "entered"
        )
        entered = counts.get((origin, version, step, "entered"), 0)
        if step == "in":
            ends.hold(entered == len(here), f"{entered} are counted into {origin}, and {len(here)} entered")
        else:
            ends.hold(entered == exits + stands, f"{origin}/{step}: {entered} came, {exits} went, {stands} are there")


def _at_rest(ends: Ends) -> None:
    tables, log_end = ends.tables, len(ends.world.log._records)
    ends.hold(not tables.emitted, f"{len(tables.emitted)} own events were never told")
    ends.hold(not tables.stale, f"{len(tables.stale)} changed people were never told")
    ends.hold(tables.offsets == {"react": log_end, "archive": log_end}, f"{tables.offsets} of {log_end}")
    ends.hold(ends.world.log._first == 0, "the log was trimmed")


async def _people(ends: Ends) -> None:
    members: dict[int, list[Identity]] = defaultdict(list)
    for identity in ends.tables.identities.values():
        members[identity.person].append(identity)
    found = {row.person: row for row in (await ends.world.history.find("", limit=10_000))[0]}
    ends.hold(found.keys() == members.keys(), f"people {found.keys() ^ members.keys()} are only in one of the two")
    for person, those in members.items():
        row = found.get(person)
        whole = combine(ends.tables.profiles.get(each.id, EMPTY) for each in those)
        if row is not None:
            ends.hold(row.user_id == shown_as(those).value, f"person {person} is shown as {row.user_id}")
            ends.hold(row.traits == whole.trait_values(), f"person {person} has other traits")
            ends.hold(row.last_seen_ms == whole.last_seen_ms, f"person {person} was seen at another time")
    for row_ in ends.rows:
        person = ends.tables.identities[row_["identity"]].person
        ends.hold(row_["person"] == person, f"{row_['message_id']} is {row_['person']}'s and should be {person}'s")
