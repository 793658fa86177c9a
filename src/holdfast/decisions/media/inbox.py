"""The person's inbox in the app or on the site: messages that stay until they are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.durations import DAY_SECONDS
from holdfast.decisions.media._parts import Button, Buttons, Life, Short, Url, empty, the_person
from holdfast.decisions.medium import Medium
from holdfast.kernel.errors import Invalid

BUTTONS_MOST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxContent:
    """A message in the inbox."""

    title: Annotated[Short, "The first line."] = ""
    body: Annotated[Short, "What is said."] = ""
    image: Annotated[Url, "The address of a picture."] = ""
    url: Annotated[Url, "Where it leads when it is pressed."] = ""
    buttons: Annotated[tuple[Button, ...], Buttons(BUTTONS_MOST), "Buttons, three at most."] = ()
    expires_seconds: Annotated[Life, "How long it stays; 0 for ever."] = 90 * DAY_SECONDS

    def complaints(self) -> Iterator[Invalid]:
        if not (self.title.strip() or self.body.strip()):
            yield from empty("$.title", "The message says nothing.", hint="Write its title, its body, or both.")


MEDIUM = Medium(
    name="inbox",
    label="App inbox",
    help="A message in the person's inbox in the app or on the site.",
    content=InboxContent,
    lines=frozenset({"title"}),
    address_of=the_person,
)
