"""Which trials there are, and how one stood at moments from its beginning until now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from holdfast.events.event import IdentityKey, Json, own_event
from holdfast.flows.experiment.publishing import save_experiment
from holdfast.flows.journey.decide import publish
from holdfast.flows.measure.trial_course import course_of_trial
from holdfast.flows.measure.trial_list import every_trial
from holdfast.flows.measure.trial_told import trial_of
from holdfast.flows.measure.trials import TrialWish, measure_trial
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import format_moment, parse_moment, to_millis
from holdfast.measures.planned import plan_by_people, plan_trial
from holdfast.ports.history import HistoryRow
from holdfast.profiles.variants import VARIANT_ASSIGNED
from holdfast.stores.memory.history import MemoryHistory
from holdfast.stores.memory.state import MemoryState
from holdfast.testing.builders import an_event
from tests.integration.api_server import Server
from tests.integration.test_trials import BEGAN, EFFECT, NOW, a_shop, compared, read_of

GOAL = {"event": "Order Completed", "within_seconds": 259_200}
JOURNEY: dict[str, Any] = {
    "id": "rescue",
    "name": "Rescue",
    "holdout": 0.1,
    "goal": GOAL,
    "start": "in",
    "steps": {
        "in": {"type": "trigger", "event": "Checkout Started", "again": "once", "exits": {"entered": "ways"}},
        "ways": {"type": "split", "shares": {"soon": 0.3, "late": 0.7}, "exits": {"soon": "out", "late": "out"}},
        "out": {"type": "exit"},
    },
}
EXPERIMENT: dict[str, Any] = {
    "id": "colour",
    "name": "Colour",
    "variants": {"bold": 0.5, "control": 0.5},
    "goals": [{"event": "Order Completed", "within_seconds": 86_400}],
}


async def course(metric: str | None = None, moments: int = 10, **how: Any) -> dict[str, Any]:
    history = MemoryHistory(currency="EUR")
    await history.add(a_shop(1).rows(), token="shop")
    found = await course_of_trial(
        MemoryState(),
        history,
        "colour",
        TrialWish(**how),
        metric=metric,
        moments=moments,
        now_ms=to_millis(NOW),
        currency="EUR",
        zone="UTC",
    )
    return dict(found.as_json())


async def test_each_point_is_what_was_read_then() -> None:
    told = await course("orders_7d", base="bold")
    assert (told["metric"], told["measure"], told["base"]) == ("orders_7d", "times", "bold")
    at = [each["at"] for each in told["points"]]
    assert at == sorted(at)
    assert (len(at), at[-1]) == (10, format_moment(NOW))
    for point in told["points"][::3]:
        then = await read_of(a_shop(1), as_of_ms=to_millis(parse_moment(point["at"])), base="bold")
        known = compared(then, "orders_7d")
        (shown,) = point["comparisons"]
        assert (shown["difference"], shown["ratio"]) == (known["difference"], known["ratio"])
        assert [each["people"] for each in point["variants"]] == [each["people"] for each in then["variants"]]


async def test_people_add_up_and_the_interval_narrows_about_what_was_planted() -> None:
    told = await course()
    assert told["metric"] == "conversion_7d"
    people = [sum(each["people"] for each in point["variants"]) for point in told["points"]]
    assert people == sorted(people)
    assert people[-1] == 3_000
    widths = [
        each["high"] - each["low"]
        for each in (point["comparisons"][0]["difference"] for point in told["points"])
        if each["status"] == "estimated"
    ]
    assert widths[-1] < widths[0]
    last = told["points"][-1]["comparisons"][0]["difference"]
    assert last["low"] <= EFFECT <= last["high"]


async def test_a_trial_of_nobody_has_no_points_and_odd_wishes_are_refused() -> None:
    state, history = MemoryState(), MemoryHistory(currency="EUR")
    await save_experiment(state, EXPERIMENT, by="test", now=BEGAN)
    empty = await course_of_trial(
        state, history, "colour", TrialWish(), metric=None, moments=5, now_ms=to_millis(NOW), currency="EUR", zone="UTC"
    )
    assert empty.as_json()["points"] == []
    for how in ({"metric": "joy"}, {"moments": 1}, {"moments": 61}):
        with pytest.raises(Invalid):
            await course(**how)


async def test_names_keep_their_hyphens_where_numbers_get_a_minus() -> None:
    history = MemoryHistory(currency="EUR")
    experiment = {**EXPERIMENT, "variants": {"so-so": 0.5, "control": 0.5}}
    state = MemoryState()
    await save_experiment(state, {**experiment, "state": "running"}, by="test", now=BEGAN)
    rows = []
    for number in range(400):
        user = IdentityKey(kind="user", value=f"u{number}")
        variant = "so-so" if number % 2 else "control"
        properties: dict[str, Json] = {"experiment": "colour", "variant": variant, "propensity": 0.5}
        events = [own_event(VARIANT_ASSIGNED, user=user, at=BEGAN, properties=properties, key=("colour", number))]
        if number % 4 == 0:
            ordered = BEGAN + timedelta(hours=2)
            events.append(
                an_event(
                    "Order Completed",
                    user_id=user.value,
                    timestamp=ordered,
                    received_at=ordered,
                    message_id=str(number),
                )
            )
        rows += [HistoryRow(identity=number + 1, event=each) for each in events]
    await history.add(rows, token="shop")
    measured = await measure_trial(state, history, "colour", TrialWish(), now_ms=to_millis(NOW), currency="EUR")
    words = str(trial_of(measured).json["words"])
    assert "'so-so' against 'control'" in words
    assert "−50.00 points" in words


async def test_what_people_did_before_may_be_left_in() -> None:
    taken = compared(await read_of(a_shop(1)), "conversion_7d")
    left = compared(await read_of(a_shop(1), adjust=False), "conversion_7d")
    assert (taken["adjusted"], left["adjusted"], left["variance_cut"]) == (True, False, 0.0)
    narrow, wide = (each["difference"]["high"] - each["difference"]["low"] for each in (taken, left))
    assert narrow < wide


async def test_every_trial_is_listed_without_being_set_up() -> None:
    state = MemoryState()
    await save_experiment(state, EXPERIMENT, by="test", now=BEGAN)
    await publish(state, "journey", msgspec.json.encode(JOURNEY), now=BEGAN + timedelta(hours=1))
    async with state.view() as view:
        found = await every_trial(view)
    assert [(each.id, each.kind, each.origin) for each in found] == [
        ("colour", "experiment", "colour"),
        ("journey:rescue.ways", "step", "rescue"),
        ("journey:rescue", "journey", "rescue"),
    ]
    assert found[0].within_seconds == 86_400
    assert found[1].shares == {"soon": 0.3, "late": 0.7}
    assert found[2].shares == {"treated": 0.9, "holdout": 0.1}


def test_it_is_all_there_over_http(server: Server) -> None:
    server.got("PUT", "/api/journeys/course-rescue", {**JOURNEY, "id": "course-rescue"})
    server.got("PUT", "/api/experiments/course-colour", {"definition": {**EXPERIMENT, "id": "course-colour"}})
    listed = {each["id"]: each for each in server.got("GET", "/api/trials")["trials"]}
    assert {"course-colour", "journey:course-rescue.ways", "journey:course-rescue"} <= {*listed}
    assert listed["course-colour"]["within_seconds"] == 86_400
    content = {"subject": "Hello", "html": "<p>Hello</p>"}
    halves = {name: {"share": 0.5, "content": content} for name in ("plain", "warm")}
    server.got(
        "PUT", "/api/templates/course-news", {"definition": {"name": "N", "medium": "email", "variants": halves}}
    )
    for each in server.got("GET", "/api/trials")["trials"]:
        assert server.got("GET", f"/api/trials/{each['id']}")["variants"] is not None, "what is listed can be read"
    told = server.got("GET", "/api/trials/journey:course-rescue/course?moments=4")
    assert told["points"] == []
    server.got("GET", "/api/trials/course-colour?adjust=false")
    assert server.refused(404, "GET", "/api/trials/journey:none/course")["code"] == "unknown_trial"


def test_a_plan_is_made_by_lift_people_or_days(server: Server) -> None:
    by_lift = server.got("POST", "/api/trials/plan", {"base": 0.05, "lift": 0.1, "people_a_day": 800})
    by_days = server.got("POST", "/api/trials/plan", {"base": 0.05, "days": by_lift["days"], "people_a_day": 800})
    assert by_days["lift"] == pytest.approx(0.1, rel=0.01)
    assert by_days["days"] <= by_lift["days"]
    server.refused(400, "POST", "/api/trials/plan", {"base": 0.05, "lift": 0.1, "people": 900})
    server.refused(400, "POST", "/api/trials/plan", {"base": 0.05, "days": 3, "people_a_day": 800})
    server.refused(400, "POST", "/api/trials/plan", {"base": 0.05, "days": 30})


def test_the_least_lift_of_so_many_people_takes_so_many_people() -> None:
    planned = plan_trial(base=0.05, lift=0.1, people_a_day=800)
    found = plan_by_people(0.05, planned.people, people_a_day=800)
    assert found.lift == pytest.approx(0.1, rel=1e-3)
    assert found.people == pytest.approx(planned.people, rel=1e-3)
    assert found.people <= planned.people
    assert plan_by_people(0.05, 2 * planned.people).lift < found.lift < plan_by_people(0.05, planned.people, 4).lift
    with pytest.raises(Invalid, match="too few"):
        plan_by_people(0.05, 4)
    with pytest.raises(Invalid, match="cannot be planned"):
        plan_by_people(0.0, 1_000)
