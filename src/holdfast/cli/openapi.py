"""The OpenAPI description without a server: `python -m holdfast.cli.openapi` prints it.

The reference page and the console's types are made of it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

from holdfast.cli.in_process import call
from holdfast.http.app import make_http
from holdfast.settings import Settings
from holdfast.wiring import Application

Json = Mapping[str, Any]


def openapi() -> Json:
    """What a server answers at /openapi.json."""
    # The description follows from the routes alone; what they call when they are asked is not needed to tell it.
    nothing = SimpleNamespace(source_of=None)
    parts = SimpleNamespace(
        **dict.fromkeys(("collector", "receiver", "preferences", "arrivals", "clock", "state")),
        settings=Settings(),
        access=nothing,
        mailbox=nothing,
    )
    api = make_http(cast("Application", parts))
    _, body = asyncio.run(call(api, "GET", "/openapi.json"))
    return cast("Json", json.loads(body))


if __name__ == "__main__":
    json.dump(openapi(), sys.stdout, indent=1, sort_keys=True)
