"""Who opened or clicked: a person, a machine, or nobody knows.

Rules that can be stated and checked, from the request alone. Apple's Mail Privacy Protection fetches every picture by
itself and calls itself exactly `Mozilla/5.0`; Google's image proxy fetches one when a person opens the mail; link
scanners and libraries say who they are; and some networks are known for the machines in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Literal, TypeAlias

Agent = Literal["human", "machine", "unknown"]
Network: TypeAlias = IPv4Network | IPv6Network

_APPLE_PRIVACY = "mozilla/5.0"
_OPENS_FOR_PEOPLE = ("googleimageproxy", "yahoomailproxy")
_MACHINES = (
    "bot",
    "crawl",
    "spider",
    "scan",
    "preview",
    "curl/",
    "wget/",
    "python",
    "java/",
    "go-http-client",
    "okhttp",
    "libwww",
    "headless",
    "barracuda",
    "mimecast",
    "proofpoint",
    "safelinks",
)
_BROWSERS = ("mozilla/", "opera/")


APPLE = ip_network("17.0.0.0/8")
"""All of it is Apple's; their mail programs' pictures are fetched from there, or through partners who say the same."""


def agent_of(
    user_agent: str, *, method: str = "GET", address: str = "", machines: Sequence[Network] = (), opening: bool = False
) -> Agent:
    """Who made the request, by its method, what it calls itself, and where it comes from.

    Args:
        address: the IP address it came from; empty where that is not known.
        machines: networks from which only machines come.
        opening: whether it fetched a picture, which Apple does for everybody.
    """
    said = user_agent.strip().lower()
    if method != "GET" or said == _APPLE_PRIVACY:
        return "machine"
    if address and _within(address, (*machines, APPLE) if opening else tuple(machines)):
        return "machine"
    if any(word in said for word in _OPENS_FOR_PEOPLE):
        return "human"
    if any(word in said for word in _MACHINES):
        return "machine"
    return "human" if said.startswith(_BROWSERS) else "unknown"


def read_networks(text: str) -> tuple[Network, ...]:
    """Networks in CIDR notation, parted by commas or blanks. Raises ValueError, which names the one that is none.

    >>> [str(each) for each in read_networks("192.0.2.0/24, 2001:db8::/32")]
    ['192.0.2.0/24', '2001:db8::/32']
    """
    return tuple(ip_network(each) for each in text.replace(",", " ").split())


@lru_cache(maxsize=4_096)
def _within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return any(ip in each for each in networks)
