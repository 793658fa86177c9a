"""Text as PostgreSQL holds it: all of Unicode but NUL, which a name or an address from outside may carry."""

from __future__ import annotations

_ESCAPE = "\x1a"  # "Substitute", the control character for what cannot be shown.


def escaped(text: str) -> str:
    """The text without NUL; `restored` gives it back as it was. Different texts stay different."""
    if "\0" in text or _ESCAPE in text:
        return text.replace(_ESCAPE, f"{_ESCAPE}1").replace("\0", f"{_ESCAPE}0")
    return text


def restored(text: str) -> str:
    """The text that was given to `escaped`."""
    if _ESCAPE in text:
        return text.replace(f"{_ESCAPE}0", "\0").replace(f"{_ESCAPE}1", _ESCAPE)
    return text
