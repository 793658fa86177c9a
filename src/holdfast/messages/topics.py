"""Topics: what people may hear of, as the workspace calls it on the page where they choose."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from holdfast.kernel.errors import Invalid

TOPICS_MOST = 50
NAME_CHARACTERS_MOST = 100

_ENTRY = re.compile(r"([^\s/:;=]{1,60})(?:/([a-z]{2}))?\s*=\s*(\S.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic."""

    id: str
    """What send steps call it."""
    name: str
    names: Mapping[str, str] = field(default_factory=dict)
    """In other languages, by their codes, such as `de`."""

    def name_in(self, language: str) -> str:
        """What it is called in a language, or at all."""
        return self.names.get(language, self.name)


def decode_topics(text: str, path: str = "topics") -> tuple[Topic, ...]:
    """Topics as the setting names them, in its order: `news = News and offers; news/de = Neues und Angebote`.

    Raises Invalid.

    >>> [each.name_in("de") for each in decode_topics("news = News; news/de = Neues; tips = Tips")]
    ['Neues', 'Tips']
    """
    said: dict[str, str] = {}
    others: dict[str, dict[str, str]] = {}
    for entry in filter(None, (each.strip() for each in text.split(";"))):
        found = _ENTRY.fullmatch(entry)
        if found is None or len(found[3]) > NAME_CHARACTERS_MOST or not found[3].isprintable():
            hint = "Write topics like: news = News and offers; news/de = Neues und Angebote."
            raise Invalid(f"{entry!r:.100} names no topic.", path=path, hint=hint)
        if found[2]:
            others.setdefault(found[1], {})[found[2]] = found[3]
        else:
            said[found[1]] = found[3]
    nameless = next((each for each in others if each not in said), None)
    if nameless is not None:
        hint = f"Add: {nameless} = and its name."
        raise Invalid(f"the topic {nameless!r} has a name in one language only.", path=path, hint=hint)
    if len(said) > TOPICS_MOST:
        raise Invalid(f"there are over {TOPICS_MOST} topics.", path=path, hint="Nobody reads so long a list.")
    return tuple(Topic(id=each, name=name, names=others.get(each, {})) for each, name in said.items())
