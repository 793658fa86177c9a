"""Our own events on their way into the log: in order, and in records that every log can hold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from holdfast.events.event import Event, IdentityKey, own_event
from holdfast.events.segment_body import BODY_BYTES_MOST
from holdfast.flows.ingest.own import EVENTS_IN_RECORD, own_records
from holdfast.flows.ingest.reading import decoded
from holdfast.ports.log import Entry

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def called(number: int, size: int) -> Event:
    return own_event(
        "Campaign Called",
        user=IdentityKey(kind="user", value=f"p{number}"),
        at=NOW,
        properties={"said": "x" * size},
        key=("news", number),
    )


@pytest.mark.parametrize(
    ("count", "size", "records"),
    [(0, 0, 0), (3, 10, 1), (EVENTS_IN_RECORD + 1, 10, 2), (40, 30_000, 4), (1, 900_000, 1)],
)
def test_large_events_travel_in_more_records(count: int, size: int, records: int) -> None:
    events = [called(number, size) for number in range(count)]
    found = own_records(events, 7)
    assert len(found) == records
    assert all(len(each.body) <= BODY_BYTES_MOST for each in found) or count == 1
    placed, bad = decoded([Entry(offset=index, record=each) for index, each in enumerate(found)])
    assert not bad or count == 1
    if count > 1:
        assert [each.event.message_id for each in placed] == [each.message_id for each in events]
