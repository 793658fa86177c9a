"""How often somebody may try to get in: counted by the name they try and by where they try from.

The count is kept before the try is made, and in the state: many tries at once, a restart and a second process change
nothing. Names are kept as hashes, for people type passwords where the name belongs.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv6Address, ip_address, ip_network

from holdfast.flows.accounts.browsers import Visitor
from holdfast.kernel.errors import TooMany
from holdfast.ports.accounts import Attempts
from holdfast.ports.state import State

WINDOW_SECONDS = 15 * 60
NAME_MOST = 10
"""Tries at one name within the window. Getting in forgets them."""
ADDRESS_MOST = 100
"""Tries from one address within the window, whatever the names: a whole office may be behind it."""
KEY_MOST = 10
"""Api keys nobody knows, from one address within the window."""
_NETWORK_BITS = 64
"""Of an IPv6 address: the rest is whatever the machine likes."""


def name_key(name: str) -> str:
    """Under what tries at a name are counted."""
    return "name/" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def address_key(address: str) -> str:
    """Under what tries from an address are counted."""
    try:
        plain = ip_address(address)
    except ValueError:
        return "address/"
    if isinstance(plain, IPv6Address):
        return f"address/{ip_network((plain, _NETWORK_BITS), strict=False)}"
    return f"address/{plain}"


def wrong_keys_key(address: str) -> str:
    """Under what api keys nobody knows are counted that come from an address."""
    return "key/" + address_key(address).removeprefix("address/")


async def count_attempt(state: State, name: str, visitor: Visitor, *, now_ms: int) -> None:
    """Count one more try. Raises TooMany when there were too many already; that one is not counted."""
    limits = {name_key(name): NAME_MOST, address_key(visitor.address): ADDRESS_MOST}
    await _count(state, limits, now_ms, hint="An owner or admin can give a link to a new one.")


async def count_wrong_key(state: State, visitor: Visitor, *, now_ms: int) -> None:
    """Count one more api key nobody knows, so that not more of them are kept in the audit log. Raises TooMany.

    They count for themselves: nobody guesses a key, so who has a right one, or a password, is let in meanwhile.
    """
    limits = {wrong_keys_key(visitor.address): KEY_MOST}
    await _count(state, limits, now_ms, hint="A key that is in use is taken at once.")


async def _count(state: State, limits: Mapping[str, int], now_ms: int, *, hint: str) -> None:
    async with state.begin() as transaction:
        await transaction.sweep_accounts(now_ms)
        counted = []
        for key, most in limits.items():
            found = await transaction.attempts(key) or Attempts(
                key=key, count=0, until_ms=now_ms + WINDOW_SECONDS * 1000
            )
            if found.count >= most:
                seconds = max(1, math.ceil((found.until_ms - now_ms) / 1000))
                raise TooMany(
                    "that was tried too often.",
                    code="too_many_attempts",
                    hint=f"Wait {math.ceil(seconds / 60)} minutes. {hint}",
                    retry_seconds=seconds,
                )
            counted.append(replace(found, count=found.count + 1))
        for each in counted:
            await transaction.put_attempts(each)
