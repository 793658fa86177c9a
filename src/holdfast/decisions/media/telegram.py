"""Telegram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.fields import Choice, Text
from holdfast.decisions.media._parts import SHORT_MOST, Button, Buttons, Url
from holdfast.decisions.medium import Medium
from holdfast.profiles.profile import Profile

BUTTONS_MOST = 8
TRAIT = "telegram_chat"


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramContent:
    """A message from a Telegram bot."""

    text: Annotated[str, Text(most=SHORT_MOST), "What is said."]
    format: Annotated[str, Choice(("plain", "html")), "`html` allows Telegram's few tags."] = "plain"
    image: Annotated[Url, "The address of a picture."] = ""
    buttons: Annotated[tuple[Button, ...], Buttons(BUTTONS_MOST), "Buttons under it."] = ()


def chat_of(profile: Profile, person_key: str = "") -> str:  # noqa: ARG001 - It is asked as the others are.
    """The chat in the trait `telegram_chat`, which is a number or its digits."""
    said = profile.traits.get(TRAIT)
    if said is None or isinstance(said.value, bool) or not isinstance(said.value, (int, str)):
        return ""
    return str(said.value).strip()


MEDIUM = Medium(
    name="telegram",
    label="Telegram",
    help="A message from your bot to the chat in the trait `telegram_chat`.",
    content=TelegramContent,
    address_of=chat_of,
    written=str.strip,
)
