"""What a profile keeps of watched events answers as the whole history does, or says that it does not know."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.events.event import Event, Json
from holdfast.kernel.moments import from_millis
from holdfast.profiles import watched as watching_module
from holdfast.profiles.profile import EMPTY, Profile, combine, learn
from holdfast.segments.builders import did, did_amount, first_did, last_did, mostly, only_did, prop
from holdfast.segments.catalogue import declared
from holdfast.segments.comparison import Comparison
from holdfast.segments.condition import Condition, PastEvent, Truth
from holdfast.segments.conditions.did import Did
from holdfast.segments.conditions.did_amount import DidAmount
from holdfast.segments.conditions.first_did import FirstDid
from holdfast.segments.conditions.last_did import LastDid
from holdfast.segments.conditions.only_did import OnlyDid
from holdfast.segments.conditions.share_of import ShareOf
from holdfast.segments.facts import HistoryFacts, ProfileFacts
from holdfast.segments.leaf import decode_leaf, encode_leaf, leaf_of
from holdfast.segments.live import knowable_live
from holdfast.segments.watching import Watched, Watching, watching_of
from holdfast.segments.zones import DAY_MS
from tests.unit.segments.cases import NOW_MS, World, a_world, of_declaration, watching_all
from tests.unit.segments.test_turning import check_constant

SHAPES = (Did, FirstDid, LastDid, DidAmount, OnlyDid, ShareOf)
GENERATE = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


def of_shape(shape: type[Condition]) -> st.SearchStrategy[Condition]:
    (declaration,) = (each for each in declared().values() if each.shape is shape)
    return of_declaration(declaration)


def an_event(name: str, at_ms: int, key: str, **properties: Json) -> Event:
    at = from_millis(at_ms)
    return Event(name=name, user_id="u", timestamp=at, received_at=at, message_id=key, properties=properties)


def learnt(world: World, number: int, watching: Watching, draw: random.Random) -> Profile:
    """Of a person, each of whose events comes to one of three identities, in any order."""
    events = [
        an_event(each.name, each.at_ms, f"m{n}", **each.properties)
        for n, each in enumerate(world.happened)
        if world.joined.get(each.identity, each.identity) == number
    ]
    draw.shuffle(events)
    identities = [EMPTY, EMPTY, EMPTY]
    for event in events:
        place = draw.randrange(3)
        identities[place] = learn(identities[place], event, watching)
    return combine(identities)


def history_of(world: World, number: int) -> HistoryFacts:
    past: dict[str, list[PastEvent]] = defaultdict(list)
    for each in world.happened:
        if world.joined.get(each.identity, each.identity) == number:
            past[each.name].append(PastEvent(timestamp=from_millis(each.at_ms), properties=each.properties))
    return HistoryFacts({}, past)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("few", [False, True])
@GENERATE
@given(seed=st.integers(0, 2**32), data=st.data())
def test_it_never_contradicts_the_history(shape: type[Condition], few: bool, seed: int, data: st.DataObject) -> None:
    """With all that is kept, and with so little that most is let go."""
    draw = random.Random(seed)
    asked = data.draw(st.lists(of_shape(shape), min_size=4, max_size=8))
    watching = watching_all(asked)
    with pytest.MonkeyPatch.context() as patched:
        if few:
            patched.setattr(watching_module, "MOMENTS_MOST", 2)
            patched.setattr(watching_module, "VALUES_MOST", 3)
            patched.setattr(watching_module, "ENTRIES_MOST", 12)
        world = a_world(seed, people=4, events=120)
        for number in world.traits:
            profile = learnt(world, number, watching, draw)
            live, whole = ProfileFacts(profile, watching=watching), history_of(world, number)
            lost = any(each.values is None for kept in profile.watched.values() for each in kept.entries)
            for condition in asked:
                at = from_millis(max(0, NOW_MS + draw.choice((0, 0, -DAY_MS, DAY_MS, 40 * DAY_MS))))
                said, truth = condition.holds(live, at), condition.holds(whole, at)
                assert said in (truth, Truth.UNKNOWN), (condition, number)
                if not few and not lost and knowable_live(condition) is None:
                    assert said is truth, (condition, number)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("few", [False, True])
@GENERATE
@given(seed=st.integers(0, 2**32), data=st.data())
def test_it_turns_when_it_says(shape: type[Condition], few: bool, seed: int, data: st.DataObject) -> None:
    draw = random.Random(seed)
    condition = data.draw(of_shape(shape))
    watching = watching_all([condition])
    with pytest.MonkeyPatch.context() as patched:
        if few:
            patched.setattr(watching_module, "MOMENTS_MOST", 2)
            patched.setattr(watching_module, "VALUES_MOST", 3)
        world = a_world(seed, people=3, events=60)
        for number in world.traits:
            facts = ProfileFacts(learnt(world, number, watching, draw), watching=watching)
            check_constant(condition, facts, max(0, NOW_MS + draw.choice((0, -DAY_MS, -40 * DAY_MS))), draw)


def orders(revenues: Sequence[Json], watching: Watching) -> ProfileFacts:
    """One a day, the last of them now."""
    profile = EMPTY
    for days, revenue in enumerate(reversed(revenues)):
        event = an_event("Order", NOW_MS - days * DAY_MS, f"o{days}", revenue=revenue, shop="a")
        profile = learn(profile, event, watching)
    return ProfileFacts(profile, watching=watching)


def test_of_whom_more_happened_than_is_kept_what_is_certain_is_known() -> None:
    now = from_millis(NOW_MS)
    many: list[Json] = [1] * 150
    asked = {
        did_amount("Order", "sum", of="revenue", at_least=100): Truth.TRUE,
        did_amount("Order", "sum", of="revenue", at_least=101): Truth.UNKNOWN,
        did_amount("Order", "sum", of="revenue", at_most=99): Truth.FALSE,
        did_amount("Order", "sum", of="revenue", at_most=100): Truth.UNKNOWN,
        did_amount("Order", "sum", of="revenue", at_least=2, at_most=99): Truth.FALSE,
        did_amount("Order", "min", of="revenue", at_most=1): Truth.TRUE,
        did_amount("Order", "min", of="revenue", at_least=2): Truth.FALSE,
        did_amount("Order", "min", of="revenue", at_least=1): Truth.UNKNOWN,
        did_amount("Order", "max", of="revenue", at_least=1): Truth.TRUE,
        did_amount("Order", "max", of="revenue", at_most=1): Truth.UNKNOWN,
        did_amount("Order", "distinct", of="revenue", at_least=1): Truth.TRUE,
        did_amount("Order", "average", of="revenue", at_least=1): Truth.UNKNOWN,
        did_amount("Order", "average", of="revenue", at_least=1, within_days=99): Truth.TRUE,
        did_amount("Order", "sum", of="revenue", at_most=99, within_days=99): Truth.TRUE,
        mostly("Order", prop("revenue") == 1): Truth.UNKNOWN,
        mostly("Order", prop("revenue") == 1, within_days=99): Truth.TRUE,
        did("Order", at_least=32, where=prop("revenue") == 1): Truth.TRUE,
        did("Order", at_most=31, where=prop("revenue") == 1): Truth.FALSE,
        did("Order", at_least=33, where=prop("revenue") == 1): Truth.TRUE,
        did("Order", at_least=40, where=prop("revenue") == 1): Truth.UNKNOWN,
        only_did("Order", where=prop("revenue") == 1): Truth.TRUE,
        only_did("Order", where=prop("revenue") == 2): Truth.FALSE,
        first_did("Order", before_days=149, where=prop("revenue") == 1): Truth.TRUE,
        first_did("Order", within_days=149, where=prop("revenue") == 1): Truth.FALSE,
        last_did("Order", within_days=1, where=prop("revenue") == 1): Truth.TRUE,
    }
    facts = orders(many, watching_all(asked))
    assert {condition: condition.holds(facts, now) for condition in asked} == asked
    asked_of_less = did_amount("Order", "sum", of="revenue", at_least=10)
    with_a_refund = orders([-1, *many], watching_all([asked_of_less]))
    assert asked_of_less.holds(with_a_refund, now) is Truth.UNKNOWN, "what was let go may have been below 0"


def test_a_value_that_is_too_long_is_not_known_rather_than_wrong() -> None:
    asked = did_amount("Order", "distinct", of="revenue", at_least=2)
    facts = orders(["x" * 500, 1], watching_all([asked]))
    assert asked.holds(facts, from_millis(NOW_MS)) is Truth.UNKNOWN
    assert asked.holds(orders(["x" * 500, 1, 2], watching_all([asked])), from_millis(NOW_MS)) is Truth.TRUE


def test_until_the_past_is_gathered_it_is_not_known() -> None:
    asked = did("Order", where=prop("revenue") > 5)
    (leaf,) = asked.leaves()
    filling = watching_of([Watched(number=1, leaf=leaf, filled_to=7)])
    profile = learn(EMPTY, an_event("Order", NOW_MS, "m", revenue=9), filling)
    now = from_millis(NOW_MS)
    for identities, known in (([7], True), ([8], False), ([3, 8], False)):
        facts = ProfileFacts(profile, watching=filling, identities=identities)
        assert asked.holds(facts, now) is (Truth.TRUE if known else Truth.UNKNOWN)
        assert asked.holds(ProfileFacts(EMPTY, watching=filling, identities=identities), now) is Truth.FALSE


def test_leaves_that_say_the_same_are_one_and_others_are_not() -> None:
    one = leaf_of("Order", (prop("a") == 1,))
    assert one.fingerprint == leaf_of("Order", (prop("a") == 1,)).fingerprint
    others = [
        leaf_of("Order", (prop("a") == True,)),  # noqa: E712 - To Python it is 1; to us it is not.
        leaf_of("Order", (prop("a") == "1",)),
        leaf_of("order", (prop("a") == 1,)),
        leaf_of("Order", (prop("a") == 1,), ("a",)),
        leaf_of("Order", (prop("a") == 1,), denied=True),
        leaf_of("Order", ()),
    ]
    assert len({each.fingerprint for each in (one, *others)}) == 7
    for leaf in (one, *others):
        assert decode_leaf(encode_leaf(leaf)).fingerprint == leaf.fingerprint
        assert decode_leaf(encode_leaf(leaf)) == leaf


def test_what_says_something_else_tomorrow_is_asked_then() -> None:
    soon = Comparison(name="until", operator="days_until_at_most", value=3)
    leaf = leaf_of("Order", (soon, prop("shop") == "a"), ("revenue",))
    assert (leaf.where, leaf.keeps) == ((prop("shop") == "a",), ("revenue", "until"))
    denied = leaf_of("Order", (soon, prop("shop") == "a"), denied=True)
    assert (denied.where, denied.keeps, denied.denied) == ((), ("until", "shop"), False)


def test_once_the_window_is_past_what_was_let_go_it_is_known_again() -> None:
    asked = did_amount("Order", "average", of="revenue", at_least=1, within_days=120)
    facts = orders([1] * 150, watching_all([asked]))
    now = from_millis(NOW_MS)
    assert asked.holds(facts, now) is Truth.UNKNOWN
    turns = asked.turns_at(facts, now)
    assert turns is not None
    known_ms = NOW_MS + 20 * DAY_MS
    assert asked.holds(facts, from_millis(known_ms)) is Truth.TRUE
    moment = now
    while (turns := asked.turns_at(facts, moment)) is not None and turns <= from_millis(known_ms):
        moment = turns
    assert moment == from_millis(known_ms), "it is looked at in the very moment"
    assert asked.holds(facts, from_millis(known_ms - 1)) is Truth.UNKNOWN
