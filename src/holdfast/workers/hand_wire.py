"""What the server and its hands say to each other."""

from __future__ import annotations

from typing import Any

import msgspec

SettingValue = Any
"""A text, a number, a table: what `Settings` has."""


class Rules(msgspec.Struct, frozen=True, array_like=True, tag="rules"):
    """What is gone by from now on."""

    settings: dict[str, SettingValue]
    """All settings in force, by name."""
    secret: bytes
    """The workspace's: by it those who were erased are known again."""
    revision: int
    """Of the settings that were chosen."""


class Do(msgspec.Struct, frozen=True, array_like=True, tag="do"):
    """Do this; what comes of it is said under the same number."""

    number: int
    task: bytes


class Copy(msgspec.Struct, frozen=True, array_like=True, tag="copy"):
    """Lay this out for the history; the same."""

    number: int
    task: bytes


class Ready(msgspec.Struct, frozen=True, array_like=True, tag="ready"):
    """Tasks may come."""

    version: str
    """Whose code it runs: where a newer one was installed meanwhile, it is not the server's."""


class Done(msgspec.Struct, frozen=True, array_like=True, tag="done"):
    """What came of a task; None where it could not be done."""

    number: int
    found: bytes | None


ToHand = Rules | Do | Copy
FromHand = Ready | Done
