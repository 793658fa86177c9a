"""The state in memory for replays: numbers as in earnest, and contacts of others laid in."""

from __future__ import annotations

import pytest

from holdfast.events.event import IdentityKey
from holdfast.kernel.errors import Internal
from holdfast.kernel.moments import to_millis
from holdfast.stores.memory.rehearsal import RehearsalStage
from holdfast.testing import START, a_send

AT = to_millis(START)
ANN, BOB, CEM = (IdentityKey(kind="user", value=name) for name in ("ann", "bob", "cem"))


async def test_people_get_the_numbers_they_have_whenever_they_are_met() -> None:
    stage = RehearsalStage({ANN: 7, BOB: 3}, None)
    async with stage.state.begin() as transaction:
        first = await transaction.add_identities([ANN], AT)
        rest = await transaction.add_identities([CEM, BOB], AT)
        await transaction.assign({7: 3, 8: 3})
        members = await transaction.members([3])
    assert {key.value: each.id for key, each in {**first, **rest}.items()} == {"ann": 7, "bob": 3, "cem": 8}
    assert [each.id for each in members[3]] == [3, 7, 8]  # In order of number, not of arrival.
    async with stage.state.begin() as transaction:
        with pytest.raises(Internal):
            await transaction.add_identities([ANN], AT)


async def test_stages_that_began_alike_go_their_own_ways() -> None:
    blank = RehearsalStage({}, None)
    async with blank.state.begin() as transaction:
        await transaction.set_note("said", "before")
    one, other = RehearsalStage({}, blank), RehearsalStage({}, blank)
    async with one.state.begin() as transaction:
        await transaction.set_note("said", "since")
    async with other.state.view() as view, blank.state.view() as before:
        assert await view.note("said") == await before.note("said") == "before"


async def test_a_contact_that_is_laid_counts_and_is_claimed_by_nobody() -> None:
    stage = RehearsalStage({ANN: 1}, None)
    async with stage.state.begin() as transaction:
        await transaction.add_identities([ANN], AT)
    stage.lay(a_send("theirs", state="claimed"))
    async with stage.state.view() as view:
        (made,) = (await view.contacts([1], AT))[1]
        assert (made.key, made.handed_ms) == ("theirs", None)
        assert await view.next_due() is None
    stage.lay(a_send("theirs", state="sent", claimed_ms=AT + 5))
    async with stage.state.view() as view:
        (made,) = (await view.contacts([1], AT))[1]
        assert made.handed_ms == AT + 5
    stage.lay(a_send("theirs", state="withheld"))
    async with stage.state.view() as view:
        assert await view.contacts([1], AT) == {}
