"""Text that people write and read: no character of it may be one that cannot be seen, or that turns others around."""

from __future__ import annotations

import unicodedata

_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"
"""What joins the parts of an emoji, or parts those of a Persian word, is no letter, and is needed all the same."""


def can_be_shown(text: str, *, lines: bool = False) -> bool:
    """Whether every character of it can be shown, in one line unless `lines`."""
    return shown_of(text, lines=lines) == text


def shown_of(text: str, *, lines: bool = False) -> str:
    """What of it can be shown."""
    if text.isprintable():
        return text  # Nearly always. Letters that are newer than this Python's Unicode are not, and can be shown.
    allowed = _JOINERS + ("\n\t" if lines else "")
    return "".join(each for each in text if each in allowed or unicodedata.category(each) not in _UNSHOWN)
