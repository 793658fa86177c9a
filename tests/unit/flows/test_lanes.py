"""Lanes, domains and turns: each has its own room, and what is slow or broken takes nobody else's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from holdfast.flows.delivery.domains import OPEN_MOST, SLOW_MS, TURN_MS_MOST, domain_of
from holdfast.flows.delivery.lanes import ROOM, Lanes
from holdfast.flows.delivery.turns import DOMAIN_PLACES, MARKETING_PLACES, PLACES, Turns
from holdfast.messages.breaker import FAILURES_MOST, OPEN_MS
from holdfast.messages.doubt import ONCE
from holdfast.messages.pace import Rate, Rates
from holdfast.messages.parcel import Accepted, Deferred, InDoubt
from holdfast.ports.state import Lane, Send
from holdfast.testing import a_send

JOURNEY = Lane("email", "journey")
NOW_MS = 1_000_000
BROKEN = Deferred("no connection", blame="provider")


def sends(count: int, domain: str = "a.example", **fields: object) -> list[Send]:
    return [a_send(f"{domain}-{number}", address=f"p{number}@{domain}", **fields) for number in range(count)]


def admitted(lanes: Lanes, those: list[Send], now_ms: int) -> list[Send]:
    back = {each.key for each in lanes.put_off(those, now_ms)}
    going = [each for each in those if each.key not in back]
    lanes.take(going, now_ms)
    return going


def filled(turns: Turns) -> Iterator[Send]:
    """Everyone who gets a place now."""
    while (send := turns.next()) is not None:
        yield send


def test_each_lane_has_room_of_its_own() -> None:
    lanes = Lanes({"email": ONCE, "webhook": ONCE})
    admitted(lanes, [each for n in range(4) for each in sends(10, f"d{n}.example")], 0)
    rooms = lanes.rooms(0)
    assert JOURNEY not in rooms
    assert rooms[Lane("email", "transactional")] == rooms[Lane("webhook", "journey")] == ROOM
    assert next(iter(rooms)).urgency == "transactional"


def test_a_broken_provider_closes_its_own_channel_and_is_probed_with_one() -> None:
    lanes = Lanes({"email": ONCE, "webhook": ONCE})
    for each in admitted(lanes, sends(FAILURES_MOST), 0):
        lanes.ended(each, BROKEN, 0)
    assert {lane.channel for lane in lanes.rooms(0)} == {"webhook"}
    assert lanes.opens_ms(0) == OPEN_MS
    assert lanes.most("email", OPEN_MS) == 1
    (probe,) = admitted(lanes, sends(1), OPEN_MS)
    assert lanes.most("email", OPEN_MS) == 0
    lanes.ended(probe, Accepted(), OPEN_MS)
    assert lanes.most("email", OPEN_MS) is None


def test_lost_answers_open_the_breaker_and_a_domains_refusals_do_not() -> None:
    for verdict, is_open in ((InDoubt("?"), True), (Deferred("greylisted"), False)):
        lanes = Lanes({"email": ONCE})
        for each in admitted(lanes, sends(FAILURES_MOST), 0):
            lanes.ended(each, verdict, 0)
        assert lanes.is_open("email", 0) == is_open


def test_a_healthy_domain_that_is_full_keeps_its_place_in_the_lane() -> None:
    lanes = Lanes({"email": ONCE})
    going = admitted(lanes, sends(ROOM), 0)
    assert len(going) == OPEN_MOST
    assert JOURNEY not in lanes.rooms(0), "nothing is claimed again and again to be put back"
    lanes.ended(going[0], Accepted(), 0)
    assert lanes.rooms(0)[JOURNEY] == ROOM - OPEN_MOST + 1


def test_a_domain_that_hangs_lets_others_by() -> None:
    lanes = Lanes({"email": ONCE})
    admitted(lanes, sends(ROOM), 0)
    assert lanes.opens_ms(0) == SLOW_MS
    assert lanes.rooms(SLOW_MS)[JOURNEY] == ROOM - OPEN_MOST
    back = lanes.put_off(sends(5, not_before_ms=0), SLOW_MS)
    assert all(each.not_before_ms > SLOW_MS and each.untried for each in back)
    assert len({each.not_before_ms for each in back}) == 5, "each has a turn of its own"
    assert len(admitted(lanes, sends(5, "b.example"), SLOW_MS)) == 5


def test_a_domain_is_paused_longer_each_time_it_says_not_now() -> None:
    lanes = Lanes({"email": ONCE})
    now_ms, waits = 0, []
    for number in range(12):
        (going,) = admitted(lanes, [a_send(f"k{number}", address="p@a.example")], now_ms)
        lanes.ended(going, Deferred("not now"), now_ms)
        [back] = lanes.put_off([a_send(f"w{number}", address="p@a.example", transactional=True)], now_ms)
        waits.append(back.not_before_ms - now_ms)
        now_ms = back.not_before_ms
    assert waits == sorted(waits)
    assert waits[0] == 1_000
    assert waits[-1] == 300_000
    (going,) = admitted(lanes, [a_send("well", address="p@a.example")], now_ms)
    lanes.ended(going, Accepted(), now_ms)
    assert lanes.carrying(now_ms)[0].slowed == []


@given(st.lists(st.tuples(st.integers(0, 3_000), st.integers(1, 30)), max_size=30), st.integers(1, 50))
def test_a_domains_rate_holds_whatever_comes(rounds: list[tuple[int, int]], count: int) -> None:
    rate = Rate(count, 1_000)
    lanes = Lanes({"email": ONCE}, domain_rates=Rates({"a.example": rate}))
    now_ms, made = 0, []
    for number, (step_ms, wanted) in enumerate(rounds):
        now_ms += step_ms
        going = admitted(lanes, [a_send(f"{number}-{n}", address="p@a.example") for n in range(wanted)], now_ms)
        for each in going:
            lanes.ended(each, Accepted(), now_ms)
        made += [now_ms] * len(going)
    for at, first_ms in enumerate(made):
        for also, last_ms in enumerate(made[at:], 1):
            assert also <= rate.burst + (last_ms - first_ms) * 1_000 / rate.spacing_us


def test_turns_are_spread_and_not_put_off_for_ever() -> None:
    lanes = Lanes({"email": ONCE}, domain_rates=Rates({"a.example": Rate(1, 1_000)}))
    turns = [each.not_before_ms for each in lanes.put_off(sends(5_000), 0)]
    assert max(turns) <= TURN_MS_MOST
    assert Counter(turns).most_common(1)[0][1] < 50


def test_undone_claims_leave_nothing_behind() -> None:
    lanes = Lanes({"email": ONCE})
    those = sends(OPEN_MOST)
    for _ in range(3):
        assert lanes.put_off(those, 0) == []
        lanes.untaken(those)
    assert lanes.put_off(those, 0) == []


def test_marketing_leaves_places_for_what_is_transactional() -> None:
    turns = Turns()
    for number in range(100):
        turns.add(a_send(f"m{number}", address=f"p@d{number}.example"))
    placed = list(filled(turns))
    assert len(placed) == MARKETING_PLACES
    turns.add(a_send("receipt", transactional=True))
    receipt = turns.next()
    assert receipt is not None
    assert receipt.key == "receipt"


def test_neither_marketing_lane_starves() -> None:
    turns = Turns()
    for number in range(200):
        turns.add(a_send(f"j{number}", address=f"p@d{number}.example"))
        turns.add(a_send(f"b{number}", address=f"p@e{number}.example", origin_kind="campaign"))
    seen: Counter[str] = Counter()
    placed = list(filled(turns))
    for _ in range(100):
        done = placed.pop(0)
        seen[done.key[0]] += 1
        turns.done(done)
        following = turns.next()
        assert following is not None
        placed.append(following)
    assert abs(seen["j"] - seen["b"]) <= 4


def test_one_domain_takes_not_all_the_places() -> None:
    turns = Turns()
    for each in sends(50):
        turns.add(each)
    for each in sends(5, "b.example"):
        turns.add(each)
    placed = list(filled(turns))
    left = MARKETING_PLACES - DOMAIN_PLACES
    assert Counter(domain_of(each.address) for each in placed) == {"a.example": DOMAIN_PLACES, "b.example": left}
    assert len(placed) <= PLACES


def test_the_domain_of_an_address() -> None:
    assert domain_of("Ada@Mail.EXAMPLE") == "mail.example"
    assert domain_of("https://Hooks.example:8443/a@b") == "hooks.example"
    assert domain_of("https://[oops") == ""
    assert domain_of("nobody") == "nobody"


def test_channels_come_and_go_and_what_is_under_way_ends() -> None:
    lanes = Lanes({"email": ONCE})
    text = a_send("text", channel="sms", address="+4917")
    lanes.carry({"email": ONCE, "sms": ONCE})
    assert {each.channel for each in lanes.rooms(NOW_MS)} == {"email", "sms"}
    assert lanes.put_off([text], NOW_MS) == []
    lanes.take([text], NOW_MS)
    lanes.carry({"email": ONCE})
    assert {each.channel for each in lanes.rooms(NOW_MS)} == {"email"}
    assert [each.channel for each in lanes.carrying(NOW_MS)] == ["email"]
    lanes.ended(text, Accepted(), NOW_MS)
    lanes.carry({"sms": ONCE})
    assert set(lanes.rooms(NOW_MS).values()) == {ROOM}


def test_another_provider_is_not_blamed_for_the_one_before() -> None:
    lanes = Lanes({"sms": ONCE})
    for number in range(FAILURES_MOST):
        text = a_send(str(number), channel="sms", address="+4917")
        lanes.put_off([text], NOW_MS)
        lanes.take([text], NOW_MS)
        lanes.ended(text, BROKEN, NOW_MS)
    lanes.carry({"sms": ONCE})
    assert lanes.rooms(NOW_MS) == {}
    assert lanes.opens_ms(NOW_MS) is not None
    lanes.carry({})
    assert lanes.opens_ms(NOW_MS) is None
    lanes.carry({"sms": ONCE}, anew={"sms"})
    assert set(lanes.rooms(NOW_MS).values()) == {ROOM}
