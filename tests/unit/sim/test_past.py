"""The past: one seed, one past; valid, believable and as untidy as the real thing."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from holdfast.events.event import Event
from holdfast.flows.ingest.bulk import EVENT_TABLE
from holdfast.profiles.identity import claim_of
from holdfast.sim.past import Disorder, Past, World, make_past
from holdfast.sim.trail import EVENT_NAMES

UNTIL_MS = 1_790_000_000_000


def rows_of(past: Past) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = past.table.to_pylist()
    return rows


def event_of(row: dict[str, Any]) -> Event:
    at = row["timestamp"].astimezone(UTC)
    texts = ("name", "kind", "user_id", "anonymous_id", "previous_id", "message_id", "source")
    said = {name: row[name] for name in texts}
    return Event(**said, timestamp=at, received_at=at, properties=json.loads(row["properties"]))


def test_the_same_seed_makes_the_same_bytes() -> None:
    world = World(people=150)
    one, two = (make_past(np.random.default_rng(4), world, until_ms=UNTIL_MS) for _ in range(2))
    assert one.table.equals(two.table)
    assert one.ledger.visits == two.ledger.visits
    assert one.ledger.sends == two.ledger.sends
    assert one.ledger.step_counts() == two.ledger.step_counts()
    other = make_past(np.random.default_rng(5), world, until_ms=UNTIL_MS)
    assert not one.table.equals(other.table)


def test_the_table_is_what_the_bulk_path_takes(past: Past) -> None:
    assert set(past.table.schema.names) == set(EVENT_TABLE.names)
    past.table.select(EVENT_TABLE.names).cast(EVENT_TABLE).validate(full=True)


def test_every_row_is_a_valid_event(past: Past) -> None:
    for row in rows_of(past):
        event = event_of(row)
        assert UNTIL_MS - row["timestamp"].timestamp() * 1000 + 2_000 >= 0
        json.loads(row["context"])
        if event.name == "Order Completed":
            assert event.properties["revenue"]
            assert event.properties["order_id"]


def test_people_of_the_past_are_as_many_as_asked(past: Past) -> None:
    """Joined by their logins and aliases, the names in the events make exactly the people there are."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            name = leader[name]
        return name

    for row in rows_of(past):
        event = event_of(row)
        find(event.identity.value)
        claim = claim_of(event)
        if claim is not None:
            leader[find(claim.first.value)] = find(claim.second.value)
    assert len({find(name) for name in leader}) == 600


def test_an_order_is_worth_what_is_in_the_cart(past: Past) -> None:
    checked = 0
    for row in rows_of(past):
        if row["name"] == "Order Completed":
            said = json.loads(row["properties"])
            worth = sum(line["price"] * line["quantity"] for line in said["products"])
            assert said["revenue"] == pytest.approx(worth)
            assert {line["currency"] for line in said["products"]} == {said["currency"]}
            checked += 1
    assert checked > 200


def test_a_checkout_leads_to_its_own_order(past: Past) -> None:
    begun = {}
    for row in sorted(rows_of(past), key=lambda row: row["timestamp"]):
        said = json.loads(row["properties"])
        if row["name"] == "Checkout Started":
            assert said["cart_url"].endswith(said["cart_id"])
            begun[said["cart_id"]] = said
        elif row["name"] == "Order Completed":
            assert begun[said["cart_id"]]["value"] == said["revenue"]


def test_who_pays_pays_before_the_rescue_mail(past: Past) -> None:
    begun: dict[str, datetime] = {}
    paid: dict[str, datetime] = {}
    for row in rows_of(past):
        if row["name"] in {"Checkout Started", "Order Completed"}:
            kept = begun if row["name"] == "Checkout Started" else paid
            kept[json.loads(row["properties"])["cart_id"]] = row["timestamp"]
    took = sorted((at - begun[cart]).total_seconds() for cart, at in paid.items())
    # Those who came back for a cart come hours later; nobody dawdles in between.
    assert not [seconds for seconds in took if 45 <= seconds < 120]
    assert sum(seconds < 45 for seconds in took) > 0.7 * len(took)


def test_people_browse_before_they_say_who_they_are(past: Past) -> None:
    rows = [row for row in rows_of(past) if row["source"] != "holdfast"]
    strangers = sum(row["user_id"] is None for row in rows)
    assert 0.1 < strangers / len(rows) < 0.7
    for row in rows:
        assert row["anonymous_id"]
        if row["name"] in {"Checkout Started", "Order Completed", "Identified"}:
            assert row["user_id"]


def test_several_devices_belong_to_one_person(past: Past) -> None:
    devices: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows_of(past):
        if row["user_id"] and row["anonymous_id"]:
            devices[row["user_id"]].add(row["anonymous_id"])
    assert max(map(len, devices.values())) >= 2
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for user, used in devices.items():
        for device in used:
            owners[device].add(user.removeprefix("legacy/") if user.startswith("legacy/") else user)
    shared = [device for device, users in owners.items() if len(users) > 1]
    aliased = {row["anonymous_id"] for row in rows_of(past) if row["kind"] == "alias"}
    assert set(shared) <= aliased


def test_events_come_late_and_twice(past: Past) -> None:
    rows = rows_of(past)
    names = [row["message_id"] for row in rows]
    twice = len(names) - len(set(names))
    assert 0.001 * len(names) < twice < 0.008 * len(names)
    at = np.asarray(past.days.table["timestamp"].cast(pa.int64())) / 1000
    late = (np.maximum.accumulate(at) - at) > 3_600
    assert 0.003 < late.mean() < 0.03
    tidy = World(people=150, disorder=Disorder(late=0.0, twice=0.0))
    table = make_past(np.random.default_rng(4), tidy, until_ms=UNTIL_MS).table
    ids = table["message_id"].to_pylist()
    assert len(set(ids)) == len(ids)


def test_letters_of_all_kinds_are_in_it(past: Past) -> None:
    texts = " ".join(row["properties"] for row in rows_of(past) if row["kind"] == "identify")
    assert any(ord(letter) > 0x10000 for letter in texts), "no emoji"
    assert any(0x590 <= ord(letter) <= 0x6FF for letter in texts), "nothing from right to left"


def test_the_shop_sells_in_several_currencies(past: Past) -> None:
    orders = [json.loads(row["properties"]) for row in rows_of(past) if row["name"] == "Order Completed"]
    currencies = {order["currency"] for order in orders}
    assert {"EUR", "GBP"} <= currencies
    for order in orders:
        if order["currency"] in {"JPY", "KRW"}:
            assert isinstance(order["revenue"], int)


def test_the_names_are_those_of_the_specification(past: Past) -> None:
    names = {row["name"]: row["kind"] for row in rows_of(past) if row["source"] != "holdfast"}
    assert set(names) == set(EVENT_NAMES)
    assert names["Identified"] == "identify"
    assert names["Page Viewed"] == "page"
    assert names["Aliased"] == "alias"


def test_a_world_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="people"):
        World(people=0)
    with pytest.raises(ValueError, match="days"):
        World(people=1, days=0)


def test_one_person_is_a_past_too() -> None:
    past = make_past(np.random.default_rng(1), World(people=1), until_ms=UNTIL_MS)
    assert past.table.num_rows >= 1
    assert isinstance(past.table, pa.Table)
    assert msgspec.json.decode(past.table["properties"][0].as_py())
