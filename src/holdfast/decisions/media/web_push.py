"""Notifications in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from holdfast.decisions.durations import DAY_SECONDS
from holdfast.decisions.fields import Choice
from holdfast.decisions.media._parts import Button, Buttons, Life, Short, Url, empty
from holdfast.decisions.medium import Medium
from holdfast.kernel.errors import Invalid
from holdfast.profiles.devices import Device, DeviceType, devices_of
from holdfast.profiles.profile import Profile

BUTTONS_MOST = 2
"""What browsers show (Notification.maxActions)."""
TYPES: tuple[DeviceType, ...] = ("web",)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPushContent:
    """A notification in a browser."""

    title: Annotated[Short, "The first line."] = ""
    body: Annotated[Short, "What is said."] = ""
    icon: Annotated[Url, "The address of a small picture beside it."] = ""
    image: Annotated[Url, "The address of a large picture in it."] = ""
    url: Annotated[Url, "Where it leads when it is pressed."] = ""
    buttons: Annotated[tuple[Button, ...], Buttons(BUTTONS_MOST), "Buttons, two at most."] = ()
    collapse: Annotated[Short, "A later notification of the same name takes the place of this one."] = ""
    ttl_seconds: Annotated[Life, "How long the push service keeps it for a browser that is closed, in seconds."] = (
        DAY_SECONDS
    )
    urgency: Annotated[
        str, Choice(("very-low", "low", "normal", "high")), "How urgent it is: what may wait spares batteries."
    ] = "normal"

    def complaints(self) -> Iterator[Invalid]:
        if not (self.title.strip() or self.body.strip()):
            yield from empty("$.title", "The notification says nothing.", hint="Write its title, its body, or both.")


def newest_browser(profile: Profile, person_key: str = "") -> str:  # noqa: ARG001 - It is asked as the others are.
    """The id of the browser last heard of, at the host of its push service."""
    device = next(iter(devices_of(profile.devices, TYPES)), None)
    return "" if device is None else f"{device.id}@{host_of(device)}"


def host_of(device: Device) -> str:
    """The host of the browser's push service; empty where its address is none."""
    try:
        return urlsplit(device.token).hostname or ""
    except ValueError:
        return ""


MEDIUM = Medium(
    name="web_push",
    label="Web push",
    help="A notification in the browsers in which the person agreed to them.",
    content=WebPushContent,
    address_of=newest_browser,
    lines=frozenset({"title"}),
)
