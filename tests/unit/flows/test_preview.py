"""Previews take nothing from anybody, and a test is marked, carried at once and kept nowhere."""

from __future__ import annotations

import pytest

from holdfast.channels.email_smtp import email_channel
from holdfast.decisions.gate import GateRules
from holdfast.flows.content.coupons import add_codes
from holdfast.flows.content.linked import LinkedContent
from holdfast.flows.content.lookups import Lookups
from holdfast.flows.content.preview import SAMPLE_CODE, Previewer, SampleCoupons, Wanted, marked
from holdfast.flows.delivery.filling import Filler
from holdfast.flows.delivery.send import Office
from holdfast.kernel.errors import Conflict
from holdfast.messages.content import Words
from holdfast.messages.links import Linker
from holdfast.messages.liquid.linked_hosts import decode_hosts
from holdfast.messages.parcel import Accepted, Parcel, Verdict
from holdfast.testing import FakeClock, MemoryState
from holdfast.testing.filling import FakeWeb

LINKER = Linker(base_url="https://t.example", key=b"a key of thirty-two bytes, for us")


class Postman:
    """Takes everything."""

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []

    async def carry(self, parcel: Parcel) -> Verdict:
        """Take it."""
        self.parcels.append(parcel)
        return Accepted("taken")

    async def close(self) -> None:
        """There is nothing to let go of."""


def a_previewer(state: MemoryState, clock: FakeClock) -> Previewer:
    filler = Filler(
        lookups=Lookups(state=state, clock=clock),
        coupons=SampleCoupons(state=state, clock=clock),
        linked=LinkedContent(fetcher=FakeWeb(), hosts=decode_hosts("", "linked_hosts"), clock=clock),
    )
    return Previewer(
        state=state,
        clock=clock,
        filler=filler,
        linker=LINKER,
        rules=GateRules(),
        workspace_name="Tea",
        time_zone="UTC",
    )


async def test_a_preview_takes_no_coupon() -> None:
    state, clock = MemoryState(), FakeClock()
    await add_codes(state, clock, "tea", ["A", "B"], lambda _done, _total: None)
    previewer = a_previewer(state, clock)
    wanted = Wanted(medium="sms", content={"text": '{% coupon "tea" as code %}{{ code }}'})
    shown = await previewer.preview(wanted)
    assert shown.words is not None
    assert shown.words.text("text") == SAMPLE_CODE
    async with state.view() as view:
        (pool,) = await view.coupon_pools()
    assert pool.left == 2
    gone = await previewer.preview(Wanted(medium="sms", content={"text": '{% coupon "gone" as code %}{{ code }}'}))
    assert gone.words is None
    assert "gone" in gone.reason


async def test_a_test_is_marked_and_carried_and_kept_nowhere() -> None:
    state, postman = MemoryState(), Postman()
    office = Office(channel=email_channel("shop@shop.example", linker=LINKER, workspace_name="Tea"), carrier=postman)
    previewer = a_previewer(state, FakeClock())
    wanted = Wanted(medium="email", content={"subject": "Hi", "text": "Hello"})
    _, verdict = await previewer.send_test(wanted, "me@shop.example", {"email": office})
    assert verdict == Accepted("taken")
    (parcel,) = postman.parcels
    assert parcel.to == "me@shop.example"
    assert b"Subject: [Test] Hi" in parcel.body
    async with state.view() as view:
        assert await view.sends_of(origin=None, identities=None, limit=9) == []
    with pytest.raises(Conflict, match="Nothing sends email messages here"):
        await previewer.send_test(wanted, "me@shop.example", {})


def test_the_mark_stands_on_what_is_read_first() -> None:
    assert marked(Words({"title": " ", "body": "Hi"})).parts == {"title": " ", "body": "[Test] Hi"}
    assert marked(Words({"subject": "A", "text": "B"})).parts == {"subject": "[Test] A", "text": "B"}
    assert marked(Words({"template": "approved"})).parts == {"template": "approved"}
