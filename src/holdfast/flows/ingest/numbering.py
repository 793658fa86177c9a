"""Own events are known by their numbers: which of those that the log tells were taken in before.

Own events wait in the state under numbers that grow, and one process tells them, in that order. So how far they are
taken in is one number: whatever is not above it comes again, as after a crash that came between telling and writing
down that all is told. No id need be remembered for it.

A number means something to the state that gave it and to no other. A state that was set back, or made anew from the
log, reads what it never told, under numbers that it gives to others. So each process that tells does so in an epoch of
its own, which is written down before anything is told in it; what was given by then belongs to the epochs before. What
the log tells of another epoch, or of one of ours beyond its end, this state has never told. It is known by its message
id, as what others say; and since this state may come to the same by itself, for a while its own is asked for its
message id, too.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec import structs

from holdfast.decisions.told import JOURNEY_ENTERED, JOURNEY_LEFT, MESSAGE_QUEUED
from holdfast.events.event import OWN_SOURCE
from holdfast.flows.ingest.own import MESSAGE_NAMES
from holdfast.flows.ingest.reading import POISON, Placed, decoded, unseen
from holdfast.ports.log import Entry
from holdfast.ports.state import Transaction, View

NUMBERING = "own/numbering"
"""The state's note of its numbering."""
TOLD_ONCE = frozenset({JOURNEY_ENTERED, JOURNEY_LEFT, MESSAGE_QUEUED, MESSAGE_NAMES["sent"]})
"""What the state tells once, together with what it tells of: a number is all that need be known of these. Others may be
told by two of its transactions and count once by their message id: that a device is gone, or that somebody comes into a
segment, goes and comes again in one millisecond."""
STRANGE_MS = 30 * 86_400_000
"""How long after something of another state the own is asked for its message id."""
EPOCHS_MOST = 100
"""So many processes back it is known what they told. What is told waits no more once any of them has ticked again."""
_END = 2**63


class Epoch(msgspec.Struct, frozen=True, array_like=True):
    """What one process has told: the numbers above `after`, up to and including `upto`."""

    name: str
    after: int
    upto: int | None = None
    """None while it tells."""


class Numbering(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of the numbers of own events."""

    taken: int = 0
    """The highest that was taken in."""
    told: int = 0
    """The highest of those that are in the log, and wait no more."""
    strange_until_ms: int = 0
    """Of what is received before this moment, message ids are asked for, too."""
    epochs: tuple[Epoch, ...] = ()
    """The oldest first; none is empty but perhaps the last."""

    def begun(self, name: str, last: int) -> Numbering:
        """With an epoch that begins above every number given until now; `last` is the highest of those that wait."""
        given = max(self.taken, self.told, last)
        before = [each if each.upto is not None else structs.replace(each, upto=given) for each in self.epochs]
        kept = [each for each in before if each.upto != each.after][1 - EPOCHS_MOST :]
        return structs.replace(self, epochs=(*kept, Epoch(name, given)))

    def epoch_of(self, number: int) -> tuple[str, int]:
        """The epoch in which a number is told, and the last number told in it.

        An empty one for what was given before there were epochs.
        """
        upto = _END
        for each in reversed(self.epochs):
            if number > each.after:
                return each.name, upto
            upto = each.after
        return "", upto

    @property
    def epoch(self) -> str:
        """The last epoch that began; empty where none has."""
        return self.epochs[-1].name if self.epochs else ""

    def told_in(self, epoch: str) -> range:
        """The numbers that this state has told in an epoch, or may; none in one that it does not know."""
        found = next((each for each in reversed(self.epochs) if each.name == epoch), None)
        if found is None:
            return range(0)
        return range(found.after + 1, _END if found.upto is None else found.upto + 1)


NOT_NUMBERED = Numbering()
_decode = msgspec.json.Decoder(Numbering).decode


def draw_epoch() -> str:
    """A name that no epoch has, of this state or of another."""
    return secrets.token_hex(6)


async def numbering_of(view: View) -> Numbering:
    """What the state knows of it."""
    noted = await view.note(NUMBERING)
    return _decode(noted) if noted else NOT_NUMBERED


async def keep_numbering(transaction: Transaction, numbering: Numbering) -> None:
    """Write it down."""
    await transaction.set_note(NUMBERING, msgspec.json.encode(numbering).decode())


async def tell_on(transaction: Transaction, epoch: str | None, *, upto: int) -> Numbering:
    """Let go of what is told, and go on telling.

    Args:
        epoch: the one that the process tells in; where it has none yet, or another process told meanwhile, one begins,
            and from the commit on it may be told in that.
        upto: the highest number that the process has put into the log; 0 where it has put none.
    """
    numbering = await numbering_of(transaction)
    after = numbering
    upto = max(upto, numbering.taken)  # What is taken in was told, though a process died before it could say so.
    if upto > numbering.told:
        await transaction.forget_emitted(upto)
        after = structs.replace(after, told=upto)
    if epoch is None or epoch != after.epoch:
        after = after.begun(draw_epoch(), await transaction.last_emitted())
    if after != numbering:
        await keep_numbering(transaction, after)
    return after


def numbered_positions(entry: Entry) -> list[int]:
    """The positions of an entry's events, where they bear numbers; none of what cannot be read."""
    try:
        return [each.position for each in decoded([entry])[0] if each.epoch]
    except POISON:
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """What was read, parted into what is new and what was there before."""

    fresh: Sequence[Placed]
    """What is new, in its order."""
    by_number: frozenset[int] = frozenset()
    """The positions of those among them whose message ids need not be remembered."""
    numbered: Sequence[int] = ()
    """The positions of everything that bears a number, whether new or not."""
    before: Numbering = NOT_NUMBERED
    after: Numbering = NOT_NUMBERED
    """What is known of the numbers once all of it is taken in."""

    async def remember(self, transaction: Transaction, kept: Sequence[Placed], at_ms: int) -> None:
        """Write down what is taken in: those kept, and of what bears a number which are not."""
        if self.numbered:
            skipped = set(self.numbered).difference(each.position for each in kept)
            if skipped:
                await transaction.mark_skipped(sorted(skipped), at_ms)
        if self.after != self.before:
            await keep_numbering(transaction, self.after)
        marks = {each.dedup_hash: each.position for each in kept if each.position not in self.by_number}
        if marks:
            await transaction.mark_seen(marks, at_ms)


async def sift(view: View, placed: Sequence[Placed]) -> Sifted:
    """Part what was read into what is new and what was taken in before."""
    ours = [each for each in placed if each.event.source == OWN_SOURCE]
    if not ours:
        return Sifted(fresh=await unseen(view, placed))
    before = await numbering_of(view)
    after, by_number, again = _by_number(before, ours)
    asked = [each for each in placed if each.position not in by_number and each.position not in again]
    new = {each.position for each in await unseen(view, asked)} if asked else set()
    return Sifted(
        fresh=[each for each in placed if each.position in by_number or each.position in new],
        by_number=frozenset(by_number),
        numbered=[each.position for each in ours if each.epoch],
        before=before,
        after=after,
    )


def _by_number(numbering: Numbering, ours: Sequence[Placed]) -> tuple[Numbering, set[int], set[int]]:
    """The numbering after all of it; the positions of what is new for its number alone, and of what comes again."""
    taken, strange_until_ms = numbering.taken, numbering.strange_until_ms
    new, again = set[int](), set[int]()
    epoch, known = "", range(0)
    for each in ours:
        if each.epoch != epoch:
            epoch, known = each.epoch, numbering.told_in(each.epoch)
        is_once = each.event.name in TOLD_ONCE
        if each.number not in known:
            # Without a number this state tells none of these: whoever told them, it was before, or elsewhere.
            if is_once or epoch:
                strange_until_ms = max(strange_until_ms, each.received_ms + STRANGE_MS)
        elif each.number <= taken:
            again.add(each.position)
        else:
            taken = each.number
            if is_once and each.received_ms >= strange_until_ms:
                new.add(each.position)
    return structs.replace(numbering, taken=taken, strange_until_ms=strange_until_ms), new, again
