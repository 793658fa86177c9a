"""Holdfast, an open retention cloud.

    >>> from holdfast import did, prop
    >>> loyal = did("Order Completed", at_least=3, within_days=30, where=prop("revenue") > 50)
    >>> lost = loyal & ~did("App Uninstalled", within_days=90)

`holdfast.open("dir")` gives a `Workspace`. Everything here is loaded when it is first asked for, so that importing the
package, or asking the command line for help, costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from holdfast.version import __version__

if TYPE_CHECKING:
    from holdfast.kernel.errors import HoldfastError
    from holdfast.segments.builders import (
        all_of,
        any_of,
        bucket,
        calendar,
        did,
        did_amount,
        did_in_order,
        first_did,
        group,
        in_list,
        in_segment,
        last_did,
        mostly,
        mostly_at,
        near,
        only_did,
        prop,
        step,
        trait,
        variant,
    )
    from holdfast.workspace import Workspace
    from holdfast.workspace import open_workspace as open  # noqa: A004 - `holdfast.open` reads as it should.

__all__ = [
    "HoldfastError",
    "Workspace",
    "__version__",
    "all_of",
    "any_of",
    "bucket",
    "calendar",
    "did",
    "did_amount",
    "did_in_order",
    "first_did",
    "group",
    "in_list",
    "in_segment",
    "last_did",
    "mostly",
    "mostly_at",
    "near",
    "only_did",
    "open",
    "prop",
    "step",
    "trait",
    "variant",
]

_PLACES = {
    "HoldfastError": ("holdfast.kernel.errors", "HoldfastError"),
    "Workspace": ("holdfast.workspace", "Workspace"),
    "open": ("holdfast.workspace", "open_workspace"),
    **{
        name: ("holdfast.segments.builders", name)
        for name in (
            "all_of",
            "any_of",
            "bucket",
            "calendar",
            "did",
            "did_amount",
            "did_in_order",
            "first_did",
            "group",
            "in_list",
            "in_segment",
            "last_did",
            "mostly",
            "mostly_at",
            "near",
            "only_did",
            "prop",
            "step",
            "trait",
            "variant",
        )
    },
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'holdfast' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(import_module(module), attribute)
