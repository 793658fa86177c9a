"""Whose language and whose clock: what the filters share that depend on a person's place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, tzinfo
from functools import lru_cache

from babel.core import Locale, UnknownLocaleError
from liquid import RenderContext
from liquid.exceptions import FilterArgumentError
from liquid.undefined import Undefined

from holdfast.segments.zones import ZONE_TRAIT, zones

LOCALE = "__locale__"
"""The variable that says in which language the message is, where that is not the person's to say."""
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
_CACHED_MOST = 1_024


def locale_of(context: RenderContext, wanted: object = None) -> Locale:
    """The locale: the one asked for, else the message's, else the person's `locale` or `language`, else English.

    Raises FilterArgumentError for one that is asked for and does not exist.
    """
    if isinstance(wanted, str):
        found = _locale(wanted)
        if found is None:
            raise FilterArgumentError(f"there is no locale {wanted!r:.40}", token=None)
        return found
    person, workspace = _object(context, "person"), _object(context, "workspace")
    said = (context.globals.get(LOCALE), person.get("locale"), person.get("language"), workspace.get("language"))
    for each in said:
        if isinstance(each, str) and (found := _locale(each)) is not None:
            return found
    return _english()


def zone_of(context: RenderContext, wanted: object = None) -> tzinfo:
    """The zone: the one asked for, else the person's, else the workspace's, else UTC.

    Raises FilterArgumentError for one that is asked for and does not exist.
    """
    if isinstance(wanted, str):
        if wanted not in zones():
            raise FilterArgumentError(f"there is no time zone {wanted!r:.40}", token=None)
        return zones()[wanted]
    for each in (_object(context, "person").get(ZONE_TRAIT), _object(context, "workspace").get("time_zone")):
        if isinstance(each, str) and each in zones():
            return zones()[each]
    return UTC


def absent(value: object) -> bool:
    """Whether there is nothing: such a value comes out empty."""
    return value is None or isinstance(value, Undefined)


def _object(context: RenderContext, name: str) -> Mapping[str, object]:
    found = context.globals.get(name)
    return found if isinstance(found, Mapping) else {}


@lru_cache(maxsize=_CACHED_MOST)
def _locale(name: str) -> Locale | None:
    if not _LOCALE.fullmatch(name):
        return None
    try:
        return Locale.parse(name.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return None


@lru_cache(maxsize=1)
def _english() -> Locale:
    return Locale("en")
