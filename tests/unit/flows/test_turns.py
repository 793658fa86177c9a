"""Turns and domains: places come back, a domain is spared for its own faults alone, and what is idle is forgotten."""

from __future__ import annotations

import pytest

from holdfast.flows.delivery.domains import DOMAINS_MOST, OPEN_MOST, PAUSE_MS, TURN_MS_MOST, Domains
from holdfast.flows.delivery.lanes import NO_RATES
from holdfast.flows.delivery.turns import DOMAIN_PLACES, MARKETING_PLACES, PLACES, Turns
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Refused, Verdict
from holdfast.ports.state import Send
from holdfast.testing import a_send

NOT_NOW = Deferred("not now")


def to(domain: str, key: str, **fields: object) -> Send:
    return a_send(key, address=f"p@{domain}", **fields)


def goes(domains: Domains, send: Send, now_ms: int) -> bool:
    """Whether it goes now, and so has a place."""
    return domains.turn_ms(send, now_ms) == now_ms


def under_way(domains: Domains, now_ms: int, name: str) -> list[Send]:
    """As many as one domain takes at once."""
    sends = (to("a.example", f"{name}{number}") for number in range(2 * OPEN_MOST))
    return [each for each in sends if goes(domains, each, now_ms)]


def deferred(domains: Domains, now_ms: int, name: str) -> None:
    """One is sent to the domain, which says "not now"."""
    send = to("a.example", name)
    assert goes(domains, send, now_ms)
    domains.ended(send, NOT_NOW, now_ms)


def wait_ms(domains: Domains, now_ms: int) -> int:
    """How long the domain is left alone; asked for what is transactional, which waits for nobody else."""
    probe = to("a.example", "probe", transactional=True)
    waits = domains.turn_ms(probe, now_ms) - now_ms
    domains.let_go(probe)
    return waits


def test_whoever_is_done_leaves_its_place_to_another() -> None:
    turns = Turns()
    for number in range(10 * PLACES):
        turns.add(to("a.example", f"j{number}"))
        turns.add(to(f"b{number}.example", f"t{number}", transactional=True))
    for _ in range(10):
        placed = []
        while (send := turns.next()) is not None:
            placed.append(send)
        assert len(placed) == PLACES
        for each in placed:
            turns.done(each)


def test_one_domain_has_as_many_places_again_once_those_before_are_done() -> None:
    turns = Turns()
    for number in range(5 * DOMAIN_PLACES):
        turns.add(to("a.example", f"k{number}"))
    for _ in range(5):
        placed = [send for _ in range(PLACES) if (send := turns.next()) is not None]
        assert len(placed) == DOMAIN_PLACES
        for each in placed:
            turns.done(each)


def test_journeys_and_broadcasts_together_leave_places_for_what_is_transactional() -> None:
    for mixed in (False, True):
        turns = Turns()
        for number in range(5 * PLACES):
            kind = "journey" if mixed and number % 2 else "campaign"
            turns.add(to(f"d{number}.example", f"m{number}", origin_kind=kind))
        placed = [send for _ in range(2 * PLACES) if (send := turns.next()) is not None]
        assert len(placed) == MARKETING_PLACES
        for number in range(PLACES):
            turns.add(to(f"d{number}.example", f"t{number}", transactional=True))
        placed = [send for _ in range(2 * PLACES) if (send := turns.next()) is not None]
        assert len(placed) == PLACES - MARKETING_PLACES
        assert all(each.transactional for each in placed)


@pytest.mark.parametrize("verdict", [Accepted(), Refused("no"), InDoubt("?"), Deferred("broken", blame="provider")])
def test_whatever_came_of_them_they_leave_their_places_at_the_domain(verdict: Verdict) -> None:
    domains = Domains(NO_RATES)
    for number in range(3):
        sends = under_way(domains, number, f"{number}-")
        assert len(sends) == OPEN_MOST
        for each in sends:
            domains.ended(each, verdict, number)


def test_a_provider_that_fails_is_no_fault_of_the_domain() -> None:
    domains = Domains(NO_RATES)
    send = to("a.example", "k")
    assert goes(domains, send, 0)
    domains.ended(send, Deferred("no connection", blame="provider"), 0)
    assert wait_ms(domains, 0) == 0
    assert domains.slowed(0) == []


@pytest.mark.parametrize("verdict", [Accepted(), Refused("no such user")])
def test_a_domain_that_answers_is_trusted_as_ever(verdict: Verdict) -> None:
    domains, now_ms = Domains(NO_RATES), 0
    for number in range(3):
        deferred(domains, now_ms, f"k{number}")
        now_ms += wait_ms(domains, now_ms)
    first, second = to("a.example", "first"), to("a.example", "second")
    assert goes(domains, first, now_ms)
    assert goes(domains, second, now_ms)
    domains.ended(first, NOT_NOW, now_ms)
    assert wait_ms(domains, now_ms) == 8 * PAUSE_MS
    domains.ended(second, verdict, now_ms)
    assert wait_ms(domains, now_ms) == 0, "it takes messages: there is nothing to wait for"
    deferred(domains, now_ms, "again")
    assert wait_ms(domains, now_ms) == PAUSE_MS, "the first in a row"


def test_what_was_under_way_when_a_domain_said_not_now_counts_once() -> None:
    domains = Domains(NO_RATES)
    for each in under_way(domains, 0, "k"):
        domains.ended(each, NOT_NOW, 0)
    assert wait_ms(domains, 0) == PAUSE_MS
    assert [each.deferrals for each in domains.slowed(0)] == [1]


def test_a_clock_that_is_set_back_holds_up_no_domain() -> None:
    late_ms = 10 * TURN_MS_MOST
    for back_ms in (TURN_MS_MOST + 60_000, late_ms):
        domains = Domains(NO_RATES)
        deferred(domains, late_ms, "first")
        turns = [domains.turn_ms(to("a.example", f"k{number}"), late_ms) for number in range(200)]
        assert max(turns) > late_ms
        now_ms = late_ms - back_ms
        assert domains.slowed(now_ms) == []
        assert wait_ms(domains, now_ms) == 0
        deferred(domains, now_ms, "second")
        assert wait_ms(domains, now_ms) == 2 * PAUSE_MS, "and what it says is heard"
        assert domains.turn_ms(to("a.example", "last"), now_ms) <= now_ms + 3 * PAUSE_MS


def test_half_as_many_are_under_way_after_each_not_now_and_always_one() -> None:
    domains, now_ms, found = Domains(NO_RATES), 0, []
    for number in range(6):
        sends = under_way(domains, now_ms, f"{number}-")
        found.append(len(sends))
        for each in sends:
            domains.ended(each, NOT_NOW, now_ms)
        now_ms += 1_000_000  # Later than any turn that was given out.
    assert found == [OPEN_MOST >> number for number in range(5)] + [1]


def test_of_ever_so_many_domains_the_one_used_least_lately_is_forgotten_unless_it_is_busy() -> None:
    domains = Domains(NO_RATES)
    for name in ("used", "idle", "busy"):
        held, told = to(f"{name}.example", f"{name}-held"), to(f"{name}.example", name)
        assert goes(domains, held, 0)
        assert goes(domains, told, 0)
        domains.ended(told, NOT_NOW, 0)
        if name != "busy":
            domains.let_go(held)
    for number in range(DOMAINS_MOST - 2):
        if number == DOMAINS_MOST - 3:
            domains.let_go(to("used.example", "nobody"))
        domains.let_go(to(f"d{number}.example", "nobody"))
    assert {each.domain for each in domains.slowed(0)} == {"used.example", "busy.example"}
    for number in range(DOMAINS_MOST):
        domains.let_go(to(f"e{number}.example", "nobody"))
    assert [each.domain for each in domains.slowed(0)] == ["busy.example"]
