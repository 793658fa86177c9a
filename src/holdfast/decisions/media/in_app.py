"""Messages shown in the app or on the site while somebody uses it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.durations import DAY_SECONDS
from holdfast.decisions.fields import TEMPLATE_MOST, Choice, Text
from holdfast.decisions.media._parts import Button, Buttons, Life, Short, Url, empty, the_person
from holdfast.decisions.medium import Medium
from holdfast.kernel.errors import Invalid

BUTTONS_MOST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class InAppContent:
    """A message that waits until the person next uses the app."""

    kind: Annotated[str, Choice(("banner", "modal", "fullscreen", "html")), "How it is shown."] = "banner"
    title: Annotated[Short, "The first line."] = ""
    body: Annotated[Short, "What is said."] = ""
    image: Annotated[Url, "The address of a picture."] = ""
    html: Annotated[str, Text(least=0, most=TEMPLATE_MOST), "For `html`: the whole of it, shown in a sandbox."] = ""
    url: Annotated[Url, "Where it leads when it is pressed."] = ""
    buttons: Annotated[tuple[Button, ...], Buttons(BUTTONS_MOST), "Buttons, three at most."] = ()
    placement: Annotated[Short, "The place in the app it is meant for; empty for wherever they are."] = ""
    expires_seconds: Annotated[Life, "How long it waits to be seen; 0 for ever."] = 30 * DAY_SECONDS

    def complaints(self) -> Iterator[Invalid]:
        said = self.html if self.kind == "html" else self.title + self.body + self.image
        if not said.strip():
            part = "html" if self.kind == "html" else "title"
            yield from empty(f"$.{part}", "The message says nothing.", hint=f"Write its {part}.")


MEDIUM = Medium(
    name="in_app",
    label="In-app",
    help="A message shown in the app or on the site the next time the person uses it.",
    content=InAppContent,
    html=frozenset({"html"}),
    lines=frozenset({"title", "placement"}),
    address_of=the_person,
)
