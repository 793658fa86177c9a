"""Email."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.annotations import Annotations
from holdfast.decisions.fields import TEMPLATE_MOST, Nested, OrNull, Text
from holdfast.decisions.media._parts import Short, empty, text_trait
from holdfast.decisions.medium import Medium
from holdfast.kernel.errors import Invalid
from holdfast.profiles.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailContent:
    """A mail."""

    subject: Annotated[str, Text(least=0), "The subject line."] = ""
    html: Annotated[str, Text(least=0, most=TEMPLATE_MOST), "The message as HTML."] = ""
    text: Annotated[str, Text(least=0, most=TEMPLATE_MOST), "The same as plain text; made of the HTML if empty."] = ""
    preheader: Annotated[Short, "What stands beside the subject in a list of mails; not shown in the mail."] = ""
    annotations: Annotated[
        Annotations | None, OrNull(Nested(Annotations)), "What mailbox programs may show of it: the offer, pictures."
    ] = None

    def complaints(self) -> Iterator[Invalid]:
        if not self.subject.strip():
            yield from empty("$.subject", "The subject is empty.", hint="Write a subject.")
        if not (self.html.strip() or self.text.strip()):
            yield from empty("$.html", "The message says nothing.", hint="Write its html, its text, or both.")
        for complaint in () if self.annotations is None else self.annotations.complaints():
            complaint.path = "$.annotations" + complaint.path.removeprefix("$")
            yield complaint


def email_of(profile: Profile, person_key: str = "") -> str:  # noqa: ARG001 - It is asked as the others are.
    """The address mail goes to: the `email` trait, when it is text."""
    return text_trait(profile, "email")


MEDIUM = Medium(
    name="email",
    label="Email",
    help="A mail to the address in the trait `email`.",
    content=EmailContent,
    html=frozenset({"html"}),
    lines=frozenset({"subject", "preheader"}),
    address_of=email_of,
    written=str.strip,
)
