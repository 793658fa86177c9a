"""The state contract: what messages said that may be handed over again."""

from __future__ import annotations

from holdfast.ports.state import Settlement, State
from holdfast.testing import a_send
from tests.contracts.state_contract import people
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.

LONG = bytes(range(256)) * 2_000


async def test_what_a_send_said_first_stands_until_it_is_let_go_of(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.keep_words({"a": b"\0first", "b": LONG, "B": b""}, 5)
        await transaction.keep_words({"a": b"second"}, 6)
        await transaction.keep_words({}, 7)
    async with state.view() as view:
        assert await view.kept_words(["a", "b", "B", "nobody"]) == {"a": b"\0first", "b": LONG, "B": b""}
        assert await view.kept_words([]) == {}
    async with state.begin() as transaction:
        await transaction.drop_words(["a", "nobody"])
        await transaction.drop_words([])
        assert await transaction.kept_words(["a", "b", "B"]) == {"b": LONG, "B": b""}
        await transaction.keep_words({"a": b"third"}, 8)
    async with state.view() as view:
        assert await view.kept_words(["a"]) == {"a": b"third"}


async def test_what_was_kept_long_ago_is_let_go_of_so_many_at_a_time(state: State) -> None:
    async with state.begin() as transaction:
        for at_ms in (3, 1, 2, 4):
            await transaction.keep_words({f"k{at_ms}": b"x"}, at_ms)
        assert await transaction.forget_words(4, limit=2) == 2
        assert set(await transaction.kept_words([f"k{each}" for each in range(5)])) == {"k3", "k4"}
        assert await transaction.forget_words(4, limit=9) == 1
        assert await transaction.forget_words(4, limit=9) == 0
        assert set(await transaction.kept_words(["k3", "k4"])) == {"k4"}


async def test_what_was_said_to_somebody_is_forgotten_with_them(state: State) -> None:
    async with state.begin() as transaction:
        ada, bob = await people(transaction, "ada", "bob")
        await transaction.add_sends([a_send("a", identity=ada.id), a_send("b", identity=bob.id)])
        await transaction.keep_words({"a": b"dear Ada", "b": b"dear Bob"}, 1)
        await transaction.forget_identities([ada.id])
    async with state.view() as view:
        assert await view.kept_words(["a", "b"]) == {"b": b"dear Bob"}


async def test_a_send_tells_whether_it_was_tried_before_it_was_claimed(state: State) -> None:
    async with state.begin() as transaction:
        (ada,) = await people(transaction, "ada")
        await transaction.add_sends(
            [a_send(key, identity=ada.id, not_before_ms=0) for key in ("new", "put-off", "dead")]
        )
        lane = a_send("new").lane
        claimed = await transaction.claim_sends(5, {lane: 9})
        assert [each.is_tried_again for each in claimed] == [False, False, False]
        settled = [
            Settlement(key="put-off", state="pending", reason="capped", untried=True),
            Settlement(key="new", state="pending", reason=""),
            Settlement(key="dead", state="in_doubt", reason="gone", dead=True),
        ]
        await transaction.settle_sends(settled, 6)
        await transaction.replay_dead_letters(["dead"], 7)
        again = await transaction.claim_sends(8, {lane: 9})
        assert {each.key: each.is_tried_again for each in again} == {"new": True, "put-off": True, "dead": True}
        assert {key: each.is_tried_again for key, each in (await transaction.sends(["new", "dead"])).items()} == {
            "new": True,
            "dead": True,
        }
