"""What the journeys did: only what the machine and the gate say, and what the planted chances cause."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pytest

from holdfast.decisions.caps import Cap
from holdfast.decisions.gate import GateRules
from holdfast.decisions.holdout import held_out
from holdfast.decisions.quiet import QuietHours
from holdfast.events.event import Event
from holdfast.kernel.moments import to_millis
from holdfast.segments.condition import UTC_ZONE
from holdfast.sim.campaigns import CART_RESCUE, running
from holdfast.sim.memory import needed
from holdfast.sim.past import Past, World, make_past
from holdfast.sim.people import Effects

UNTIL_MS = 1_790_000_000_000
DAY_MS = 86_400_000


def by_send(past: Past, name: str) -> dict[str, Event]:
    return {str(event.properties["send"]): event for event in past.ledger.events if event.name == name}


def test_every_mail_was_permitted_and_is_told_of(past: Past) -> None:
    sends = {send.key: send for send in past.ledger.mails}
    assert len(sends) == len(past.ledger.mails) > 100
    assert set(by_send(past, "Message Queued")) == set(sends)
    assert set(by_send(past, "Message Sent")) == set(sends)
    withheld = {send.key: send.reason for send in past.ledger.sends if send.state == "withheld"}
    assert withheld == {key: told.properties["reason"] for key, told in by_send(past, "Message Withheld").items()}
    assert withheld
    assert not set(withheld) & set(sends)
    for send in sends.values():
        assert send.address == past.population.emails[send.identity]
        assert send.settled_ms is not None
        assert send.state == "sent"
        assert send.settled_ms > send.created_ms


def test_only_what_was_sent_is_opened_and_clicked(past: Past) -> None:
    sent, opened, clicked = (by_send(past, f"Message {what}") for what in ("Sent", "Opened", "Clicked"))
    assert set(clicked) < set(opened) < set(sent)
    for send, event in opened.items():
        assert event.timestamp > sent[send].timestamp
    for send, event in clicked.items():
        assert event.timestamp > opened[send].timestamp
        assert str(event.properties["url"]).startswith("https://")


def test_nobody_held_out_or_refusing_gets_mail(past: Past) -> None:
    arms = {(event.user_id, event.properties["origin"]): event.properties["arm"] for event in entries(past)}
    assert 0.03 < Counter(arms.values())["holdout"] / len(arms) < 0.2
    refusing = {name for row, name in enumerate(past.population.user_ids) if past.population.refuses[row]}
    for event in by_send(past, "Message Sent").values():
        assert arms[event.user_id, event.properties["origin"]] == "treated"
        assert event.user_id not in refusing
    reasons = Counter(event.properties["reason"] for event in by_send(past, "Message Withheld").values())
    assert reasons["holdout"] > 0
    assert reasons["no_consent"] > 0


def entries(past: Past) -> list[Event]:
    return [event for event in past.ledger.events if event.name == "Journey Entered"]


def test_purchases_are_caused_only_by_mails(past: Past) -> None:
    mailed: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for send in past.ledger.mails:
        mailed[send.identity, send.origin].append(send.settled_ms or 0)
    assert past.ledger.caused
    for caused in past.ledger.caused:
        assert min(mailed[caused.person, caused.origin]) < caused.at_ms


def test_who_has_bought_since_is_not_made_to_buy() -> None:
    """A certain effect, so that whoever bought by themselves in between would have bought a second time."""
    effects = Effects(cart=0.999999, spread=1e-4)
    past = make_past(np.random.default_rng(3), World(people=600, effects=effects), until_ms=UNTIL_MS)
    orders: defaultdict[str, list[int]] = defaultdict(list)
    for row in past.table.filter(np.asarray(past.table["name"]) == "Order Completed").to_pylist():
        orders[row["user_id"]].append(int(row["timestamp"].timestamp() * 1000))
    mailed = {(send.identity, send.settled_ms or 0) for send in past.ledger.sends if send.origin == CART_RESCUE}
    caused = {(each.person, each.at_ms) for each in past.ledger.caused if each.origin == CART_RESCUE}
    assert len(caused) > 50
    for person, at_ms in caused:
        mail_ms = max(sent for who, sent in mailed if who == person and sent < at_ms)
        between = [order for order in orders[past.population.user_ids[person]] if mail_ms < order < at_ms - 1]
        # In the seconds of the visit itself nothing is asked again.
        assert not [order for order in between if at_ms - order > 60_000]
    assert len(caused) < len(mailed)


def test_the_planted_chance_comes_out() -> None:
    effects = Effects(cart=0.5, spread=0.2)
    past = make_past(np.random.default_rng(3), World(people=1_500, effects=effects), until_ms=UNTIL_MS)
    mailed = [send for send in past.ledger.mails if send.origin == CART_RESCUE]
    caused = [each for each in past.ledger.caused if each.origin == CART_RESCUE]
    # A few had bought by themselves before the mail could make them.
    assert len(caused) / len(mailed) == pytest.approx(0.47, abs=0.06)


def test_with_nothing_planted_nothing_is_caused() -> None:
    effects = Effects(cart=0.0, win_back=0.0)
    past = make_past(np.random.default_rng(3), World(people=300, effects=effects), until_ms=UNTIL_MS)
    assert past.ledger.mails
    assert not past.ledger.caused


def test_nobody_is_forgotten_in_a_journey(past: Past) -> None:
    for visit in past.ledger.visits:
        assert (visit.left_ms is None) == bool(visit.due_ms or visit.waits_for)
    assert len(past.ledger.visits) == len(entries(past))
    ended = [event for event in past.ledger.events if event.name == "Journey Left"]
    assert len(ended) == sum(visit.left_ms is not None for visit in past.ledger.visits)


def test_the_counters_add_up(past: Past) -> None:
    counts = {(each.origin, each.step, each.exit): each.count for each in past.ledger.step_counts()}
    origin = "cart-rescue"
    left = counts[origin, "bought", "entered"] + counts[origin, "done", "entered"]
    inside = sum(visit.left_ms is None for visit in past.ledger.visits if visit.origin == origin)
    assert counts[origin, "cart", "entered"] == left + inside
    mails = sum(send.origin == origin for send in past.ledger.mails)
    assert counts[origin, "mail", "sent"] == mails


def test_the_cool_down_is_kept(past: Past) -> None:
    entered: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for visit in past.ledger.visits:
        entered[visit.origin, visit.identity].append(visit.entered_ms)
    again = 0
    for (origin, _), moments in entered.items():
        for one, two in zip(sorted(moments), sorted(moments)[1:], strict=False):
            again += 1
            assert two - one >= (DAY_MS if origin == CART_RESCUE else 30 * DAY_MS)
    assert again > 20


def test_a_cap_holds_mail_back() -> None:
    rules = GateRules(caps=(Cap(channel="email", most=1, within_seconds=90 * 86_400),))
    past = make_past(np.random.default_rng(3), World(people=400, rules=rules), until_ms=UNTIL_MS)
    assert max(Counter(send.identity for send in past.ledger.mails).values()) == 1
    assert any(event.properties["reason"] == "capped" for event in by_send(past, "Message Withheld").values())


def test_quiet_hours_and_a_global_holdout_are_kept_in_the_past_too() -> None:
    rules = GateRules(quiet=QuietHours(from_minute=18 * 60, until_minute=10 * 60), global_holdout=0.3)
    past = make_past(np.random.default_rng(3), World(people=400, rules=rules), until_ms=UNTIL_MS)
    reasons = {send.key: send.reason for send in past.ledger.sends if send.state == "withheld"}
    assert reasons == {key: told.properties["reason"] for key, told in by_send(past, "Message Withheld").items()}
    queued = set(by_send(past, "Message Queued"))
    assert {send.key for send in past.ledger.mails} <= queued
    assert queued == {
        send.key for send in past.ledger.sends if send.state != "withheld" or send.not_before_ms > send.created_ms
    }
    put_off = 0
    for send in past.ledger.mails:
        name = past.population.user_ids[send.identity]
        assert not held_out(name, 0.3)
        assert not rules.quiet or not rules.quiet.hold(send.claimed_ms or 0, UTC_ZONE)
        put_off += send.not_before_ms > send.created_ms
    assert put_off > 10
    arms = Counter(event.properties["arm"] for event in entries(past))
    assert 0.2 < arms["global_holdout"] / arms.total() < 0.4


def test_win_back_is_for_those_who_bought_long_ago(past: Past) -> None:
    orders: defaultdict[str, list[int]] = defaultdict(list)
    for row in past.table.select(["name", "user_id", "timestamp"]).to_pylist():
        if row["name"] == "Order Completed":
            orders[row["user_id"]].append(int(row["timestamp"].timestamp() * 1000))
    won = [event for event in entries(past) if event.properties["origin"] == "win-back"]
    assert won
    for event in won:
        before = [at for at in orders[event.user_id or ""] if at <= to_millis(event.timestamp)]
        assert before
        assert to_millis(event.timestamp) - max(before) >= 30 * DAY_MS - 1_000


def test_what_somebody_does_about_a_mail_does_not_hang_on_the_arms() -> None:
    """The same people, all treated and all held out: only what mails cause is different."""
    worlds = []
    for holdout in (0.0, 1.0):
        plays = [replace(play, journey=replace(play.journey, holdout=holdout)) for play in running()]
        worlds.append(make_past(np.random.default_rng(8), World(people=300, plays=plays), until_ms=UNTIL_MS))
    treated, held = worlds
    caused = {(each.person, each.at_ms) for each in treated.ledger.caused}
    assert caused
    assert not held.ledger.mails
    assert not held.ledger.caused
    orders = [world.table.filter(np.asarray(world.table["name"]) == "Order Completed") for world in worlds]
    extra = len(set(orders[0]["message_id"].to_pylist())) - len(set(orders[1]["message_id"].to_pylist()))
    assert extra == len([each for each in caused if each[1] < UNTIL_MS])


def test_needs_are_events_without_which_a_condition_cannot_hold() -> None:
    cart, win_back = running()
    assert needed(cart.journey.trigger.rules().only_if) == frozenset()
    assert needed(win_back.journey.trigger.rules().only_if) == {"Order Completed"}
