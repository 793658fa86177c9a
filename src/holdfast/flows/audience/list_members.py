"""Who is on a list of people: putting them on it, and taking them off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal, Protocol, TypeAlias, cast

import msgspec
import pyarrow as pa

from holdfast.events.event import NAMES, OWN_SOURCE, IdentityKey
from holdfast.events.segment_spec import ID_BYTES_MOST
from holdfast.flows.audience.list_registry import PeopleList, every_list, note_lists
from holdfast.flows.ingest.bulk import EVENT_TABLE, load_table
from holdfast.flows.people.person import shown_as
from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.ports.audiences import HasAudiences
from holdfast.ports.clock import Clock
from holdfast.ports.history import History
from holdfast.ports.state import Identity, State, View
from holdfast.segments.conditions.in_list import InList, list_trait

PEOPLE_MOST = 1_000_000
"""People in one call, and on one list."""
NAMES_AT_ONCE = 10_000
"""Names looked up at a time."""
SAID_AT_ONCE = 10_000
"""People told of in one transaction: whoever else changes the state waits for it, about half a second."""
UNKNOWN_TOLD = 100
"""Names nobody goes by that an answer tells one by one."""

Named: TypeAlias = str | int | IdentityKey
"""Somebody: a user id, else an anonymous id; a person's number; or a name of which the kind is said."""


class Keeper(Protocol):
    """What keeping lists takes of the application."""

    @property
    def state(self) -> State: ...
    @property
    def history(self) -> History: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def list_turn(self) -> asyncio.Lock:
        """Held by whoever changes a list."""
        ...

    async def settle(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """A list, and what a change of it came to. Two names of one person are one person."""

    list: PeopleList
    people: int
    """How many are on it now."""
    added: int = 0
    removed: int = 0
    unknown: int = 0
    """Names nobody went by. Put on the list they are on it all the same, and whoever turns up under one later is, too;
    only a number names nobody for good."""
    unknown_names: tuple[str, ...] = ()
    """The first UNKNOWN_TOLD of them."""


async def change_members(
    at: Keeper, kept: PeopleList, coming: Sequence[Named], going: Sequence[Named] = (), *, exactly: bool = False
) -> ListChange:
    """Put people on the list and take people off; who is in both is taken off. The caller holds the turn.

    Args:
        exactly: take everybody else off.
    """
    await finish_saying(at.state, at.history, at.clock)
    await at.settle()
    on_it = await _on_it(at, kept.id)
    async with at.state.view() as view:
        come, go = await _found(view, coming), await _found(view, going)
        leaving = on_it - come.names.keys() if exactly else on_it & go.names.keys()
        off = [(shown_as(each), False) for each in (await _members(view, sorted(leaving))).values()]
    on = [(name, True) for person, name in come.names.items() if person not in on_it and person not in go.names]
    on += [(name, True) for name in come.strangers if name not in go.strangers]
    people = len(on_it) + len(on) - len(off)
    if people > PEOPLE_MOST:
        raise TooLarge(f"{people:,} people are too many for one list.", hint=f"A list holds {PEOPLE_MOST:,}.")
    kept = await _say(at, kept, [*on, *off])
    unknown = [*come.unknown(), *go.unknown()]
    return ListChange(
        list=kept,
        people=await count_on(at, kept.id),
        added=len(on),
        removed=len(off),
        unknown=len(unknown),
        unknown_names=tuple(unknown[:UNKNOWN_TOLD]),
    )


async def count_on(at: Keeper, list_id: str) -> int:
    """How many people are on the list, as far as the history is told."""
    return await at.history.count(InList(list=list_id), as_of_ms=to_millis(at.clock.now()))


def names_of(people: Iterable[Named], path: str) -> list[Named]:
    """Those who are named, each checked. Raises Invalid for what names nobody, TooLarge over PEOPLE_MOST."""
    if isinstance(people, (str, bytes)):
        raise Invalid("This is one text.", code="wrong_type", path=path, hint="Give a list of user ids.")
    given = list(islice(iter(people), PEOPLE_MOST + 1))
    if len(given) > PEOPLE_MOST:
        hint = "Use a segment, or several lists."
        raise TooLarge(f"These are more than {PEOPLE_MOST:,} people.", path=path, hint=hint)
    return [_name_of(each, f"{path}[{index}]") for index, each in enumerate(given)]


def _name_of(value: object, path: str) -> Named:
    """Somebody as Python or JSON names them: a text, a number, or an object of `kind` and `value`."""
    match value:
        case str():
            return _text(value, path)
        case int() if not isinstance(value, bool):
            return value
        case IdentityKey(value=text):
            _text(text, path)
            return value
        case {"kind": "user" | "anonymous" as kind, "value": str() as text, **others} if not others:
            return IdentityKey(kind=cast("Literal['user', 'anonymous']", kind), value=_text(text, path))
    hint = 'Give a user id, a person\'s number, or {"kind": "anonymous", "value": "…"}.'
    raise Invalid("This names nobody.", code="wrong_type", path=path, hint=hint)


def _text(text: str, path: str) -> str:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        hint = "Write the whole character."
        raise Invalid("It holds half of a surrogate pair.", code="bad_text", path=path, hint=hint) from error
    if not 0 < size <= ID_BYTES_MOST:
        hint = f"Ids have 1 to {ID_BYTES_MOST:,} bytes."
        raise Invalid("This can be nobody's id.", code="wrong_value", path=path, hint=hint)
    return text


@dataclass(slots=True)
class _Found:
    """Who some names mean."""

    names: dict[int, IdentityKey] = field(default_factory=dict)
    """The persons, each with a name of theirs."""
    strangers: dict[IdentityKey, None] = field(default_factory=dict)
    """Names nobody goes by yet, in the order given."""
    numbers: list[int] = field(default_factory=list)
    """Numbers nobody has."""

    def unknown(self) -> list[str]:
        return [name.value for name in self.strangers] + [str(number) for number in self.numbers]


async def _found(view: View, people: Sequence[Named]) -> _Found:
    found = _Found()
    for start in range(0, len(people), NAMES_AT_ONCE):
        part = people[start : start + NAMES_AT_ONCE]
        keys = [key for each in part if not isinstance(each, int) for key in _readings(each)]
        known = await view.identities(keys)
        numbers = await view.identities_by_id([each for each in part if isinstance(each, int) and 0 < each < 2**32])
        for each in part:
            if isinstance(each, int):
                _take(found, numbers.get(each), each)
            else:
                readings = _readings(each)
                _take(found, next((known[key] for key in readings if key in known), None), readings[0])
    return found


def _readings(name: str | IdentityKey) -> tuple[IdentityKey, ...]:
    """What a name may mean, likeliest first."""
    if isinstance(name, IdentityKey):
        return (name,)
    return IdentityKey(kind="user", value=name), IdentityKey(kind="anonymous", value=name)


def _take(found: _Found, identity: Identity | None, name: int | IdentityKey) -> None:
    if identity is not None:
        found.names.setdefault(identity.person, identity.key)
    elif isinstance(name, int):
        found.numbers.append(name)
    else:
        found.strangers.setdefault(name)


async def _on_it(at: Keeper, list_id: str) -> set[int]:
    """The numbers of the people on the list."""
    condition, as_of_ms = InList(list=list_id), to_millis(at.clock.now())
    if isinstance(at.history, HasAudiences):
        return set((await at.history.audiences.members(condition, as_of_ms=as_of_ms)).tolist())
    return {each.person for each in await at.history.people(condition, as_of_ms=as_of_ms, limit=PEOPLE_MOST)}


async def _members(view: View, persons: Sequence[int]) -> dict[int, list[Identity]]:
    found: dict[int, list[Identity]] = {}
    for start in range(0, len(persons), NAMES_AT_ONCE):
        found |= await view.members(persons[start : start + NAMES_AT_ONCE])
    return found


async def _say(at: Keeper, kept: PeopleList, said: Sequence[tuple[IdentityKey, bool]]) -> PeopleList:
    """Tell who is on the list and who is not any more; returns the list with the moment that was told under.

    Each change bears a later moment than the one before it, so that what was said last is what holds.
    """
    if not said:
        return kept
    kept = replace(kept, changed_ms=max(to_millis(at.clock.now()), kept.changed_ms + 1))
    async with at.state.begin() as transaction:
        await note_lists(transaction, await every_list(transaction) | {kept.id: kept})
    for start in range(0, len(said), SAID_AT_ONCE):
        part = [(name.kind, name.value, truth) for name, truth in said[start : start + SAID_AT_ONCE]]
        saying = _Saying(list_id=kept.id, moment_ms=kept.changed_ms, said=part)
        async with at.state.begin() as transaction:
            await transaction.set_note(_NOTE, msgspec.json.encode(saying).decode())
        await _tell(at.state, at.history, at.clock, saying)
    await at.settle()
    return kept


_NOTE = "list_saying"
"""The state's note of what is being said of a list: the state may have it and the history not."""


class _Saying(msgspec.Struct, frozen=True):
    """Part of a change of a list, of which a process may die in the middle."""

    list_id: str
    moment_ms: int
    said: list[tuple[Literal["user", "anonymous"], str, bool]]


async def finish_saying(state: State, history: History, clock: Clock) -> None:
    """Tell to its end what a process before us, or a change that failed, was saying of a list."""
    async with state.view() as view:
        noted = await view.note(_NOTE)
    if noted:
        await _tell(state, history, clock, msgspec.json.decode(noted, type=_Saying))


async def _tell(state: State, history: History, clock: Clock, saying: _Saying) -> None:
    # Its message ids are made of what it says, so that told again it changes nothing.
    await load_table(_events(saying), state=state, history=history, received=clock.now())
    async with state.begin() as transaction:
        await transaction.set_note(_NOTE, "")


def _events(saying: _Saying) -> pa.Table:
    """An identify event for each, as the bulk path takes them."""
    said = [(IdentityKey(kind=kind, value=value), truth) for kind, value, truth in saying.said]
    list_id, moment_ms = saying.list_id, saying.moment_ms
    bodies = {truth: msgspec.json.encode({list_trait(list_id): truth}).decode() for truth in (True, False)}
    count = len(said)
    columns: dict[str, list[object]] = {
        "name": [NAMES["identify"]] * count,
        "kind": ["identify"] * count,
        "user_id": [name.value if name.kind == "user" else None for name, _ in said],
        "anonymous_id": [name.value if name.kind == "anonymous" else None for name, _ in said],
        "previous_id": [None] * count,
        "message_id": [effect_key("list", list_id, moment_ms, name.kind, name.value) for name, _ in said],
        "properties": [bodies[truth] for _, truth in said],
        "context": [None] * count,
        "source": [OWN_SOURCE] * count,
        "timestamp": [from_millis(moment_ms)] * count,
    }
    return pa.table(columns, schema=EVENT_TABLE)
