"""Settings that were chosen in the console: one note of the state, which every process reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from holdfast.kernel.errors import Invalid
from holdfast.kernel.shown import can_be_shown
from holdfast.ports.state import Transaction, View

NOTE = "settings"
TEXT_MOST = 4_000
"""Characters of one value."""

Value = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What was chosen, by the settings' names, and how often anything was."""

    revision: int = 0
    values: Mapping[str, Value] = field(default_factory=dict)


async def chosen_settings(view: View) -> Chosen:
    """What was chosen; nothing, to begin with."""
    noted = await view.note(NOTE)
    return Chosen() if noted is None else msgspec.json.decode(noted, type=Chosen)


async def choose_settings(transaction: Transaction, wanted: Mapping[str, Value | None]) -> Chosen:
    """Choose some; None lets go of what was chosen. Whether they can be is for the caller to have checked.

    Raises Invalid for a text that no store keeps.
    """
    before = await chosen_settings(transaction)
    for name, value in wanted.items():
        _check(name, value)
    values = {name: each for name, each in {**before.values, **wanted}.items() if each is not None}
    chosen = Chosen(revision=before.revision + 1, values=values)
    await transaction.set_note(NOTE, msgspec.json.encode(chosen).decode())
    return chosen


def _check(name: str, value: Value | None) -> None:
    if not isinstance(value, str):
        return
    path = f"$.values.{name}"
    if len(value) > TEXT_MOST:
        raise Invalid(f"the text is over {TEXT_MOST} characters.", path=path, hint="Say it shorter.")
    if not can_be_shown(value):
        raise Invalid("the text has characters that cannot be shown.", path=path, hint="Write it on one line, as text.")
