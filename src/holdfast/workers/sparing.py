"""Sparing: what a server does not need and would import all the same."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType


def spare_pandas() -> None:
    """Have Arrow go without pandas until somebody asks for it.

    With the first array it makes, Arrow looks for pandas and imports it if it is there: a fifth of a second in which
    the interpreter does little else, just when the first events come, and 54 MB. Once it has looked in vain it imports
    pandas only for who converts to it or from it.
    """
    if "pandas" in sys.modules:
        return
    import pyarrow as pa  # noqa: PLC0415 - It takes long, and is needed only where a history is.

    hidden = _Hidden()
    sys.meta_path.insert(0, hidden)
    try:
        pa.array([""])
    finally:
        sys.meta_path.remove(hidden)


class _Hidden:
    """Finds that there is no pandas."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == "pandas":
            raise ImportError("pandas is not looked for now")
        return None
