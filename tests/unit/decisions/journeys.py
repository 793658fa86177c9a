"""Journeys for tests: builders, and strategies made of what the steps declare, so a new step is tested by existing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import assume
from hypothesis import strategies as st

from holdfast.decisions import fields as kinds
from holdfast.decisions.adaptive_fields import Between, PathNames
from holdfast.decisions.days_off import Country
from holdfast.decisions.entry import enter
from holdfast.decisions.experiment import Experiment
from holdfast.decisions.gate import GateRules, Standing
from holdfast.decisions.journey import Journey, decode_journey
from holdfast.decisions.machine import Scene
from holdfast.decisions.nodes import step_types
from holdfast.decisions.shares import Shares
from holdfast.decisions.step import Step
from holdfast.decisions.steps.segment_change import SavedSegmentName
from holdfast.decisions.steps.send import ChannelName, Content
from holdfast.decisions.steps.trigger import Trigger
from holdfast.decisions.time_fields import (
    Day,
    Days,
    DaysOfMonth,
    TimeOfDay,
    TimesOfDay,
    TimeZone,
    WallTimes,
    Weekdays,
)
from holdfast.decisions.trait_values import TraitValue
from holdfast.decisions.visit import Visit
from holdfast.decisions.web_fields import HeaderLines, WebAddress
from holdfast.events.event import Event, Json
from holdfast.kernel.errors import Invalid
from holdfast.profiles.profile import EMPTY, Profile, learn
from holdfast.segments.clock_parts import WEEKDAYS
from holdfast.segments.facts import ProfileFacts

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
REACHABLE = {"email": Standing(address="ada@example.com", consent=True)}
NAMES = ("Checkout Started", "Order Completed", "Product Viewed", "straße\\'\"")


def an_event(name: str, at: datetime = START, message_id: str = "m1", **properties: Json) -> Event:
    return Event(
        name=name, user_id="ada", timestamp=at, received_at=at, message_id=message_id, properties=dict(properties)
    )


KNOWN = learn(
    EMPTY,
    Event(
        name="Identified",
        kind="identify",
        user_id="ada",
        timestamp=START,
        received_at=START,
        message_id="known",
        # Steps drawn at random name traits like events. The clocks of New York go forward on 8 March.
        properties={
            "timezone": "America/New_York",
            "plan": "gold",
            NAMES[0]: "2026-03-02",
            NAMES[1]: "2026-03-08T23:30:00+02:00",
            NAMES[2]: "2026-02-01",
            NAMES[3]: 7,
        },
    ),
)
"""Somebody of whom a few things are known."""


EXPERIMENTS = {
    "email": Experiment(id="email", name="E", variants={"email": 0.5, "marketing": 0.5}, state="running"),
    "sms": Experiment(id="sms", name="S", variants={"email": 0.5, "sms": 0.5}),
}
"""One that runs and one that does not; steps drawn here name them."""


def a_scene(
    now: datetime = START,
    *,
    profile: Profile = EMPTY,
    standing: Mapping[str, Standing] = REACHABLE,
    rules: GateRules | None = None,
) -> Scene:
    return Scene(
        now=now,
        facts=ProfileFacts(profile),
        standing=standing,
        rules=rules or GateRules(),
        experiments=EXPERIMENTS,
    )


def a_visit(journey: Journey, now: datetime = START, *, person_key: str = "ada") -> Visit:
    visit = enter(
        journey,
        1,
        entering(journey, now),
        identity=1,
        person_key=person_key,
        facts=ProfileFacts(EMPTY),
        before=None,
        now=now,
    )
    assert isinstance(visit, Visit), visit
    return visit


def entering(journey: Journey, now: datetime = START) -> Event:
    """An event that lets somebody in, where the trigger asks nothing of its properties but a key."""
    trigger = journey.trigger
    assert isinstance(trigger, Trigger)
    return msgspec.structs.replace(an_event(trigger.event, now), properties={trigger.key_property or "order_id": "o1"})


def cart_rescue(**changes: Any) -> dict[str, Any]:
    return {
        "id": "cart-rescue",
        "name": "Cart rescue",
        "holdout": 0.0,
        "goal": {"event": "Order Completed", "within_seconds": 259_200},
        "start": "cart",
        "steps": {
            "cart": {
                "type": "trigger",
                "event": "Checkout Started",
                "again": "after_exit",
                "exits": {"entered": "wait"},
            },
            "wait": {
                "type": "until",
                "event": "Order Completed",
                "seconds": 2700,
                "exits": {"happened": "bought", "expired": "mail"},
            },
            "mail": {
                "type": "send",
                "channel": "email",
                "template": {"subject": "Your cart is waiting", "html": "<p>Come back.</p>"},
                "exits": {"sent": "done", "withheld": "done"},
            },
            "done": {"type": "exit"},
            "bought": {"type": "exit"},
        },
    } | changes


event_names = st.sampled_from(NAMES)
conditions: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.one_of(
        st.fixed_dictionaries(
            {
                "type": st.just("trait"),
                "trait": st.sampled_from(("plan", "first name")),
                "operator": st.just("equals"),
                "value": st.sampled_from(("gold", "", 7, True)),
            }
        ),
        st.fixed_dictionaries(
            {
                "type": st.just("did"),
                "event": event_names,
                "at_least": st.integers(1, 5),
                "within_days": st.sampled_from((0.5, 30)),
            }
        ),
    ),
    lambda inner: st.fixed_dictionaries({"type": st.sampled_from(("all", "any")), "of": st.lists(inner, max_size=2)}),
    max_leaves=3,
)
comparisons = st.fixed_dictionaries(
    {
        "property": st.sampled_from(("value", "currency")),
        "operator": st.just("equals"),
        "value": st.sampled_from((30, "EUR", True)),
    }
)

BY_KIND: dict[type[kinds.Kind], Callable[[Any], st.SearchStrategy[Any]]] = {
    WebAddress: lambda _: st.sampled_from(["https://a.example", "http://b.example:8080/x?y=%20z"]),
    HeaderLines: lambda _: st.sampled_from(["", "X-Shop: tea", "X-One: 1\nX-Two: "]),
    kinds.Text: lambda kind: st.sampled_from([each for each in (*NAMES, "") if len(each) >= kind.least]),
    kinds.Name: lambda kind: st.sampled_from(("email", "marketing", "sms")),
    kinds.Duration: lambda kind: st.sampled_from([each for each in (0, 1, 2, 60, 3600) if each >= kind.least]),
    kinds.ShareBelowOne: lambda kind: st.sampled_from((0.0, 0.5, 0.99)),
    kinds.Flag: lambda kind: st.booleans(),
    kinds.Choice: lambda kind: st.sampled_from(kind.options),
    kinds.SegmentCondition: lambda kind: conditions,
    kinds.Comparisons: lambda kind: st.one_of(st.just([]), st.lists(comparisons, max_size=2)),
    kinds.OrNull: lambda kind: st.one_of(st.none(), of_kind(kind.kind)),
    kinds.Nested: lambda kind: fields_of(kind.type),
    kinds.Many: lambda kind: st.lists(of_kind(kind.kind), max_size=3),
    PathNames: lambda kind: st.sampled_from((["a", "b"], ["c", "a", "b"])),
    Between: lambda kind: st.sampled_from((kind.most, (kind.least + kind.most) / 2)),
    TimeOfDay: lambda kind: st.sampled_from(("00:00", "02:30", "12:00", "12:00:01", "23:59:59")),
    Weekdays: lambda kind: st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=7),
    TimeZone: lambda kind: st.sampled_from(("person", "workspace", "Europe/Berlin", "Pacific/Kiritimati")),
    Days: lambda kind: st.sampled_from((-1, 0, 1)),
    Country: lambda kind: st.sampled_from(("DE", "US-CA", *(("person",) if kind.person else ()))),
    SavedSegmentName: lambda kind: st.sampled_from(("gold", "lapsed")),
    TimesOfDay: lambda kind: st.lists(st.sampled_from(("00:00", "02:30", "23:59:59")), min_size=1, max_size=3),
    WallTimes: lambda kind: st.lists(
        st.sampled_from(("2026-03-08T02:30", "2026-03-01T12:00:01", "2027-01-01T00:00")), min_size=1, max_size=3
    ),
    Day: lambda kind: st.sampled_from(("2026-03-01", "2028-02-29", "2026-12-31")),
    DaysOfMonth: lambda kind: st.lists(st.sampled_from((1, 15, 29, 31)), min_size=1, max_size=3),
    kinds.Whole: lambda kind: st.integers(kind.least, min(kind.most, kind.least + 5)),
    ChannelName: lambda kind: st.just("email"),
    Content: lambda kind: st.sampled_from(
        ({"subject": "Hello", "text": "Hi"}, {"subject": "{{ x }}", "html": "<p>"}, {"saved": "welcome"})
    ),
    TraitValue: lambda kind: st.sampled_from(("gold", "", "2026-03-05", "Asia/Tokyo", 1, -2.5, True, None)),
    Shares: lambda kind: st.sampled_from(
        ({"a": 0.5, "b": 0.5}, {"b": 0, "a": 1}, {f"n{each}": 0.1 for each in range(10)})
    ),
}


def of_kind(kind: kinds.Kind) -> st.SearchStrategy[Any]:
    return BY_KIND[type(kind)](kind)


def fields_of(type_: type[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """JSON of a declaration: any fields of the right kinds, whether or not they go together."""
    return st.fixed_dictionaries({name: of_kind(kind) for name, kind in kinds.kinds_of(type_).items()})


@st.composite
def steps_of(draw: st.DrawFn, type_: type[Step]) -> dict[str, Any]:
    """JSON of a step whose fields go together, without exits."""
    given = draw(fields_of(type_))
    try:
        kinds.decode_fields(type_, given, "$")
    except Invalid as complaint:
        assume(complaint.code != "contradiction")
        raise
    return {"type": type_.type_name(), **given}


AGAINS = ({"again": "once"}, {"again": "after_exit"}, {"again": "per_key", "key_property": "order_id"})


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    """Valid journeys of every shape: exits lead onwards, or back to a step that rests, so nobody goes in circles."""
    types = step_types()
    inner = sorted(name for name, each in types.items() if (each.exits or each.exits_of) and not each.starts)
    chosen = [draw(steps_of(types[name])) for name in draw(st.lists(st.sampled_from(inner), max_size=7))]
    made = [kinds.decode_fields(types[each["type"]], each, "$", beside=("type",)) for each in chosen]
    ids = [f"s{index}" for index in range(len(chosen))] + ["end-a", "end-b"]
    resting = [f"s{index}" for index, step in enumerate(made) if step.rests()]
    nodes: dict[str, dict[str, Any]] = {"end-a": {"type": "exit"}, "end-b": {"type": "goal"}}
    for index, step in enumerate(made):
        ahead = [*ids[index + 1 :], *resting]
        nodes[ids[index]] = chosen[index] | {"exits": {each: draw(st.sampled_from(ahead)) for each in step.ways()}}
    again = {"key_property": None} | draw(st.sampled_from(AGAINS))
    anybody: dict[str, Any] = {"type": "trigger", "where": [], "only_if": None, "exits": {"entered": ids[0]}}
    nodes["start"] = draw(fields_of(types["trigger"])) | again | anybody
    return {
        "id": "drawn",
        "name": "Drawn",
        "holdout": draw(st.sampled_from((0.0, 0.5, 0.99))),
        "goal": {"event": draw(event_names), "within_seconds": draw(st.sampled_from((60, 7200)))},
        "leave_on_goal": draw(st.booleans()),
        "start": "start",
        "steps": _reached(nodes),
    }


def _reached(nodes: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    reached, ahead = {"start"}, ["start"]
    while ahead:
        new = set(_ways(nodes[ahead.pop()])) - reached
        reached |= new
        ahead += sorted(new)
    return {name: node for name, node in nodes.items() if name in reached}


def _ways(node: Mapping[str, Any]) -> Iterable[str]:
    ways: dict[str, str] = node.get("exits", {})
    return ways.values()


journeys = definitions().map(decode_journey)
