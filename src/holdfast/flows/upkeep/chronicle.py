"""Chronicle: noting what the log does not say, in the transaction that does it. See `ports.turns`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from holdfast.events.event import IdentityKey, Json
from holdfast.flows.ingest.reading import REACT
from holdfast.ports.state import Transaction
from holdfast.ports.turns import Turn, TurnKind


async def note_turn(transaction: Transaction, kind: TurnKind, said: Mapping[str, Json], *, at_ms: int = 0) -> None:
    """Note what was done between two ticks.

    Args:
        said: what it was, so that it can be done again.
        at_ms: when, where doing it again asks for that.
    """
    offset = await transaction.offset(REACT)
    await transaction.add_turn(Turn(kind=kind, start=offset, next=offset, at_ms=at_ms, said=said))


def name_said(said: Json) -> IdentityKey:
    """The name that was said by an earlier Holdfast, which escaped it: now names are said by their numbers."""
    kind, value = said if isinstance(said, list) else ("user", "")
    return IdentityKey(kind="anonymous" if kind == "anonymous" else "user", value=json.loads(str(value)))
