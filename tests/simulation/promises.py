"""What must be true at the end of every world."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

from holdfast.decisions.costs import THOUSANDTHS
from holdfast.decisions.visit import Visit
from holdfast.events.event import Event, IdentityKey
from holdfast.flows.journey.travel import day_of
from holdfast.flows.people.person import shown_as
from holdfast.kernel.moments import from_millis
from holdfast.ports.runs import OPEN
from holdfast.ports.state import Identity, Send
from holdfast.profiles.identity import persons
from holdfast.profiles.profile import EMPTY, Profile, combine, learn
from holdfast.profiles.variants import VARIANT_ASSIGNED
from holdfast.stores.memory.tables import Tables
from tests.simulation import shop
from tests.simulation.again import difference, live_as_asked_anew, same_when_replayed, without_aliases
from tests.simulation.plans import names_of
from tests.simulation.world import World

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
    ends = await ends_of(world)
    for each in (_nothing_lost, _no_mail_twice, _every_contact, _every_traveller, _opted_out, _left_alone):
        each(ends)
    for each in (_told_once, _variants, _profiles, _counters, _money, _at_rest, _nothing_overdue, _joined_as_said):
        each(ends)
    _erased(ends)
    await _people(ends)
    await sizes(ends)
    ends.broken += await live_as_asked_anew(world)
    ends.broken += await same_when_replayed(world)
    return ends.broken


async def ends_of(world: World) -> Ends:
    """Where the world has ended."""
    rows = [row async for row in _exported(world)]
    return Ends(world=world, tables=world.state._committed, rows=rows)


async def _exported(world: World) -> AsyncIterator[dict[str, Any]]:
    async for batch in world.history.export(batch_rows=10_000):
        for row in batch.to_pylist():
            yield {**row, "properties": json.loads(row["properties"])}


def _nothing_lost(ends: Ends) -> None:
    """Everything that became durable is in the history once; but for what was of somebody erased, which is gone."""
    there = Counter(row["message_id"] for row in ends.rows)
    witness = ends.world.witness
    for batch in ends.world.batches:
        offsets = witness.offsets.get(batch.body, [])
        ends.hold(offsets or batch.acknowledged_at is None, f"{batch.good} was acknowledged and is in no log")
        for message in batch.messages:
            if message["messageId"] not in batch.good:
                continue
            stones = [each.until for each in witness.forgotten if not each.names.isdisjoint(names_of(message))]
            left = [each for each in offsets if all(each >= until for until in stones)]
            count = there[message["messageId"]]
            # Who is erased may be named by an alias that comes while they are: it goes, too.
            sure = left == offsets and (message["type"] != "alias" or not stones)
            least, most = (1 if left and sure else 0), (1 if left else 0)
            ends.hold(least <= count <= most, f"{message['messageId']} is in the history {count} times")
    bad = Counter(each.origin for each in ends.tables.bad_records.values())
    ends.hold(all(count == 1 for count in bad.values()), "a bad record is there twice")
    unforeseen = [each for each in ends.tables.bad_records.values() if each.code == "unforeseen"]
    ends.hold(not unforeseen, f"an event was blamed: {unforeseen}")
    twice = [message_id for message_id, count in there.items() if count > 1]
    ends.hold(not twice, f"there twice: {twice} {[row for row in ends.rows if row['message_id'] in twice][:2]}")


def _no_mail_twice(ends: Ends) -> None:
    taken = ends.world.provider.taken
    forgotten = {each.key for each in _forgotten_sends(ends)}
    for key, count in taken.items():
        ends.hold(count == 1, f"{key} was carried {count} times")
        if key in forgotten:
            continue
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
    unsure = {each.key for each in ends.tables.sends.values() if _came_back(ends, each.identity, each.created_ms)}
    differing = asked.keys() ^ ends.tables.sends.keys()
    ends.hold(differing <= unsure, f"contacts asked for and rows differ: {differing - unsure}")
    for send in ends.tables.sends.values():
        queued = settled[send.key, "Message Queued"]
        ends.hold(send.state not in ("pending", "claimed"), f"{send.key} is {send.state} for ever")
        ends.hold(send.state == "sent" or send.reason, f"{send.key} has no reason for being {send.state}")
        name = TOLD.get(send.state, "Message Withheld")
        times = settled[send.key, name]
        again = send.key in ends.world.replayed and name == "Message Failed"
        ends.hold(times == 1 or (again and times) or send.key in unsure, f"{name} was told {times} times of {send.key}")
        told = queued or send.state == "withheld" or send.key in unsure
        ends.hold(told, f"{send.key} was never queued, and is {send.state}")
        # A dead letter that is replayed has come to an end before.
        ended = {name, "Message Failed"} if send.key in ends.world.replayed else {name}
        others = {*TOLD.values(), "Message Withheld"} - ended
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
    Who belonged to them then, and was erased since, nobody can tell: a yes of any of those may have been one.
    """
    there = {row["message_id"] for row in ends.rows}
    witness = ends.world.witness
    gone = {name for forgotten in witness.forgotten for name in forgotten.names}
    every = [(batch.acknowledged_at, each) for batch in ends.world.batches for each in batch.consents]
    lost = [each.stamp for _, each in every if each.granted and _user(each.user) in gone]
    said = [(at, each) for at, each in every if _user(each.user) in ends.tables.numbers and each.stamp[1] in there]
    links = [replace(link, undone_ms=None) for link in ends.tables.links.values()]
    together = persons(ends.tables.identities, links)
    for send in ends.tables.sends.values():
        if send.transactional or not ends.world.provider.taken[send.key]:
            continue
        user = ends.tables.identities[send.identity].key.value
        began = witness.claims[send.key][-1]
        refusals = [
            each.stamp for at, each in said if each.user == user and not each.granted and at is not None and at < began
        ]
        kin = together[send.identity]
        if not refusals or (send.identity in witness.joined and max(lost, default=(0, "")) > max(refusals)):
            continue
        others = (each for _, each in said if each.granted and each.stamp > max(refusals))
        if not any(together[ends.tables.numbers[_user(each.user)]] == kin for each in others):
            ends.broken.append(f"{user} had opted out by {max(refusals)[1]} and was written {send.key}")


def _user(name: str) -> IdentityKey:
    return IdentityKey(kind="user", value=name)


def _left_alone(ends: Ends) -> None:
    """Nobody who is in a holdout is written to, and every non-send has one of the reasons there are."""
    arms: dict[tuple[str, int], set[str]] = defaultdict(set)
    for visit in ends.tables.visits.values():
        arms[visit.origin, visit.identity].add(visit.arm)
    for send in ends.tables.sends.values():
        if not send.transactional and "treated" not in arms[send.origin, send.identity]:
            ends.hold(send.state == "withheld", f"{send.key} to somebody in a holdout is {send.state}")


def _came_back(ends: Ends, identity: int, at_ms: int) -> bool:
    """Whether it is of somebody who was erased and came back in the same moment.

    They are not told of: it cannot be told from what was before.
    """
    there = ends.tables.identities.get(identity)
    stones = ends.world.witness.forgotten
    return there is not None and any(each.at_ms == at_ms and there.key in each.names for each in stones)


def _forgotten_sends(ends: Ends) -> list[Send]:
    return [send for each in ends.world.witness.forgotten for send in each.sends]


def _forgotten_visits(ends: Ends) -> list[Visit]:
    return [visit for each in ends.world.witness.forgotten for visit in each.visits]


def _money(ends: Ends) -> None:
    """What was spent is what was not withheld; and on no day more than there was to spend."""
    spent: Counter[tuple[str, str]] = Counter()
    zone = ends.world.rules.zone
    for send in (*ends.tables.sends.values(), *_forgotten_sends(ends)):
        if send.state != "withheld":
            spent[send.origin, day_of(from_millis(send.created_ms), zone)] += send.cost
    kept = {account: amount for account, amount in ends.tables.spending.items() if amount}
    ends.hold(kept == {each: cost for each, cost in spent.items() if cost}, f"{kept} is spent on {spent}")
    for (origin, day), amount in spent.items():
        over = origin == "nurture" and amount > shop.BUDGET_MINOR * THOUSANDTHS
        ends.hold(not over, f"{origin} spent {amount} on {day}")


def _told_once(ends: Ends) -> None:
    told = Counter(
        (row["event"], row["properties"]["origin"], row["identity"], row["properties"]["entry_key"])
        for row in ends.rows
        if row["event"] == "Journey Entered"
    )
    left = Counter(row["event"] for row in ends.rows)["Journey Left"]
    # Who is erased and comes back in the same moment is not told of: it cannot be told from what was before.
    moments = {each.at_ms for each in ends.world.witness.forgotten}
    sure = Counter(_entry(visit) for visit in ends.tables.visits.values() if visit.entered_ms not in moments)
    unsure = Counter(_entry(visit) for visit in ends.tables.visits.values() if visit.entered_ms in moments)
    ends.hold(sure <= told <= sure + unsure, f"entries told and visits differ: {told - sure} {sure - told}")
    gone = sum(visit.left_ms is not None for visit in ends.tables.visits.values())
    ends.hold(gone - unsure.total() <= left <= gone, f"{left} were told to have left, and {gone} did")


def _variants(ends: Ends) -> None:
    """Whoever passed a split was told of once, and goes the same way every time."""
    told = Counter(
        (row["identity"], row["properties"]["experiment"]) for row in ends.rows if row["event"] == VARIANT_ASSIGNED
    )
    twice = [each for each, count in told.items() if count > 1]
    ends.hold(not twice, f"told more than once: {twice}")
    for visit in ends.tables.visits.values():
        if visit.identity in ends.world.witness.joined:
            continue  # Whoever is one with somebody else goes on the way of the one who came first.
        had = ends.tables.profiles.get(visit.identity, EMPTY).variants.get(f"{visit.origin}.split")
        for step, way, _ in visit.trail:
            went = step != "split" or (had is not None and had.variant == way)
            ends.hold(went, f"{visit.identity} went {way} in {visit.origin}, and has {had}")


def _entry(visit: Visit) -> tuple[str, str, int, str]:
    return "Journey Entered", visit.origin, visit.identity, visit.entry_key


def _profiles(ends: Ends) -> None:
    folded: dict[int, Profile] = {}
    visits, sends = ends.tables.visits.values(), ends.tables.sends.values()
    came_back = {each.identity for each in visits if _came_back(ends, each.identity, each.entered_ms)}
    came_back |= {each.identity for each in sends if _came_back(ends, each.identity, each.created_ms)}
    for row in ends.rows:
        folded[row["identity"]] = learn(folded.get(row["identity"], EMPTY), _event(row))
    for identity in (folded.keys() | ends.tables.profiles.keys()) - came_back:
        kept, wanted = ends.tables.profiles.get(identity, EMPTY), folded.get(identity, EMPTY)
        if ends.world.witness.forgotten:
            kept, wanted = without_aliases(kept, kept), without_aliases(wanted, kept)
        said = f"the profile of {identity} is not the fold of its history: {difference(kept, wanted)}"
        ends.hold(kept == wanted, said)


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
    """What is counted is what is there, and what was there of those who are erased."""
    counts = ends.tables.step_counts
    visits = [*ends.tables.visits.values(), *_forgotten_visits(ends)]
    came_in: Counter[str] = Counter()
    for (origin, version, step, exit_name), count in counts.items():
        if exit_name != "entered":
            continue
        if step in shop.STARTS:
            came_in[origin] += count
            continue
        here = [each for each in visits if (each.origin, each.version, each.step) == (origin, version, step)]
        stands = sum(each.left_ms is None or each.left_by == step for each in here)
        exits = sum(n for place, n in counts.items() if place[:3] == (origin, version, step) and place[3] != "entered")
        ends.hold(count == exits + stands, f"{origin}/{version}/{step}: {count} came, {exits} went, {stands} stand")
    # Whoever was stopped while they waited for their hour never went on from the start.
    passed = [each for each in visits if each.step not in shop.STARTS]
    for origin, count in Counter(each.origin for each in passed).items():
        ends.hold(came_in[origin] == count, f"{came_in[origin]} are counted into {origin}, and {count} entered")


def _at_rest(ends: Ends) -> None:
    tables, log_end = ends.tables, len(ends.world.log._records)
    ends.hold(not tables.emitted, f"{len(tables.emitted)} own events were never told")
    ends.hold(not tables.stale, f"{len(tables.stale)} changed people were never told")
    ends.hold(not tables.member_reviews, f"{len(tables.member_reviews)} people were never looked at anew")
    ends.hold(tables.offsets == {"react": log_end, "archive": log_end}, f"{tables.offsets} of {log_end}")
    ends.hold(ends.world.log._first == 0, "the log was trimmed")
    open_sends = {each.key for each in tables.sends.values() if each.state == "in_doubt" and each.dead}
    ends.hold(tables.kept_words.keys() <= open_sends, "words are kept of messages that nobody tries again")
    preparing = [each for each in tables.runs.values() if each.state in OPEN]
    ends.hold(not preparing, f"runs are not over: {preparing}")
    for run in tables.runs.values():
        asked = sum(run.counts.values())
        ends.hold(run.state != "done" or run.cursor == run.chosen == asked, f"{run} is done, and asked {asked}")


def _nothing_overdue(ends: Ends) -> None:
    now_ms, tables = ends.world.clock.now_ms, ends.tables
    late = [each for each in tables.member_timers if each[0] <= now_ms]
    ends.hold(not late, f"timers of people are overdue: {late}")
    unarmed = [
        person
        for person, each in tables.memberships.items()
        if each.due and (each.armed_ms is None or each.armed_ms > min(each.due.values()))
    ]
    ends.hold(not unarmed, f"nobody will wake {unarmed}")
    unset = [(each.armed_ms, person) for person, each in tables.memberships.items() if each.armed_ms is not None]
    ends.hold(tables.member_timers.issuperset(unset), f"timers are lost: {set(unset) - tables.member_timers}")


def _joined_as_said(ends: Ends) -> None:
    """Who is one person is who is joined by links that stand."""
    wanted = persons(ends.tables.identities, list(ends.tables.links.values()))
    for identity in ends.tables.identities.values():
        ends.hold(identity.person == wanted[identity.id], f"{identity} should be {wanted[identity.id]}")


def _erased(ends: Ends) -> None:
    """Of who was erased nothing is left under their numbers, and every erasure came to its end."""
    waiting = [each.id for each in ends.tables.erasures.values() if each.done_ms is None]
    ends.hold(not waiting, f"erasures are not done: {waiting}")
    for send in _forgotten_sends(ends):
        here = any(row["identity"] == send.identity for row in ends.rows) or send.identity in ends.tables.identities
        ends.hold(not here, f"identity {send.identity} was erased and is there")


async def sizes(ends: Ends) -> None:
    """How many are said to be somewhere is how many are there."""
    async with ends.world.state.view() as view:
        live, totals = await view.live_segments(), await view.send_totals(None)
    here = Counter(number for number, _ in ends.tables.segment_members)
    for each in live:
        ends.hold(each.size == here[each.number], f"{each.segment} counts {each.size} and has {here[each.number]}")
    sends = Counter(each.state for each in (*ends.tables.sends.values(), *_forgotten_sends(ends)))
    forgotten = [each for each in _forgotten_sends(ends) if each.state in ("pending", "claimed")]
    sends.subtract(each.state for each in forgotten)
    there = {state: count for state, count in totals.items() if count}
    ends.hold(there == {state: count for state, count in sends.items() if count}, f"{there} are counted of {sends}")


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
        owner = ends.tables.identities.get(row_["identity"])
        ends.hold(owner is not None, f"{row_['message_id']} is in the history, and nobody's")
        person = row_["person"] if owner is None else owner.person
        ends.hold(row_["person"] == person, f"{row_['message_id']} is {row_['person']}'s and should be {person}'s")


OF_EVERY_WORLD = (
    _nothing_lost,
    _every_contact,
    _every_traveller,
    _told_once,
    _profiles,
    _at_rest,
    _nothing_overdue,
    _joined_as_said,
)
"""Promises that ask nothing of what the shop has set up."""
