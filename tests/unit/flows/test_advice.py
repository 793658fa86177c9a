"""What looks wrong with a journey that can be published all the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from holdfast.flows.journey.advice import Advice, Around, advice_on
from holdfast.flows.journey.decision_drafts import draft_of
from holdfast.ports.discovery import KnownProperty, KnownValue
from holdfast.ports.state import DecisionState
from tests.unit.flows.test_handing_over import leads
from tests.unit.flows.test_publishing import HELLO
from tests.unit.flows.test_react import RESCUE


class Known:
    """Traits and properties somebody was seen to have."""

    def __init__(self, **known: tuple[str, ...]) -> None:
        self._known = known

    async def known_properties(self, event: str | None, *, text: str = "", limit: int) -> list[KnownProperty]:
        names = [each for each in self._known.get(event or "traits", ()) if text in each]
        return [KnownProperty(name=each, types={"text": 1}, first_ms=0, last_ms=0, values=()) for each in names[:limit]]

    async def known_values(self, event: str | None, name: str, *, text: str = "", limit: int) -> list[KnownValue]:
        return []


async def saying(subject: str, known: Known | None = None) -> list[Advice]:
    template = {"subject": subject, "html": "<p>Hi</p>"}
    said = {**HELLO, "send": {"channel": "email", "template": template}}
    return await advice_on(draft_of("campaign", {name: it for name, it in said.items() if name != "kind"}), known)


@pytest.mark.parametrize(
    ("subject", "message", "hint"),
    [
        ("{{ persn.name }}", "Nothing provides 'persn.name'.", "Did you mean 'person'?"),
        ("{{ event.revenue }}", "Nothing provides 'event.revenue'.", "write event.properties.revenue."),
        ("{% if links.unsubscrib %}x{% endif %}", "Nothing provides 'links.unsubscrib'.", "Did you mean 'unsubscribe'"),
        ("{% for each in things %}{{ each.name }}{% endfor %}x", "Nothing provides 'things'.", "There is event"),
    ],
)
async def test_a_variable_that_nothing_provides(subject: str, message: str, hint: str) -> None:
    (told,) = await saying(subject)
    assert (told.code, told.path, told.message) == ("variable_not_provided", "$.send.template.subject", message)
    assert hint in told.hint


async def test_what_is_provided_is_fine() -> None:
    fine = (
        "{{ person.a.b | default: workspace.name }}{{ event.name }}{{ event.properties.x[0].y }}"
        "{% assign z = event.timestamp %}{{ z | date: '%Y' }}{{ links.unsubscribe }}{{ person[event.name] }}"
        "{% for each in event.properties.items %}{{ forloop.index }}{{ each.name }}{% endfor %}"
    )
    assert await saying(fine) == []


async def test_a_trait_nobody_has_and_a_property_no_event_had() -> None:
    known = Known(**{"traits": ("first_name", "email"), "Signed Up": ("plan",)})
    said = "{{ person.frist_name }}{{ event.properties.paln }}"
    said += "{{ person.user_id }}{{ person.email }}{{ event.properties.plan }}{{ person.nick | default: 'you' }}"
    told = await saying(said, known)
    assert [each.message for each in told] == [
        "Nobody has a trait 'frist_name'.",
        "No event 'Signed Up' ever had a property 'paln'.",
    ]
    assert [each.hint for each in told] == ["Did you mean 'first_name'?", "Did you mean 'plan'?"]
    assert await saying(said, Known()) == [], "of a workspace that knows nothing yet nothing can be said"


async def test_a_journey_nobody_leaves() -> None:
    steps: dict[str, Any] = {
        "cart": RESCUE["steps"]["cart"],
        "wait": {
            "type": "until",
            "event": "Order Completed",
            "seconds": 60,
            "exits": {"happened": "a", "expired": "b"},
        },
        "a": {"type": "exit"},
        "b": {"type": "wait", "seconds": 60, "exits": {"waited": "c"}},
        "c": {"type": "wait", "seconds": 60, "exits": {"waited": "b"}},
    }
    for leave_on_goal in (False, True):
        draft = {**RESCUE, "steps": steps, "leave_on_goal": leave_on_goal}
        (told,) = await advice_on(draft_of("journey", draft, path="$.journeys[3]"))
        assert (told.code, told.path) == ("no_way_out", "$.journeys[3].steps.b")
        assert ("reach the goal" in told.message) == leave_on_goal
    assert await advice_on(draft_of("journey", RESCUE)) == []


NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


async def around(trigger: dict[str, Any], *, costs: dict[str, int] | None = None, **said: Any) -> list[tuple[str, str]]:
    draft = {**HELLO, "trigger": trigger, **said}
    known = Around(now=NOW, zone=ZoneInfo("UTC"), costs=costs or {})
    found = await advice_on(
        draft_of("campaign", {name: it for name, it in draft.items() if name != "kind"}), around=known
    )
    return [(each.code, each.path) for each in found]


@pytest.mark.parametrize(
    ("trigger", "never"),
    [
        ({"type": "dates", "at": ["2026-01-05T08:59"], "time_zone": "UTC"}, True),
        ({"type": "dates", "at": ["2026-01-05T09:01"], "time_zone": "UTC"}, False),
        ({"type": "dates", "at": ["2025-01-05T08:59", "2026-01-06T09:00"]}, False),
        # Where people live it is not so late yet.
        ({"type": "dates", "at": ["2026-01-05T08:59"]}, False),
        ({"type": "dates", "at": ["2026-01-03T08:59"]}, True),
        ({"type": "recurring", "at": ["09:00"], "ends_on": "2025-12-31"}, True),
        ({"type": "recurring", "at": ["09:00"]}, False),
        ({"event": "Signed Up", "again": "once"}, False),
    ],
)
async def test_times_that_are_all_past(trigger: dict[str, Any], never: bool) -> None:
    assert await around(trigger) == ([("never_again", "$.trigger")] if never else [])


@pytest.mark.parametrize(
    ("costs", "free"), [({}, True), ({"sms": 7_500}, True), ({"email": 0}, True), ({"email": 80}, False)]
)
async def test_a_budget_that_is_never_used_up(costs: dict[str, int], free: bool) -> None:
    told = await around({"event": "Signed Up", "again": "once"}, costs=costs, budget={"minor": 100})
    assert told == ([("budget_without_costs", "$.budget")] if free else [])


async def test_a_budget_for_calls_of_webhooks() -> None:
    steps: dict[str, Any] = {
        "in": {"type": "trigger", "event": "Seen", "again": "once", "exits": {"entered": "call"}},
        "call": {"type": "webhook", "url": "https://crm.example/", "exits": {"sent": "out", "withheld": "out"}},
        "out": {"type": "exit"},
    }
    draft = draft_of("journey", {**RESCUE, "start": "in", "steps": steps, "budget": {"minor": 100}})
    for costs, told in (({}, ["budget_without_costs"]), ({"webhook": 10}, [])):
        found = await advice_on(draft, around=Around(now=NOW, zone=ZoneInfo("UTC"), costs=costs))
        assert [each.code for each in found] == told


@pytest.mark.parametrize(
    ("to", "state", "code"),
    [
        ("b", "stopped", "leads_to_stopped"),
        ("b", "archived", "leads_to_stopped"),
        ("b", "live", None),
        ("b", "paused", None),
        ("a", "live", "leads_to_itself"),
    ],
)
async def test_a_step_that_leads_into_what_nobody_enters(to: str, state: DecisionState, code: str | None) -> None:
    draft = draft_of("journey", leads("a", to), path="$.journeys[1]")
    told = await advice_on(draft, around=Around(now=NOW, zone=ZoneInfo("UTC"), states={to: state}))
    assert [(each.code, each.path) for each in told] == (
        [] if code is None else [(code, "$.journeys[1].steps.hand.journey")]
    )
