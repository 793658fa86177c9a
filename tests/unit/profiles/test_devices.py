"""Devices: what apps, browsers and providers say of where push messages reach somebody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.events.event import OWN_SOURCE, Event, Json
from holdfast.profiles.devices import (
    DEVICE_GONE,
    DEVICES_MOST,
    PUSH_SUBSCRIBED,
    PUSH_UNSUBSCRIBED,
    Device,
    Devices,
    device_id,
    devices_of,
    heard_of,
    later_heard,
    read_devices,
    write_devices,
)
from holdfast.profiles.profile import EMPTY, Profile, learn
from holdfast.testing import START, an_event

P256DH, AUTH = "B" * 87, "a" * 22
ENDPOINT = "https://push.example/abc"


GOES = (DEVICE_GONE, PUSH_UNSUBSCRIBED)


def said(name: str, minute: int = 0, **fields: Any) -> Event:
    at = START + timedelta(minutes=minute)
    return an_event(name, timestamp=at, received_at=at, **fields)


def heard(*events: Event) -> Devices:
    devices: Devices = {}
    for event in events:
        devices = heard_of(devices, event)
    return devices


def there(devices: Devices) -> list[str]:
    return [each.token for each in devices_of(devices, ("web", "ios", "android"))]


def on_device(minute: int, **told: Json) -> Event:
    return said("Order Completed", minute, context={"device": told, "app": {"namespace": "example.shop"}})


def subscribed(minute: int, endpoint: str = ENDPOINT, **keys: Json) -> Event:
    told = {"endpoint": endpoint, "keys": {"p256dh": P256DH, "auth": AUTH} | keys}
    return said(PUSH_SUBSCRIBED, minute, properties=told)


def gone(minute: int, token: str, source: str = OWN_SOURCE) -> Event:
    return said(DEVICE_GONE, minute, properties={"device": device_id(token)}, source=source)


def test_an_app_says_which_device_it_runs_on() -> None:
    devices = heard(on_device(0, token="f1:xyz", type="Android"))
    assert devices_of(devices, ["android"]) == [Device("android", "f1:xyz", app="example.shop")]
    assert devices_of(devices, ["ios", "web"]) == []


def test_a_device_with_no_type_is_of_the_system_it_runs() -> None:
    event = an_event(context={"device": {"token": "t"}, "os": {"name": "iPadOS"}})
    assert [each.type for each in devices_of(heard(event), ["ios"])] == ["ios"]
    assert heard(an_event(context={"device": {"token": "t"}, "os": {"name": "Windows"}})) == {}


def test_what_its_provider_knows_it_by_is_kept() -> None:
    (installation,) = devices_of(heard(on_device(0, token="cT9", type="ios", token_kind="installation")), ["ios"])
    assert (installation.kind, installation.is_apples) == ("installation", False)
    (apples,) = devices_of(heard(on_device(0, token="ab" * 32, type="ios", sandbox=True)), ["ios"])
    assert (apples.kind, apples.is_apples, apples.sandbox) == ("token", True, True)
    (firebases,) = devices_of(heard(on_device(0, token="ab" * 32 + ":APA", type="ios")), ["ios"])
    assert not firebases.is_apples


def test_a_browser_subscribes_as_it_writes_itself() -> None:
    padded = subscribed(0, p256dh="+/" + "B" * 85 + "=", auth="a" * 22 + "==")
    (device,) = devices_of(heard(padded), ["web"])
    assert device == Device("web", ENDPOINT, "-_" + "B" * 85, AUTH)


@pytest.mark.parametrize(
    "event",
    [
        subscribed(0, "http://push.example/abc"),
        subscribed(0, "https://push.example/with space"),
        subscribed(0, "https://127.0.0.1\\@push.example/abc"),
        subscribed(0, "https://someone@push.example/abc"),
        subscribed(0, "https://push.example/" + "x" * 2_048),
        subscribed(0, p256dh="short"),
        subscribed(0, auth=5),
        said(PUSH_SUBSCRIBED, properties={"endpoint": ENDPOINT}),
        said(PUSH_SUBSCRIBED, properties={"endpoint": ENDPOINT, "keys": []}),
        an_event(context={"device": {"token": "t", "type": "toaster"}}),
        an_event(context={"device": "phone"}),
        an_event(context={"device": {"type": "ios"}}),
        gone(0, "t", source="web"),
    ],
)
def test_what_cannot_be_written_to_is_no_device(event: Event) -> None:
    assert heard(event) == {}


def test_taking_it_back_and_being_gone_stand_until_it_is_heard_of_again() -> None:
    here = on_device(1, token="t", type="ios")
    assert there(heard(here, said(PUSH_UNSUBSCRIBED, 2, properties={"token": "t"}))) == []
    assert there(heard(subscribed(1), said(PUSH_UNSUBSCRIBED, properties={"endpoint": ENDPOINT}))) == [ENDPOINT]
    assert there(heard(here, gone(2, "t"))) == []
    assert there(heard(gone(2, "t"), here)) == []
    assert there(heard(here, gone(2, "t"), on_device(3, token="t", type="ios"))) == ["t"]
    # A provider that says "gone as of then" says nothing of what was registered since.
    assert there(heard(here, gone(0, "t"))) == ["t"]


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_what_was_heard_of_in_the_millisecond_it_was_gone_is_gone(names: tuple[str, str]) -> None:
    here = msgspec.structs.replace(on_device(1, token="t", type="ios"), message_id=names[0])
    lost = msgspec.structs.replace(gone(1, "t"), message_id=names[1])
    assert there(heard(here, lost)) == there(heard(lost, here)) == []
    assert there(heard(lost, on_device(2, token="t", type="ios"))) == ["t"]


def test_the_newest_come_first_and_the_oldest_go() -> None:
    events = [on_device(minute, token=f"t{minute}", type="android") for minute in range(DEVICES_MOST + 5)]
    assert there(heard(*events)) == [f"t{minute}" for minute in range(DEVICES_MOST + 4, 4, -1)]


STATEMENTS = st.lists(
    st.builds(
        lambda minute, number, kind: {
            "here": lambda: on_device(minute, token=f"t{number}", type="ios"),
            "gone": lambda: gone(minute, f"t{number}"),
        }[kind](),
        st.integers(0, 9),
        st.integers(0, DEVICES_MOST + 8),
        st.sampled_from(["here", "here", "gone"]),
    ),
    max_size=60,
    unique_by=lambda event: event.message_id,
)


@given(STATEMENTS, st.integers(0, 60), st.randoms(use_true_random=False))
def test_any_order_and_any_parting_give_the_same(events: list[Event], cut: int, shuffler: Any) -> None:
    mixed = list(events)
    shuffler.shuffle(mixed)
    whole = heard(*events)
    assert heard(*mixed) == whole
    assert len(whole) <= DEVICES_MOST
    assert later_heard(heard(*mixed[:cut]), heard(*mixed[cut:])) == whole
    last: dict[str, Event] = {}
    for event in sorted(events, key=lambda each: (each.timestamp, each.name in GOES, each.message_id)):
        told = str(event.properties.get("device") or device_id(str(event.context["device"]["token"])))  # type: ignore[index, call-overload]
        last[told] = event
    for each, latest in whole.items():
        assert latest.message_id == last[each].message_id
        assert (latest.device is None) == (last[each].name == DEVICE_GONE)


def test_what_says_nothing_of_devices_leaves_them_as_they_are() -> None:
    devices = heard(on_device(0, token="t", type="ios"))
    assert heard_of(devices, an_event()) is devices


def test_a_profile_keeps_its_devices_and_older_rows_have_none() -> None:
    profile = learn(EMPTY, on_device(0, token="t", type="ios"))
    packed = msgspec.msgpack.encode(profile)
    assert msgspec.msgpack.decode(packed, type=Profile) == profile
    assert there(profile.devices) == ["t"]
    before = {name: value for name, value in msgspec.to_builtins(profile).items() if name != "devices"}
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(before), type=Profile).devices == {}


def test_devices_are_written_into_an_address_and_read_again() -> None:
    devices = [Device("web", ENDPOINT, P256DH, AUTH), Device("ios", "ab" * 32, sandbox=True, app="example.shop")]
    assert read_devices(write_devices(devices)) == devices
    for text in ("", "[]", "{}", '[["web"]]', '[["fridge","t"]]', "nobody@example.com"):
        with pytest.raises(ValueError, match="device"):
            read_devices(text)
