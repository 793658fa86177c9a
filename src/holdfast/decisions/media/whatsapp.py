"""WhatsApp."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.fields import Many, Text
from holdfast.decisions.media._parts import SHORT_MOST, Button, Buttons, Short, Url, empty, text_trait
from holdfast.decisions.media.sms import phone_of
from holdfast.decisions.medium import Medium
from holdfast.kernel.errors import Invalid
from holdfast.profiles.phone import phone_number
from holdfast.profiles.profile import Profile

PARAMETERS_MOST = 30
BUTTONS_MOST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatsAppContent:
    """A message on WhatsApp: one of the templates Meta has approved or, within 24 hours of the person's last, text."""

    template: Annotated[Short, "The name of the approved template."] = ""
    language: Annotated[Short, "Its language, such as en_US."] = "en"
    header: Annotated[Url, "The address of the picture in its header, where it has one."] = ""
    parameters: Annotated[
        tuple[str, ...], Many(Text(least=0, most=SHORT_MOST), most=PARAMETERS_MOST), "What fills {{1}}, {{2}} … of it."
    ] = ()
    buttons: Annotated[tuple[Button, ...], Buttons(BUTTONS_MOST), "What fills its buttons, in order."] = ()
    text: Annotated[Short, "Free text: only while the person has written within the last 24 hours."] = ""

    def complaints(self) -> Iterator[Invalid]:
        if bool(self.template.strip()) is bool(self.text.strip()):
            said = "both" if self.template.strip() else "neither"
            yield from empty(
                "$.template", f"There is {said} a template and a text.", hint="Name a template, or write a text."
            )


def whatsapp_of(profile: Profile, person_key: str = "") -> str:
    """The number of the `whatsapp` trait, else of `phone`."""
    own = phone_number(text_trait(profile, "whatsapp"), text_trait(profile, "country"))
    return own or phone_of(profile, person_key)


MEDIUM = Medium(
    name="whatsapp",
    label="WhatsApp",
    help="A WhatsApp message to the number in the trait `whatsapp`, else in `phone`.",
    content=WhatsAppContent,
    lines=frozenset({"template", "language"}),
    address_of=whatsapp_of,
    written=phone_number,
)
