"""Records that could not be events, and batches that are over a limit."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.kernel.errors import TooLarge


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """One record of a good batch that cannot be an event: what is wrong with it, and what would mend it."""

    index: int
    """Its place in the batch, from 0."""
    code: str
    message: str
    path: str
    """Where in the request body, such as `$.batch[3].event`."""
    hint: str
    body: str
    """The record as it came, as JSON text."""


class OverLimit(TooLarge):
    """A limit of the specification is passed, so nothing of the request was taken.

    Args:
        limit: the most that is allowed.
        unit: what `limit` counts: `bytes`, `events` or `characters`.
    """

    def __init__(self, message: str, *, path: str, hint: str, limit: int, unit: str) -> None:
        super().__init__(message, path=path, hint=hint)
        self.limit = limit
        self.unit = unit
