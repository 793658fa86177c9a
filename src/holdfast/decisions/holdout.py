"""Holdouts: who is left alone on purpose, so that the effect on the others can be measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Literal
from zoneinfo import ZoneInfo

from holdfast.decisions.visit import Arm
from holdfast.kernel.chance import place, share

Rotation = Literal["quarter", "month", "never"]
"""How often the global holdout is drawn anew, so that nobody is left alone for good."""


def arm_of(origin: str, person_key: str, holdout: float) -> Arm:
    """The arm of a person in a journey or campaign: by hash, so it needs no memory and survives deletion and return.

    Two origins divide people independently of each other. Raising `holdout` moves people into the holdout and none out.

    Args:
        origin: the id of the journey or campaign.
        person_key: a name of the person that lasts: the oldest user id, else the oldest anonymous id.
        holdout: the share of people to leave alone; 0 <= holdout < 1.
    """
    # Most have none, and everybody who enters is asked about.
    return "holdout" if holdout and share(f"holdout:{origin}", person_key) < holdout else "treated"


def period_of(now: datetime, zone: ZoneInfo, rotates: Rotation) -> str:
    """The period in which one draw of the global holdout stands, by the workspace's calendar; empty for all time.

    >>> from datetime import UTC
    >>> period_of(datetime(2026, 12, 31, 23, tzinfo=UTC), ZoneInfo("Europe/Berlin"), "quarter")
    '2027-Q1'
    """
    if rotates == "never":
        return ""
    day = now.astimezone(zone)
    match rotates:
        case "month":
            return f"{day.year}-{day.month:02}"
        case "quarter":
            return f"{day.year}-Q{(day.month + 2) // 3}"


def held_out(person_key: str, global_holdout: float, period: str = "") -> bool:
    """Whether a person is in the global holdout: those who get no marketing of any kind, by hash as above.

    It is drawn apart from every journey's arms. So whoever is in it is left out of both arms of every trial, and those
    who remain are divided as chance divides them.

    Args:
        person_key: as in `arm_of`; nobody's is empty.
        global_holdout: the share of people; 0 <= global_holdout < 1.
        period: as `period_of` says; each has a draw of its own.
    """
    if not (person_key and global_holdout):
        return False
    return place(global_salt(period), person_key) < global_places(global_holdout)


def global_salt(period: str) -> str:
    """The salt of a period's draw of the global holdout."""
    return f"global_holdout:{period}" if period else "global_holdout"


def global_places(global_holdout: float) -> int:
    """Below which of all places, as `kernel.chance.place` tells them, people are in the global holdout."""
    return ceil(global_holdout * 2**64)


def period_before(begins: datetime, zone: ZoneInfo, rotates: Rotation) -> datetime:
    """When the period before the one that begins then began. Of what never rotates there is none: the same moment."""
    return period_begins(begins - timedelta(days=1), zone, rotates) if rotates != "never" else begins


def period_begins(now: datetime, zone: ZoneInfo, rotates: Rotation) -> datetime:
    """When the period that stands now began; of what never rotates, 1970.

    >>> from datetime import UTC
    >>> period_begins(datetime(2026, 5, 31, 23, tzinfo=UTC), ZoneInfo("Europe/Berlin"), "quarter").isoformat()
    '2026-04-01T00:00:00+02:00'
    """
    day = now.astimezone(zone)
    match rotates:
        case "month":
            return datetime(day.year, day.month, 1, tzinfo=zone)
        case "quarter":
            return datetime(day.year, (day.month - 1) // 3 * 3 + 1, 1, tzinfo=zone)
        case "never":
            return datetime(1970, 1, 1, tzinfo=UTC)
