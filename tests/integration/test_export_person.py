"""Everything held of a person as one file, and their erasure, over HTTP, in Python and at the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import holdfast
from holdfast.cli.main import app as commands
from holdfast.flows.people.export_person import PARTS, PersonFormat, export_person
from holdfast.kernel.errors import NotFound
from holdfast.messages.parcel import Refused
from holdfast.testing.carrier import KeptParcels
from holdfast.testing.house import House

RUNNER = CliRunner()


async def gathered(house: House, name: str, file_format: PersonFormat = "json") -> bytes:
    return b"".join([piece async for piece in export_person(house.app.holder(), name, file_format)])


async def test_every_part_is_there_and_says_what_is_held(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    await house.happens(
        {"type": "track", "event": "Seen", "anonymousId": "device", "messageId": "m1", "context": {"ip": "10.0.0.1"}},
        {
            "type": "identify",
            "userId": "ada",
            "anonymousId": "device",
            "messageId": "m2",
            "traits": {"email": "ada@example.com", "plan": "gold"},
        },
        {"type": "trak", "userId": "ada", "messageId": "m3"},
        {
            "type": "track",
            "event": "Seen",
            "userId": "ada",
            "messageId": "m6",
            "context": {"device": {"token": "t1", "type": "ios"}},
        },
        {"type": "track", "event": "Seen", "userId": "bob", "messageId": "m4", "properties": {"secret": "of bob"}},
        {
            "type": "track",
            "event": "Consent Changed",
            "userId": "ada",
            "messageId": "m5",
            "properties": {"channel": "email", "granted": False},
        },
    )
    async with house.app.state.begin() as transaction:
        await transaction.suppress("email", "ada@example.com", "bounced", 1)
    written = await gathered(house, "device")
    told = json.loads(written)
    assert tuple(told) == PARTS
    assert told["person"]["user_id"] == "ada"
    assert told["person"]["event_counts"] == {"Consent Changed": 1, "Identified": 1, "Seen": 2}
    assert [(each["kind"], each["value"]) for each in told["identities"]] == [("anonymous", "device"), ("user", "ada")]
    assert [(each["first"]["value"], each["second"]["value"]) for each in told["links"]] == [("device", "ada")]
    assert {each["name"]: each["value"] for each in told["traits"]} == {"email": "ada@example.com", "plan": "gold"}
    assert [(each["name"], each["value"], each["message_id"]) for each in told["consent"]] == [("email", False, "m5")]
    assert [(each["type"], each["token"], each["gone"]) for each in told["devices"]] == [("ios", "t1", False)]
    assert [each["message_id"] for each in told["events"]] == ["m6", "m5", "m2", "m1"]
    assert told["events"][3]["context"] == {"ip": "10.0.0.1"}
    assert told["suppressions"] == [{"channel": "email", "address": "ada@example.com", "reason": "bounced"}]
    assert [json.loads(each["body"])["messageId"] for each in told["bad_records"]] == ["m3"]
    assert b"bob" not in written
    lines = [json.loads(line) for line in (await gathered(house, "ada", "jsonl")).splitlines()]
    assert {each["part"] for each in lines} == {part for part in PARTS if told[part]}
    assert [each["item"] for each in lines if each["part"] == "events"] == told["events"]


async def test_a_person_of_whom_little_is_held_has_every_part_too(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    await house.happens({"type": "track", "event": "Seen", "userId": "ada", "messageId": "m1"})
    told = json.loads(await gathered(house, "ada"))
    assert tuple(told) == PARTS
    assert told["links"] == told["mail"] == told["sends"] == []
    with pytest.raises(NotFound, match="nobody goes by"):
        await gathered(house, "nobody")


async def test_what_providers_said_of_their_messages_is_there(tmp_path: Path) -> None:
    house = await House.build(tmp_path, carrier=KeptParcels(Refused("ada@example.com is full", gone=False)))
    send = {"channel": "email", "transactional": True, "template": {"subject": "Hello", "text": "Hello."}}
    goal = {"event": "Bought", "within_seconds": 60}
    await house.publish(
        {"id": "hi", "name": "Hi", "goal": goal, "trigger": {"event": "Seen", "again": "once"}, "send": send}
    )
    await house.happens(
        {"type": "identify", "userId": "ada", "messageId": "m1", "traits": {"email": "ada@example.com"}},
        {"type": "track", "event": "Seen", "userId": "ada", "messageId": "m2"},
    )
    (told,) = json.loads(await gathered(house, "ada"))["sends"]
    assert [each["said"] for each in told["answers"]] == ["ada@example.com is full"]


async def test_a_long_history_is_given_whole_and_each_event_once(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    for start in range(0, 12_000, 2_000):
        await house.happens(
            *(
                {"type": "track", "event": "Seen", "userId": "ada", "messageId": f"m{each}"}
                for each in range(start, start + 2_000)
            )
        )
        house.clock.advance(seconds=1)
    told = json.loads(await gathered(house, "ada"))
    assert sorted(each["message_id"] for each in told["events"]) == sorted(f"m{each}" for each in range(12_000))


def test_at_the_terminal_and_in_python(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with holdfast.open(data) as ws:
        ws.track(
            [
                {"user_id": "ada", "event": "Seen", "properties": {"x": "adamark"}},
                {"user_id": "ada", "traits": {"email": "ada@example.com"}},
                {"user_id": "bob", "event": "Seen"},
            ]
        )
        ws.export_person("bob", tmp_path / "bob.json")
        assert json.loads((tmp_path / "bob.json").read_bytes())["person"]["user_id"] == "bob"
        with pytest.raises(NotFound):
            ws.export_person("nobody", tmp_path / "nobody.json")
        assert not list(tmp_path.glob("nobody*"))
    file = tmp_path / "ada.jsonl"
    ran = RUNNER.invoke(commands, ["people", "export", "ada", str(file), "--data", str(data)])
    assert ran.exit_code == 0, ran.output
    assert {json.loads(line)["part"] for line in file.read_text().splitlines()} >= {"person", "traits", "events"}
    ran = RUNNER.invoke(commands, ["people", "erase", "ada", "--data", str(data)], input="n\n")
    assert ran.exit_code != 0
    ran = RUNNER.invoke(commands, ["people", "erase", "ada", "--yes", "--data", str(data)])
    assert ran.exit_code == 0, ran.output
    assert "done" in ran.output
    ran = RUNNER.invoke(commands, ["people", "erased", "ada", "--data", str(data)])
    assert (ran.exit_code, "It holds." in ran.output) == (0, True), ran.output
    ran = RUNNER.invoke(commands, ["people", "erased", "--json", "--data", str(data)])
    (told,) = json.loads(ran.output)["erasures"]
    assert (told["by"], told["state"]) == ("command line", "done")
    ran = RUNNER.invoke(commands, ["people", "erased", "bob", "--data", str(data)])
    assert ran.exit_code == 2
    with holdfast.open(data) as ws:
        assert ws.count_everyone() == 1
        assert ws.erase("ada").id == told["id"]
        assert ws.erased("ada").holds
    left = [path for path in data.rglob("*") if path.is_file() and b"adamark" in path.read_bytes()]
    assert left == []
