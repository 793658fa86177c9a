"""Offices: connections come, change and go while messages are under way, and none is lost or goes by another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from holdfast.channels.kept import KeptChannel
from holdfast.flows.delivery.offices import Offices
from holdfast.flows.delivery.send import Office
from holdfast.kernel.sealing import CannotUnseal
from holdfast.messages.parcel import Accepted, Parcel, Verdict
from holdfast.ports.connections import Connection
from holdfast.ports.state import State
from holdfast.testing import MemoryState
from tests.postgres_server import PostgresServer


class Line:
    """A carrier that holds what it carries until it is let through."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.closed = False
        self.through = asyncio.Event()

    async def carry(self, parcel: Parcel) -> Verdict:
        await self.through.wait()
        assert not self.closed
        return Accepted(self.name)

    async def close(self) -> None:
        self.closed = True


class Desk:
    def __init__(self, **kept: Office) -> None:
        self.state: State = MemoryState()
        self.lines: dict[str, Line] = {}
        self.told: list[tuple[list[str], list[str]]] = []
        self.offices = Offices(
            state=self.state,
            built_in={"email": self.office("relay")},
            kept=kept,
            open_office=self.open,
            together={"mobile_push"},
            changed=lambda now, anew: self.told.append((sorted(now), sorted(anew))),
        )

    def office(self, name: str) -> Office:
        line = self.lines[name] = Line(name)
        return Office(channel=KeptChannel(sender=""), carrier=line)

    def open(self, connections: Sequence[Connection]) -> Office:
        connection = connections[0]
        if connection.settings == b"broken":
            raise CannotUnseal("its secret was sealed with another key.")
        if connection.settings == b"odd":
            raise ValueError("nobody thought of this")
        return self.office(" ".join(f"{each.name} {each.changed_ms}" for each in connections))

    async def put(self, name: str, medium: str = "sms", at_ms: int = 1, **fields: Any) -> None:
        given: dict[str, Any] = {"provider": "x", "settings": b"{}", "is_default": True, "created_ms": 1} | fields
        async with self.state.begin() as transaction:
            await transaction.put_connection(Connection(name=name, medium=medium, changed_ms=at_ms, **given))

    async def carried_by(self, medium: str) -> str:
        for line in self.lines.values():
            line.through.set()
        verdict = await self.offices[medium].carrier.carry(PARCEL)
        assert isinstance(verdict, Accepted)
        return verdict.provider_id


PARCEL = Parcel(key="k", channel="sms", sender="", to="", body=b"")


async def test_media_come_and_go_with_their_connections() -> None:
    desk = Desk()
    assert await desk.offices.refresh()
    assert sorted(desk.offices) == ["email"]
    await desk.put("twilio")
    assert "sms" not in desk.offices
    assert await desk.offices.refresh()
    assert sorted(desk.offices) == ["email", "sms"]
    assert len(desk.offices) == 2
    assert await desk.carried_by("sms") == "twilio 1"
    async with desk.state.begin() as transaction:
        await transaction.drop_connection("twilio")
    await desk.offices.refresh()
    assert sorted(desk.offices) == ["email"]
    assert desk.told == [(["email"], []), (["email", "sms"], ["sms"]), (["email"], [])]


async def test_nothing_is_done_while_nothing_changes() -> None:
    desk = Desk()
    await desk.put("twilio")
    await desk.offices.refresh()
    before = desk.offices["sms"]
    assert not await desk.offices.refresh()
    await desk.put("ses", "email")
    await desk.offices.refresh()
    assert desk.offices["sms"] is before
    assert desk.told == [(["email", "sms"], ["sms"]), (["email", "sms"], ["email"])]


async def test_what_is_set_up_comes_before_what_is_built_in() -> None:
    desk = Desk()
    assert await desk.carried_by("email") == "relay"
    await desk.put("ses", "email")
    await desk.offices.refresh()
    assert await desk.carried_by("email") == "ses 1"


async def test_what_is_not_the_default_carries_nothing() -> None:
    desk = Desk()
    await desk.put("spare", is_default=False)
    await desk.offices.refresh()
    assert "sms" not in desk.offices


async def test_some_media_are_carried_by_all_their_connections_together() -> None:
    desk = Desk()
    for name, medium in (("apns", "mobile_push"), ("fcm", "mobile_push"), ("one", "sms"), ("two", "sms")):
        await desk.put(name, medium, is_default=name in ("fcm", "one"))
    await desk.offices.refresh()
    assert await desk.carried_by("mobile_push") == "fcm 1 apns 1"
    assert await desk.carried_by("sms") == "one 1"
    await desk.put("apns", "mobile_push", at_ms=2, is_default=False)
    await desk.offices.refresh()
    assert await desk.carried_by("mobile_push") == "fcm 1 apns 2"


async def test_what_is_kept_here_goes_out_by_nothing() -> None:
    desk = Desk(sms=Office(channel=KeptChannel(sender=""), carrier=Line("mailbox")))
    await desk.put("twilio")
    await desk.offices.refresh()
    assert "twilio 1" not in desk.lines
    assert isinstance(desk.offices["sms"].carrier, Line)


async def test_a_message_ends_by_the_connection_it_began_with() -> None:
    desk = Desk()
    await desk.put("twilio")
    await desk.offices.refresh()
    under_way = asyncio.create_task(desk.offices["sms"].carrier.carry(PARCEL))
    await asyncio.sleep(0)
    await desk.put("twilio", at_ms=2)
    await desk.offices.refresh()
    assert not desk.lines["twilio 1"].closed
    assert await desk.carried_by("sms") == "twilio 2"
    assert await under_way == Accepted("twilio 1")
    await asyncio.sleep(0.01)
    assert desk.lines["twilio 1"].closed
    assert not desk.lines["twilio 2"].closed


async def test_what_cannot_be_opened_waits_and_goes_by_nothing_else() -> None:
    desk = Desk()
    await desk.put("twilio", settings=b"broken")
    await desk.put("ses", "email", settings=b"broken")
    await desk.put("chat", "telegram", settings=b"odd")
    await desk.put("push", "web_push")
    await desk.offices.refresh()
    assert sorted(desk.offices) == ["web_push"]
    assert sorted(desk.offices.broken) == ["email", "sms", "telegram"]
    assert "nobody thought of this" in desk.offices.broken["telegram"]
    assert "another key" in desk.offices.broken["sms"]
    await desk.put("twilio", at_ms=2)
    await desk.offices.refresh()
    assert await desk.carried_by("sms") == "twilio 2"
    assert sorted(desk.offices.broken) == ["email", "telegram"]


async def test_all_are_closed_in_the_end() -> None:
    desk = Desk()
    await desk.put("twilio")
    await desk.offices.refresh()
    late = asyncio.create_task(desk.offices["sms"].carrier.carry(PARCEL))
    await asyncio.sleep(0)
    await desk.put("twilio", at_ms=2)
    await desk.offices.refresh()
    await desk.offices.close()
    assert [name for name, line in desk.lines.items() if not line.closed] == []
    late.cancel()


async def test_what_one_process_sets_up_the_others_notice(postgres: PostgresServer) -> None:
    workspace = postgres.workspace()
    here, there = Desk(), Desk()
    here.state, there.state = await postgres.open(workspace), await postgres.open(workspace)
    offices = Offices(state=there.state, built_in={}, kept={}, open_office=there.open, changed=lambda now, anew: None)
    assert await offices.refresh()
    await here.put("twilio")
    assert await offices.refresh()
    assert "twilio 1" in there.lines
    await here.put("twilio", at_ms=2)
    assert await offices.refresh()
    assert "twilio 2" in there.lines
    assert not await offices.refresh()
    await offices.close()
    await here.state.close()
    await there.state.close()
