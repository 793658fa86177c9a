"""Trials from end to end: events in, result out, the same by every way in; and planted effects found again."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import holdfast
from holdfast.cli.main import app as cli
from holdfast.decisions.journey import encode_journey
from holdfast.events.event import Event, IdentityKey, Json, own_event
from holdfast.flows.audience.segment_drafts import draft_of
from holdfast.flows.audience.segments import save_segment
from holdfast.flows.experiment.publishing import save_experiment
from holdfast.flows.measure.trial_told import Trial, trial_of
from holdfast.flows.measure.trials import TrialWish, measure_trial
from holdfast.kernel.chance import share
from holdfast.kernel.errors import Conflict, Invalid, NotFound
from holdfast.kernel.moments import format_moment, to_millis
from holdfast.ports.history import HistoryRow, PersonRow
from holdfast.profiles.variants import VARIANT_ASSIGNED
from holdfast.sim.campaigns import CART_RESCUE
from holdfast.sim.past import Past
from holdfast.stores.memory.history import MemoryHistory
from holdfast.stores.memory.state import MemoryState
from holdfast.testing.builders import an_event
from tests.integration.test_planted_effect import Truth, a_past, truth_of

BEGAN = datetime(2026, 1, 5, tzinfo=UTC)
NOW = BEGAN + timedelta(days=120)
ORDERED = "Order Completed"
EFFECT = 0.06


@dataclass(frozen=True)
class Shop:
    """People of an experiment, and what they did."""

    events: list[Event]
    numbers: dict[str, int]

    def rows(self) -> list[HistoryRow]:
        return [HistoryRow(identity=self.numbers[each.user_id or ""], event=each) for each in self.events]


def a_shop(seed: int, people: int = 3_000, effect: float = EFFECT, *, missing: float = 0.0) -> Shop:
    """Half of the people see `bold`, of whom more order; who ordered before orders more often, and for more.

    Args:
        missing: the share of those who got `bold` of whom it was never told.
    """
    drawn = np.random.default_rng(seed)
    events, numbers = [], {}
    for number in range(1, people + 1):
        name = f"u{seed}-{number}"
        numbers[name] = number
        user, at = IdentityKey(kind="user", value=name), BEGAN + timedelta(minutes=20 * number)
        variant = "bold" if share("colour", name) < 0.5 else "control"
        if variant == "bold" and drawn.random() < missing:
            continue
        properties: dict[str, Json] = {"experiment": "colour", "variant": variant, "propensity": 0.5}
        events.append(own_event(VARIANT_ASSIGNED, user=user, at=at, properties=properties, key=("colour", name)))
        loyal = drawn.random() < 0.3
        orders = [at - timedelta(days=9)] if loyal else []
        if drawn.random() < (0.35 if loyal else 0.05) + effect * (variant == "bold"):
            orders.append(at + timedelta(days=float(drawn.uniform(0.1, 6.9))))
        events += [
            an_event(
                ORDERED,
                user_id=name,
                timestamp=each,
                received_at=each,
                message_id=f"{name}-{each:%j%H%M%S}",
                properties={"revenue": round(float(drawn.gamma(3, 20)), 2)},
            )
            for each in orders
        ]
    return Shop(events, numbers)


async def read_of(shop: Shop, *, at: datetime = NOW, **how: Any) -> dict[str, Any]:
    history = MemoryHistory(currency="EUR")
    await history.add(shop.rows(), token="shop")
    found = await measure_trial(
        MemoryState(), history, "colour", TrialWish(**how), now_ms=to_millis(at), currency="EUR"
    )
    return trial_of(found).json


def compared(told: dict[str, Any], metric: str) -> dict[str, Any]:
    (found,) = (each for each in told["comparisons"] if each["metric"] == metric and each["segment"] is None)
    return dict(found)


async def test_a_planted_difference_lies_in_its_interval() -> None:
    """Thirty shops: how often the interval holds what was planted, and that what is adjusted is narrower."""
    covered = sure = 0
    for seed in range(100, 130):
        found = compared(await read_of(a_shop(seed, 1_000), reading="fixed"), "conversion_7d")
        covered += found["difference"]["low"] <= EFFECT <= found["difference"]["high"]
        sure += found["is_sure"]
        assert found["adjusted"]
        assert found["variance_cut"] > 0.05
    assert covered >= 26
    assert sure >= 12


async def test_it_tells_all_there_is_to_know_without_being_set_up() -> None:
    told = await read_of(a_shop(1))
    assert [each["name"] for each in told["question"]["metrics"]] == [
        "conversion_7d", "orders_7d", "revenue_7d", "revenue_capped_7d", "revenue_per_order_7d", "conversion_28d",
        "orders_28d", "revenue_28d", "revenue_per_order_28d", "retained_1", "retained_2", "retained_3",
        "message_unsubscribed_7d",
    ]  # fmt: skip
    assert [each["variant"] for each in told["variants"]] == ["bold", "control"]
    assert told["base"] == "control"
    assert told["mismatch"] == {"p_value": pytest.approx(0.5, abs=0.5), "is_one": False}
    assert (told["reading"], told["code_version"], told["looks"]) == ("sequential", holdfast.__version__, None)
    found = compared(told, "conversion_7d")
    assert found["is_sure"]
    assert found["ratio"]["low"] > 1
    bold, control = (each["figures"]["revenue_7d"] for each in told["variants"])
    money = compared(told, "revenue_7d")
    assert money["in_all"]["value"] == pytest.approx(money["difference"]["value"] * bold["people"])
    assert abs(money["difference"]["value"] - (bold["mean"] - control["mean"])) < 100, "adjusted, it is much the same"
    spared = compared(told, "message_unsubscribed_7d")
    assert spared["difference"]["status"] == "inconclusive"
    assert "EUR" in told["words"]
    assert "beyond what chance explains" in told["words"]


async def test_what_is_read_of_a_plan_is_the_same_whenever_it_is_asked() -> None:
    shop = a_shop(2)
    full = NOW - timedelta(days=60)
    seen = set()
    for hours in range(0, 24, 4):
        told = await read_of(shop, at=BEGAN + timedelta(days=25, hours=hours), planned_people=3_000)
        found = compared(told, "conversion_7d")
        seen.add((found["look"], found["people"], found["difference"].get("low")))
    assert len(seen) <= 2, "in a day at most one look is passed"
    assert {people for _, people, _ in seen} <= {150 * look for look in range(1, 21)}
    last = compared(await read_of(shop, at=full, planned_people=3_000), "conversion_7d")
    assert (last["look"], last["people"]) == (20, 3_000)


async def test_it_is_recomputed_as_it_stood() -> None:
    shop = a_shop(3)
    then = BEGAN + timedelta(days=30)
    early = Shop([each for each in shop.events if each.timestamp <= then], shop.numbers)
    asked = await read_of(shop, as_of_ms=to_millis(then))
    assert asked == await read_of(early, at=then)
    assert asked["as_of"] == format_moment(then)
    assert asked != await read_of(shop)


async def test_people_who_are_missing_forbid_every_conclusion() -> None:
    told = await read_of(a_shop(4, missing=0.2))
    assert told["mismatch"]["is_one"]
    assert {each["difference"]["status"] for each in told["comparisons"]} == {"inconclusive"}
    assert "Nothing can be concluded" in told["words"]


async def test_a_bayesian_reading_and_quantiles_are_there_when_asked() -> None:
    told = await read_of(a_shop(5), reading="bayesian", quantiles=(0.5, 0.95))
    found = compared(told, "conversion_7d")
    assert found["better"] > 0.95
    assert found["loss"] < 0.01
    assert "better with a chance of" in told["words"]
    assert [each["share"] for each in told["quantiles"]] == [0.5, 0.95]
    assert [each["p_adjusted"] for each in told["quantiles"]] == [None, None], "to believe takes no p-value"
    assert told["quantiles"][0]["difference"]["value"] == 0
    assert told["quantiles"][1]["difference"]["high"] > 0


async def test_another_metric_may_decide_and_others_be_read_beside() -> None:
    own = {"name": "spent", "event": ORDERED, "measure": "sum", "property": "revenue", "worse": "less"}
    told = await read_of(a_shop(5), primary="revenue_per_order", metrics=(own,))
    assert told["primary"] == told["comparisons"][0]["metric"] == "revenue_per_order_7d"
    assert "revenue per 'Order Completed' within 7 days" in told["words"]
    spent, revenue = compared(told, "spent"), compared(told, "revenue_7d")
    assert spent["difference"]["value"] == pytest.approx(revenue["difference"]["value"] / 100)
    assert spent["guardrail"] == "unclear"
    assert compared(told, "conversion_7d")["guardrail"] is None
    assert compared(await read_of(a_shop(5, effect=0.3), metrics=(own,)), "spent")["guardrail"] == "better"
    assert (await read_of(a_shop(5), primary="revenue_capped"))["primary"] == "revenue_capped_7d"
    worst = await read_of(a_shop(5, effect=0.3), base="bold", metrics=(own,))
    assert compared(worst, "spent")["guardrail"] == "broken"
    assert "spent fell, beyond what chance explains: it was to be guarded against" in worst["words"]


async def test_an_experiment_is_decided_by_what_it_says_and_its_goals_have_their_worth() -> None:
    shop, state, history = a_shop(8), MemoryState(), MemoryHistory(currency="EUR")
    await history.add(shop.rows(), token="shop")
    goals = [
        {"event": "Signed Up", "within_seconds": 604_800, "worth_minor": 500},
        {"event": ORDERED, "within_seconds": 604_800, "value": "revenue"},
    ]
    definition = {"id": "colour", "name": "Colour", "variants": {"bold": 0.5, "control": 0.5}, "state": "running"}
    for primary, expected in {"": "conversion_7d", "worth": "worth_7d", ORDERED: "order_completed_7d"}.items():
        await save_experiment(state, definition | {"goals": goals, "primary": primary}, now=NOW)
        found = await measure_trial(state, history, "colour", TrialWish(), now_ms=to_millis(NOW), currency="EUR")
        told: dict[str, Any] = trial_of(found).json
        assert told["primary"] == expected
        worth, revenue = compared(told, "worth_7d"), compared(told, "revenue_7d")
        assert worth["difference"] == pytest.approx(revenue["difference"]), "nobody signs up here"
    with pytest.raises(Invalid, match="nothing 'joy' to decide by"):
        await save_experiment(state, definition | {"goals": goals, "primary": "joy"}, now=NOW)


async def test_saved_and_live_segments_are_told_apart_as_people_were_before() -> None:
    """Who ordered before they saw a variant; a segment of those who ordered at all would hold what the variant did."""
    shop, history = a_shop(9), MemoryHistory(currency="EUR")
    await history.add(shop.rows(), token="shop")
    await history.put_people(
        [
            PersonRow(person=number, user_id=name, known=True, traits={}, first_seen_ms=0, last_seen_ms=0, version=1)
            for name, number in shop.numbers.items()
        ]
    )
    state = MemoryState()
    for segment, live in (("loyal", False), ("loyal-live", True)):
        condition = {"type": "did", "event": ORDERED, "at_least": 1}
        draft = replace(draft_of(segment, segment, condition), live=live)
        await save_segment(state, draft, by="ann", now=NOW)
    wish = TrialWish(segments=("loyal", "loyal-live"), trait="country", reading="fixed")
    found = await measure_trial(state, history, "colour", wish, now_ms=to_millis(NOW), currency="EUR")
    told: dict[str, Any] = trial_of(found).json
    segments = {each["segment"]: each for each in told["segments"] if each["metric"] == "conversion_7d"}
    assert set(segments) == {"loyal", "not in loyal", "loyal-live", "not in loyal-live", "(none)"}
    assert segments["loyal"]["people"] == segments["loyal-live"]["people"]
    assert 0.25 < segments["loyal"]["people"] / 3_000 < 0.35, "three in ten had ordered before"
    for each in segments.values():
        if each["difference"]["status"] == "estimated":
            assert each["p_adjusted"] >= each["difference"]["p_value"]
            assert each["difference"]["low"] <= EFFECT <= each["difference"]["high"]
    assert told["question"]["segments"] == ["loyal", "loyal-live"]
    with pytest.raises(NotFound, match="no segment 'joyful'"):
        await measure_trial(state, history, "colour", TrialWish(segments=("joyful",)), now_ms=0, currency="EUR")


async def test_what_cannot_be_read_is_said() -> None:
    shop = a_shop(6, 100)
    with pytest.raises(NotFound, match="nobody was ever assigned"):
        await measure_trial(MemoryState(), MemoryHistory(), "size", TrialWish(), now_ms=0, currency="EUR")
    for name in ("journey:none", "campaign:none.step", "letter:none"):
        with pytest.raises(NotFound):
            await measure_trial(MemoryState(), MemoryHistory(), name, TrialWish(), now_ms=0, currency="EUR")
    for how in (
        {"base": "blue"}, {"within_seconds": (0,)}, {"within_seconds": (10**12,)}, {"quantiles": (1.0,)},
        {"confidence": 0.2}, {"planned_people": 3}, {"bracket_seconds": -1}, {"reading": "tea leaves"},
        {"exposed_by": "seen"}, {"primary": "joy"},
        {"metrics": ({"name": "x"},)}, {"metrics": ({"name": "x", "event": "E", "per": "F"},)},
    ):  # fmt: skip
        with pytest.raises(Invalid):
            await read_of(shop, **how)


@pytest.fixture(scope="module")
def truth() -> Truth:
    return truth_of(1, 0.5, people=3_000)


def told_of(past: Past) -> pl.DataFrame:
    """Who entered, who was written to, and who ordered, as a table with a column a property."""
    events = cast("pl.DataFrame", pl.from_arrow(past.table)).rename({"name": "event"})
    wanted = events.filter(pl.col("event").is_in(["Journey Entered", "Message Sent", ORDERED]))
    said = pl.Struct({"origin": pl.String, "arm": pl.String, "revenue": pl.Float64, "currency": pl.String})
    return wanted.select(
        "event", "user_id", "timestamp", "message_id", pl.col("properties").str.json_decode(said)
    ).unnest("properties")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose journey held out half of a shop's people, in which every second mail makes a purchase."""
    place = tmp_path_factory.mktemp("trials") / "data"
    past = a_past(20, holdout=0.5, effect=0.5, people=3_000)
    with holdfast.open(place, currency="EUR") as ws:
        ws.apply_journeys([{"kind": "journey", **encode_journey(past.plays[0].journey)}])
        ws.track(told_of(past))
    return place


def test_the_journeys_effect_is_found_in_its_workspace(directory: Path, truth: Truth) -> None:
    with holdfast.open(directory, currency="EUR") as ws:
        trial = ws.trial(f"journey:{CART_RESCUE}", reading="fixed")
        checked = ws.check_trials(splits=200, people=500, within_seconds=30 * 86_400)
        with pytest.raises(Conflict, match="people were there"):
            ws.check_trials(within_seconds=9 * 365 * 86_400)
        with pytest.raises(Invalid, match="cannot be read"):
            ws.trial("journey:x", tea="leaves")
    told: dict[str, Any] = trial.json
    first = told["comparisons"][0]
    assert first["variant"] == "treated"
    assert first["difference"]["low"] <= truth.conversion <= first["difference"]["high"]
    # Per mailed person the effect is larger, for not everybody could be written to.
    assert first["exposed"]["value"] > first["difference"]["value"]
    assert checked.is_sound
    assert checked.as_json()["splits"] == 200


def test_every_result_has_a_table_and_a_picture(directory: Path, tmp_path: Path) -> None:
    with holdfast.open(directory, currency="EUR") as ws:
        listed = ws.trials()
        course = ws.trial_course(f"journey:{CART_RESCUE}", moments=4, reading="fixed")
        checked = ws.check_trials(splits=50, people=300, within_seconds=30 * 86_400)
        plan = ws.plan_trial(0.05, lift=0.1, people_a_day=800)
        with pytest.raises(Invalid, match="a lift or people"):
            ws.plan_trial(0.05)
        found = ws.plan_trial(0.05, people=plan.plan.people)
    assert f"journey:{CART_RESCUE}" in listed["id"].to_list()
    assert course.table["people"].is_sorted()
    assert course.table["at"].n_unique() == 4
    assert course.table.columns == ["at", "variant", "people", "difference", "low", "high", "is_sure"]
    assert set(checked.table["metric"]) >= {each.metric for each in checked.checked}
    by_lift = dict(plan.table.select("lift", "people_each").iter_rows())
    assert by_lift[0.1] == plan.plan.people_each
    assert plan.table["people_each"].is_sorted(descending=True), "a larger lift takes fewer"
    assert found.plan.lift == pytest.approx(0.1, rel=0.01)
    told: dict[str, Any] = {"course": course, "checked": checked, "plan": plan}
    for name, each in told.items():
        each.plot().save(tmp_path / f"{name}.svg")
        assert (tmp_path / f"{name}.svg").stat().st_size > 1_000


def test_python_and_the_command_line_say_the_same(directory: Path, tmp_path: Path) -> None:
    as_of = format_moment(datetime.now(UTC))
    with holdfast.open(directory, currency="EUR") as ws:
        trial: Trial = ws.trial(f"journey:{CART_RESCUE}", as_of=as_of)
        trial.plot().save(tmp_path / "trial.svg")
    asked = ["trial", "show", f"journey:{CART_RESCUE}", "--as-of", as_of, "--data", str(directory)]
    told = CliRunner().invoke(cli, [*asked, "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.output) == json.loads(json.dumps(trial.json))
    shown = CliRunner().invoke(cli, asked)
    assert trial.words in shown.output
    listed = CliRunner().invoke(cli, ["trial", "list", "--data", str(directory)])
    assert f"journey:{CART_RESCUE}" in listed.output
    over = ["trial", "course", f"journey:{CART_RESCUE}", "--moments", "2", "--as-of", as_of, "--data", str(directory)]
    course = json.loads(CliRunner().invoke(cli, [*over, "--json"]).output)
    assert len(course["points"]) == 2
    last = course["points"][-1]["comparisons"][0]
    assert last["difference"] == json.loads(told.output)["comparisons"][0]["difference"]
    assert course["points"][0]["at"][:10] in CliRunner().invoke(cli, over).output
    assert (tmp_path / "trial.svg").stat().st_size > 1_000
    assert set(trial.table["metric"]) >= {"retained_1", "message_unsubscribed_3d"}
    assert trial.table["is_sure"].dtype == pl.Boolean


def test_a_plan_says_how_many_people_it_takes() -> None:
    told = CliRunner().invoke(
        cli, ["trial", "plan", "--base", "0.05", "--lift", "0.1", "--people-a-day", "800", "--json"]
    )
    assert told.exit_code == 0, told.output
    plan = json.loads(told.output)
    # Fleiss, Levin & Paik (2003), without the correction for continuity: as R's power.prop.test.
    assert plan["people_each_once"] == 31_234
    assert plan["people_each_once"] < plan["people_each"] < 1.1 * plan["people_each_once"]
    assert plan["planned_people"] == 2 * plan["people_each"]
    assert plan["days"] == -(-plan["planned_people"] // 800) + 7
    back = ["trial", "plan", "--base", "0.05", "--people", str(plan["planned_people"]), "--json"]
    assert json.loads(CliRunner().invoke(cli, back).output)["lift"] == pytest.approx(0.1, rel=1e-3)
    for odd in ([], ["--lift", "0.1", "--people", "900"]):
        refused = CliRunner().invoke(cli, ["trial", "plan", "--base", "0.05", *odd])
        assert refused.exit_code != 0
