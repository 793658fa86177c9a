"""Copying: what is told the history of events and of changed people, laid out as it takes them.

Mostly the archivist does so itself, bit by bit beside the ticks. Where there is much, another process does it for it,
which gets the events and reads for itself who the people are: see `ports.copying`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import pyarrow as pa

from holdfast.events.event import Event
from holdfast.flows.people.person import person_row
from holdfast.ports.copying import Layout
from holdfast.ports.hands import Recorder
from holdfast.ports.history import HistoryRow, PersonRow
from holdfast.ports.state import Identity, View
from holdfast.profiles.profile import Profile

SLICE = 100
"""Events or people worked on before others have their turn: a millisecond or two, so that no tick waits for long."""


class CopyEvents(msgspec.Struct, frozen=True, array_like=True, tag="events"):
    """Lay out these events."""

    workspace: int
    currency: str
    rows: list[tuple[int, int | None, Event]]
    """Each after its identity and the hash of its message id, where that is known."""


class CopyPeople(msgspec.Struct, frozen=True, array_like=True, tag="people"):
    """Lay out who these people are by now."""

    workspace: int
    currency: str
    stale: list[tuple[int, int]]
    """Persons, each with the number of the change."""


class Copied(msgspec.Struct, frozen=True, array_like=True):
    """What was laid out."""

    table: bytes
    """As an Arrow stream."""
    moved: dict[int, int] = {}
    """The identities to map anew, each to its person."""

    @staticmethod
    def of(said: bytes) -> Copied:
        """What somebody says it is."""
        return _decode_copied(said)

    def as_table(self) -> pa.Table:
        """The rows, in one piece."""
        return pa.ipc.open_stream(self.table).read_all()


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(CopyEvents | CopyPeople).decode
_decode_copied = msgspec.msgpack.Decoder(Copied).decode


def copying_events(rows: Sequence[HistoryRow], laid_out_for: tuple[int, str]) -> bytes | None:
    """The task of laying out these events; None where no message carries them, as whole numbers beyond 64 bits."""
    try:
        return _encode(CopyEvents(*laid_out_for, [(row.identity, row.hashed, row.event) for row in rows]))
    except (UnicodeEncodeError, OverflowError, RecursionError):
        return None


def copying_people(stale: Sequence[tuple[int, int]], laid_out_for: tuple[int, str]) -> bytes:
    """The task of laying out these people."""
    return _encode(CopyPeople(*laid_out_for, list(stale)))


async def copied(task: bytes, state: Recorder, layout_of: Callable[[int, str], Layout]) -> bytes:
    """What comes of the task. The state is looked at no longer than it is read: that holds its log up."""
    asked = _decode(task)
    layout = layout_of(asked.workspace, asked.currency)
    if isinstance(asked, CopyPeople):
        async with state.begin() as view:
            known = await known_of(view, [person for person, _ in asked.stale])
        return _encode(Copied(_stream(layout.people(await people_rows(known, dict(asked.stale)))), known.moved()))
    rows = [HistoryRow(identity=identity, hashed=hashed, event=event) for identity, hashed, event in asked.rows]
    return _encode(Copied(_stream(layout.events(rows))))


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What is known of changed persons."""

    members: Mapping[int, Sequence[Identity]]
    profiles: Mapping[int, Profile]
    undone: Collection[int]
    """Identities that were joined to others and are so no more."""

    def moved(self) -> dict[int, int]:
        """The identities to map anew, each to its person."""
        moved: dict[int, int] = {}
        for person, those in self.members.items():
            if len(those) == 1 and those[0].id == person and person not in self.undone:
                continue  # As nearly everybody is: nothing was ever joined to them.
            # Where something was undone, anybody among them may have been somebody else's before: their new person too.
            parted = any(each.id in self.undone for each in those)
            moved |= {each.id: person for each in those if parted or each.id != person}
        return moved


NOBODY = Changed(members={}, profiles={}, undone=())


async def known_of(view: View, stale: Collection[int]) -> Changed:
    """What is known of these persons."""
    members = await view.members(list(stale))
    identities = [each.id for those in members.values() for each in those]
    links = await view.links(identities)
    return Changed(
        members=members,
        profiles=await view.outlines(identities),
        undone={end for link in links if link.undone_ms is not None for end in (link.first, link.second)},
    )


async def people_rows(known: Changed, stale: Mapping[int, int]) -> list[PersonRow]:
    """The rows to write for changed persons."""
    rows: list[PersonRow] = []
    for person, sequence in stale.items():
        rows.append(person_row(person, known.members.get(person, []), known.profiles, version=sequence))
        if len(rows) % SLICE == 0:
            await asyncio.sleep(0)
    return rows
