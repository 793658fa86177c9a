"""Identify: who is who. Claims made by events, merges and unmerges made by people.

Whatever joins or parts people changes only the map from identity to person; events and profiles stay with theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from msgspec import structs

from holdfast.events.event import IdentityKey, Json
from holdfast.flows.audience.live_segments import rejoin
from holdfast.flows.upkeep.chronicle import note_turn
from holdfast.kernel.errors import Conflict, NotFound
from holdfast.kernel.moments import to_millis
from holdfast.ports.state import Identity, State, Transaction, View
from holdfast.profiles.identity import Claim, Link, Refusal, persons, refusal

Said: TypeAlias = tuple[Claim, int, str]
"""A claim, when it was made (ms), and by which message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A claim that was heard and not followed."""

    claim: Claim
    why: Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What claims came to."""

    links: list[Link] = field(default_factory=list)
    moves: dict[int, int] = field(default_factory=dict)
    """Identity to the person it belongs to now; only those that moved."""
    touched: set[int] = field(default_factory=set)
    """Persons before and after."""
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeResult:
    """A merge as it was made."""

    link: Link
    person: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmergeResult:
    """An unmerge as it was made."""

    undone: list[Link]
    persons: list[int]
    """The persons the two names belong to now: two, or one when something else joins them still."""


async def find_identity(view: View, text: str) -> Identity | None:
    """The identity somebody means by a name alone: the user of that name, else the anonymous one."""
    keys = _readings(text)
    known = await view.identities(keys)
    return next((known[key] for key in keys if key in known), None)


async def merge(
    state: State, first: IdentityKey | str, second: IdentityKey | str, *, by: str, now: datetime
) -> MergeResult:
    """Make two people one. Reversible: `unmerge` gives back exactly what was.

    Raises NotFound when either is unknown, Conflict when they are one person already.
    """
    async with state.begin() as transaction:
        one, other = await _named(transaction, first), await _named(transaction, second)
        if one.person == other.person:
            raise Conflict(
                f"{one.key.value!r} and {other.key.value!r} are one person already",
                code="already_one_person",
                hint="There is nothing to merge.",
            )
        link = await transaction.add_link(
            Link(first=one.id, second=other.id, kind="merge", at_ms=to_millis(now), by=by)
        )
        members = await transaction.members([one.person, other.person])
        person = min(one.person, other.person)
        await _move(transaction, [each for group in members.values() for each in group], lambda _: person)
        # By their numbers: a name would have to be looked for here when somebody is erased.
        said: dict[str, Json] = {"first": one.id, "second": other.id, "by": by}
        await note_turn(transaction, "merge", said, at_ms=to_millis(now))
    return MergeResult(link=link, person=person)


async def unmerge(
    state: State,
    link: int | tuple[IdentityKey | str, IdentityKey | str],
    *,
    by: str,
    now: datetime,
) -> UnmergeResult:
    """Undo a link by its id, or every link that stands between two names.

    Raises NotFound when there is no such link or name, Conflict when it was undone before or nothing joins the two
    directly.
    """
    async with state.begin() as transaction:
        undone = await _standing(transaction, link)
        for each in undone:
            await transaction.undo_link(each.id, at_ms=to_millis(now), by=by)
        ends = await transaction.identities_by_id([undone[0].first, undone[0].second])
        members = (await transaction.members(sorted({each.person for each in ends.values()}))).values()
        everyone = [each for group in members for each in group]
        ids = [each.id for each in everyone]
        now_of = persons(ids, await transaction.links(ids))
        await _move(transaction, everyone, now_of.__getitem__)
        # Not by the ids of the links: those are others where the links of somebody who was erased are gone.
        links: list[Json] = [[each.first, each.second, each.kind] for each in undone]
        said: dict[str, Json] = {"links": links, "by": by}
        await note_turn(transaction, "unmerge", said, at_ms=to_millis(now))
    at_ms = to_millis(now)
    return UnmergeResult(
        undone=[replace(each, undone_ms=at_ms, undone_by=by) for each in undone],
        persons=sorted({now_of[each] for each in ends}),
    )


async def apply_claims(
    transaction: Transaction, claims: Sequence[Said], known: dict[IdentityKey, Identity], *, told: bool = True
) -> Changed:
    """Join people as events claim, inside the caller's transaction.

    A login that says what is known already, as most do, costs nothing. The others cost the same few questions to the
    store, however many they are.

    Args:
        transaction: the transaction under way.
        claims: in the order they were made; of two logins on one device the first wins.
        known: every identity the claims name. Brought up to date with who they are afterwards.
        told: whether it is told who enters and leaves live segments by it.
    """
    asked = _news(claims, known)
    if not asked:
        return Changed()
    ends = {each.id for one, other, _ in asked for each in (one, other)}
    links = await transaction.links(sorted(ends))
    members = await transaction.members(sorted({each.person for one, other, _ in asked for each in (one, other)}))
    crowd = _Crowd(members, links)
    changed = Changed()
    wanted: list[Link] = []
    for one, other, (claim, at_ms, by) in asked:
        if crowd.no_news(claim, one.id, other.id):
            continue
        why = crowd.refusal(claim, one.id, other.id)
        if why is not None:
            changed.refused.append(Refused(claim=claim, why=why))
            continue
        wanted.append(Link(first=one.id, second=other.id, kind=claim.kind, at_ms=at_ms, by=by))
        crowd.join(one.id, other.id)
    changed.links.extend(await transaction.add_links(wanted))
    everyone = [each for group in members.values() for each in group]
    changed.moves.update(await _move(transaction, everyone, crowd.person.__getitem__, told=told))
    changed.touched.update(_touched(everyone, changed.moves))
    for identity in everyone:
        if identity.id in changed.moves and identity.key in known:
            known[identity.key] = structs.replace(identity, person=changed.moves[identity.id])
    return changed


class _Crowd:
    """The people some claims are about, as they come to be joined one claim after another."""

    def __init__(self, members: Mapping[int, Iterable[Identity]], links: Iterable[Link]) -> None:
        self.person: dict[int, int] = {each.id: person for person, group in members.items() for each in group}
        self._groups = {person: [each.id for each in group] for person, group in members.items()}
        self._users = {person: sum(1 for each in group if each.key.kind == "user") for person, group in members.items()}
        self._standing: set[tuple[int, int]] = set()
        self._undone: set[tuple[int, int]] = set()
        for link in links:
            (self._standing if link.stands else self._undone).add(link.pair)

    def no_news(self, claim: Claim, one: int, other: int) -> bool:
        """Whether the claim says what is known: see `_news`."""
        if claim.kind == "login" and self.person[one] == self.person[other]:
            return True
        return _pair(one, other) in self._standing

    def refusal(self, claim: Claim, one: int, other: int) -> Refusal | None:
        """Why the claim is not to be followed; None when it is."""
        return refusal(
            claim.kind,
            undone=_pair(one, other) in self._undone,
            users_first=self._users[self.person[one]],
            users_second=self._users[self.person[other]],
        )

    def join(self, one: int, other: int) -> None:
        """Make one person of the two."""
        self._standing.add(_pair(one, other))
        kept, gone = sorted((self.person[one], self.person[other]))
        if kept == gone:
            return
        moving = self._groups.pop(gone)
        self._groups[kept] += moving
        self._users[kept] += self._users.pop(gone)
        self.person.update(dict.fromkeys(moving, kept))


def _news(claims: Sequence[Said], known: Mapping[IdentityKey, Identity]) -> list[tuple[Identity, Identity, Said]]:
    """The claims that may change something, each once, with the identities they are about.

    A login within one person is no news: should that person be parted, the next event says it again. An alias is said
    once, so it is recorded even when something else joins the two already.
    """
    found: dict[tuple[int, int, str], tuple[Identity, Identity, Said]] = {}
    for said in claims:
        claim = said[0].resolved(known)
        one, other = known[claim.first], known[claim.second]
        if one.id == other.id or (claim.kind == "login" and one.person == other.person):
            continue
        found.setdefault((one.id, other.id, claim.kind), (one, other, (claim, *said[1:])))
    return list(found.values())


async def _move(
    transaction: Transaction, everyone: Iterable[Identity], person_of: Callable[[int], int], *, told: bool = True
) -> dict[int, int]:
    """Assign each to their person and mark the persons before and after as changed; returns those that moved."""
    before = {each.id: each.person for each in everyone}
    moves = {each: person_of(each) for each, person in before.items() if person_of(each) != person}
    if moves:
        await transaction.assign(moves)
        await transaction.touch_people(sorted({*moves.values(), *(before[each] for each in moves)}))
        await rejoin(transaction, {each: (before[each], person) for each, person in moves.items()}, told=told)
    return moves


def _touched(everyone: Iterable[Identity], moves: Mapping[int, int]) -> set[int]:
    return {person for each in everyone if each.id in moves for person in (each.person, moves[each.id])}


async def _named(view: View, name: IdentityKey | str) -> Identity:
    """The identity of that name. Raises NotFound."""
    if isinstance(name, IdentityKey):
        identity = (await view.identities([name])).get(name)
        text = name.value
    else:
        identity = await find_identity(view, name)
        text = name
    if identity is None:
        raise NotFound(
            f"nobody goes by {text!r}.",
            code="unknown_person",
            hint="Give a user id or an anonymous id that an event has carried.",
        )
    return identity


async def _standing(view: View, link: int | tuple[IdentityKey | str, IdentityKey | str]) -> list[Link]:
    """The links to undo, at least one. Raises NotFound and Conflict."""
    if isinstance(link, int):
        found = await view.link(link)
        if found is None:
            raise NotFound(
                f"there is no link {link}.", code="unknown_link", hint="A person's links are listed with them."
            )
        if not found.stands:
            raise Conflict(f"link {link} was undone before.", code="already_undone", hint="There is nothing to undo.")
        return [found]
    one, other = await _named(view, link[0]), await _named(view, link[1])
    links = await view.links([one.id])
    direct = [each for each in links if each.pair == _pair(one.id, other.id)]
    standing = [each for each in direct if each.stands]
    if standing:
        return standing
    if direct:
        raise Conflict(
            f"{one.key.value!r} and {other.key.value!r} were parted before.",
            code="already_undone",
            hint="There is nothing to undo.",
        )
    raise Conflict(
        f"no link joins {one.key.value!r} and {other.key.value!r} directly.",
        code="not_linked",
        hint="A person's links are listed with them; undo one of those by its id.",
    )


def _pair(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one <= other else (other, one)


def _readings(text: str) -> tuple[IdentityKey, IdentityKey]:
    return (IdentityKey(kind="user", value=text), IdentityKey(kind="anonymous", value=text))
