"""Segment's SDK for Node, unmodified, delivers to the collector."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.collecting import SOURCE, WRITE_KEY, Collecting, collecting
from tests.integration.sdk.packages import SDK, install, node

HAPPENED = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collecting]:
    install()
    with collecting(tmp_path_factory.mktemp("node")) as it:
        yield it


@pytest.fixture
def served(server: Collecting) -> Collecting:
    server.forget()
    return server


def deliver(served: Collecting, key: str = WRITE_KEY) -> list[dict[str, Any]]:
    """Run the SDK; what it calls failures."""
    done = subprocess.run(
        [node(), "deliver-node.mjs", served.url, key], cwd=SDK, capture_output=True, text=True, timeout=60, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_call_arrives(served: Collecting) -> None:
    assert deliver(served) == []
    events = served.events()
    by_name = {event.name: event for event in events}
    assert len(by_name) == len(events) == 7
    page, seen, known = by_name["Page Viewed"], by_name["Product Viewed"], by_name["Identified"]
    group, screen, alias = by_name["Group Joined"], by_name["Screen Viewed"], by_name["Aliased"]
    assert (page.user_id, page.anonymous_id) == (None, "a-node")
    assert page.properties == {"url": "/", "name": "Home", "category": "Shop"}
    assert timedelta(0) <= page.timestamp - HAPPENED < timedelta(minutes=1)
    assert seen.properties == {"price": 59.99, "name": "Größe 🎈"}
    assert timedelta(0) <= seen.received_at - seen.timestamp < timedelta(minutes=1)
    assert (known.user_id, known.anonymous_id, known.properties) == ("u-node", "a-node", {"plan": "gold", "age": 30})
    assert (group.group_id, group.properties) == ("acme", {"seats": 3, "group_id": "acme"})
    assert screen.properties == {"items": 2, "name": "Cart"}
    assert (alias.user_id, alias.previous_id) == ("u-node", "a-node")
    assert by_name["Order Completed"].message_id == "order-1"
    assert all(event.message_id.startswith("node-next-") for event in events if event.name != "Order Completed")
    for event in events:
        assert event.source == SOURCE
        library = event.context["library"]
        assert isinstance(library, dict)
        assert library["name"] == "@segment/analytics-node"


def test_a_wrong_key_is_told_to_the_customer(served: Collecting) -> None:
    failures = deliver(served, key="wrong")
    assert failures
    assert all("401" in failure["reason"] for failure in failures)
    assert served.entries() == []


@pytest.mark.parametrize("collected", [False, True])
def test_a_retry_is_the_same_event(served: Collecting, collected: bool) -> None:
    served.faults = [(503, collected)]
    assert deliver(served) == []
    events = served.events()
    assert len(events) == (14 if collected else 7)
    assert len({event.dedup_hash for event in events}) == 7
