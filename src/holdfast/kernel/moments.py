"""Instants. Inside Holdfast an instant is an aware UTC `datetime`; in rows, whole milliseconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2199, 12, 31, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_millis(moment: datetime) -> int:
    """Whole milliseconds since 1970, rounded down. Raises ValueError for a naive moment."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone; use datetime.now(UTC) or attach one")
    return (moment - EPOCH) // _MILLISECOND


def from_millis(millis: int) -> datetime:
    """The UTC instant `millis` milliseconds after 1970."""
    return EPOCH + millis * _MILLISECOND


def parse_moment(text: str) -> datetime:
    """The UTC instant an ISO 8601 text names; a text with no zone is taken as UTC.

    Raises ValueError when it is no ISO 8601 instant, or lies outside 1970 to 2199.
    """
    moment = datetime.fromisoformat(text)
    try:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:  # The first and the last day Python knows, seen from another zone.
        raise ValueError(f"{text!r} lies outside 1970 to 2199") from error
    if not EARLIEST <= moment <= LATEST:
        raise ValueError(f"{text!r} lies outside 1970 to 2199")
    return moment


def format_moment(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds: `2026-11-21T21:08:08.849Z`."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return f"{moment.isoformat(timespec='milliseconds')[:-6]}Z"
