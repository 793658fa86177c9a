"""Languages: which of those a template is written in a person is written to in.

Source: RFC 4647 §3.4 (lookup): a tag is shortened from its end until one matches.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from holdfast.events.event import Json

TRAITS = ("language", "locale")
"""The traits that say a person's language, the first that says one first."""

_TAG = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8}){0,6}")


def language_of(value: object) -> str:
    """The language a trait's value means, as a tag in lower case; empty when it means none.

    >>> language_of("de_AT.UTF-8")
    'de-at'
    """
    if not isinstance(value, str):
        return ""
    tag = re.split(r"[.@;,]", value.strip(), maxsplit=1)[0].replace("_", "-").lower()
    return tag if _TAG.fullmatch(tag) else ""


def languages_of(traits: Mapping[str, Json]) -> tuple[str, ...]:
    """The languages a person's traits say, the one they would rather have first."""
    found = (language_of(traits.get(name)) for name in TRAITS)
    return tuple(dict.fromkeys(each for each in found if each))


def shorter(tag: str) -> Iterator[str]:
    """The tag, and what it falls back to.

    >>> list(shorter("zh-hant-tw"))
    ['zh-hant-tw', 'zh-hant', 'zh']
    """
    parts = tag.split("-")
    while parts:
        yield "-".join(parts)
        parts.pop()
        if len(parts) > 1 and len(parts[-1]) == 1:  # A single letter only introduces what follows it.
            parts.pop()


def pick_language(there: Collection[str], wanted: Collection[str], *, otherwise: str) -> str:
    """The language to write in: of those wanted, in order, the first that is there, itself or shortened.

    Args:
        there: what there is, as `language_of` writes tags.
        otherwise: what is taken when none of them is.
    """
    for tag in wanted:
        for each in shorter(tag):
            if each in there:
                return each
    return otherwise
