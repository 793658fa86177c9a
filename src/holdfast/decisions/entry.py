"""Entering: whether an event or an occasion lets a person into a journey."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from holdfast.decisions.closed_days import NEVER_CLOSED, ClosedDays
from holdfast.decisions.holdout import arm_of, held_out
from holdfast.decisions.journey import Journey
from holdfast.decisions.start import Admitted, Applicant, Cause, EntryRules, NoEntry
from holdfast.decisions.visit import Visit
from holdfast.events.event import Event, Json
from holdfast.kernel.moments import format_moment, from_millis, to_millis
from holdfast.segments.condition import Facts


class NotEntered(msgspec.Struct, frozen=True, gc=False):
    """The person enters by no means, for exactly one reason: the first in the order of `NoEntry`."""

    reason: NoEntry


class EntryBefore(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A person's earlier entries into the journey, all versions of it and all their identities together."""

    count: int
    last_ms: int
    open: bool
    """Whether a visit is still under way."""
    keys: frozenset[str] = frozenset()
    """The entry keys of those entries."""


def enter(
    journey: Journey,
    version: int,
    cause: Cause,
    *,
    identity: int,
    person_key: str,
    facts: Facts,
    before: EntryBefore | None,
    now: datetime,
    global_holdout: float = 0.0,
    holdout_period: str = "",
    closed: ClosedDays = NEVER_CLOSED,
) -> Visit | NotEntered:
    """The visit that begins, standing at the start and not yet advanced; or why none does.

    A visit with a due time waits at the start until then.

    Args:
        cause: the event the person did, or the occasion that is to let them in.
        identity: whose visit it will be.
        person_key: a name of the person that lasts: the oldest user id, else the oldest anonymous id.
        before: their earlier entries; None when there are none.
        now: when we heard of the event, or come to this person.
        global_holdout: the share of people who get no marketing of any kind; they are in no arm of the trial.
        holdout_period: whose draw of them stands, see `holdout.period_of`.
        closed: when the business is closed.
    """
    applicant = Applicant(origin=journey.id, person_key=person_key, facts=facts, now=now, closed=closed)
    admitted = journey.trigger.admits(cause, applicant)
    if not isinstance(admitted, Admitted):
        return NotEntered(admitted)
    rules = journey.trigger.rules()
    return _visit_of(
        journey,
        version,
        admitted,
        _variables(cause, admitted),
        rules=rules.for_named() if isinstance(cause, Event) else rules,
        identity=identity,
        applicant=applicant,
        before=before,
        global_holdout=global_holdout,
        holdout_period=holdout_period,
    )


def enter_from(
    journey: Journey,
    version: int,
    visit: Visit,
    key: str,
    *,
    person_key: str,
    facts: Facts,
    before: EntryBefore | None,
    now: datetime,
    global_holdout: float = 0.0,
    holdout_period: str = "",
) -> Visit | NotEntered:
    """The visit that begins because another journey hands somebody over; or why none does.

    It does not ask what lets people in otherwise, and carries on what led into the other journey: the key of that, too,
    where the journey lets people in once for each.

    Args:
        visit: theirs in the other journey.
        key: what tells this entry from their others, where the journey lets them in again.
    """
    applicant = Applicant(origin=journey.id, person_key=person_key, facts=facts, now=now)
    admitted = Admitted(key=journey.trigger.handed_over_key(_properties(visit.variables), person_key, key))
    return _visit_of(
        journey,
        version,
        admitted,
        visit.variables,
        rules=journey.trigger.rules().for_named(),
        identity=visit.identity,
        applicant=applicant,
        before=before,
        global_holdout=global_holdout,
        holdout_period=holdout_period,
    )


def _visit_of(
    journey: Journey,
    version: int,
    admitted: Admitted,
    variables: Mapping[str, Json],
    *,
    rules: EntryRules,
    identity: int,
    applicant: Applicant,
    before: EntryBefore | None,
    global_holdout: float,
    holdout_period: str,
) -> Visit | NotEntered:
    now, person_key, facts = applicant.now, applicant.person_key, applicant.facts
    reason = _past_bars(rules, before, admitted.key, now) or rules.bar(facts, now) or _end_bars(admitted, now)
    if reason is not None:
        return NotEntered(reason)
    return Visit(
        origin=journey.id,
        version=version,
        identity=identity,
        entry_key=admitted.key,
        arm="global_holdout"
        if held_out(person_key, global_holdout, holdout_period)
        else arm_of(journey.id, person_key, journey.holdout),
        step=journey.start,
        entered_ms=to_millis(now),
        arrived_ms=to_millis(now),
        due_ms=None if admitted.due is None or admitted.due <= now else to_millis(admitted.due),
        variables=variables,
    )


def _past_bars(rules: EntryRules, before: EntryBefore | None, entry_key: str, now: datetime) -> NoEntry | None:
    if before is None or before.count == 0:
        return None
    if rules.again == "once" or entry_key in before.keys:
        return "entered_before"
    if rules.again == "after_exit" and before.open:
        return "still_inside"
    cool = timedelta(seconds=rules.cool_down_seconds)
    return "cool_down" if now - from_millis(before.last_ms) < cool else None


def _end_bars(admitted: Admitted, now: datetime) -> NoEntry | None:
    turn = now if admitted.due is None else max(now, admitted.due)
    return "too_late" if admitted.not_after is not None and turn > admitted.not_after else None


def _variables(cause: Cause, admitted: Admitted) -> dict[str, Json]:
    run: dict[str, Json] = {} if isinstance(cause, Event) else {"id": cause.run, "occasion": cause.key}
    if admitted.not_after is not None:
        run["not_after"] = format_moment(admitted.not_after)
    told = _told(cause) if isinstance(cause, Event) else cause.told
    return {"event": told, "run": run} if run else {"event": told}


def _properties(variables: Mapping[str, Json]) -> Mapping[str, Json]:
    event = variables.get("event")
    said = event.get("properties") if isinstance(event, dict) else None
    return said if isinstance(said, dict) else {}


def _told(event: Event) -> dict[str, Json]:
    at = format_moment(event.timestamp)
    return {"name": event.name, "timestamp": at, "properties": dict(event.properties)}
