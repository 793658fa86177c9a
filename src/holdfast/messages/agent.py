"""Who opened or clicked: a person, a machine, or nobody knows.

Rules that can be stated and checked, from the request alone. Apple's Mail Privacy Protection fetches every picture by
itself and calls itself exactly `Mozilla/5.0`; Google's image proxy fetches one when a person opens the mail; link
scanners and libraries say who they are.
"""

from __future__ import annotations

from typing import Literal

Agent = Literal["human", "machine", "unknown"]

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


def agent_of(user_agent: str, *, method: str = "GET") -> Agent:
    """Who made the request, by its method and what it calls itself."""
    said = user_agent.strip().lower()
    if method != "GET" or said == _APPLE_PRIVACY:
        return "machine"
    if any(word in said for word in _OPENS_FOR_PEOPLE):
        return "human"
    if any(word in said for word in _MACHINES):
        return "machine"
    return "human" if said.startswith(_BROWSERS) else "unknown"
