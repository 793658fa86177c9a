"""Who is who, over both stores: claims of events, merges and unmerges by people, and what they leave behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.events.event import Event, IdentityKey
from holdfast.flows.people.identify import Said, apply_claims, find_identity, merge, unmerge
from holdfast.kernel.errors import Conflict, NotFound
from holdfast.kernel.moments import to_millis
from holdfast.ports.state import State, Transaction, View
from holdfast.profiles.identity import Claim, Link, claims_of, persons
from holdfast.profiles.profile import EMPTY, Profile, combine, learn
from holdfast.testing import START, MemoryState, a_link, an_event
from tests.contracts.state_contract import anonymous, user
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.


def login(device: str, name: str) -> Said:
    return (Claim(first=anonymous(device), second=user(name), kind="login"), 5, f"{device}-{name}")


def alias(previous: str, name: str) -> Said:
    return (Claim(first=user(previous), second=user(name), kind="alias"), 5, f"{previous}={name}")


async def claim(state: State, *claims: Said) -> Any:
    """One tick: number whoever is new, and follow the claims."""
    async with state.begin() as transaction:
        names = list(dict.fromkeys(key for said in claims for key in (said[0].first, said[0].second)))
        known = await transaction.identities(names)
        known |= await transaction.add_identities([name for name in names if name not in known], 0)
        changed = await apply_claims(transaction, claims, known)
        assert known == await transaction.identities(names)  # Brought up to date.
        return changed


async def who(state: State) -> list[set[str]]:
    """Everybody, as sets of names: users in capitals."""
    async with state.view() as view:
        return await groups(view)


async def groups(view: View) -> list[set[str]]:
    return [
        {each.key.value.upper() if each.key.kind == "user" else each.key.value for each in members}
        for _, members in sorted((await view.members(range(1, 100))).items())
    ]


async def test_a_login_joins_the_device_to_the_user(state: State) -> None:
    changed = await claim(state, login("d", "u"))
    assert await who(state) == [{"d", "U"}]
    assert changed.moves == {2: 1}
    assert changed.touched == {1, 2}
    assert [(link.kind, link.at_ms, link.by) for link in changed.links] == [("login", 5, "d-u")]


async def test_a_login_said_again_changes_nothing_and_asks_nothing(state: State) -> None:
    await claim(state, login("d", "u"))
    async with state.begin() as transaction:
        known = await transaction.identities([anonymous("d"), user("u")])
    # The transaction is over: any question to it would raise.
    changed = await apply_claims(transaction, [login("d", "u")] * 1_000, known)
    assert (changed.links, changed.moves, changed.refused) == ([], {}, [])


async def test_several_people_on_one_device_stay_apart(state: State) -> None:
    changed = await claim(state, login("d", "u"), login("d", "v"), login("e", "v"))
    assert await who(state) == [{"d", "U"}, {"V", "e"}]
    assert [(each.claim.second, each.why) for each in changed.refused] == [(user("v"), "two_users")]
    await claim(state, login("d", "v"))
    assert await who(state) == [{"d", "U"}, {"V", "e"}]


async def test_several_devices_are_one_person(state: State) -> None:
    await claim(state, login("d", "u"), login("e", "u"), login("f", "u"))
    assert await who(state) == [{"d", "e", "f", "U"}]


async def test_an_alias_joins_users_and_their_devices(state: State) -> None:
    await claim(state, login("d", "u"), login("e", "v"))
    await claim(state, alias("u", "v"))
    assert await who(state) == [{"d", "U", "e", "V"}]
    assert (await claim(state, alias("u", "v"))).links == []


async def test_a_login_within_a_person_made_in_the_same_tick_is_no_news(state: State) -> None:
    changed = await claim(state, alias("u", "v"), login("d", "u"), login("d", "v"))
    assert changed.refused == []
    assert [link.kind for link in changed.links] == ["alias", "login"]


async def test_an_alias_of_an_anonymous_id_reaches_that(state: State) -> None:
    async with state.begin() as transaction:
        known = await transaction.add_identities([anonymous("d"), user("u")], 0)
        await apply_claims(transaction, [alias("d", "u")], known)
    assert await who(state) == [{"d", "U"}]


async def test_an_alias_within_one_person_is_recorded_so_that_it_outlives_another_link(state: State) -> None:
    await claim(state, login("d", "u"), login("e", "v"))
    merged = await merge(state, anonymous("d"), anonymous("e"), by="k", now=START)
    assert len((await claim(state, alias("u", "v"))).links) == 1
    await unmerge(state, merged.link.id, by="k", now=START)
    assert await who(state) == [{"d", "U", "e", "V"}]


async def test_what_a_person_undid_no_event_does_again_but_a_person_may(state: State) -> None:
    await claim(state, login("d", "u"))
    await unmerge(state, (anonymous("d"), user("u")), by="k", now=START)
    assert [each.why for each in (await claim(state, login("d", "u"))).refused] == ["undone"]
    assert await who(state) == [{"d"}, {"U"}]
    await merge(state, anonymous("d"), user("u"), by="k", now=START)
    assert await who(state) == [{"d", "U"}]


async def test_thousands_of_claims_at_once(state: State) -> None:
    said = [login(f"d{n}", f"u{n // 2}") for n in range(4_000)]
    changed = await claim(state, *said)
    assert len(changed.links) == 4_000
    async with state.view() as view:
        assert await view.count_people() == 2_000
        links = await view.links(range(1, 6_001))
        ids = range(1, 6_001)
        assert persons(ids, links) == {each: one.person for each, one in (await view.identities_by_id(ids)).items()}


async def test_a_name_means_the_user_before_the_anonymous(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_identities([anonymous("x"), user("x"), anonymous("y")], 0)
        assert [each and each.id for each in [await find_identity(transaction, name) for name in "xyz"]] == [2, 3, None]


async def test_merging_joins_two_people_with_everything_they_have(state: State) -> None:
    await claim(state, login("d", "u"), login("e", "v"))
    async with state.begin() as transaction:
        told = await transaction.stale_people(limit=99)
        await transaction.untouch_people(told)
    merged = await merge(state, "v", "d", by="ops", now=START)
    assert await who(state) == [{"d", "U", "e", "V"}]
    assert (merged.person, merged.link.kind, merged.link.by, merged.link.at_ms) == (1, "merge", "ops", to_millis(START))
    async with state.view() as view:
        assert [person for person, _ in await view.stale_people(limit=99)] == [1, 3]
        assert merged.link in await view.links([merged.link.first])


async def test_unmerging_says_who_they_are_now(state: State) -> None:
    await claim(state, login("d", "u"), login("e", "v"))
    merged = await merge(state, "v", "u", by="ops", now=START)
    parted = await unmerge(state, ("u", "v"), by="ops", now=START + timedelta(seconds=1))
    assert parted.persons == [1, 3]
    assert [(link.id, link.undone_by) for link in parted.undone] == [(merged.link.id, "ops")]
    assert await who(state) == [{"d", "U"}, {"e", "V"}]
    async with state.view() as view:
        assert parted.undone[0] in await view.links([merged.link.first])


async def test_people_joined_in_two_ways_stay_joined_when_one_is_undone(state: State) -> None:
    await claim(state, login("d", "u"), login("e", "u"))
    merged = await merge_again(state, anonymous("d"), anonymous("e"))
    parted = await unmerge(state, merged.id, by="k", now=START)
    assert len(parted.persons) == 1
    assert await who(state) == [{"d", "e", "U"}]


async def merge_again(state: State, first: IdentityKey, second: IdentityKey) -> Link:
    async with state.begin() as transaction:
        known = await transaction.identities([first, second])
        return await transaction.add_link(a_link(known[first].id, known[second].id, kind="merge"))


@pytest.mark.parametrize("names", [("u", "nobody"), ("nobody", "u")])
async def test_unknown_names_are_not_found(state: State, names: tuple[str, str]) -> None:
    await claim(state, login("d", "u"))
    for act in (merge(state, *names, by="k", now=START), unmerge(state, names, by="k", now=START)):
        with pytest.raises(NotFound, match="nobody") as refused:
            await act
        assert refused.value.hint


async def test_what_cannot_be_merged_or_unmerged_says_so(state: State) -> None:
    await claim(state, login("d", "u"), login("e", "u"), login("f", "v"))
    for act, code in (
        (merge(state, "d", "e", by="k", now=START), "already_one_person"),
        (merge(state, "u", "u", by="k", now=START), "already_one_person"),
        (unmerge(state, ("d", "e"), by="k", now=START), "not_linked"),
        (unmerge(state, ("u", "v"), by="k", now=START), "not_linked"),
    ):
        with pytest.raises(Conflict) as refused:
            await act
        assert refused.value.code == code
        assert refused.value.hint
    with pytest.raises(NotFound, match="link 99"):
        await unmerge(state, 99, by="k", now=START)
    await unmerge(state, 1, by="k", now=START)
    for again in (unmerge(state, 1, by="k", now=START), unmerge(state, ("d", "u"), by="k", now=START)):
        with pytest.raises(Conflict) as refused:
            await again
        assert refused.value.code == "already_undone"


# Merge, live on, unmerge: everything is as if the merge had never been.

DEVICES, USERS = ("d", "e", "f"), ("u", "v", "w")


@st.composite
def happenings(draw: st.DrawFn, label: str, *, claiming: bool) -> list[Event]:
    """Events of few people; when `claiming`, some say who is who."""
    events = []
    for number in range(draw(st.integers(0, 8))):
        anonymous_id, user_id = draw(st.sampled_from(DEVICES)), draw(st.sampled_from(USERS))
        whose = draw(st.sampled_from(["device", "user", *(("both", "alias") if claiming else ())]))
        given: dict[str, Any] = {"message_id": f"{label}{number}", "timestamp": START + timedelta(minutes=number)}
        given |= {"anonymous_id": anonymous_id} if whose in ("device", "both") else {}
        given |= {"user_id": user_id} if whose != "device" else {}
        if whose == "alias":
            events.append(an_event("Aliased", kind="alias", previous_id=draw(st.sampled_from(USERS)), **given))
        elif draw(st.booleans()):
            events.append(
                an_event("Identified", kind="identify", properties={"plan": draw(st.integers(0, 3))}, **given)
            )
        elif draw(st.booleans()):
            consent = {"channel": "email", "granted": draw(st.booleans())}
            events.append(an_event("Consent Changed", properties=consent, **given))
        else:
            events.append(an_event("Order Completed", **given))
    return events


async def live(state: State, events: list[Event]) -> None:
    """What the reactor does with each event, as far as people go."""
    for event in events:
        async with state.begin() as transaction:
            await live_one(transaction, event)


async def live_one(transaction: Transaction, event: Event) -> None:
    claims = claims_of(event)
    names = list(dict.fromkeys([event.identity, *(name for each in claims for name in (each.first, each.second))]))
    known = await transaction.identities(names)
    known |= await transaction.add_identities([name for name in names if name not in known], 0)
    await apply_claims(transaction, [(each, 0, event.message_id) for each in claims], known)
    identity = known[event.identity].id
    before = (await transaction.profiles([identity])).get(identity, EMPTY)
    await transaction.put_profiles({identity: learn(before, event)})


async def everyone(state: State) -> dict[frozenset[IdentityKey], Profile]:
    """Everybody by their names, with all that is known of them."""
    async with state.view() as view:
        found = {}
        for members in (await view.members(range(1, 100))).values():
            profiles = await view.profiles([each.id for each in members])
            found[frozenset(each.key for each in members)] = combine(profiles.get(each.id, EMPTY) for each in members)
        return found


async def start(events: list[Event]) -> State:
    state = MemoryState()
    async with state.begin() as transaction:
        await transaction.add_identities([*map(anonymous, DEVICES), *map(user, USERS)], 0)
    await live(state, events)
    return state


PAIRS = st.lists(st.sampled_from([*DEVICES, *USERS]), min_size=2, max_size=2, unique=True)
quickly = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quickly
@given(happenings("a", claiming=True), PAIRS, happenings("b", claiming=False))
async def test_merge_then_unmerge_gives_back_exactly_what_was_whatever_happened_between(
    before: list[Event], pair: list[str], between: list[Event]
) -> None:
    merged, spared = await start(before), await start(before)
    try:
        result = await merge(merged, pair[0], pair[1], by="k", now=START)
    except Conflict:
        return
    await live(merged, between)
    await live(spared, between)
    assert len(await everyone(merged)) == len(await everyone(spared)) - 1
    await unmerge(merged, result.link.id, by="k", now=START)
    assert await everyone(merged) == await everyone(spared)
    async with merged.view() as one, spared.view() as other:
        assert await one.members(range(99)) == await other.members(range(99))


@quickly
@given(happenings("a", claiming=True), PAIRS, happenings("b", claiming=True), st.booleans())
async def test_the_map_of_people_is_always_what_the_standing_links_say(
    before: list[Event], pair: list[str], after: list[Event], undo: bool
) -> None:
    state = await start(before)
    try:
        result = await merge(state, pair[0], pair[1], by="k", now=START)
    except Conflict:
        return
    await live(state, after)
    if undo:
        await unmerge(state, result.link.id, by="k", now=START)
    async with state.view() as view:
        ids = range(1, 7)
        told = persons(ids, await view.links(ids))
        assert {each: one.person for each, one in (await view.identities_by_id(ids)).items()} == told


@quickly
@given(happenings("a", claiming=True))
async def test_one_tick_or_many_make_the_same_people(events: list[Event]) -> None:
    singly, at_once = await start(events), await start([])
    async with at_once.begin() as transaction:
        known = await transaction.identities([*map(anonymous, DEVICES), *map(user, USERS)])
        said = [(each, 0, event.message_id) for event in events for each in claims_of(event)]
        changed = await apply_claims(transaction, said, known)
        for identity in known.values():
            assert changed.moves.get(identity.id, identity.id) == identity.person
    assert await who(singly) == await who(at_once)
    async with singly.view() as one, at_once.view() as other:
        pairs = [[(link.pair, link.kind) for link in await view.links(range(1, 7))] for view in (one, other)]
    assert pairs[0] == pairs[1]


@quickly
@given(happenings("a", claiming=True))
async def test_events_that_only_log_in_never_make_one_person_of_two_users(events: list[Event]) -> None:
    state = await start([event for event in events if event.kind != "alias"])
    for names in await who(state):
        assert sum(1 for name in names if name.isupper()) <= 1
