"""`date_in_zone`: a moment as the person's calendar and clock say it, in their language."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from typing import Literal, TypeAlias, get_args

from babel.core import Locale
from babel.dates import format_date, format_datetime, format_time, get_datetime_format
from liquid import RenderContext
from liquid.exceptions import FilterArgumentError

from holdfast.messages.liquid._liquid import moment_of
from holdfast.messages.liquid.declared_liquid import DeclaredFilter, Example
from holdfast.messages.liquid.filters._local import absent, locale_of, zone_of

Length: TypeAlias = Literal["short", "medium", "long", "full"]
LENGTHS: tuple[Length, ...] = get_args(Length)
FORM_CHARACTERS_MOST = 100


def date_in_zone(
    value: object,
    form: object = "medium",
    *,
    context: RenderContext,
    time: object = None,
    zone: object = None,
    locale: object = None,
) -> str:
    """The moment, in words. What is no moment comes out unchanged.

    Raises FilterArgumentError for a form, a zone or a locale that is none.
    """
    if absent(value):
        return ""
    there, where = zone_of(context, zone), locale_of(context, locale)
    moment = _local(value, context, there)
    if moment is None:
        return str(value)
    if not isinstance(form, str) or not form or len(form) > FORM_CHARACTERS_MOST:
        raise FilterArgumentError("date_in_zone: the form is no text of up to 100 characters", token=None)
    if time is not None and time not in LENGTHS:
        raise FilterArgumentError(f"date_in_zone: the time is one of {', '.join(LENGTHS)}", token=None)
    try:
        return _written(moment, str(form), time if isinstance(time, str) else None, where)
    except (ValueError, KeyError, AttributeError) as error:
        raise FilterArgumentError(f"date_in_zone: {form!r:.40} is no form", token=None) from error


def _local(value: object, context: RenderContext, there: tzinfo) -> datetime | None:
    if isinstance(value, str) and len(value) == 10:
        # A day is the same day wherever one lives: midnight in UTC would be the evening before in New York.
        try:
            return datetime.combine(date.fromisoformat(value), datetime.min.time(), tzinfo=UTC)
        except ValueError:
            pass
    moment = moment_of(value, context)
    return None if moment is None else moment.astimezone(there)


def _written(moment: datetime, form: str, time: str | None, where: Locale) -> str:
    said: str
    if "%" in form:
        return moment.strftime(form)
    if form == "time":
        said = format_time(moment, time or "short", tzinfo=moment.tzinfo, locale=where)
        return said
    length = next((each for each in LENGTHS if each == form), None)
    if length is None:
        said = format_datetime(moment, form, tzinfo=moment.tzinfo, locale=where)
        return said
    day: str = format_date(moment, length, locale=where)
    if time is None:
        return day
    clock = format_time(moment, time, tzinfo=moment.tzinfo, locale=where)
    joined = str(get_datetime_format(length, locale=where)).replace("'", "")
    return joined.replace("{0}", clock).replace("{1}", day)


date_in_zone.with_context = True  # type: ignore[attr-defined]  # Liquid reads this mark off the function.

_FORMS = (
    '`"short"`, `"medium"`, `"long"` or `"full"` for a date, `"time"` for the time alone; or a pattern, of CLDR '
    '(`"EEEE d MMMM"`) or of strftime (`"%d.%m.%Y"`). `"medium"` where it is not said.'
)

FILTER = DeclaredFilter(
    name="date_in_zone",
    apply=date_in_zone,
    about="A moment as the clock in the person's time zone (their trait `timezone`, else the workspace's) says it, in "
    "their language. A day with no time, such as `2026-12-24`, stays that day. What is no moment comes out unchanged.",
    options=(
        ("form", _FORMS),
        ("time", 'The time too, in one of the lengths: `time: "short"`.'),
        ("zone", "A time zone, such as `Europe/Berlin`, in place of the person's."),
        ("locale", "A language, such as `de-DE`, in place of the person's."),
    ),
    examples=(
        Example(source='{{ event.timestamp | date_in_zone: "long" }}', gives="November 26, 2026"),
        Example(
            source='{{ event.timestamp | date_in_zone: "EEEE, d MMMM HH:mm" }}', gives="Thursday, 26 November 11:00"
        ),
        Example(
            source='{{ event.timestamp | date_in_zone: "medium", time: "short", locale: "de", zone: "Asia/Tokyo" }}',
            gives="26.11.2026, 19:00",
        ),
        Example(source='{{ "2026-12-24" | date_in_zone: "full" }}', gives="Thursday, December 24, 2026"),
    ),
)
