"""Alike: whether two states say the same of everybody, and what each says where they differ.

People are compared by their names, so that it does not matter how they are numbered; whether the numbers are the same
is a table of its own. Moments are compared to the millisecond. What differs by nature is left out: which process had
claimed a send, and what it waited for between two attempts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from holdfast.decisions.visit import Visit
from holdfast.events.event import IdentityKey
from holdfast.ports.boards import Analysis, AnalysisKind
from holdfast.ports.state import Identity, Send, State, View
from holdfast.ports.teamwork import AuditQuery
from holdfast.profiles.identity import Link

PERSONS_AT_ONCE = 2_000
EXAMPLES_MOST = 5
EVERYTHING = 2**31

Rows = dict[str, object]
"""By what names a row, what it says."""


@dataclass(slots=True, kw_only=True)
class Differing:
    """What differs in one table."""

    rows: int = 0
    """Rows compared."""
    missing: int = 0
    """Rows that only the first has."""
    extra: int = 0
    """Rows that only the second has."""
    changed: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether nothing does."""
        return not (self.missing or self.extra or self.changed)

    def compare(self, was: Rows, now: Rows) -> None:
        """Compare some rows of both."""
        self.rows += len(was)
        for name in sorted(was.keys() | now.keys()):
            if name not in now:
                self.missing += 1
                self._example(f"{name} is missing; it was {was[name]!r:.300}")
            elif name not in was:
                self.extra += 1
                self._example(f"{name} is new: {now[name]!r:.300}")
            elif was[name] != now[name]:
                self.changed += 1
                self._example(f"{name} was {was[name]!r:.300} and is {now[name]!r:.300}")

    def _example(self, text: str) -> None:
        if len(self.examples) < EXAMPLES_MOST:
            self.examples.append(text)


async def compare_states(first: State, second: State) -> dict[str, Differing]:
    """What differs between two states, by table; every table that was looked at is there."""
    found: dict[str, Differing] = {}
    async with first.view() as was, second.view() as now:
        seen = 0
        while persons := await was.persons_after(seen, limit=PERSONS_AT_ONCE):
            seen = persons[-1]
            members = [each for those in (await was.members(persons)).values() for each in those]
            keys = [each.key for each in members]
            others = await now.identities(keys)
            _add(found, await _rows(was, members), await _rows(now, list(others.values())))
        await _extra(found, was, now)
        _add(found, await _whole(was), await _whole(now))
    return found


def _add(found: dict[str, Differing], was: Mapping[str, Rows], now: Mapping[str, Rows]) -> None:
    for table in was.keys() | now.keys():
        found.setdefault(table, Differing()).compare(was.get(table, {}), now.get(table, {}))


async def _extra(found: dict[str, Differing], was: View, now: View) -> None:
    """Whoever only the second knows."""
    seen = 0
    while persons := await now.persons_after(seen, limit=PERSONS_AT_ONCE):
        seen = persons[-1]
        members = [each for those in (await now.members(persons)).values() for each in those]
        known = await was.identities([each.key for each in members])
        strangers = [each for each in members if each.key not in known]
        if strangers:
            _add(found, {}, await _rows(now, strangers))


async def _rows(view: View, identities: Sequence[Identity]) -> dict[str, Rows]:
    """All that is said of these identities, in every table."""
    name_of = {each.id: _name(each.key) for each in identities}
    persons = sorted({each.person for each in identities})
    members = await view.members(persons)
    names = {person: sorted(_name(each.key) for each in those) for person, those in members.items()}
    ids = list(name_of)
    profiles = await view.profiles(ids)
    links = [each for each in await view.links(ids) if each.first in name_of]
    ends = await view.identities_by_id([end for each in links for end in (each.first, each.second)])
    sends = await view.sends_of(origin=None, identities=ids, limit=EVERYTHING)
    return {
        "numbers": {_name(each.key): each.id for each in identities},
        "people": {_name(each.key): names[each.person] for each in identities},
        "profiles": {name_of[each]: profile for each, profile in profiles.items()},
        "links": _links(links, ends),
        "visits": _visits(await view.visits_of(ids, limit=EVERYTHING), name_of),
        "sends": {f"{name_of[each.identity]} {each.key}": _send(each) for each in sends},
        "live segments": await _memberships(view, persons, names),
        "inbox": {
            f"{name_of[each.identity]} {each.key}": replace(each, identity=0)
            for each in await view.inbox(ids, now_ms=0, limit=EVERYTHING)
        },
    }


def _links(links: Iterable[Link], ends: Mapping[int, Identity]) -> Rows:
    rows: Rows = {}
    for each in links:
        name = f"{_name(ends[each.first].key)} {_name(ends[each.second].key)} {each.kind} {each.at_ms}"
        rows[f"{name} {sum(other.startswith(name) for other in rows)}"] = (each.by, each.undone_ms, each.undone_by)
    return rows


def _visits(visits: Iterable[Visit], name_of: Mapping[int, str]) -> Rows:
    return {
        f"{name_of[each.identity]} {each.origin} {each.entry_key}": (
            each.version,
            each.arm,
            each.step,
            each.seq,
            each.entered_ms,
            each.arrived_ms,
            each.due_ms,
            sorted(each.waits_for),
            each.left_ms,
            each.left_by,
        )
        for each in visits
    }


def _send(send: Send) -> object:
    # A claim is of a process; a rebuild makes none, and what was claimed and never settled is pending there.
    state = "pending" if send.state == "claimed" else send.state
    reason = "" if state == "pending" else send.reason
    return (send.origin, send.version, send.step, send.channel, send.address, state, reason, send.dead, send.created_ms)


async def _memberships(view: View, persons: Sequence[int], names: Mapping[int, list[str]]) -> Rows:
    segments = {each.number: each.segment for each in await view.live_segments() if each.ended_ms is None}
    return {
        names[person][0]: {segments[number]: since for number, since in each.inside.items() if number in segments}
        for person, each in (await view.memberships(persons)).items()
        if each.inside.keys() & segments.keys()
    }


async def _whole(view: View) -> dict[str, Rows]:
    """What is not about anybody."""
    decisions = await view.decisions(latest=False)
    origins = sorted({each.id for each in decisions})
    counts: Rows = {}
    for origin in origins:
        for each in await view.step_counts(origin):
            counts[f"{origin} {each.version} {each.step} {each.exit}"] = each.count
    segments = [*await view.segments(), *await view.deleted_segments()]
    return {
        "step counts": counts,
        "spending": {
            f"{origin} {day}": cost
            for origin, days in (await view.spent(origins)).items()
            for day, cost in days.items()
        },
        "journeys and campaigns": {f"{each.id} {each.version}": (each.state, each.definition) for each in decisions},
        "segments": {each.id: (each.version, each.definition, each.deleted, each.live) for each in segments},
        "templates": {f"{each.id} {each.version}": each for each in await view.template_headings("template")},
        "blocks": {f"{each.id} {each.version}": each for each in await view.template_headings("block")},
        "experiments": {
            f"{each.id} {each.version}": each
            for newest in await view.experiments()
            for each in await view.experiment_versions(newest.id, limit=EVERYTHING)
        },
        "weighings": {
            f"{each.experiment} {each.number}": each
            for experiment in await view.weighed()
            for each in await view.weighings(experiment, limit=EVERYTHING)
        },
        "suppressions": {f"{each.channel} {each.address}": each.reason for each in await view.every_suppression()},
        "accounts": {each.email: each for each in await view.accounts()},
        "connections": {each.name: each for each in await view.connections()},
        "holdout draws": {str(each.since_ms): each for each in await view.holdout_draws()},
        "catalogues": {each.name: (each.items, dict(each.fields), each.ranked_by) for each in await view.catalogues()},
        "coupons": {each.name: (each.codes, each.given) for each in await view.coupon_pools()},
        "audit entries": {str(each.id): each for each in await view.audit(AuditQuery(), limit=EVERYTHING)},
        "approvals": {str(each.id): each for each in await view.approvals(None, limit=EVERYTHING)},
        "comments": {str(each.id): each for each in await view.comments_after(0, limit=EVERYTHING)},
        "mentions": {
            str(each.id): await view.mentions_in(each.id) for each in await view.comments_after(0, limit=EVERYTHING)
        },
        "drafts": {f"{each.kind}:{each.about}": each for each in await view.drafts(limit=EVERYTHING)},
        "saved insights": {each.id: each for each in await _analyses(view, "insight")},
        "boards": {each.id: each for each in await _analyses(view, "board")},
        "meanings": {f"{each.event}/{each.name}": each for each in await view.meanings()},
        "shared links": {each.id: each for each in await view.shared_links()},
        "bad records": dict(await view.count_bad_records(by_code=True)),
    }


async def _analyses(view: View, kind: AnalysisKind) -> list[Analysis]:
    return [*await view.analyses(kind), *await view.analyses(kind, deleted=True)]


def _name(key: IdentityKey) -> str:
    return f"{key.kind}:{key.value}"
