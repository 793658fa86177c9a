"""Text messages to a phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.fields import Text
from holdfast.decisions.media._parts import SHORT_MOST, Url, text_trait
from holdfast.decisions.medium import Medium
from holdfast.profiles.phone import phone_number
from holdfast.profiles.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsContent:
    """A text message."""

    text: Annotated[str, Text(most=SHORT_MOST), "What is said; 160 plain characters fit one text message."]
    media_url: Annotated[Url, "A picture to send along, where the provider can (MMS)."] = ""


def phone_of(profile: Profile, person_key: str = "") -> str:  # noqa: ARG001 - It is asked as the others are.
    """The number of the `phone` trait as +4915112345678; one without its country's prefix is of the trait `country`."""
    return phone_number(text_trait(profile, "phone"), text_trait(profile, "country"))


MEDIUM = Medium(
    name="sms",
    label="SMS",
    help="A text message to the number in the trait `phone`.",
    content=SmsContent,
    address_of=phone_of,
    written=phone_number,
)
