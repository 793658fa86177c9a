"""What messages are filled with, for tests: everything real but the web, which answers as it is told."""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.flows.content.coupons import CouponDesk
from holdfast.flows.content.linked import LinkedContent
from holdfast.flows.content.lookups import Lookups
from holdfast.flows.delivery.filling import Filler
from holdfast.messages.liquid.linked_hosts import decode_hosts
from holdfast.ports.clock import Clock
from holdfast.ports.state import State
from holdfast.ports.web import Call, FetchedOrNot, Unfetched


class FakeWeb:
    """Answers `ports.web.Fetcher`: by address, what is to be answered; nobody else is there."""

    def __init__(self, answers: Mapping[str, FetchedOrNot] | None = None) -> None:
        self.answers = dict(answers or {})
        self.calls: list[Call] = []

    async def fetch(self, call: Call) -> FetchedOrNot:
        """What that address answers."""
        self.calls.append(call)
        return self.answers.get(call.url, Unfetched("nobody is there"))

    async def close(self) -> None:
        """There is nothing to let go of."""


def a_filler(state: State, clock: Clock, *, web: FakeWeb | None = None, hosts: str = "") -> Filler:
    """Who puts content into words."""
    linked = LinkedContent(fetcher=web or FakeWeb(), hosts=decode_hosts(hosts, "linked_hosts"), clock=clock)
    return Filler(
        lookups=Lookups(state=state, clock=clock), coupons=CouponDesk(state=state, clock=clock), linked=linked
    )
