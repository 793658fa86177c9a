"""The state contract: who people are. Every store gives these answers."""

from __future__ import annotations

import pytest

from holdfast.events.event import Json
from holdfast.kernel.errors import Internal
from holdfast.ports.state import State
from holdfast.profiles.devices import Device, Heard
from holdfast.profiles.profile import EMPTY, Profile, Stamped, Tally
from holdfast.profiles.variants import Assigned
from holdfast.testing import a_link, a_profile
from tests.contracts.state_contract import anonymous, people, user
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.

NASTY = [
    "",
    "a",
    "A",
    "ß",
    "İ",
    "\\",
    "\0",
    "\0\0",
    "a\0b",
    "😀",
    "\ud800",
    "\udfff x",
    "%",
    "'; --",
    "x" * 4096,
    "é",
    "e\u0301",
]


async def test_identities_are_numbered_densely_and_start_as_their_own_person(state: State) -> None:
    async with state.begin() as transaction:
        first = await transaction.add_identities([user("a"), anonymous("a")], 5)
        second = await transaction.add_identities([user("b")], 6)
        assert [each.id for each in (*first.values(), *second.values())] == [1, 2, 3]
        assert all(each.person == each.id for each in (*first.values(), *second.values()))
        assert await transaction.add_identities([], 7) == {}
    async with state.view() as view:
        assert await view.identities([user("a"), user("b"), user("c")]) == {
            user("a"): first[user("a")],
            user("b"): second[user("b")],
        }
        assert await view.identities([]) == {}
        assert await view.identities_by_id([2, 3, 99]) == {2: first[anonymous("a")], 3: second[user("b")]}


async def test_any_text_is_a_name_and_no_two_are_mixed_up(state: State) -> None:
    keys = [make(value) for value in NASTY for make in (user, anonymous)]
    async with state.begin() as transaction:
        added = await transaction.add_identities(keys, 0)
    async with state.view() as view:
        assert await view.identities(keys) == added
        by_id = await view.identities_by_id(list(range(1, len(keys) + 1)))
        assert [each.key for _, each in sorted(by_id.items())] == keys
        assert await view.identities([user("B"), user("\0\0\0"), anonymous("x" * 4095)]) == {}


async def test_names_to_add_must_be_new_and_distinct(state: State) -> None:
    async with state.begin() as transaction:
        await people(transaction, "a")
    for keys in ([user("a")], [user("b"), user("b")]):
        with pytest.raises(Internal):
            async with state.begin() as transaction:
                await transaction.add_identities(keys, 0)
    async with state.view() as view:
        assert await view.count_people() == 1


async def test_thousands_of_names_are_one_question(state: State) -> None:
    keys = [anonymous(f"device-{number}") for number in range(5_000)]
    async with state.begin() as transaction:
        added = await transaction.add_identities(keys, 0)
        await transaction.put_profiles({each.id: a_profile(n=each.id) for each in added.values()})
        await transaction.assign({each.id: 1 for each in added.values() if each.id % 2})
    async with state.view() as view:
        assert len(await view.identities([*keys, user("nobody")])) == 5_000
        profiles = await view.profiles(list(range(5_001)))
        assert profiles[4_321].trait_values() == {"n": 4_321}
        assert len(await view.members([1])) == 1
        assert len((await view.members(range(1, 5_001)))[1]) == 2_500
        assert await view.count_people() == 2_501


async def test_members_are_in_order_and_follow_assignment(state: State) -> None:
    async with state.begin() as transaction:
        ada, bob, cleo = await people(transaction, "ada", "bob", "cleo")
        await transaction.assign({cleo.id: ada.id, bob.id: ada.id})
        assert [each.id for each in (await transaction.members([ada.id]))[ada.id]] == [1, 2, 3]
        assert await transaction.members([bob.id, 99]) == {}
        assert await transaction.count_people() == 1
        await transaction.assign({cleo.id: cleo.id})
    async with state.view() as view:
        assert {person: [each.id for each in group] for person, group in (await view.members([1, 3])).items()} == {
            1: [1, 2],
            3: [3],
        }
        assert (await view.identities([user("bob")]))[user("bob")].person == ada.id
        assert await view.count_people() == 2


async def test_profiles_come_back_as_they_were_put(state: State) -> None:
    values: list[Json] = [2**80, -(2**70), 2**63, {"a": [1, None, True, 1.5, "\0"]}, None]
    names = ["giant", "negative", "edge", "😀\0", "gone"]
    rich = Profile(
        traits={
            name: Stamped(at_ms, "m", value) for at_ms, (name, value) in enumerate(zip(names, values, strict=True))
        },
        consent={"email/news": Stamped(9, "m", value=False)},
        crowded=True,
        first_seen_ms=5,
        last_seen_ms=10,
        devices={"d1": Heard(7, "m", Device("ios", "token", sandbox=True)), "d2": Heard(8, "m", None)},
        variants={"spring": Assigned(9, "bold"), "rescue.fork": Assigned(0, "mail")},
    )
    async with state.begin() as transaction:
        await people(transaction, "a", "b")
        await transaction.put_profiles({1: rich, 2: EMPTY})
        await transaction.put_profiles({2: a_profile(plan="gold")})
        await transaction.put_profiles({})
    async with state.view() as view:
        found = await view.profiles([1, 2, 3])
        assert found == {1: rich, 2: a_profile(plan="gold")}
        assert isinstance(found[1].traits["giant"].value, int)
        outline = Profile(traits=rich.traits, first_seen_ms=5, last_seen_ms=10)
        assert await view.outlines([1, 2, 3]) == {1: outline, 2: a_profile(plan="gold")}
        assert await view.outlines([]) == {}


async def test_what_was_said_of_a_person_is_gathered_from_their_identities(state: State) -> None:
    tallies = {"A": Tally(count=1, first_ms=1, recent_ms=(1,))}
    first = Profile(traits={"a": Stamped(1, "m", 1), "b": Stamped(2, "m", 2**80)}, tallies=tallies, last_seen_ms=3)
    second = Profile(
        traits={"a": Stamped(2, "m", None)},
        consent={"email": Stamped(9, "m", value=True)},
        devices={"d1": Heard(7, "m", Device("ios", "token"))},
    )
    async with state.begin() as transaction:
        await people(transaction, "a", "b", "c")
        await transaction.put_profiles({1: first, 2: second})
        await transaction.assign({2: 1})
    async with state.view() as view:
        both = Profile(
            traits={"a": Stamped(2, "m", None), "b": Stamped(2, "m", 2**80)},
            consent=second.consent,
            devices=second.devices,
        )
        assert await view.sayings([1, 2, 3, 9]) == {1: both}
        assert await view.sayings([]) == {}


async def test_links_are_found_from_either_end_undone_ones_too(state: State) -> None:
    async with state.begin() as transaction:
        await people(transaction, "a", "b", "c", "d")
        one = await transaction.add_link(a_link(2, 1, by="m1"))
        two, three = await transaction.add_links([a_link(2, 3, kind="alias"), a_link(4, 3, kind="merge")])
        assert [one.id, two.id, three.id] == [1, 2, 3]
        assert await transaction.add_links([]) == []
        await transaction.undo_link(two.id, at_ms=7, by="k")
    async with state.view() as view:
        links = await view.links([1, 3])
        assert [link.id for link in links] == [1, 2, 3]
        assert links[0] == one
        assert (links[1].undone_ms, links[1].undone_by, links[1].stands) == (7, "k", False)
        assert [link.id for link in await view.links([4])] == [3]
        assert await view.links([]) == []
        assert await view.link(2) == links[1]
        assert await view.link(9) is None


async def test_who_undid_a_link_first_stays_on_record(state: State) -> None:
    async with state.begin() as transaction:
        link = await transaction.add_link(a_link(1, 2))
        await transaction.undo_link(link.id, at_ms=7, by="first")
        await transaction.undo_link(link.id, at_ms=8, by="second")
        await transaction.undo_link(99, at_ms=8, by="nobody")
    async with state.view() as view:
        undone = await view.link(link.id)
        assert undone is not None
        assert (undone.undone_ms, undone.undone_by) == (7, "first")


async def test_changed_people_wait_until_they_are_told_of(state: State) -> None:
    async with state.begin() as transaction:
        first = await transaction.touch_people([3, 1, 3])
        second = await transaction.touch_people([2])
        assert await transaction.touch_people([]) == 0
    async with state.view() as view:
        told = await view.stale_people(limit=10)
        assert told == [(1, first), (3, first), (2, second)]
        assert await view.stale_people(limit=1) == told[:1]
    async with state.begin() as transaction:
        await transaction.touch_people([1])  # Changed again while the history was being told.
        await transaction.untouch_people(told)
        ((person, sequence),) = await transaction.stale_people(limit=10)
        assert person == 1
        assert sequence > max(number for _, number in told)


async def test_whoever_changes_often_is_told_of_by_the_last_change_that_is_read(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.touch_people([1, 2])
        second = await transaction.touch_people([1])
        last = await transaction.touch_people([1, 3])
        told = await transaction.stale_people(limit=10)
        assert sorted(told, key=lambda each: each[1])[1:] == sorted([(1, last), (3, last)])
        assert [person for person, _ in told] == [2, 1, 3]
        await transaction.untouch_people([(1, second)])  # As who was read before the last change is.
        assert await transaction.stale_people(limit=10) == told
        await transaction.untouch_people([(1, last), (3, second)])
        assert await transaction.stale_people(limit=10) == [told[0], (3, last)]
        await transaction.untouch_people([])
        await transaction.untouch_people([*told, (9, last)])
        assert await transaction.stale_people(limit=10) == []


async def test_all_changes_are_told_of_a_few_at_a_time(state: State) -> None:
    async with state.begin() as transaction:
        for persons in ([1, 2, 3], [1], [2, 4], [1, 5], [3]):
            await transaction.touch_people(persons)
        found = dict[int, int]()
        for _ in range(20):
            told = await transaction.stale_people(limit=2)
            assert len({person for person, _ in told}) == len(told) <= 2
            found |= dict(told)
            await transaction.untouch_people(told)
        assert not told
        last = await transaction.touch_people([9])
        assert found == {1: last - 2, 2: last - 3, 4: last - 3, 5: last - 2, 3: last - 1}


async def test_sequence_numbers_never_come_again(state: State) -> None:
    sequences = []
    for _ in range(3):
        async with state.begin() as transaction:
            await transaction.touch_people([1])
            told = await transaction.stale_people(limit=1)
            await transaction.untouch_people(told)
            sequences.append(told[0][1])
    assert sequences == sorted(set(sequences))
