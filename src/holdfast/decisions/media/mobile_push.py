"""Notifications on a phone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from holdfast.decisions.durations import DAY_SECONDS
from holdfast.decisions.fields import Choice, Named, OrNull, Text, Whole
from holdfast.decisions.media._parts import SHORT_MOST, Button, Buttons, Life, Short, Url, empty
from holdfast.decisions.medium import Medium
from holdfast.kernel.errors import Invalid
from holdfast.profiles.devices import DeviceType, devices_of
from holdfast.profiles.profile import Profile

BUTTONS_MOST = 3
DATA_MOST = 50
TYPES: tuple[DeviceType, ...] = ("ios", "android")


@dataclass(frozen=True, slots=True, kw_only=True)
class MobilePushContent:
    """A notification in an app."""

    title: Annotated[Short, "The first line."] = ""
    body: Annotated[Short, "What is said."] = ""
    image: Annotated[Url, "The address of a picture in it."] = ""
    url: Annotated[Url, "Where it leads when it is pressed: a web address or a place in the app."] = ""
    buttons: Annotated[tuple[Button, ...], Buttons(BUTTONS_MOST), "Buttons, three at most."] = ()
    data: Annotated[
        Mapping[str, str], Named(Text(least=0, most=SHORT_MOST), most=DATA_MOST), "What the app is given with it."
    ] = field(default_factory=dict)
    collapse: Annotated[Short, "A later notification of the same name takes the place of this one."] = ""
    ttl_seconds: Annotated[Life, "How long it is kept for a phone that is off, in seconds."] = DAY_SECONDS
    priority: Annotated[str, Choice(("normal", "high")), "`high` wakes a phone that sleeps."] = "high"
    sound: Annotated[Short, "The sound it makes, by name; `default` for the usual one."] = "default"
    badge: Annotated[int | None, OrNull(Whole(most=9_999)), "The number on the app's icon; null leaves it."] = None

    def complaints(self) -> Iterator[Invalid]:
        if not (self.title.strip() or self.body.strip() or self.data):
            yield from empty("$.title", "The notification says nothing.", hint="Write its title, its body, or data.")


def newest_device(profile: Profile, person_key: str = "") -> str:  # noqa: ARG001 - It is asked as the others are.
    """The id of the device last heard of."""
    device = next(iter(devices_of(profile.devices, TYPES)), None)
    return "" if device is None else device.id


MEDIUM = Medium(
    name="mobile_push",
    label="Mobile push",
    help="A notification on the phones and tablets on which the person uses the app.",
    content=MobilePushContent,
    address_of=newest_device,
    lines=frozenset({"title"}),
)
