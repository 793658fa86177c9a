"""The columns of events, people and identities as ClickHouse keeps them."""

from __future__ import annotations

from holdfast.ports.columns import EVENT_COLUMNS, MAP_COLUMNS

__all__ = ["EVENT_COLUMNS", "KEPT_COLUMNS", "KEPT_PEOPLE_COLUMNS", "MAP_COLUMNS"]

KEPT_COLUMNS = (
    "workspace",
    "event",
    "identity",
    "ts",
    "received_at",
    "id",
    "message_id",
    "kind",
    "source",
    "user_id",
    "anonymous_id",
    "text",
    "number",
    "other",
    "context",
    "revenue_minor",
    "currency",
)
"""Columns of the table `events`."""

KEPT_PEOPLE_COLUMNS = (
    "workspace",
    "person",
    "user_id",
    "known",
    "first_seen",
    "last_seen",
    "text",
    "number",
    "other",
    "version",
    "gone",
)
"""Columns of the table `people`."""
