"""What people work on together: the kinds of it, and how one is named, `journey:cart-rescue`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from holdfast.kernel.errors import Invalid

ThingKind: TypeAlias = Literal["journey", "campaign", "segment", "template", "block", "experiment"]
THING_KINDS: tuple[ThingKind, ...] = get_args(ThingKind)
ID_CHARACTERS_MOST = 200


@dataclass(frozen=True, slots=True)
class Thing:
    """One of them."""

    kind: ThingKind
    about: str
    """Its id."""

    def __str__(self) -> str:
        return f"{self.kind}:{self.about}"


def decode_thing(text: str, path: str) -> Thing:
    """The thing that is named. Raises Invalid."""
    kind, colon, about = text.partition(":")
    if kind not in THING_KINDS or not colon or not 0 < len(about) <= ID_CHARACTERS_MOST:
        hint = f"Write its kind and id, such as journey:cart-rescue; kinds are {', '.join(THING_KINDS)}."
        raise Invalid(f"{text!r:.120} names nothing.", path=path, hint=hint)
    return Thing(kind, about)
