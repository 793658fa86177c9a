"""The contract of trials: what became of the people of an experiment, the same from every history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from holdfast.decisions.holdout import global_places, global_salt, held_out
from holdfast.events.event import OWN_SOURCE, Json
from holdfast.kernel.moments import from_millis
from holdfast.measures.metrics import (
    DAY_SECONDS,
    Assigned,
    Entered,
    Everyone,
    Exposure,
    InAndOut,
    Metric,
    Outcomes,
    Tally,
    Worth,
    cap_of,
)
from holdfast.measures.statistics.moments import Moments
from holdfast.ports.history import History, HistoryRow
from holdfast.segments.codec import decode_condition
from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.memory.history import MemoryHistory
from tests.contracts.history_contract import AT, DAY, HOUR, chdb_history, person, put, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.history_contract import history as history  # noqa: PLC0414 - The fixture.

ORDERED = "Order Completed"
BOUGHT = Metric(name="bought", events=(ORDERED,), measure="did", within_seconds=7 * DAY_SECONDS)
ORDERS = Metric(name="orders", events=(ORDERED, "Order Paid"), measure="times", within_seconds=7 * DAY_SECONDS)
REVENUE = Metric(name="revenue", events=(ORDERED,), measure="revenue", within_seconds=7 * DAY_SECONDS)
CAPPED = replace(REVENUE, name="capped", cap=1_500.0)
STAYED = replace(BOUGHT, name="stayed", after_seconds=7 * DAY_SECONDS, within_seconds=14 * DAY_SECONDS)
NOW = AT + 30 * DAY


def asked(**given: Any) -> Outcomes:
    usual: dict[str, Any] = {
        "whom": Assigned(experiment="colour"),
        "metrics": (BOUGHT, ORDERS, REVENUE, CAPPED, STAYED),
        "as_of_ms": NOW,
        "currency": "USD",
    }
    return Outcomes(**(usual | given))


def assigned(identity: int, variant: str, at_ms: int = AT, *, source: str = OWN_SOURCE, **said: Json) -> HistoryRow:
    properties = {"experiment": "colour", "variant": variant, "propensity": 0.5} | said
    return row(identity, "Variant Assigned", at_ms, properties=properties, source=source)


def entered(identity: int, arm: str, at_ms: int = AT) -> HistoryRow:
    return row(identity, "Journey Entered", at_ms, properties={"origin": "cart", "arm": arm})


def bought(identity: int, after_ms: int, name: str = ORDERED, **said: Json) -> HistoryRow:
    return row(identity, name, AT + after_ms, properties=said)


def said(identity: int, country: Json, at_ms: int, **fields: Any) -> HistoryRow:
    return row(identity, "Identified", at_ms, kind="identify", properties={"country": country}, **fields)


async def tallied(history: History, rows: Sequence[HistoryRow], question: Outcomes) -> dict[str, Tally]:
    await history.add(rows, token="rows")
    return {each.variant: each for each in await history.trial_tallies(question) if not each.apart}


def sums(moments: Moments) -> Mapping[str, float]:
    return {name: float(getattr(moments, name)) for name in ("people", "y", "yy", "x", "xx", "xy", "d", "dd", "dy")}


async def test_each_metric_is_summed_over_those_whose_time_is_over(history: History) -> None:
    rows = [
        assigned(1, "bold"),
        bought(1, HOUR, revenue=10),
        bought(1, 2 * HOUR, revenue=20),
        bought(1, 3 * HOUR, name="Order Paid", revenue=99),
        bought(1, 8 * DAY, revenue=40),
        assigned(2, "bold"),
        assigned(3, "bold", NOW - DAY),  # Not over yet.
        bought(3, 30 * DAY - HOUR, revenue=70),
        assigned(4, "plain"),
        bought(4, 7 * DAY, revenue=5, currency="EUR"),
    ]
    found = await tallied(history, rows, asked())
    bold, plain = found["bold"], found["plain"]
    assert (bold.people, plain.people) == (3, 1)
    did, orders, revenue, capped, stayed = bold.moments
    assert [float(each.people) for each in bold.moments] == [2, 2, 2, 2, 2]
    assert (did.y, did.yy) == (1, 1)
    assert (orders.y, orders.yy) == (3, 9)
    assert (revenue.y, revenue.yy) == (3_000, 9_000_000)
    assert (capped.y, capped.yy) == (1_500, 1_500**2)
    assert (stayed.y, bold.some) == (1, (1, 1, 1, 1, 1))
    # The last moment counts; money in another currency does not.
    assert [float(each.y) for each in plain.moments] == [1, 1, 0, 0, 0]
    assert (bold.first_ms, bold.last_ms) == (AT, NOW - DAY)


async def test_what_was_done_before_is_told_beside(history: History) -> None:
    rows = [
        assigned(1, "bold"),
        bought(1, 0, revenue=1),
        bought(1, -DAY, revenue=2),
        bought(1, -31 * DAY, revenue=4),
        bought(1, HOUR, revenue=8),
    ]
    (bold,) = (await tallied(history, rows, asked(metrics=(REVENUE, BOUGHT)))).values()
    assert sums(bold.moments[0]) == {
        "people": 1, "y": 800, "yy": 640_000, "x": 300, "xx": 90_000, "xy": 240_000, "d": 0, "dd": 0, "dy": 0
    }  # fmt: skip
    assert (bold.moments[1].x, bold.moments[1].xy) == (1, 1)


async def test_what_was_assigned_first_stands_also_when_two_turn_out_to_be_one(history: History) -> None:
    rows = [assigned(1, "bold", AT + HOUR), assigned(2, "plain"), assigned(2, "bold", AT + 1), bought(1, DAY)]
    await history.map_identities({2: 1}, version=1)
    found = await tallied(history, rows, asked(metrics=(BOUGHT,)))
    assert {variant: (each.people, float(each.moments[0].y)) for variant, each in found.items()} == {"plain": (1, 1)}


async def test_only_we_assign_and_only_of_that_experiment(history: History) -> None:
    rows = [assigned(1, "bold", source="web"), assigned(2, "bold", experiment="size"), assigned(3, "bold")]
    found = await tallied(history, rows, asked())
    assert found["bold"].people == 1


async def test_who_is_held_out_is_apart(history: History) -> None:
    rows = [
        assigned(1, "bold", arm="holdout", origin="cart"),
        assigned(2, "bold", arm="treated", origin="cart"),
        assigned(3, "bold", arm="global_holdout", origin="cart"),
    ]
    await history.add(rows, token="rows")
    told = await history.trial_tallies(asked())
    assert [(each.variant, each.apart, each.people) for each in told] == [("bold", False, 1), ("bold", True, 2)]
    journeys = [entered(1, "treated"), entered(2, "holdout"), entered(3, "global_holdout")]
    await history.add(journeys, token="journeys")
    told = await history.trial_tallies(asked(whom=Entered(origin="cart")))
    arms = [(each.variant, each.apart) for each in told]
    assert arms == [("global_holdout", True), ("holdout", False), ("treated", False)]


async def test_it_is_answered_as_it_was_then(history: History) -> None:
    late = row(1, ORDERED, AT + HOUR, properties={"revenue": 10})
    late = structs.replace(
        late, event=structs.replace(late.event, received_at=row(1, at_ms=AT + 20 * DAY).event.timestamp)
    )
    rows = [assigned(1, "bold"), assigned(2, "bold", AT + 9 * DAY), late]
    await history.add(rows, token="rows")
    (then,) = await history.trial_tallies(asked(as_of_ms=AT + 8 * DAY, metrics=(BOUGHT,)))
    (now,) = await history.trial_tallies(asked(metrics=(BOUGHT,)))
    assert (then.people, float(then.moments[0].y)) == (1, 0)
    assert (now.people, float(now.moments[0].y)) == (2, 1)
    (since,) = await history.trial_tallies(asked(metrics=(BOUGHT,), since_ms=AT + 1))
    assert (since.people, float(since.moments[0].y)) == (1, 0)


async def test_who_really_got_something_is_told_beside(history: History) -> None:
    def sent(identity: int, after_ms: int, origin: str = "cart") -> HistoryRow:
        return row(identity, "Message Sent", AT + after_ms, properties={"origin": origin})

    rows = [
        assigned(1, "bold", origin="cart"), sent(1, 0), bought(1, HOUR),
        assigned(2, "bold", origin="cart"), sent(2, 8 * DAY),
        assigned(3, "bold", origin="cart"), sent(3, HOUR, "other"), sent(3, -HOUR),
        assigned(4, "bold"), row(4, "Variant Seen", AT + 5, properties={"experiment": "colour", "variant": "bold"}),
        assigned(5, "bold"), row(5, "Variant Seen", AT + 5, properties={"experiment": "size"}), sent(5, HOUR, ""),
    ]  # fmt: skip
    (bold,) = (await tallied(history, rows, asked(metrics=(BOUGHT,)))).values()
    assert (bold.people, bold.exposed) == (5, 3)
    assert (bold.moments[0].d, bold.moments[0].dy) == (2, 1)


async def test_people_belong_to_the_look_they_came_in(history: History) -> None:
    rows = [assigned(n, "bold", AT + n) for n in range(1, 51)]
    found = await history_looks(history, rows, planned=40)
    assert found == {**dict.fromkeys(range(1, 21), 2), 21: 10}


async def history_looks(history: History, rows: Sequence[HistoryRow], planned: int) -> dict[int, int]:
    await history.add(rows, token="rows")
    told = await history.trial_tallies(asked(metrics=(BOUGHT,), planned_people=planned))
    return {each.look: each.people for each in told}


async def test_a_trait_tells_people_apart(history: History) -> None:
    countries = ["DE", "DE", "FR", None, 7, *(f"c{n:02}" for n in range(25))]
    people = [person(n, {} if each is None else {"country": each}) for n, each in enumerate(countries, 1)]
    rows = [assigned(n, "bold") for n in range(1, len(countries) + 1)]
    rows += [said(n, each, AT - DAY) for n, each in enumerate(countries, 1) if each is not None]
    await put(history, people, rows)
    told = await history.trial_tallies(asked(metrics=(BOUGHT,), trait="country"))
    found = {(each.part, each.label): each.people for each in told}
    assert found["value", "DE"] == 2
    assert found["none", ""] == 1
    assert found["value", "7"] == 1
    assert sum(part == "value" for part, _ in found) == 20
    assert sum(found.values()) == len(countries)


async def test_a_trait_is_as_it_had_been_said_by_when_they_were_assigned(history: History) -> None:
    people = [person(n, {"country": "FR"}) for n in range(1, 7)] + [person(7), person(8)]
    rows = [
        *(assigned(n, "bold") for n in range(1, 9)),
        said(1, "DE", AT - 9 * DAY), said(1, "IT", AT - DAY), said(1, "FR", AT + 1),
        said(2, "IT", AT), said(2, "FR", AT + DAY),  # Said as they were assigned.
        said(3, "FR", AT + 1),  # Only afterwards.
        said(5, "IT", AT - DAY), said(5, None, AT - HOUR), said(5, "FR", AT + DAY),
        said(6, "IT", AT - DAY, received_at=from_millis(NOW - DAY)),
        said(8, "IT", AT + DAY), said(8, None, AT + 2 * DAY),
    ]  # fmt: skip
    await put(history, people, rows)

    async def parts(**how: Any) -> dict[tuple[str, str], int]:
        told = await history.trial_tallies(asked(metrics=(BOUGHT,), trait="country", **how))
        return {(each.part, each.label): each.people for each in told}

    assert await parts() == {("value", "IT"): 3, ("unknown", ""): 2, ("none", ""): 3}
    early = await parts(as_of_ms=NOW - 2 * DAY)
    assert early == {("value", "IT"): 2, ("unknown", ""): 3, ("none", ""): 3}, "what had not reached us says nothing"


async def test_chances_weigh(history: History) -> None:
    rows = [
        assigned(1, "bold", propensity=0.25), bought(1, HOUR), assigned(2, "bold", propensity=0.5),
        assigned(3, "plain", propensity=0.75), bought(3, HOUR),
        assigned(4, "plain", propensity=None), assigned(5, "plain", propensity=-1),
    ]  # fmt: skip
    found = await tallied(history, rows, asked(metrics=(BOUGHT,), weighted=True))
    bold, plain = found["bold"], found["plain"]
    assert (bold.chance_least, bold.chance_most) == (0.25, 0.5)
    assert sums(bold.moments[0]) == {
        "people": 2, "y": 4, "yy": 16, "x": 0, "xx": 0, "xy": 0, "d": 6, "dd": 20, "dy": 16
    }  # fmt: skip
    assert plain.moments[0].d == pytest.approx(1 / 0.75 + 2)


async def test_people_one_by_one_come_in_order(history: History) -> None:
    rows = [
        assigned(3, "bold"), assigned(1, "plain", AT + 1), assigned(2, "bold", NOW - DAY), bought(1, HOUR, revenue=3),
        bought(1, -HOUR, revenue=4), assigned(4, "plain", AT + 2), assigned(5, "bold", arm="holdout"),
    ]  # fmt: skip
    await history.add(rows, token="rows")
    lives = await history.trial_lives(asked(metrics=(REVENUE, BOUGHT)), first_people=10)
    assert lives.variants == ("bold", "plain", "plain")
    assert lives.values.tolist() == [[0, 0], [300, 1], [0, 0]]
    assert lives.before.tolist() == [[0, 0], [400, 1], [0, 0]]
    few = await history.trial_lives(asked(metrics=(REVENUE, BOUGHT)), first_people=2)
    assert few.variants == ("bold", "plain")
    none = await history.trial_lives(asked(whom=Assigned(experiment="none"), metrics=(REVENUE,)), first_people=2)
    assert none.values.shape == (0, 1)


async def test_everyone_is_as_though_assigned_at_a_moment(history: History) -> None:
    people = [person(1, {}), person(2, {}, first_seen_ms=AT + DAY), person(3, {}, gone=True), person(4, {})]
    await put(history, people, [bought(1, DAY, revenue=3), bought(4, -DAY, revenue=1)])
    lives = await history.trial_lives(asked(whom=Everyone(at_ms=AT), metrics=(REVENUE,)), first_people=9)
    assert lives.keys == ("u1", "u4")
    assert lives.values.tolist() == [[300], [0]]
    assert lives.before.tolist() == [[0], [100]]
    (tally,) = await history.trial_tallies(asked(whom=Everyone(at_ms=AT)))
    assert tally.people == 2


@pytest.mark.parametrize("seed", range(6))
async def test_both_histories_say_the_same(engine: Engine, seed: int) -> None:
    drawn = np.random.default_rng(seed)
    people = [person(n, {"country": str(drawn.choice(["DE", "FR", "1"]))}) for n in range(1, 31)]
    rows = []
    for n in range(1, 61):
        at_ms, who = AT + int(drawn.integers(0, 20)) * DAY, 1 + n // 2
        arm, chance = str(drawn.choice(["treated", "treated", "holdout"])), float(drawn.choice([0.25, 0.5]))
        variant = str(drawn.choice(["a", "b"]))
        rows.append(assigned(who, variant, at_ms, propensity=chance, origin="cart", arm=arm))
        for _ in range(3):
            name, after_ms = (
                str(drawn.choice([ORDERED, "Order Paid", "Message Sent"])),
                int(drawn.integers(-9, 15)) * DAY,
            )
            said: dict[str, Json] = {"revenue": float(drawn.integers(1, 90)), "origin": "cart"}
            rows.append(row(who, name, at_ms + after_ms, properties=said))
    memory, disk = MemoryHistory(currency="USD"), chdb_history(engine)
    for each in (memory, disk):
        await put(each, people, rows)
        await each.map_identities({4: 5, 9: 2}, version=1)
    several = (
        replace(REVENUE, per=(ORDERED, "Order Paid")),
        replace(ORDERS, name="sum", measure="sum", adds_up="revenue"),
        replace(BOUGHT, name="worth", measure="worth", events=(ORDERED, "Message Sent"), worths=(
            Worth(event=ORDERED, within_seconds=3 * DAY_SECONDS, value="revenue"),
            Worth(event="Message Sent", within_seconds=7 * DAY_SECONDS, minor=9.0),
        )),
    )  # fmt: skip
    for given in (
        {}, {"planned_people": 25}, {"trait": "country"}, {"weighted": True}, {"as_of_ms": AT + 12 * DAY},
        {"metrics": several}, {"metrics": several, "weighted": True},
        {"among": InAndOut(segment="b", condition=BUYER, moments_ms=(AT, AT + 5 * DAY, AT + 9 * DAY))},
        {"among": InAndOut(segment="g", condition=GERMAN, moments_ms=(AT + DAY,)), "planned_people": 25},
    ):  # fmt: skip
        question = asked(**given)
        one, other = await memory.trial_tallies(question), await disk.trial_tallies(question)
        assert [_plain(each)["of"] for each in one] == [_plain(each)["of"] for each in other], given
        assert [_plain(each) for each in one] == [pytest.approx(_plain(each)) for each in other]
        for first_people in (None, 0, 7, 20):
            caps = [
                await each.trial_cap(replace(question, metrics=(REVENUE,)), first_people=first_people)
                for each in (memory, disk)
            ]
            assert caps[0] == caps[1], (given, first_people)
        first, second = [await each.trial_lives(question, first_people=20) for each in (memory, disk)]
        assert first.variants == second.variants
        assert first.values.tolist() == second.values.tolist()


def _plain(tally: Tally) -> dict[str, Any]:
    flat: dict[str, Any] = {"of": f"{tally.variant} {tally.apart} {tally.look} {tally.part} {tally.label}"}
    flat |= {name: getattr(tally, name) for name in ("people", "exposed", "chance_least", "first_ms", "last_ms")}
    for number, moments in enumerate(tally.moments):
        flat |= {f"{number} {place}": float(value) for place, value in enumerate(astuple(moments))}
    return flat | {f"some {number}": each for number, each in enumerate(tally.some)}


async def test_sums_worths_and_what_is_divided_are_told(history: History) -> None:
    goals = (
        Worth(event=ORDERED, within_seconds=7 * DAY_SECONDS, value="total", minor=100.0),
        Worth(event="Signed Up", within_seconds=DAY_SECONDS, minor=500.0),
    )
    worth = Metric(
        name="worth", events=(ORDERED, "Signed Up"), measure="worth", within_seconds=7 * DAY_SECONDS, worths=goals
    )
    items = replace(ORDERS, name="items", events=(ORDERED,), measure="sum", adds_up="items")
    each_order = replace(REVENUE, name="each", per=(ORDERED,))
    rows = [
        assigned(1, "bold"),
        bought(1, HOUR, revenue=10, total=12.5, items=3),
        bought(1, 2 * HOUR, revenue=20, items=2),  # It has no total.
        bought(1, 3 * HOUR, total=9, currency="EUR", items="many"),
        bought(1, 4 * HOUR, name="Signed Up"),
        bought(1, 2 * DAY, name="Signed Up"),  # Too late for that goal.
        bought(1, -HOUR, revenue=7, total=7, items=1),
        bought(1, -2 * DAY, name="Signed Up"),
        assigned(2, "bold"),
    ]
    (bold,) = (await tallied(history, rows, asked(metrics=(worth, items, each_order)))).values()
    assert [float(each.y) for each in bold.moments] == [1_250 + 100 + 500, 5, 3_000]
    assert [float(each.x) for each in bold.moments] == [700 + 500, 1, 700]
    assert (bold.moments[2].d, bold.moments[2].dd, bold.moments[2].dy) == (3, 9, 9_000)
    assert bold.some == (1, 1, 1)
    lives = await history.trial_lives(asked(metrics=(worth, items)), first_people=5)
    assert lives.values.tolist() == [[1_850, 5], [0, 0]]
    (euros,) = await history.trial_tallies(asked(metrics=(worth,), currency="EUR"))
    assert float(euros.moments[0].y) == 900 + 100 + 500, "what says no currency is in the workspace's, which is another"
    weighted = await history.trial_tallies(asked(metrics=(each_order,), weighted=True))
    assert float(weighted[0].moments[0].d) == 6, "each order counts for one over the chance its person had"


async def test_everyone_is_divided_by_the_hash_that_holds_them_out(history: History) -> None:
    names = [f"name-{n}" for n in range(1, 201)]
    people = [person(n, {}, user_id=name, first_seen_ms=AT + n) for n, name in enumerate(names, 1)]
    people.append(person(999, {}, user_id=""))
    rows = [
        row(3, "Message Sent", AT + 150, properties={"origin": "cart"}),
        row(4, "Message Sent", AT + 100, properties={"origin": "cart", "transactional": True}),
        row(5, "Message Sent", AT + 151, properties={"origin": "cart"}),
    ]
    await put(history, people, rows)
    whom = Everyone(at_ms=AT, until_ms=AT + 151, salt=global_salt("2026-Q1"), held=global_places(0.3))
    question = asked(whom=whom, metrics=(BOUGHT,))
    held = {name for name in names[:150] if held_out(name, 0.3, "2026-Q1")}
    found = {each.variant: each for each in await history.trial_tallies(question)}
    assert {variant: each.people for variant, each in found.items()} == {
        "holdout": len(held), "treated": 150 - len(held)
    }  # fmt: skip
    assert 25 < len(held) < 65
    assert sum(each.exposed for each in found.values()) == 1, "what is transactional, or came later, is not counted"
    free = replace(question, whom=replace(whom, free=global_places(0.6)))
    sometimes = {name for name in names[:150] if held_out(name, 0.6, "2026-Q1")} - held
    between = {each.variant: (each.people, each.apart) for each in await history.trial_tallies(free)}
    assert between == {
        "holdout": (len(held), False),
        "between": (len(sometimes), True),
        "treated": (150 - len(held) - len(sometimes), False),
    }
    lives = await history.trial_lives(question, first_people=500)
    assert {key for key, variant in zip(lives.keys, lives.variants, strict=True) if variant == "holdout"} == held


GERMAN = decode_condition({"type": "trait", "trait": "country", "operator": "equals", "value": "DE"})
BUYER = decode_condition({"type": "did", "event": ORDERED, "at_least": 1})


async def test_people_are_in_a_segment_as_they_were_before_they_were_assigned(history: History) -> None:
    people = [person(n, {"country": "DE"}, first_seen_ms=AT - DAY if n < 9 else AT + 5 * DAY) for n in range(1, 10)]
    rows = [
        bought(1, -HOUR), assigned(1, "bold"),
        assigned(2, "bold"), bought(2, HOUR),  # Only afterwards, which may be what the variant did.
        assigned(3, "bold", AT + 3 * DAY), bought(3, DAY),
        assigned(4, "bold", AT - 1), bought(4, -HOUR),  # Before the first moment.
        assigned(9, "bold", AT + 5 * DAY + 1), bought(9, 6 * DAY),  # Not known yet.
    ]  # fmt: skip
    moments = (AT, AT + 2 * DAY)
    await put(history, people, rows)
    question = asked(metrics=(BOUGHT,), among=InAndOut(segment="buyers", condition=BUYER, moments_ms=moments))
    found = {(each.part, each.label): each.people for each in await history.trial_tallies(question)}
    assert found == {("value", "buyers"): 2, ("other", ""): 1, ("none", ""): 2}


async def test_traits_are_as_they_were_then(history: History) -> None:
    people = [person(n, {"country": "DE"}, first_seen_ms=AT - 9 * DAY) for n in range(1, 4)]
    rows = [
        said(1, "DE", AT - DAY), assigned(1, "bold"),
        said(2, "FR", AT - DAY), said(2, "DE", AT + DAY), assigned(2, "bold"),
        assigned(3, "bold"), said(3, "DE", AT + 1),
    ]  # fmt: skip
    await put(history, people, rows)
    question = asked(metrics=(BOUGHT,), among=InAndOut(segment="german", condition=GERMAN, moments_ms=(AT,)))
    found = {(each.part, each.label): each.people for each in await history.trial_tallies(question)}
    assert found == {("value", "german"): 1, ("other", ""): 2}


async def test_the_cap_is_what_the_top_hundredth_of_those_who_brought_anything_begins_at(history: History) -> None:
    rows = [assigned(n, "bold", AT + n) for n in range(1, 302)]
    rows += [bought(n, DAY, revenue=n) for n in range(1, 201)]
    rows += [assigned(900, "bold", NOW - DAY), row(900, ORDERED, NOW, properties={"revenue": 10_000})]
    await history.add(rows, token="rows")
    question = asked(metrics=(REVENUE,))
    assert await history.trial_cap(question) == cap_of([100.0 * n for n in range(1, 201)]) == 19_900
    assert await history.trial_cap(question, first_people=50) == 5_000
    assert await history.trial_cap(question, first_people=0) is None
    assert await history.trial_cap(asked(whom=Assigned(experiment="none"), metrics=(REVENUE,))) is None


@pytest.mark.parametrize(("exposed_by", "people"), [("sent", 4), ("delivered", 3), ("opened", 1)])
async def test_what_counts_as_having_got_a_message_may_be_said(
    history: History, exposed_by: Exposure, people: int
) -> None:
    rows = []
    for number, told in enumerate(
        (["Sent"], ["Sent", "Delivered"], ["Sent", "Delivered", "Opened"], ["Sent", "Delivered", "Opened"]), 1
    ):
        rows.append(assigned(number, "bold", origin="cart"))
        for name in told:
            agent = "machine" if number == 4 else "human"
            said: dict[str, Json] = {"origin": "cart", "agent": agent}
            rows.append(row(number, f"Message {name}", AT + HOUR, properties=said))
    (bold,) = (await tallied(history, rows, asked(metrics=(BOUGHT,), exposed_by=exposed_by))).values()
    assert (bold.exposed, bold.moments[0].d) == (people, people)


EVERYONE = Everyone(at_ms=AT, until_ms=AT + 9 * DAY, salt="s", held=2**63)


@pytest.mark.parametrize("seed", range(4))
async def test_the_course_is_what_was_to_be_read_at_each_moment(engine: Engine, seed: int) -> None:
    """Much of it reached us late; some people were assigned twice, and the earlier one was known later."""
    drawn = np.random.default_rng(100 + seed)
    rows = []
    for n in range(1, 81):
        at_ms, who = AT + int(drawn.integers(0, 20)) * DAY, 1 + n // 2
        late = {"received_at": from_millis(at_ms + int(drawn.choice([0, 1, 4 * DAY, 9 * DAY])))}
        told: dict[str, Json] = {
            "experiment": "colour",
            "variant": str(drawn.choice(["a", "b"])),
            "propensity": float(drawn.choice([0.25, 0.5])),
            "arm": str(drawn.choice(["treated", "treated", "holdout"])),
            "origin": "cart",
        }
        rows.append(row(who, "Variant Assigned", at_ms, properties=told, source=OWN_SOURCE, **late))
        rows.append(row(who, "Journey Entered", at_ms, properties=told, **late))
        for _ in range(4):
            name = str(drawn.choice([ORDERED, "Order Paid", "Message Sent"]))
            did_ms = at_ms + int(drawn.integers(-9, 12)) * DAY + int(drawn.integers(0, 2))
            received = {"received_at": from_millis(did_ms + int(drawn.choice([0, 3 * DAY])))}
            said_of: dict[str, Json] = {"revenue": float(drawn.integers(1, 90)), "origin": "cart"}
            rows.append(row(who, name, did_ms, properties=said_of, **received))
    memory, disk = MemoryHistory(currency="USD"), chdb_history(engine)
    for each in (memory, disk):
        await put(each, [person(n) for n in range(1, 42)], rows)
        await each.map_identities({4: 5, 9: 2}, version=1)
    moments = [AT - DAY, AT + 3 * DAY, AT + 8 * DAY + 1, AT + 15 * DAY, NOW]
    per_order = replace(REVENUE, per=(ORDERED, "Order Paid"))
    for how in (
        {}, {"metrics": (per_order,)}, {"planned_people": 25}, {"weighted": True}, {"since_ms": AT + 4 * DAY},
        {"whom": Entered(origin="cart"), "metrics": (STAYED,)}, {"metrics": (CAPPED,), "exposed_by": "delivered"},
        {"weighted": True, "metrics": (per_order,)}, {"whom": EVERYONE},
    ):  # fmt: skip
        question = asked(**({"metrics": (REVENUE,)} | how))
        one_by_one = [await memory.trial_tallies(replace(question, as_of_ms=at_ms)) for at_ms in moments]
        assert [len(each) for each in one_by_one] != [0] * len(moments)
        for each in (memory, disk):
            assert await each.trial_course(question, moments) == one_by_one, how
