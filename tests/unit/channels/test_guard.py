"""The guard: which addresses may be called, and that the one that was looked at is the one that is called."""

from __future__ import annotations

import asyncio
from typing import Any

import httpcore
import pytest

from holdfast.channels.carriers.guard import ForbiddenError, Guard, is_public

PUBLIC, PRIVATE = "203.0.114.7", "10.0.0.7"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254"),
        *("192.0.0.8", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1"),
        *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::", "2001:db8::1"),
    ],
)
def test_nobody_is_led_into_a_network_of_ours(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::"])
def test_what_anybody_may_call_is_called(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("found", [[PRIVATE], [PUBLIC, PRIVATE], [PRIVATE, PUBLIC], [PUBLIC] * 9 + [PRIVATE]])
async def test_a_name_with_one_address_in_a_network_of_ours_is_not_called_at_all(
    monkeypatch: pytest.MonkeyPatch, found: list[str]
) -> None:
    asked = names(monkeypatch, found)
    called = connections(monkeypatch)
    with pytest.raises(ForbiddenError, match="webhook_private"):
        await Guard("templates", allow_private=False).connect_tcp("shop.example", 443)
    assert (asked, called) == (["shop.example"], [])


async def test_the_address_that_was_looked_at_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = names(monkeypatch, [PUBLIC, PUBLIC])
    called = connections(monkeypatch)
    with pytest.raises(httpcore.ConnectError):
        await Guard("templates", allow_private=False).connect_tcp("shop.example", 443)
    assert asked == ["shop.example"], "asked again, the name might mean another"
    assert set(called) == {PUBLIC}


def names(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> list[str]:
    """Have every name mean these addresses; who asks is noted."""
    asked: list[str] = []

    async def told(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(2, 1, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", told)
    return asked


def connections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have nobody answer; whom it was tried to connect to is noted."""
    called: list[str] = []

    async def refused(_self: object, host: str, *_: Any) -> None:
        called.append(host)
        raise httpcore.ConnectError("nobody is there")

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", refused)
    return called
