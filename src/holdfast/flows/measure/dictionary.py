"""The dictionary: what events, properties and traits mean, written down by those who know."""

from __future__ import annotations

from datetime import datetime

from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.kernel.moments import to_millis
from holdfast.kernel.shown import can_be_shown
from holdfast.ports.dictionary import Meaning
from holdfast.ports.state import State

TEXT_CHARACTERS_MOST = 2_000
NAME_CHARACTERS_MOST = 500
MEANINGS_MOST = 10_000
"""In one workspace."""


async def write_meaning(state: State, *, event: str, name: str, text: str, by: str, now: datetime) -> Meaning:
    """Write down what a name means, in the place of what stood there; without words nothing stands there.

    Args:
        event: the event, or the event whose property it is; empty for a trait.
        name: the property or trait; empty for the event itself.

    Raises Invalid for neither, or text that cannot be shown; TooLarge beyond the limits.
    """
    said = text.strip()
    if not event and not name:
        raise Invalid("nothing is named.", code="empty", path="$.name", hint="Name an event, a property, or a trait.")
    for path, told, most in (
        ("$.event", event, NAME_CHARACTERS_MOST),
        ("$.name", name, NAME_CHARACTERS_MOST),
        ("$.text", said, TEXT_CHARACTERS_MOST),
    ):
        if len(told) > most:
            raise TooLarge(f"this is {len(told):,} characters long.", path=path, hint=f"Write {most:,} or fewer.")
    if not can_be_shown(said, lines=True):
        hint = "Take it out."
        raise Invalid("it holds a character that cannot be shown.", code="bad_text", path="$.text", hint=hint)
    meaning = Meaning(event=event, name=name, text=said, by=by, saved_ms=to_millis(now))
    async with state.begin() as transaction:
        written = {(each.event, each.name) for each in await transaction.meanings()}
        if said and (event, name) not in written and len(written) >= MEANINGS_MOST:
            hint = "Take those out of what no longer comes."
            raise TooLarge(f"there are {MEANINGS_MOST:,} already, which is the most.", path="$", hint=hint)
        await transaction.put_meaning(meaning)
    return meaning
