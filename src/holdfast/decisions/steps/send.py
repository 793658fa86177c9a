"""Writing to the person, if the gate permits it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.caps import PRIORITY_MOST, PRIORITY_USUAL
from holdfast.decisions.fields import TEMPLATE_MOST, Name, Nested, Text, Truthy, Whole
from holdfast.decisions.gate import Contact
from holdfast.decisions.step import Ask, Outcome, Place, Step, contradiction, cut
from holdfast.kernel.errors import Invalid

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_GAP = re.compile(r"[\s,;:]+([,;:.!?])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What is said, in Liquid. `person`, `event`, `links` and `workspace` are at hand."""

    subject: Annotated[str, Text(least=0), "The subject line."] = ""
    html: Annotated[str, Text(least=0, most=TEMPLATE_MOST), "The message as HTML."] = ""
    text: Annotated[str, Text(least=0, most=TEMPLATE_MOST), "The same as plain text; made of the HTML if empty."] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Send(Step):
    """Ask the gate for a contact: leave by `sent` when the message is queued, by `withheld` when it may not be."""

    channel: Annotated[str, Name(), "How it is said, such as email."]
    topic: Annotated[str, Name(), "What it is about: people agree to topics."] = "marketing"
    transactional: Annotated[Truthy, "Part of what the person bought or asked for; marketing rules do not apply."] = (
        False
    )
    priority: Annotated[
        int,
        Whole(most=PRIORITY_MOST),
        "Where a cap has room for one only, the higher number gets it, if the other still waits: 0 to 100.",
    ] = PRIORITY_USUAL
    template: Annotated[Template, Nested(Template), "What is said."]

    exits = ("sent", "withheld")

    def stand(self, place: Place) -> Outcome:
        return Ask(self.contact, sent="sent", withheld="withheld")

    @property
    def contact(self) -> Contact:
        """What the gate is asked."""
        return Contact(channel=self.channel, topic=self.topic, transactional=self.transactional, priority=self.priority)

    def title(self) -> str:
        return "Send"

    def note(self) -> str:
        subject = _plain(self.template.subject)
        channel = self.channel.replace("_", " ").capitalize()
        return f"{channel} · “{subject}”" if subject else channel

    def complaints(self) -> Iterator[Invalid]:
        if not (self.template.html.strip() or self.template.text.strip()):
            yield contradiction("$.template", "The message says nothing.", hint="Write its html, its text, or both.")


def _plain(subject: str) -> str:
    """The subject without its tags, as a sentence of its own."""
    words = " ".join(_TAG.sub(" ", subject).split())
    words = _GAP.sub(r"\1", words).lstrip(" ,;:.!?-–—").rstrip(" ,;:-–—")
    return cut(words[:1].upper() + words[1:])


STEP = Send
