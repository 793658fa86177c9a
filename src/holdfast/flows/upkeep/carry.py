"""Carry: what a state made anew takes from the one before, because no log tells it.

Definitions and their versions, keys, accounts, connections, notes (lists, the KPI tree), how the global holdout was
drawn, runs of campaigns with their audiences, what waits in inboxes, what is kept of those who are forgotten, own
events on their way to the log, the turns themselves; and what somebody did by hand to bad records and dead letters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from msgspec import structs

from holdfast.events.event import Event
from holdfast.flows.delivery.claiming import PACE
from holdfast.flows.ingest.numbering import numbering_of
from holdfast.flows.upkeep.carry_content import carry_content
from holdfast.flows.upkeep.carry_teamwork import carry_teamwork
from holdfast.ports.runs import Run, RunState
from holdfast.ports.state import BadRecord, Decision, SavedSegment, State, Transaction, View
from holdfast.ports.templates import SavedKind

AT_ONCE = 5_000
RUNS_MOST = 10_000_000
RUN_STATES: tuple[RunState, ...] = ("preparing", "held", "running", "paused", "done", "missed", "stopped")
VERSIONS_MOST = 100_000
OF_A_PROCESS = ("acting", "archive/", "bulk", "own/", PACE)
"""How the notes of work under way begin, which mean nothing to another state."""


@dataclass(slots=True, kw_only=True)
class Before:
    """What is known of the state before; of what is large, only that it is there."""

    state: State
    decisions: dict[tuple[str, int], Decision]
    segments: dict[tuple[str, int], SavedSegment]
    has_runs: bool
    has_gaps: bool
    """Whether somebody was forgotten, so that numbers do not come out by counting."""
    gathered: frozenset[str] = frozenset()
    """The leaves of which turns tell how far the past was gathered, or for which it is still to be."""
    unnoted: list[Decision | SavedSegment] = field(default_factory=list)
    """What no turn tells when it was published or saved: by the moment it says itself, the latest first."""

    @classmethod
    async def read(cls, state: State) -> Before:
        """Read it."""
        async with state.view() as view:
            decisions = {(each.id, each.version): each for each in await view.decisions(latest=False)}
            segments = {(each.id, each.version): each for each in await _segment_versions(view)}
            noted, gathered = await _noted(view), await _gathered(view)
            runs = await view.runs_in(RUN_STATES, limit=1)
            erasures = await view.erasures()
        unnoted: list[Decision | SavedSegment] = [
            *(each for key, each in decisions.items() if ("decision", *key) not in noted),
            *(each for key, each in segments.items() if ("segment", *key) not in noted),
        ]
        return cls(
            state=state,
            decisions=decisions,
            segments=segments,
            has_runs=bool(runs),
            has_gaps=bool(erasures),
            gathered=gathered,
            unnoted=sorted(unnoted, key=lambda each: (-_moment(each), -each.version)),
        )

    async def save_segment(self, state: State, segment_id: str, version: int) -> None:
        """Save a version of a segment as it was saved then."""
        segment = self.segments.get((segment_id, version))
        if segment is not None:
            async with state.begin() as transaction:
                await _save(transaction, segment)

    async def save_experiment(self, state: State, experiment_id: str, version: int) -> None:
        """Save a version of an experiment as it was saved then."""
        async with self.state.view() as view, state.begin() as transaction:
            for saved in await view.experiment_versions(experiment_id, limit=1, before=version + 1):
                await transaction.put_experiment(saved)

    async def save_unnoted(self, state: State, now_ms: int) -> None:
        """Publish and save what says of itself that it was by then."""
        while self.unnoted and _moment(self.unnoted[-1]) <= now_ms:
            each = self.unnoted.pop()
            async with state.begin() as transaction:
                if isinstance(each, Decision):
                    await transaction.put_decision(replace(each, state="live"))
                else:
                    await _save(transaction, each)


async def carry_before(before: Before, state: State) -> dict[str, int]:
    """What is to be there before the first event; returns how much, by what it is."""
    async with before.state.view() as view:
        notes = {name: value for name, value in (await view.notes()).items() if _outlives(name)}
        keys, tombstones, erasures = await view.keys(), await view.every_tombstone(), await view.erasures()
        connections, accounts = await view.connections(), await view.accounts()
        draws = await view.holdout_draws()
        runs = await view.runs_in(RUN_STATES, limit=RUNS_MOST)
        async with state.begin() as transaction:
            for name, value in notes.items():
                await transaction.set_note(name, value)
            for key in keys:
                await transaction.put_key(key)
            for connection in connections:
                await transaction.put_connection(connection)
            for account in accounts:
                await transaction.put_account(account)
            for draw in draws:
                await transaction.put_holdout_draw(draw)
            await transaction.add_tombstones(tombstones)
            for erasure in erasures:
                await transaction.put_erasure(erasure)
            for run in runs:
                await _carry_run(view, transaction, run)
            templates = await _carry_templates(view, transaction)
            experiments = await _carry_experiments(view, transaction)
    return {"notes": len(notes), "keys": len(keys), "erasures": len(erasures), "runs": len(runs)} | {
        "connections": len(connections),
        "accounts": len(accounts),
        "holdout draws": len(draws),
        "templates and blocks": templates,
        "experiments": experiments,
    }


async def carry_after(before: Before, state: State, told: Mapping[int, Event], *, fresh: bool) -> dict[str, int]:
    """What is to be as it was last; returns how much, by what it is.

    Args:
        told: own events that ticks came to and that the log does not have.
        fresh: whether the state was made from nothing, and not from a copy of the one before.
    """
    await before.save_unnoted(state, END_OF_TIME_MS)
    carried = {"decisions": len(before.decisions), "segments": len(before.segments)}
    async with before.state.view() as view, state.begin() as transaction:
        if not fresh:
            await _tell_again(transaction, told)
            return carried
        for decision in before.decisions.values():
            await transaction.put_decision(decision)
        for planned in (await view.planned()).values():
            await transaction.plan(planned)
        emitted = [event for _, event in await view.emitted(limit=EVERYTHING)]
        known = await transaction.seen([each.dedup_hash for each in emitted])  # It was told, and not let go of yet.
        await transaction.emit([each for each in emitted if each.dedup_hash not in known])
        carried |= {"own events on their way": len(emitted), "turns": await _carry_turns(view, transaction)}
        carried |= await _carry_suppressions(view, transaction)
        carried |= await _carry_inbox(view, transaction)
        await _carry_marks(view, transaction)
        await _carry_letters(view, transaction)
        carried |= await carry_content(view, transaction)
        carried |= await carry_teamwork(view, transaction)
        if before.has_gaps:
            await _carry_counts(view, transaction, sorted({each for each, _ in before.decisions}))
    return carried


END_OF_TIME_MS = 2**62
EVERYTHING = 2**31


def _moment(each: Decision | SavedSegment) -> int:
    return each.published_ms if isinstance(each, Decision) else each.updated_ms


def _outlives(name: str) -> bool:
    return not name.startswith(OF_A_PROCESS)


async def _segment_versions(view: View) -> list[SavedSegment]:
    ids = [each.id for each in (*await view.segments(), *await view.deleted_segments())]
    return [version for each in ids for version in await view.segment_versions(each, limit=VERSIONS_MOST)]


async def _noted(view: View) -> set[tuple[str, str, int]]:
    """What turns tell when it was published or saved: kind, id and version."""
    noted: set[tuple[str, str, int]] = set()
    last = 0
    while turns := await view.turns(after_id=last, limit=AT_ONCE):
        last = turns[-1].id
        for turn in turns:
            version = turn.said.get("version")
            # A decision that was paused has a turn for that, and none for when it was published by an earlier Holdfast.
            if isinstance(version, int) and (turn.kind in ("segment", "experiment") or "move" in turn.said):
                noted.add((turn.kind, str(turn.said["id"]), version))
    return noted


async def _gathered(view: View) -> frozenset[str]:
    found = {each.leaf for each in await view.watches() if not each.filled}
    last = 0
    while turns := await view.turns(after_id=last, limit=AT_ONCE):
        last = turns[-1].id
        found |= {str(turn.said["leaf"]) for turn in turns if turn.kind == "gathering"}
    return frozenset(found)


async def _save(transaction: Transaction, segment: SavedSegment) -> None:
    if segment.deleted:
        await transaction.delete_segment(segment.id, at_ms=segment.updated_ms, by=segment.by)
    else:
        await transaction.put_segment(segment)


async def _carry_templates(view: View, transaction: Transaction) -> int:
    """Every version of every template and block that is not there yet."""
    kinds: tuple[SavedKind, ...] = ("template", "block")
    headings = [each for kind in kinds for each in await view.template_headings(kind)]
    there = {each for kind in kinds for each in await transaction.template_headings(kind)}
    for heading in headings:
        saved = await view.template_version(heading.kind, heading.id, heading.version)
        if saved is None or heading in there:
            continue
        if saved.deleted:
            await transaction.delete_template(saved.kind, saved.id, at_ms=saved.saved_ms, by=saved.by)
        else:
            await transaction.put_template(saved)
    return len(headings)


async def _carry_experiments(view: View, transaction: Transaction) -> int:
    """Every version of which no turn tells when it was saved; the others are saved again at their turn."""
    noted, carried = await _noted(view), 0
    for newest in await view.experiments():
        for saved in (await view.experiment_versions(newest.id, limit=VERSIONS_MOST))[::-1]:
            if ("experiment", saved.id, saved.version) not in noted:
                await transaction.put_experiment(saved)
                carried += 1
    return carried


async def _carry_run(view: View, transaction: Transaction, run: Run) -> None:
    added = await transaction.add_run(run)
    if added is None:
        return
    await transaction.put_run(replace(run, id=added.id))
    members = await view.run_members(run.id, 0, run.chosen) if run.chosen else []
    if members:
        await transaction.put_members(added.id, b"".join(each.to_bytes(4, "little") for each in members))


async def _tell_again(transaction: Transaction, told: Mapping[int, Event]) -> None:
    """The log does not have what was told last: it is told now, and what the copy was about to tell and did, is not."""
    waiting = await transaction.emitted(limit=EVERYTHING)
    seen = await transaction.seen([event.dedup_hash for _, event in waiting])
    taken = (await numbering_of(transaction)).taken
    await transaction.drop_emitted([number for number, event in waiting if number <= taken or event.dedup_hash in seen])
    known = await transaction.seen(list(told))
    await transaction.emit([event for number, event in told.items() if number not in known])


async def _carry_turns(view: View, transaction: Transaction) -> int:
    last = count = 0
    while turns := await view.turns(after_id=last, limit=AT_ONCE):
        last = turns[-1].id
        count += len(turns)
        for turn in turns:
            await transaction.add_turn(turn)
    return count


async def _carry_counts(view: View, transaction: Transaction, origins: Sequence[str]) -> None:
    """What the forgotten did and cost goes on counting, though nobody can say any more that it was them."""
    for origin in origins:
        now = {(each.version, each.step, each.exit): each.count for each in await transaction.step_counts(origin)}
        theirs = [
            structs.replace(each, count=each.count - now.get((each.version, each.step, each.exit), 0))
            for each in await view.step_counts(origin)
        ]
        await transaction.count_steps([each for each in theirs if each.count > 0])
    spent, counted = await view.spent(origins), await transaction.spent(origins)
    theirs_spent = {
        (origin, day): cost - counted.get(origin, {}).get(day, 0)
        for origin, days in spent.items()
        for day, cost in days.items()
    }
    await transaction.spend({account: cost for account, cost in theirs_spent.items() if cost > 0})


async def _carry_suppressions(view: View, transaction: Transaction) -> dict[str, int]:
    """Those of the forgotten, and any that the log does not tell."""
    known = {(each.channel, each.address) for each in await transaction.every_suppression()}
    missing = [each for each in await view.every_suppression() if (each.channel, each.address) not in known]
    for each in missing:
        await transaction.suppress(each.channel, each.address, each.reason, 0)
    return {"suppressions": len(missing)}


async def _carry_inbox(view: View, transaction: Transaction) -> dict[str, int]:
    """What waits for people: what it says stands nowhere else."""
    count, last = 0, ""
    while items := await view.inbox_after(last, limit=AT_ONCE):
        last = items[-1].key
        owners = await view.identities_by_id(sorted({each.identity for each in items}))
        known = await transaction.identities([each.key for each in owners.values()])
        now = {number: known[each.key].id for number, each in owners.items() if each.key in known}
        carried = [replace(each, identity=now[each.identity]) for each in items if each.identity in now]
        await transaction.add_inbox(carried)
        count += len(carried)
    return {"inbox": count}


async def _carry_marks(view: View, transaction: Transaction) -> None:
    """Which bad records were replayed."""
    replayed = {each.origin: each.replayed_ms for each in await _bad_records(view, replayed=True)}
    for each in await _bad_records(transaction, replayed=False) if replayed else ():
        at_ms = replayed.get(each.origin)
        if at_ms is not None:
            await transaction.mark_replayed([each.id], at_ms)


async def _bad_records(view: View, *, replayed: bool) -> Sequence[BadRecord]:
    return await view.bad_records(limit=EVERYTHING, before_id=None, replayed=replayed)


async def _carry_letters(view: View, transaction: Transaction) -> None:
    """Which dead letters somebody has given up, and which wait again though it was not yet told that they failed."""
    dead = [each.key for each in await transaction.dead_letters(limit=EVERYTHING)]
    before = await view.sends(dead) if dead else {}
    waiting = [each for each in before.values() if each.state in ("pending", "claimed")]
    for each in waiting:
        await transaction.replay_dead_letters([each.key], each.not_before_ms)
    await transaction.drop_dead_letters([key for key in dead if key in before and not before[key].dead])
