"""What looks wrong with a journey that can be published all the same."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.flows.advice import Advice, advice_on
from holdfast.flows.decision_drafts import draft_of
from holdfast.ports.discovery import KnownProperty, KnownValue
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
    said += "{{ person.user_id }}{{ person.email }}{{ event.properties.plan }}"
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
