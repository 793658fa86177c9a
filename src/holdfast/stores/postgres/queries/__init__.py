"""The queries for PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.stores.named_queries import named_queries


def load(name: str) -> Mapping[str, str]:
    """The queries of one topic, by name."""
    return named_queries(__name__, name)
