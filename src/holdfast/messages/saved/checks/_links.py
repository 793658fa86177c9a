"""Links, as a reader's program and a filter see them."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

SHORTENERS = frozenset(
    {
        *("bit.ly", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "ow.ly", "rb.gy", "rebrand.ly", "shorturl.at"),
        *("t.co", "t.ly", "tiny.cc", "tinyurl.com", "v.gd"),
    }
)
"""Hosts that hide where a link leads; filters and carriers distrust them."""

Fault = Literal["link_broken", "link_insecure", "link_hidden"]

_NUMERIC = re.compile(r"\d+(\.\d+){3}|\[.*\]")
_OTHER = ("mailto:", "tel:", "sms:", "cid:", "data:image/")


def fault_of(address: str) -> Fault | None:
    """What is wrong with where a link leads; None when nothing is."""
    address = address.strip()
    if address.lower().startswith(_OTHER):
        return None
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
    except ValueError:
        return "link_broken"
    if parts.scheme.lower() not in ("http", "https") or not _is_host(host) or any(each.isspace() for each in address):
        return "link_broken"
    if _NUMERIC.fullmatch(host) or host.removeprefix("www.") in SHORTENERS:
        return "link_hidden"
    return "link_insecure" if parts.scheme.lower() == "http" else None


def host_of(text: str) -> str:
    """The host that a text shows when it looks like an address; empty when it does not."""
    shown = re.match(r"\s*(?:https?://)?(?:www\.)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?:[/?#:]|\s*$)", text, re.IGNORECASE)
    return shown[1].lower() if shown else ""


def same_site(shown: str, host: str) -> bool:
    """Whether a host that is shown is that of the link, or one above or below it."""
    return shown == host or shown.endswith(f".{host}") or host.endswith(f".{shown}")


def _is_host(host: str) -> bool:
    return "." in host.strip(".") or ":" in host or host == "localhost"
