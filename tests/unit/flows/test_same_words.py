"""Every attempt at a message hands over the same bytes, whatever has changed since the first."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from holdfast.channels.email_smtp import email_channel
from holdfast.decisions.gate import GateRules
from holdfast.events.event import IdentityKey
from holdfast.flows.delivery.claiming import call_off, called_off
from holdfast.flows.delivery.dead_letters import Which, drop_letters, replay_letters
from holdfast.flows.delivery.dispatch import Dispatcher
from holdfast.flows.delivery.forgetting import DAY_MS, RECEIPT_DAYS, forget_receipts
from holdfast.flows.delivery.lanes import ROOM, Lanes
from holdfast.flows.delivery.send import Office, Sender
from holdfast.flows.delivery.wording import BYTES_MOST, Wording, pressed, unpressed
from holdfast.flows.journey.decide import publish
from holdfast.kernel.moments import to_millis
from holdfast.messages.content import Words
from holdfast.messages.doubt import ONCE, DoubtPolicy
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict
from holdfast.ports.catalogues import Catalogue, CatalogueItem
from holdfast.ports.state import Lane, Send, Settlement, Told, View
from holdfast.ports.templates import SavedKind, SavedTemplate
from holdfast.ports.web import Fetched
from holdfast.testing import START, FakeClock, MemoryState, a_profile, a_send
from holdfast.testing.filling import FakeWeb, a_filler

NOW_MS = to_millis(START)
KEY = "5e" * 16
STOCK = "https://api.shop.example/stock"
KNOWS_KEYS = DoubtPolicy(idempotent_seconds=86_400, marketing="resend", transactional="resend")
TEXT = """{% catalogue "products" id: "t1" as p %}{% linked "https://api.shop.example/stock" cache: 0 as stock %}
{{ person.name }} {{ p.name }} {{ stock.left }} {% coupon "WELCOME" as c %}{{ c }}
{% block "foot" %} in {lang} as {number}"""
JOURNEY = {
    "id": "tell",
    "name": "Tell",
    "goal": {"event": "Order Completed", "within_seconds": 3_600},
    "start": "in",
    "steps": {
        "in": {"type": "trigger", "event": "Seen", "again": "once", "exits": {"entered": "mail"}},
        "mail": {
            "type": "send",
            "channel": "email",
            "template": {"saved": "hello"},
            "exits": {"sent": "done", "withheld": "done"},
        },
        "done": {"type": "exit"},
    },
}


class Shop:
    """One process that sends, and all that its mails are made of."""

    def __init__(
        self,
        verdicts: Collection[Verdict],
        doubt: DoubtPolicy = ONCE,
        *,
        state: MemoryState | None = None,
        clock: FakeClock | None = None,
        owner: str = "one",
    ) -> None:
        self.state, self.clock, self.web = state or MemoryState(), clock or FakeClock(), FakeWeb()
        self.parcels: list[Parcel] = []
        self.hangs = False
        """Whether what is handed over is never answered."""
        self._verdicts, self._doubt = list(verdicts), doubt
        linker = Linker(base_url="https://t.shop.example", key=b"a key for the tests")
        self.channel = email_channel("Shop <hello@shop.example>", linker=linker, workspace_name="Shop")
        self.lanes = Lanes({"email": doubt}, owner=owner)
        self.dispatcher = Dispatcher(
            state=self.state,
            clock=self.clock,
            rules=GateRules(),
            lanes=self.lanes,
            hand_over=self.take,
            behind=_never,
        )
        self.sender = Sender(
            state=self.state,
            clock=self.clock,
            offices={"email": Office(channel=_Doubting(self.channel, doubt), carrier=self)},
            lanes=self.lanes,
            linker=linker,
            workspace_name="Shop",
            settle=self.dispatcher.settle,
            filler=a_filler(self.state, self.clock, web=self.web, hosts="api.shop.example"),
        )

    def take(self, sends: Sequence[Send]) -> None:
        self.sender.take(sends)

    async def carry(self, parcel: Parcel) -> Verdict:
        self.parcels.append(parcel)
        if self.hangs:
            await asyncio.Event().wait()
        return self._verdicts.pop(0) if self._verdicts else Accepted("p")

    async def close(self) -> None:
        """Nothing is held."""

    async def open(self) -> None:
        """Everything is set up, and one mail is queued."""
        async with self.state.begin() as transaction:
            await transaction.add_identities([IdentityKey(kind="user", value="ada")], NOW_MS)
            await transaction.add_coupons("WELCOME", ["A1"], NOW_MS)
        for change in CHANGES.values():
            await change(self, 0)
        await publish(self.state, "journey", json.dumps(JOURNEY).encode(), now=START)
        self.clock.advance(seconds=10)
        at_ms = to_millis(self.clock.now())
        send = a_send(KEY, origin="tell", step="mail", created_ms=at_ms, not_before_ms=at_ms)
        async with self.state.begin() as transaction:
            await transaction.add_sends([send])

    async def die(self) -> Shop:
        """Claim and hand over, and be no more before anything comes of it; who comes after it, hours later."""
        self.hangs = True
        self.clock.advance(seconds=3_700)
        await self.dispatcher.cycle()
        for _ in range(60):
            await asyncio.sleep(0)
        for each in self.sender._tasks:
            each.cancel()
        await asyncio.gather(*self.sender._tasks, return_exceptions=True)
        follower = Shop(self._verdicts, self._doubt, state=self.state, clock=self.clock, owner="two")
        follower.web = self.web
        return follower

    async def cycle(self) -> Send:
        """An hour later: claim, hand over, and settle what was handed over."""
        self.clock.advance(seconds=3_700)
        await self.dispatcher.cycle()
        for _ in range(60):
            await asyncio.sleep(0)
        await self.dispatcher.cycle()
        return (await self.sends())[KEY]

    async def sends(self) -> dict[str, Send]:
        async with self.state.view() as view:
            return await view.sends([KEY])

    async def kept(self) -> set[str]:
        async with self.state.view() as view:
            return set(await view.kept_words([KEY]))


class _Doubting:
    """A channel with another policy."""

    def __init__(self, inner: Any, doubt: DoubtPolicy) -> None:
        self.parcel, self.doubt = inner.parcel, doubt


async def _never(_: View) -> bool:
    return False


async def _trait(shop: Shop, number: int) -> None:
    async with shop.state.begin() as transaction:
        profile = a_profile(email="ada@example.com", name=f"Ada{number}", language="de" if number % 2 else "en")
        await transaction.put_profiles({1: profile})


async def _template(shop: Shop, number: int) -> None:
    text = TEXT.replace("{number}", str(number))
    english, german = ({"subject": "Hi", "text": text.replace("{lang}", each)} for each in ("en", "de"))
    said = {"name": "Hello", "medium": "email", "content": english, "language": "en", "languages": {"de": german}}
    await _save(shop, "template", "hello", said)


async def _block(shop: Shop, number: int) -> None:
    await _save(shop, "block", "foot", {"name": "Foot", "text": f"foot{number}"})


async def _save(shop: Shop, kind: SavedKind, saved_id: str, said: dict[str, Any]) -> None:
    """Save a version, as of before the mail was queued: as one that comes up late."""
    saved = SavedTemplate(
        kind=kind,
        id=saved_id,
        name=said["name"],
        medium=said.get("medium", ""),
        saved_ms=NOW_MS - 100_000,
        definition=json.dumps(said).encode(),
    )
    async with shop.state.begin() as transaction:
        await transaction.put_template(saved)


async def _catalogue(shop: Shop, number: int) -> None:
    async with shop.state.begin() as transaction:
        edition = await transaction.begin_edition("products", 1)
        await transaction.add_items(edition, [CatalogueItem(id="t1", fields={"name": f"Tea{number}"})], replace=True)
        await transaction.publish_catalogue(Catalogue(name="products", edition=edition, changed_ms=1 + number))


async def _linked(shop: Shop, number: int) -> None:
    body = json.dumps({"left": number}).encode()
    shop.web.answers[STOCK] = Fetched(status=200, content_type="application/json", body=body)


async def _coupon(shop: Shop, number: int) -> None:
    if number:
        async with shop.state.begin() as transaction:
            await transaction.forget_coupons([KEY])
            await transaction.add_coupons("WELCOME", [f"B{number}"], NOW_MS)


Change = Callable[[Shop, int], Awaitable[None]]
CHANGES: dict[str, Change] = {
    "trait": _trait,
    "template": _template,
    "block": _block,
    "catalogue": _catalogue,
    "linked": _linked,
    "coupon": _coupon,
}
LATER = Deferred("later", after_seconds=1)
OPEN = st.sampled_from([LATER, Deferred("busy", blame="provider"), InDoubt("the line broke")])


def all_of(change: str) -> list[tuple[Verdict, set[str]]]:
    return [(LATER, {change}), (InDoubt("the line broke"), {change}), (LATER, set(CHANGES))]


@given(st.lists(st.tuples(OPEN, st.sets(st.sampled_from(sorted(CHANGES)))), min_size=1, max_size=4))
@example(all_of("trait"))
@example(all_of("template"))
@example(all_of("block"))
@example(all_of("catalogue"))
@example(all_of("linked"))
@example(all_of("coupon"))
@settings(max_examples=25, deadline=None)
def test_every_attempt_carries_the_same_bytes(rounds: list[tuple[Verdict, set[str]]]) -> None:
    async def story() -> None:
        shop = Shop([verdict for verdict, _ in rounds], KNOWS_KEYS)
        await shop.open()
        for number, (_, changed) in enumerate(rounds, start=1):
            assert (await shop.cycle()).state == "pending"
            assert await shop.kept() == {KEY}
            for change in sorted(changed):
                await CHANGES[change](shop, number)
        last = await shop.cycle()
        assert (last.state, len(shop.parcels)) == ("sent", len(rounds) + 1), last
        first = shop.parcels[0]
        for part in (b"Ada0", b"Tea0", b" 0 ", b"A1", b"foot0", b"in en as 0"):
            assert part in first.body, part
        assert all(each == first for each in shop.parcels)
        assert await shop.kept() == set(), "it has ended"

    asyncio.run(story())


@pytest.mark.parametrize("change", CHANGES)
async def test_each_change_would_show_if_nothing_were_kept(change: str) -> None:
    shop = Shop([LATER])
    await shop.open()
    await shop.cycle()
    await CHANGES[change](shop, 1)
    async with shop.state.begin() as transaction:
        await transaction.drop_words([KEY])
    assert (await shop.cycle()).state == "sent"
    assert shop.parcels[0].body != shop.parcels[1].body


async def test_what_goes_through_at_once_asks_for_nothing_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop([])
    await shop.open()
    kind = type(await _begun(shop))
    asked: list[str] = []
    for name in ("kept_words", "keep_words", "drop_words"):
        monkeypatch.setattr(kind, name, lambda *_, name=name: asked.append(name))
    assert (await shop.cycle()).state == "sent"
    assert asked == []


@pytest.mark.parametrize("change", CHANGES)
async def test_who_takes_over_from_the_dead_says_what_they_said(change: str) -> None:
    shop = Shop([], KNOWS_KEYS)
    await shop.open()
    follower = await shop.die()
    assert await shop.kept() == {KEY}
    await CHANGES[change](shop, 1)
    assert (await follower.cycle()).state == "pending", "it is taken over, and has its turn"
    assert (await follower.cycle()).state == "sent"
    assert follower.parcels == shop.parcels
    assert len(shop.parcels) == 1
    assert await shop.kept() == set(), "it has ended"


@pytest.mark.parametrize(
    ("doubt", "kept"),
    [
        (ONCE, set()),
        (DoubtPolicy(marketing="ask", transactional="drop"), {KEY}),
        (DoubtPolicy(idempotent_seconds=60, marketing="drop", transactional="resend"), set()),
    ],
)
async def test_only_what_may_be_handed_over_again_after_a_death_is_kept_for_it(
    doubt: DoubtPolicy, kept: set[str]
) -> None:
    shop = Shop([], doubt)
    await shop.open()
    await shop.die()
    assert await shop.kept() == kept


async def test_what_is_kept_for_the_death_is_let_go_of_with_what_came_of_it() -> None:
    for verdict, state, kept in (
        (Accepted("p"), "sent", set()),
        (Refused("no"), "failed", set()),
        (LATER, "pending", {KEY}),
    ):
        shop = Shop([verdict], KNOWS_KEYS)
        await shop.open()
        assert (await shop.cycle()).state == state
        assert await shop.kept() == kept


async def test_many_are_kept_in_one_transaction() -> None:
    shop = Shop([], KNOWS_KEYS)
    await shop.open()
    at_ms = to_millis(shop.clock.now())
    others = [
        a_send(f"{number:032}", origin="tell", step="mail", created_ms=at_ms, not_before_ms=at_ms)
        for number in range(7)
    ]
    async with shop.state.begin() as transaction:
        await transaction.add_sends(others)
        await transaction.add_coupons("WELCOME", [f"C{number}" for number in range(7)], NOW_MS)
    sizes: list[int] = []
    kept = shop.sender._words._kept

    async def watched(asks: Sequence[tuple[str, str, bytes]]) -> dict[tuple[str, str, bytes], bool]:
        sizes.append(len(asks))
        return await kept(asks)

    shop.sender._words._asked._serve = watched
    assert (await shop.cycle()).state == "sent"
    assert (len(shop.parcels), sizes) == (8, [8])


async def test_what_was_taken_over_or_forgotten_meanwhile_is_not_handed_over() -> None:
    for change in (_claimed_by_another, None):
        shop = Shop([], KNOWS_KEYS)
        await shop.open()
        shop.clock.advance(seconds=60)
        await shop.dispatcher.cycle()
        async with shop.state.begin() as transaction:
            if change is None:
                await transaction.forget_identities([1])
            else:
                sends = transaction._tables.sends  # type: ignore[attr-defined]
                transaction._tables.sends = sends | {KEY: change(sends[KEY])}  # type: ignore[attr-defined]
        for _ in range(60):
            await asyncio.sleep(0)
        await shop.dispatcher.cycle()
        assert shop.parcels == []
        assert await shop.kept() == set()
        assert shop.lanes.rooms(to_millis(shop.clock.now()))[Lane("email", "journey")] == ROOM


async def test_what_cannot_be_kept_is_handed_over_later(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop([], KNOWS_KEYS)
    await shop.open()
    kind = type(await _begun(shop))

    async def full(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(kind, "keep_words", full)
        send = await shop.cycle()
    assert (send.state, "the disk is full" in send.reason, shop.parcels) == ("pending", True, [])
    assert (await shop.cycle()).state == "sent"
    assert len(shop.parcels) == 1


async def _begun(shop: Shop) -> Any:
    async with shop.state.begin() as transaction:
        return transaction


async def test_what_is_told_of_the_template_is_what_was_first_taken_of_it() -> None:
    shop = Shop([LATER])
    await shop.open()
    await shop.cycle()
    await _trait(shop, 1)
    told: list[Told | None] = []
    settle = shop.dispatcher.settle

    def heard(settlements: Sequence[Settlement]) -> None:
        told.extend(each.told for each in settlements)
        settle(settlements)

    shop.sender._settle = heard
    assert (await shop.cycle()).state == "sent"
    assert told == [Told(template="hello", version=1, variant="a", language="en")]


async def test_a_letter_in_doubt_says_the_same_when_it_is_replayed_and_one_that_failed_is_written_anew() -> None:
    ask = DoubtPolicy(marketing="ask", transactional="ask")
    shop = Shop([InDoubt("the line broke"), Refused("no"), LATER], ask)
    await shop.open()
    assert (await shop.cycle()).state == "in_doubt"
    assert await shop.kept() == {KEY}
    await _trait(shop, 1)
    await replay_letters(shop.state, Which(keys=[KEY]), now=shop.clock.now())
    assert (await shop.cycle()).state == "failed"
    assert shop.parcels[1] == shop.parcels[0]
    assert await shop.kept() == set()
    await replay_letters(shop.state, Which(keys=[KEY]), now=shop.clock.now())
    assert (await shop.cycle()).state == "pending"
    assert b"Ada1" in shop.parcels[2].body


async def test_letters_let_go_of_leave_nothing() -> None:
    shop = Shop([InDoubt("the line broke")], DoubtPolicy(marketing="ask", transactional="ask"))
    await shop.open()
    await shop.cycle()
    assert (await drop_letters(shop.state, Which())).done == 1
    assert await shop.kept() == set()


async def test_what_is_said_once_more_of_a_claim_that_is_settled_keeps_nothing() -> None:
    shop = Shop([InDoubt("the line broke")], DoubtPolicy(marketing="ask", transactional="ask"))
    await shop.open()
    heard: list[Settlement] = []
    settle = shop.dispatcher.settle
    shop.sender._settle = heard.extend
    await shop.cycle()
    settle(heard)
    await shop.dispatcher.cycle()
    await drop_letters(shop.state, Which())
    settle(heard)
    await shop.dispatcher.cycle()
    assert await shop.kept() == set()


async def test_a_doubt_that_is_left_at_that_leaves_nothing() -> None:
    shop = Shop([LATER, InDoubt("the line broke")])
    await shop.open()
    assert (await shop.cycle()).state == "pending"
    assert await shop.kept() == {KEY}
    send = await shop.cycle()
    assert (send.state, send.dead, await shop.kept()) == ("in_doubt", False, set())


async def test_what_makes_room_for_others_leaves_nothing() -> None:
    shop = Shop([LATER])
    await shop.open()
    await shop.cycle()
    async with shop.state.begin() as transaction:
        await call_off(transaction, await called_off(transaction, {KEY}, ()), {KEY: 5}, GateRules())
    assert (await shop.sends())[KEY].state == "withheld"
    assert await shop.kept() == set()


async def test_what_a_claim_that_was_taken_over_said_is_not_kept() -> None:
    shop = Shop([LATER])
    await shop.open()
    shop.clock.advance(seconds=60)
    await shop.dispatcher.cycle()
    async with shop.state.begin() as transaction:
        sends = shop.state._committed.sends
        transaction._tables.sends = sends | {KEY: _claimed_by_another(sends[KEY])}  # type: ignore[attr-defined]
    for _ in range(60):
        await asyncio.sleep(0)
    await shop.dispatcher.cycle()
    assert len(shop.parcels) == 1
    assert await shop.kept() == set()


def _claimed_by_another(send: Send) -> Send:
    return structs.replace(send, claimed_by="another#1")


async def test_what_nobody_comes_back_to_is_forgotten_in_time() -> None:
    shop = Shop([LATER])
    await shop.open()
    await shop.cycle()
    shop.clock.advance(seconds=(RECEIPT_DAYS - 1) * DAY_MS / 1_000)
    assert await forget_receipts(shop.state, shop.clock) == 0
    shop.clock.advance(seconds=2 * DAY_MS / 1_000)
    assert await forget_receipts(shop.state, shop.clock) == 1
    assert await shop.kept() == set()


PARTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
TOLD = st.builds(
    Told, template=st.text(), version=st.integers(), variant=st.text(), language=st.text(), propensity=st.floats(0, 1)
)


@given(st.dictionaries(st.text(max_size=5), PARTS, max_size=5), st.none() | TOLD)
@example({"text": "\ud800 ß\0"}, None)
@settings(max_examples=60)
def test_what_is_kept_comes_back_as_it_was(parts: dict[str, Any], told: Told | None) -> None:
    wording = Wording(words=Words(parts), told=told)
    assert unpressed(pressed(wording)) == wording


def test_what_is_longer_than_any_mail_is_not_kept() -> None:
    noise = random.Random(1).randbytes(BYTES_MOST).hex()
    assert len(pressed(Wording(words=Words({"text": noise[:BYTES_MOST]})))) < BYTES_MOST
    assert pressed(Wording(words=Words({"text": noise}))) == b""
