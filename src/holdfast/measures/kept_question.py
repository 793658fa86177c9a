"""A question as it is kept, made into one that can be asked: its dates reckoned, what is about drawing left out.

What is kept moves on with the calendar ("the last 30 days"), names a segment by its id, and may hold comparisons that
were never finished. The console asks its own by the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from holdfast.events.event import Json

_NOT_ASKED = frozenset({"when", "segment", "beside", "chart", "column", "rule", "kind"})
"""What is about drawing, or is said otherwise."""
_PERIODS: Mapping[str, str] = {"trend": "day", "lifecycle": "week", "revenue": "month", "retention": "week"}
"""Kinds whose answer goes by periods, and by which where the question names none."""
_WITHOUT_VALUE = frozenset({"is_set", "is_not_set"})
_MONTHS: Mapping[str, int] = {"month": 1, "quarter": 3, "year": 12}


def question_kept(
    kind: str,
    kept: Mapping[str, Json],
    *,
    today: date,
    when: Mapping[str, Json] | None = None,
    segment: str | None = None,
) -> dict[str, Json]:
    """The JSON form of the question that was kept, to be asked today.

    Args:
        today: the date it is where the days of the question are counted.
        when: the board's own period, `{"last_days": 30}` or `{"since": "2026-01-01"}`; it stands over the question's.
        segment: the id of the board's own segment; it too.
    """
    body = {name: _asked(value) for name, value in kept.items() if name not in _NOT_ASKED and not _is_silent(value)}
    body |= _stretch(kind, kept, when if when is not None else kept.get("when"), today)
    among = segment if segment is not None else kept.get("segment")
    if isinstance(among, str):
        body["segment"] = {"type": "in_segment", "segment": among}
    elif among is not None:
        body["segment"] = among
    # "Kind" is the console's word for which question it is; of retention it is what it means to be there.
    if kind == "retention" and kept.get("rule"):
        body["kind"] = kept["rule"]
    if kind == "trend" and kept.get("formula") is None:
        body.pop("b", None)
    return body


def _stretch(kind: str, kept: Mapping[str, Json], when: Mapping[str, Json] | Json, today: date) -> dict[str, Json]:
    """From which date to which; the last so many days begin with a whole period."""
    if not isinstance(when, Mapping):
        return {}
    last = when.get("last_days")
    if not isinstance(last, int):
        return {name: each for name in ("since", "until") if (each := when.get(name)) is not None}
    period = (kept.get("period") or _PERIODS[kind]) if kind in _PERIODS else "day"
    return {"since": start_of(str(period), today - timedelta(days=last - 1)).isoformat()}


def start_of(period: str, day: date) -> date:
    """The first day of the period a date lies in; weeks begin on Monday, and what is shorter than a day with it."""
    if period == "week":
        return day - timedelta(days=day.weekday())
    months = _MONTHS.get(period)
    if months is None:
        return day
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)


def _is_act(value: Json) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("events"), list)


def _is_silent(value: Json) -> bool:
    """Whether it is an act without events: it was never finished."""
    return isinstance(value, Mapping) and _is_act(value) and not value["events"]


def _asked(value: Json) -> Json:
    """The same without comparisons that were never finished."""
    if isinstance(value, list):
        return [_asked(each) for each in value]
    if not isinstance(value, dict):
        return value
    if not _is_act(value):
        return {name: _asked(each) for name, each in value.items()}
    compared = value.get("where")
    where: list[Json] = [each for each in compared if _compares(each)] if isinstance(compared, list) else []
    return {"events": value["events"], **({"where": where} if where else {})}


def _compares(comparison: Json) -> bool:
    if not isinstance(comparison, Mapping) or not comparison.get("property"):
        return False
    value = comparison.get("value")
    return comparison.get("operator") in _WITHOUT_VALUE or value not in (None, "", [])
