"""Named queries: a `.sql` file holds several, every one with a sentence saying what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

_MARK = "-- name: "


def named_queries(package: str, name: str) -> Mapping[str, str]:
    """The queries of the package's `<name>.sql`, by name.

    Raises ValueError for a query that does not say what it is for.
    """
    text = files(package).joinpath(f"{name}.sql").read_text("utf-8")
    return dict(_parsed(block) for block in text.split(_MARK)[1:])


def _parsed(block: str) -> tuple[str, str]:
    name, _, rest = block.partition("\n")
    if not rest.startswith("-- "):
        raise ValueError(f"query {name!r} needs a sentence saying what it is for")
    return name.strip(), rest.strip()
