"""Keys, from Python."""

from __future__ import annotations

from typing import Literal

from holdfast.flows.upkeep.keys import add_key, revoke_key
from holdfast.ports.state import AccessKey
from holdfast.workspace.loop import Loop


class Keys(Loop):
    """Keys, from Python."""

    def keys(self) -> list[AccessKey]:
        """Every write key and api key."""
        return self._viewed(lambda view: view.keys())

    def add_key(self, name: str, kind: Literal["write", "api"]) -> tuple[AccessKey, str]:
        """Make a key; returns it with the secret itself, which is shown this once."""
        return self._wait(add_key(self._app.state, name, kind, now=self._app.clock.now()))

    def revoke_key(self, name: str) -> None:
        """Revoke a key. Raises NotFound."""
        self._wait(revoke_key(self._app.state, name, now=self._app.clock.now()))
