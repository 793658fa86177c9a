"""Writing to the person, if the gate permits it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, cast

from holdfast.decisions.caps import PRIORITY_MOST, PRIORITY_USUAL
from holdfast.decisions.fields import Kind, Name, Truthy, Whole, as_object, decode_fields
from holdfast.decisions.gate import Contact
from holdfast.decisions.medium import media, medium_called
from holdfast.decisions.step import Ask, Outcome, Place, Said, Step, cut
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_GAP = re.compile(r"[\s,;:]+([,;:.!?])")


SAVED = "saved"
"""The part of a template that names a saved one, in the place of all others."""
_ASKINGS_MOST = 1_024
_FIRST_WORDS = ("subject", "title", "text", "body")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedTemplate:
    """A template that is kept under a name of its own."""

    saved: Annotated[str, Name(), "The id of the saved template."]
    version: Annotated[int, Whole(), "Which of its versions; 0 for the newest there is when the message is queued."] = 0


@dataclass(frozen=True, slots=True)
class ChannelName(Name):
    """The name of a medium."""

    def decode(self, value: object, path: str) -> str:
        return medium_called(Name.decode(self, value, path), path).name

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "enum": list(media())}


@dataclass(frozen=True, slots=True)
class Content(Kind):
    """What is said, in the parts that the channel has; or the name of a saved template."""

    def decode(self, value: object, path: str) -> Mapping[str, Json]:
        return cast("Mapping[str, Json]", dict(as_object(value, path)))

    def encode(self, value: object) -> Json:
        return dict(cast("Mapping[str, Json]", value))

    def schema(self) -> dict[str, Json]:
        return {"type": "object", "format": "content"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Send(Step):
    """Write to the person: leave by `sent` when the message is queued, by `withheld` when they may not get it."""

    channel: Annotated[str, ChannelName(), "How it is said, such as email or sms."]
    topic: Annotated[str, Name(format="topic"), "What it is about: people agree to topics."] = "marketing"
    transactional: Annotated[Truthy, "Part of what the person bought or asked for; marketing rules do not apply."] = (
        False
    )
    priority: Annotated[
        int,
        Whole(most=PRIORITY_MOST),
        "Where a cap has room for one only, the higher number gets it, if the other still waits: 0 to 100.",
    ] = PRIORITY_USUAL
    template: Annotated[
        Mapping[str, Json],
        Content(),
        "What is said, in Liquid: the parts that the channel has, or `saved` with the id of a saved template.",
    ]

    exits = ("sent", "withheld")

    def stand(self, place: Place) -> Outcome:
        return _asking(self.channel, self.topic, self.transactional, self.priority)

    @property
    def contact(self) -> Contact:
        """What the gate is asked. What does not reach the person is not held against them, nor they against it."""
        return _asking(self.channel, self.topic, self.transactional, self.priority).contact

    def title(self) -> str:
        label, words = media()[self.channel].label, self._gist()
        return f"{label}: {words}" if words else label

    def note(self) -> str:
        if not media()[self.channel].personal:
            return ""
        return "Transactional" if self.transactional else f"Topic “{self.topic}”"

    def saved(self) -> SavedTemplate | None:
        """The saved template it names, if it does."""
        return decode_fields(SavedTemplate, self.template, "$.template") if SAVED in self.template else None

    def says(self) -> Said:
        return Said(channel=self.channel, content=self.template, field="template")

    def _gist(self) -> str:
        """What it says, in a few words: how the message begins, or what its saved template is called."""
        first = next((each for name in _FIRST_WORDS if (each := _text(self.template.get(name)))), "")
        # Templates are named by an id, whether they are saved here or at a provider.
        named = _text(self.template.get(SAVED)) or _text(self.template.get("template"))
        return _plain(first or named.replace("-", " ").replace("_", " "))

    def complaints(self) -> Iterator[Invalid]:
        try:
            if SAVED in self.template:
                self.saved()
            else:
                medium_called(self.channel, "$.channel").decode(self.template, "$.template")
        except Invalid as wrong:
            yield wrong


@lru_cache(_ASKINGS_MOST)
def _asking(channel: str, topic: str, transactional: bool, priority: int) -> Ask:
    """What all whom a step sends to have in common: it is the same for a million of them."""
    personal = media()[channel].personal
    contact = Contact(channel=channel, topic=topic, transactional=transactional or not personal, priority=priority)
    return Ask(contact, sent="sent", withheld="withheld", address="" if personal else channel)


def _text(value: Json) -> str:
    return value.strip() if isinstance(value, str) else ""


def _plain(subject: str) -> str:
    """The subject without its tags, as a sentence of its own."""
    words = " ".join(_TAG.sub(" ", subject).split())
    words = _GAP.sub(r"\1", words).lstrip(" ,;:.!?-–—").rstrip(" ,;:-–—")
    return cut(words[:1].upper() + words[1:])


STEP = Send
