"""What the simulated shop has set up: rules, segments, journeys and campaigns, each in some versions."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, Literal

from holdfast.segments.builders import did, last_did, trait
from holdfast.segments.condition import Condition

DAY_SECONDS = 86_400
MAIL = {"channel": "email", "template": {"subject": "To {{ person.user_id }}", "text": "Hello."}}
GOAL = {"event": "Bought", "within_seconds": DAY_SECONDS}

BUDGET_MINOR = 2
"""What the journey with a budget may spend on a day: five mails."""
COST_MINOR = 0.4

Kind = Literal["journey", "campaign"]


def drawn_rules(chance: Random) -> dict[str, object]:
    """Settings under which the shop writes to people."""
    quiet_from, quiet_until = chance.choice((("", ""), ("21:00", "08:00"), ("12:00", "13:30")))
    return {
        "cap_email_per_day": chance.choice((0, 1, 2)),
        "cap_email_per_week": 4,
        "contact_caps": chance.choice(("", "1 in 12 hours about news", "2 in 3 days on email about offers")),
        "dedup_days": chance.choice((1, 30)),
        "quiet_from": quiet_from,
        "quiet_until": quiet_until,
        "quiet_policy": chance.choice(("defer", "defer", "drop")),
        "fatigue": chance.choice(("", "", "after 3 in 14 days, 1 in 7 days")),
        "service_holds": chance.choice(("", "from Ticket Opened until Ticket Solved, at most 3 days")),
        "message_costs": f"email {COST_MINOR}",
        "global_holdout": chance.choice((0.0, 0.0, 0.15)),
        "consent_default": chance.choice(("granted", "granted", "granted", "granted", "required")),
        "time_zone": chance.choice(("UTC", "Europe/Berlin", "America/New_York")),
        "send_rates": chance.choice(("", "", "email 4/min")),
    }


def segments() -> dict[str, Condition]:
    """Live ones: people come in and go out by what they do, and by time alone."""
    return {
        "idle": last_did("Page Read", before_days=1) & ~did("Bought", within_days=1),
        "keen": did("Page Read", at_least=3, within_days=2),
        "gold": trait("plan") == "gold",
    }


def other_keen() -> Condition:
    """Another meaning of `keen`."""
    return did("Page Read", at_least=2, within_days=1.5)


def decisions(wait_seconds: int, version: int = 1) -> dict[str, tuple[Kind, dict[str, Any]]]:
    """Everything that is published, by id; each version waits a little longer than the one before."""
    wait = wait_seconds * version
    journeys = [_welcome(wait), _rescue(wait), _receipt(), _second(wait), _nurture(wait)]
    campaigns = [_weekly(), _birthday(), _idle(), _back(), _episode(), _called(), _unless(wait)]
    return {each["id"]: ("journey", each) for each in journeys} | {each["id"]: ("campaign", each) for each in campaigns}


TIMED = ("weekly", "birthday")
"""Those that begin again and again, for ever."""
STARTS = frozenset({"in", "trigger"})
"""What the first step is called: in journeys, and in campaigns."""


def _send(topic: str, to: str, **fields: object) -> dict[str, object]:
    return {"type": "send", "topic": topic, **MAIL, **fields, "exits": {"sent": to, "withheld": to}}


def _trigger(event: str, to: str, **fields: object) -> dict[str, object]:
    return {"type": "trigger", "event": event, **fields, "exits": {"entered": to}}


def _journey(journey_id: str, steps: Mapping[str, object], **fields: object) -> dict[str, Any]:
    steps = {**steps, "out": {"type": "exit"}}
    return {"id": journey_id, "name": journey_id.title(), "goal": GOAL, "start": "in", "steps": steps, **fields}


def _campaign(
    campaign_id: str, trigger: Mapping[str, object], send: Mapping[str, object], **fields: object
) -> dict[str, Any]:
    said = {"id": campaign_id, "name": campaign_id.title(), "goal": GOAL, "trigger": trigger}
    return {**said, "send": {**MAIL, **send}, **fields}


def _welcome(wait: int) -> dict[str, Any]:
    """A wait for an event."""
    steps = {
        "in": _trigger("Signed Up", "first", again="once"),
        "first": _send("news", "until", priority=70),
        "until": {
            "type": "until",
            "event": "Bought",
            "seconds": wait,
            "exits": {"happened": "out", "expired": "second"},
        },
        "second": _send("news", "out"),
    }
    return _journey("welcome", steps)


def _rescue(wait: int) -> dict[str, Any]:
    """Some are left alone to compare with; whoever reaches the goal leaves."""
    steps = {
        "in": _trigger("Checkout Started", "wait", again="after_exit"),
        "wait": {"type": "wait", "seconds": wait, "exits": {"waited": "mail"}},
        "mail": _send("offers", "rest"),
        "rest": {"type": "wait", "seconds": 2 * wait, "exits": {"waited": "out"}},
    }
    return _journey("rescue", steps, holdout=0.2, leave_on_goal=True)


def _receipt() -> dict[str, Any]:
    steps = {
        "in": _trigger("Bought", "mail", again="per_key", key_property="order_id"),
        "mail": _send("receipts", "out", transactional=True),
    }
    return _journey("receipt", steps)


def _nurture(wait: int) -> dict[str, Any]:
    """A split, an hour of the person's day, a segment, a trait, a budget, and another journey at the end."""
    steps = {
        "in": _trigger("Page Read", "split", again="after_exit", cool_down_seconds=3_600),
        "split": {"type": "split", "shares": {"early": 0.5, "late": 0.5}, "exits": {"early": "nine", "late": "wait"}},
        "nine": {"type": "wait_until", "at": "09:00", "time_zone": "person", "exits": {"waited": "ask"}},
        "wait": {"type": "wait", "seconds": wait, "exits": {"waited": "ask"}},
        "ask": {
            "type": "branch",
            "condition": {"type": "in_segment", "segment": "keen"},
            "exits": {"yes": "count", "no": "plain"},
        },
        "count": {
            "type": "update_trait",
            "trait": "nudges",
            "change": "increment",
            "value": 1,
            "exits": {"updated": "praise"},
        },
        "praise": _send("news", "hand", priority=90),
        "plain": _send("offers", "out", priority=20),
        "hand": {"type": "enter_journey", "journey": "second", "exits": {"next": "out"}},
    }
    return _journey("nurture", steps, budget={"minor": BUDGET_MINOR, "per": "day"})


def _second(wait: int) -> dict[str, Any]:
    steps = {
        "in": _trigger("Asked", "wait", again="after_exit"),
        "wait": {"type": "wait", "seconds": wait, "exits": {"waited": "mail"}},
        "mail": _send("offers", "out"),
    }
    return _journey("second", steps)


def _weekly() -> dict[str, Any]:
    """When it is nine where they are, some an hour later because there are too many."""
    trigger = {
        "type": "recurring",
        "at": ["09:00"],
        "days": ["monday", "thursday"],
        "time_zone": "person",
        "if_past": "next_day",
        "audience": {"type": "did", "event": "Page Read", "within_days": 10},
        "throttle": {"people": 2, "per": "hour"},
        "cut_off_seconds": DAY_SECONDS,
        "latest_seconds": 2 * DAY_SECONDS,
    }
    return _campaign("weekly", trigger, {"topic": "news", "priority": 30}, holdout=0.1)


def _birthday() -> dict[str, Any]:
    trigger = {"type": "date_trait", "date_trait": "birthday", "yearly": True, "at": "10:00", "latest_seconds": 40_000}
    return _campaign("birthday", trigger, {"topic": "offers", "priority": 80})


def _idle() -> dict[str, Any]:
    trigger = {"type": "segment_change", "segment": "idle", "change": "entered", "latest_seconds": DAY_SECONDS}
    return _campaign("idle-mail", trigger, {"topic": "news", "priority": 40})


def _back() -> dict[str, Any]:
    trigger = {"type": "segment_change", "segment": "keen", "change": "left", "again": "once"}
    return _campaign("back", trigger, {"topic": "offers"})


def _episode() -> dict[str, Any]:
    trigger = {
        "type": "business_event",
        "event": "Episode Released",
        "event_property": "show_id",
        "their_event": "Show Followed",
        "their_property": "show_id",
        "key_property": "episode_id",
        "latest_seconds": DAY_SECONDS,
    }
    return _campaign("episode", trigger, {"topic": "news"})


def _called() -> dict[str, Any]:
    trigger = {"type": "api", "whole_audience": True, "most_people": 4, "latest_seconds": DAY_SECONDS}
    return _campaign("called", trigger, {"topic": "offers"})


def _unless(wait: int) -> dict[str, Any]:
    """To who does not buy in time."""
    trigger = {"type": "trigger", "event": "Checkout Started", "again": "after_exit", "cool_down_seconds": DAY_SECONDS}
    unless = {"event": "Bought", "seconds": wait}
    return _campaign("unless", trigger, {"topic": "offers", "priority": 60}, unless=unless)
