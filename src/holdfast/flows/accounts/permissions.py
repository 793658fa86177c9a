"""What there is to be permitted, and which role may do it: the one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

from holdfast.kernel.errors import Invalid

Role: TypeAlias = Literal["owner", "admin", "marketer", "analyst", "agent", "viewer"]
Permission: TypeAlias = Literal[
    "read",
    "people:read",
    "people:write",
    "people:erase",
    "sql",
    "analyses:write",
    "content:write",
    "decisions:write",
    "decisions:publish",
    "approve",
    "data:write",
    "settings:write",
    "accounts:write",
    "audit:read",
]

ROLES: tuple[Role, ...] = get_args(Role)
"""From the one who may do most to the one who may do least; agents and analysts may do different things."""
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)

ABOUT: Mapping[Permission, str] = MappingProxyType(
    {
        "read": "See everything but what needs more.",
        "people:read": "See people: their traits, addresses, timelines, messages and the mailbox.",
        "people:write": "Change traits and consent, join people and part them, suppress addresses and lift that.",
        "people:erase": "Erase people, and hand out all that is held of one.",
        "sql": "Ask by SQL, which shows people, and export everything.",
        "analyses:write": "Keep segments, lists, saved insights, boards, shared links and figures.",
        "content:write": "Keep templates, blocks, catalogues and coupons.",
        "decisions:write": "Draft journeys, campaigns and experiments; simulate and preview them.",
        "decisions:publish": "Publish, pause, resume and stop them, send, weigh adaptive paths, retry dead letters.",
        "approve": "Approve what waits for a second person, though never what one asked for oneself.",
        "data:write": "Bring files in, replay what was refused, make and revoke write keys.",
        "settings:write": "Set up the workspace, channels and domains; make and revoke api keys.",
        "accounts:write": "Invite people to work here, give roles, disable accounts.",
        "audit:read": "See who changed what.",
    }
)

_OWNERS: tuple[Role, ...] = ("owner", "admin")
_MARKETERS: tuple[Role, ...] = (*_OWNERS, "marketer")
_ANALYSTS: tuple[Role, ...] = (*_MARKETERS, "analyst")

MAY: Mapping[Permission, tuple[Role, ...]] = MappingProxyType(
    {
        "read": ROLES,
        "people:read": (*_ANALYSTS, "agent"),
        "people:write": (*_MARKETERS, "agent"),
        "people:erase": _OWNERS,
        "sql": _ANALYSTS,
        "analyses:write": _ANALYSTS,
        "content:write": _MARKETERS,
        "decisions:write": _MARKETERS,
        "decisions:publish": _MARKETERS,
        "approve": _OWNERS,
        "data:write": (*_OWNERS, "analyst"),
        "settings:write": _OWNERS,
        "accounts:write": _OWNERS,
        "audit:read": _OWNERS,
    }
)
"""Which roles have a permission."""

EVERYTHING: frozenset[Permission] = frozenset(PERMISSIONS)
OF_A_KEY: frozenset[Permission] = EVERYTHING - {"accounts:write", "approve"}
"""What an api key may do where nothing was said: all but what a person should answer for."""


def permissions_of(role: Role) -> frozenset[Permission]:
    """Everything a role may do."""
    return frozenset(permission for permission, roles in MAY.items() if role in roles)


def in_order(permissions: Iterable[str]) -> list[Permission]:
    """The permissions in the order of the table; what is none is left out."""
    wanted = frozenset(permissions)
    return [each for each in PERMISSIONS if each in wanted]


def decode_permissions(said: Iterable[str], path: str) -> frozenset[Permission]:
    """The permissions by their names. Raises Invalid for one that there is not, and when there is none at all."""
    wanted = frozenset(said)
    unknown = sorted(wanted - EVERYTHING)
    if unknown:
        raise Invalid(f"{unknown[0]!r:.60} is no permission.", path=path, hint=f"There are {', '.join(PERMISSIONS)}.")
    if not wanted:
        raise Invalid("nothing is permitted by it.", path=path, hint="Name at least one permission.")
    return frozenset(each for each in PERMISSIONS if each in wanted)
