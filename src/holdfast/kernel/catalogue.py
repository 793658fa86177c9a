"""The catalogue: one variant, one file, one declaration, found by reading the directory."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def discover(package: ModuleType, declaration: str) -> dict[str, object]:
    """Every module of the package that assigns `declaration`, as module name to what it assigned.

    Modules whose name starts with an underscore, or that declare nothing, are passed over. Sorted by name, so that
    forms, docs and tests come out the same on every machine.
    """
    found: dict[str, object] = {}
    for name in listed(package):
        module = importlib.import_module(f"{package.__name__}.{name}")
        if hasattr(module, declaration):
            found[name] = getattr(module, declaration)
    return found


def listed(package: ModuleType) -> list[str]:
    """The names of the modules that are not passed over, in order; nothing is imported for it."""
    return sorted(each.name for each in pkgutil.iter_modules(package.__path__) if not each.name.startswith("_"))
