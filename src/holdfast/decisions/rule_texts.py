"""Rules as settings have them: several in one text, with semicolons between them."""

from __future__ import annotations

import holdfast.decisions.media as media_modules
from holdfast.kernel.catalogue import listed
from holdfast.kernel.errors import Invalid

RULES_MOST = 20
"""Rules a text may hold."""
DAY_SECONDS = 86_400
_UNITS = {"hour": 3_600, "day": DAY_SECONDS, "week": 7 * DAY_SECONDS}


def rules_in(text: str, what: str, path: str, hint: str) -> list[str]:
    """The rules of a text, each with single spaces; empty for none.

    Args:
        what: what they are called, in the plural.

    Raises Invalid, with `path`, where there are more than RULES_MOST.
    """
    rules = [rule for part in text.split(";") if (rule := " ".join(part.split()))]
    if len(rules) > RULES_MOST:
        raise Invalid(f"there are {len(rules)} {what}, and {RULES_MOST} are the most.", path=path, hint=hint)
    return rules


def channel_in(name: str | None, path: str) -> str:
    """The channel that a rule names; empty where it names none.

    Raises Invalid, with `path`, where there is none of that name: such a rule would hold nothing back.
    """
    if name is None:
        return ""
    # By the names of their modules: settings must not wait for what those bring.
    there = listed(media_modules)
    if name not in there:
        hint = f"There is {', '.join(there)}."
        raise Invalid(f"There is no channel called {name!r:.120}.", code="unknown_channel", path=path, hint=hint)
    return name


def seconds_of(window: str) -> int:
    """The length of a window such as `2 weeks`, which is known to be one."""
    count, unit = window.split()
    return int(count) * _UNITS[unit.removesuffix("s")]
