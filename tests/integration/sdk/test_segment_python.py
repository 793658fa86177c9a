"""Segment's SDK for Python, unmodified, delivers to the collector."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from segment.analytics.client import Client

from holdfast.events.event import Event
from tests.integration.collecting import SOURCE, WRITE_KEY, Collecting, collecting

HAPPENED = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collecting]:
    with collecting(tmp_path_factory.mktemp("python")) as it:
        yield it


@pytest.fixture
def served(server: Collecting) -> Collecting:
    server.forget()
    return server


def deliver(client: Any) -> None:
    client.page(anonymous_id="a-py", category="Shop", name="Home", properties={"url": "/"}, timestamp=HAPPENED)
    client.track(anonymous_id="a-py", event="Product Viewed", properties={"price": 59.99, "name": "Größe 🎈"})
    client.identify(user_id="u-py", anonymous_id="a-py", traits={"plan": "gold", "age": 30})
    client.group(user_id="u-py", group_id="acme", traits={"seats": 3})
    client.screen(user_id="u-py", name="Cart", properties={"items": 2})
    client.alias(previous_id="a-py", user_id="u-py")
    client.track(user_id="u-py", event="Order Completed", properties={"revenue": 59.99}, message_id="order-1")


def check_delivered(events: list[Event]) -> None:
    by_name = {event.name: event for event in events}
    assert len(by_name) == len(events) == 7
    page, seen, known = by_name["Page Viewed"], by_name["Product Viewed"], by_name["Identified"]
    group, screen, alias = by_name["Group Joined"], by_name["Screen Viewed"], by_name["Aliased"]
    assert (page.user_id, page.anonymous_id) == (None, "a-py")
    assert page.properties == {"url": "/", "name": "Home", "category": "Shop"}
    assert seen.properties == {"price": 59.99, "name": "Größe 🎈"}
    assert (known.user_id, known.anonymous_id, known.properties) == ("u-py", "a-py", {"plan": "gold", "age": 30})
    assert (group.group_id, group.properties) == ("acme", {"seats": 3, "group_id": "acme"})
    assert screen.properties == {"items": 2, "name": "Cart"}
    assert (alias.user_id, alias.previous_id) == ("u-py", "a-py")
    assert by_name["Order Completed"].properties == {"revenue": 59.99}
    assert by_name["Order Completed"].message_id == "order-1"
    # The page view's time was given; what the network took is all the correction there can be.
    assert timedelta(0) <= page.timestamp - HAPPENED < timedelta(minutes=1)
    for event in events:
        assert event.source == SOURCE
        assert event.context["library"] == {"name": "analytics-python", "version": "2.4.0"}
        if event.name != "Page Viewed":
            assert timedelta(0) <= event.received_at - event.timestamp < timedelta(minutes=1)
        if event.name != "Order Completed":
            assert str(uuid.UUID(event.message_id)) == event.message_id


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("sync", [False, True])
def test_every_call_arrives(served: Collecting, gzip: bool, sync: bool) -> None:
    failures: list[Exception] = []
    client = Client(
        WRITE_KEY,
        host=served.url,
        gzip=gzip,
        sync_mode=sync,
        upload_interval=0.05,
        on_error=lambda error, _: failures.append(error),
    )
    deliver(client)
    client.shutdown() if not sync else None
    assert failures == []
    check_delivered(served.events())
    assert {request.path for request in served.requests} == {"/v1/batch"}
    assert (served.requests[0].headers.get("content-encoding") == "gzip") is gzip


def test_a_wrong_key_comes_back_as_an_error_it_understands(served: Collecting) -> None:
    client = Client("wrong", host=served.url, sync_mode=True, max_retries=0)
    with pytest.raises(Exception, match=r"unauthorized.*write key is unknown"):
        client.track(user_id="u", event="x")
    assert served.entries() == []


@pytest.mark.parametrize("collected", [False, True])
@pytest.mark.parametrize("status", [503, 429])
def test_a_retry_is_the_same_event(served: Collecting, status: int, collected: bool) -> None:
    served.faults = [(status, collected)]
    client = Client(WRITE_KEY, host=served.url, upload_interval=0.05)
    client.track(user_id="u", event="Order Completed", properties={"revenue": 1})
    client.shutdown()
    assert [request.status for request in served.requests] == [status, 200]
    events = served.events()
    assert len(events) == (2 if collected else 1)
    assert len({event.message_id for event in events}) == 1
    assert len({event.dedup_hash for event in events}) == 1


def test_a_value_the_sdk_writes_as_nan_loses_nothing_else(served: Collecting) -> None:
    client = Client(WRITE_KEY, host=served.url, sync_mode=True)
    client.track(user_id="u", event="Measured", properties={"value": float("nan"), "unit": "m"})
    (event,) = served.events()
    assert event.properties == {"value": None, "unit": "m"}


def test_the_log_outlives_the_server(tmp_path: Path) -> None:
    with collecting(tmp_path) as first:
        Client(WRITE_KEY, host=first.url, sync_mode=True).track(user_id="u", event="Kept")
    with collecting(tmp_path) as second:
        assert [event.name for event in second.events()] == ["Kept"]
