"""Parts that several media have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.durations import DAY_SECONDS
from holdfast.decisions.fields import Duration, Many, Nested, Text
from holdfast.kernel.errors import Invalid
from holdfast.profiles.profile import Profile

SHORT_MOST = 4_000
"""Characters of a template whose outcome is a few words."""
URL_MOST = 4_000
LIFE_SECONDS_MOST = 365 * DAY_SECONDS

Short = Annotated[str, Text(least=0, most=SHORT_MOST)]
Url = Annotated[str, Text(least=0, most=URL_MOST)]
Life = Annotated[int, Duration(least=0, most=LIFE_SECONDS_MOST)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something to press."""

    label: Annotated[str, Text(most=SHORT_MOST), "What stands on it."]
    url: Annotated[Url, "Where it leads."] = ""


def Buttons(most: int) -> Many:  # noqa: N802 - A kind, as those of `fields` are.
    """A list of so many buttons at most."""
    return Many(Nested(Button), most=most)


def empty(path: str, message: str, *, hint: str) -> Iterator[Invalid]:
    """The complaint that nothing is said."""
    yield Invalid(message, code="empty", path=path, hint=hint)


def text_trait(profile: Profile, name: str) -> str:
    """A trait, when it is text; empty when it is not there."""
    said = profile.traits.get(name)
    return said.value.strip() if said is not None and isinstance(said.value, str) else ""


def the_person(profile: Profile, person_key: str) -> str:  # noqa: ARG001 - It is asked as the others are.
    """The address of what is put down for somebody here: themselves."""
    return person_key
