"""Catalogues: items brought in, a million at a time, and shown.

The rows are read twice: first to learn what their fields hold and whether any is wrong, then to keep them. They are
kept in an edition nobody reads yet, in small transactions between which others have their turn; publishing it is one
more. Whatever ends an import before that leaves the catalogue as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal, TypeVar

from holdfast.events.event import Json
from holdfast.flows.content.in_use import LOOK_UPS, Taker, refuse_missed, refuse_used, takers_of
from holdfast.kernel.errors import Conflict, Invalid, NotFound
from holdfast.kernel.moments import to_millis
from holdfast.messages.liquid.catalogue import (
    BadItemError,
    FieldType,
    Learning,
    check_name,
    item_of,
    rank_of,
    sought_in,
    words_of,
)
from holdfast.ports.catalogues import Catalogue, CatalogueItem
from holdfast.ports.clock import Clock
from holdfast.ports.state import State, Transaction, View

AT_ONCE = 2_000
"""Items kept in one transaction; so many change what is published directly."""
LEARNT_AT_ONCE = 20_000
LOOKED_AT_MOST = 20_000
"""Items that one page of a search looks at: a tenth of a second's work."""
COMPLAINTS_MOST = 20
ImportMode = Literal["replace", "update"]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of a file: read anew each time they are asked for."""

    read: Callable[[], Iterator[tuple[int, Mapping[str, Json] | str]]]
    """Each row's number, and the row, or why it is none."""
    is_text: bool
    """Whether every value is text whose type is to be told from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWish:
    """What is brought in, and how."""

    catalogue: str
    mode: ImportMode = "replace"
    """`replace`: the items are these. `update`: these take the place of those of their ids; the others stay."""
    id_field: str = "id"
    ranked_by: str | None = None
    """The number field its top items go by; None keeps what it was."""
    fields: Mapping[str, FieldType] = field(default_factory=dict)
    """What fields hold that are not to be learnt from the rows."""
    skip_bad: bool = False
    """Whether rows that can be no item are left out; else one of them ends it."""
    allow_unknown: bool = False
    """Whether fields and items may go that words ask for."""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedItems:
    """What became of the rows."""

    catalogue: Catalogue
    rows: int
    kept: int
    """Rows that were kept; of those with one id, the last one counts."""
    bad: int
    complaints: tuple[str, ...]
    """About some of the bad ones, with the row's number."""


@dataclass(slots=True)
class _Learnt:
    types: dict[str, FieldType]
    rows: int = 0
    bad: set[int] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    """Of the ids that words name, those that no row has so far."""

    def complain(self, number: int, why: str) -> None:
        self.bad.add(number)
        if len(self.complaints) < COMPLAINTS_MOST:
            self.complaints.append(f"row {number}: {why}")


async def import_items(
    state: State, clock: Clock, wish: ImportWish, rows: Rows, progress: Callable[[int, int | None], None]
) -> ImportedItems:
    """Bring items into a catalogue, making it as needed. Again, with the same file, changes nothing that is seen.

    Raises:
        Invalid: a row can be no item, or a field holds something else than before; nothing is changed.
        Conflict: another import of the catalogue began meanwhile, or changed what this one updates; or words ask for
            fields or items that it would have no more, unless that is allowed.
    """
    check_name(wish.catalogue, "catalogue")
    before = await find_catalogue(state, wish.catalogue)
    updated = before if wish.mode == "update" else None
    declared = {**(updated.fields if updated else {}), **wish.fields}
    takers, named = await _asked_for(state, before, wish)
    learnt = await _learn(wish, rows, declared, progress, named)
    if learnt.bad and not wish.skip_bad:
        more = f" (and {len(learnt.bad) - 1:,} rows more)" if len(learnt.bad) > 1 else ""
        raise Invalid(
            f"{learnt.complaints[0]}{more}.",
            code="bad_items",
            path=wish.catalogue,
            hint="Mend the rows, or leave them out by skip_bad. Nothing was changed.",
        )
    ranked_by = _ranked_by(wish, before, learnt.types)
    if before is not None and takers:
        after = replace(before, fields=learnt.types, ranked_by=ranked_by)
        refuse_missed(takers, before, after, learnt.named)
    items = _items(rows, learnt, wish.id_field, ranked_by)
    made = Catalogue(
        name=wish.catalogue,
        edition=0,
        fields=learnt.types,
        ranked_by=ranked_by,
        changed_ms=to_millis(clock.now()),
        by=wish.by,
    )
    kept = learnt.rows - len(learnt.bad)
    alike = updated is not None and updated.ranked_by == ranked_by
    if updated is not None and alike and kept <= AT_ONCE:
        published = await _change_published(state, updated, made, await asyncio.to_thread(list, items))
    else:
        count = learnt.rows + (updated.items if updated else 0)
        published = await _fill_edition(state, made, updated, items, lambda done: progress(done, count))
    await sweep_editions(state)
    return ImportedItems(
        catalogue=published, rows=learnt.rows, kept=kept, bad=len(learnt.bad), complaints=tuple(learnt.complaints)
    )


async def find_catalogue(state: State, name: str) -> Catalogue | None:
    """The published catalogue of that name."""
    async with state.view() as view:
        return await _catalogue(view, name)


async def all_catalogues(state: State) -> Sequence[Catalogue]:
    """Every catalogue, by name."""
    async with state.view() as view:
        return await view.catalogues()


async def show_items(
    state: State, name: str, *, after: str = "", limit: int = 50
) -> tuple[Catalogue, Sequence[CatalogueItem]]:
    """A catalogue and a page of its items by id, those after one. Raises NotFound."""
    async with state.view() as view:
        found = await _catalogue(view, name)
        if found is None:
            raise unknown_catalogue(name)
        return found, await view.edition_items(found.edition, after_id=after, limit=limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundItems:
    """A page of the items that say what was sought."""

    catalogue: Catalogue
    items: Sequence[CatalogueItem]
    looked_at: int
    """How many were looked at for it."""
    next: str
    """After which id the next page begins; empty when all of them were looked at."""


async def search_items(state: State, name: str, sought: str, *, after: str = "", limit: int = 50) -> FoundItems:
    """Items in whose id or fields every one of the words stands, whatever their capitals; by id, those after one.

    The item with just that id is first of all. A page looks at no more than `LOOKED_AT_MOST` items, so it may hold
    fewer than there is room for, or none, though there are more. Raises NotFound.
    """
    words = words_of(sought)
    async with state.view() as view:
        found = await _catalogue(view, name)
        if found is None:
            raise unknown_catalogue(name)
        exact = (await view.catalogue_items(name, [sought.strip()])).get(sought.strip()) if sought.strip() else None
        items = [exact] if exact is not None and not after else []
        looked_at, last = 0, after
        while looked_at < LOOKED_AT_MOST and len(items) < limit:
            page = await view.edition_items(found.edition, after_id=last, limit=AT_ONCE)
            fitting = [each for each in await asyncio.to_thread(_saying, page, words) if each != exact]
            room = limit - len(items)
            items += fitting[:room]
            if len(fitting) > room:
                last = items[-1].id
                looked_at += sum(each.id <= last for each in page)
                break
            looked_at += len(page)
            last = page[-1].id if len(page) == AT_ONCE else ""
            if not last:
                break
        return FoundItems(catalogue=found, items=items, looked_at=looked_at, next=last)


def _saying(items: Sequence[CatalogueItem], words: Sequence[str]) -> list[CatalogueItem]:
    """Those in which every one of the words stands."""
    said = ((each, sought_in(each.id, each.fields)) for each in items)
    return [each for each, text in said if all(word in text for word in words)]


async def show_item(state: State, name: str, item: str) -> CatalogueItem:
    """One item. Raises NotFound."""
    async with state.view() as view:
        if await _catalogue(view, name) is None:
            raise unknown_catalogue(name)
        found = (await view.catalogue_items(name, [item])).get(item)
    if found is None:
        raise NotFound(f"there is no item {item!r:.100} in {name!r:.100}.", hint="Ids count capitals and blanks.")
    return found


async def remove_catalogue(state: State, name: str, *, allow_unknown: bool = False) -> None:
    """Take a catalogue away. Messages that look something up in it are then not sent.

    Args:
        allow_unknown: though words look something up in it.

    Raises NotFound, and Conflict naming who looks something up in it.
    """
    if not allow_unknown:
        # Before the transaction: all words there are may take their time.
        async with state.view() as view:
            await refuse_used(view, LOOK_UPS, name, called="the catalogue")
    async with state.begin() as transaction:
        if await _catalogue(transaction, name) is None:
            raise unknown_catalogue(name)
        await transaction.drop_catalogue(name)
    await sweep_editions(state)


async def sweep_editions(state: State) -> None:
    """Delete what no reader can see any more, bit by bit."""
    async with state.view() as view:
        retired = [each.number for each in await view.editions() if each.state == "retired"]
    for edition in retired:
        gone = AT_ONCE
        while gone == AT_ONCE:
            async with state.begin() as transaction:
                gone = await transaction.clear_edition(edition, limit=AT_ONCE)


def unknown_catalogue(name: str) -> NotFound:
    """What to say of a catalogue that is not there."""
    hint = "See which there are: holdfast catalogue list."
    return NotFound(f"there is no catalogue {name!r:.100}.", code="unknown_catalogue", hint=hint)


async def _catalogue(view: View, name: str) -> Catalogue | None:
    return next((each for each in await view.catalogues() if each.name == name), None)


async def _asked_for(
    state: State, before: Catalogue | None, wish: ImportWish
) -> tuple[Sequence[Taker], Collection[str]]:
    """Who takes something of the catalogue that may be gone when it is replaced, and which of its items they name."""
    if before is None or wish.mode == "update" or wish.allow_unknown:
        return (), ()
    async with state.view() as view:
        takers = await takers_of(view, before.name)
        wanted = sorted({item for each in takers for item in each.takes.items})
        return takers, (await view.catalogue_items(before.name, wanted)).keys() if wanted else ()


async def _learn(
    wish: ImportWish,
    rows: Rows,
    declared: Mapping[str, FieldType],
    progress: Callable[[int, int | None], None],
    named: Collection[str],
) -> _Learnt:
    """Look every row over, and for the items that words name."""
    learning = Learning(id_field=wish.id_field, declared=declared, is_text=rows.is_text)
    learnt = _Learnt({}, named=set(named))
    seen = rows.read()

    def look(chunk: Sequence[tuple[int, Mapping[str, Json] | str]]) -> None:
        for number, row in chunk:
            learnt.rows += 1
            if isinstance(row, str):
                learnt.complain(number, row)
                continue
            try:
                learning.see(row)
            except BadItemError as bad:
                learnt.complain(number, str(bad))

    while chunk := await asyncio.to_thread(_some, seen, LEARNT_AT_ONCE):
        await asyncio.to_thread(look, chunk)
        progress(0, learnt.rows)
    learnt.types = learning.types()
    await asyncio.to_thread(_check, rows, learnt, wish.id_field)
    return learnt


def _check(rows: Rows, learnt: _Learnt, id_field: str) -> None:
    """Find the rows that are no items, now that it is known what their fields hold."""
    for number, row in rows.read():
        if isinstance(row, str) or number in learnt.bad:
            continue
        try:
            item = item_of(row, learnt.types, id_field=id_field, ranked_by="")
        except BadItemError as bad:
            learnt.complain(number, str(bad))
        else:
            learnt.named.discard(item.id)


def _items(rows: Rows, learnt: _Learnt, id_field: str, ranked_by: str) -> Iterator[CatalogueItem]:
    for number, row in rows.read():
        if number not in learnt.bad and not isinstance(row, str):
            item = item_of(row, learnt.types, id_field=id_field, ranked_by=ranked_by)
            yield CatalogueItem(id=item.id, fields=item.fields, rank=item.rank)


def _ranked_by(wish: ImportWish, before: Catalogue | None, types: Mapping[str, FieldType]) -> str:
    """The field the top items go by. Raises Invalid where it holds no numbers."""
    said = wish.ranked_by
    if said is None:
        kept = before.ranked_by if before is not None else ""
        return kept if types.get(kept) == "number" else ""
    if said and types.get(said) != "number":
        raise Invalid(
            f"top items cannot go by {said!r:.100}: it holds {types.get(said, 'nothing')}.",
            code="bad_rank",
            path="ranked_by",
            hint="Name a field that holds numbers, such as how often it was bought.",
        )
    return said


async def _change_published(
    state: State, before: Catalogue, made: Catalogue, items: Sequence[CatalogueItem]
) -> Catalogue:
    """A few items change what is published at once."""
    async with state.begin() as transaction:
        _check_same(await _catalogue(transaction, made.name), before)
        await transaction.add_items(before.edition, items, replace=True)
        count = await transaction.count_items(before.edition)
        published = replace(made, edition=before.edition, items=count)
        await transaction.publish_catalogue(published)
    return published


async def _fill_edition(
    state: State,
    made: Catalogue,
    updated: Catalogue | None,
    items: Iterator[CatalogueItem],
    progress: Callable[[int], None],
) -> Catalogue:
    """Many items are kept where nobody reads yet, with those they leave as they are; then they are published."""
    async with state.begin() as transaction:
        edition = await transaction.begin_edition(made.name, made.changed_ms)
    done = 0
    while chunk := await asyncio.to_thread(_some, items, AT_ONCE):
        async with state.begin() as transaction:
            await _check_ours(transaction, edition, made.name)
            await transaction.add_items(edition, chunk, replace=True)
        done += len(chunk)
        progress(done)
    if updated is not None:
        await _copy_others(state, updated, edition, made.ranked_by)
    async with state.begin() as transaction:
        await _check_ours(transaction, edition, made.name)
        published = replace(made, edition=edition, items=await transaction.count_items(edition))
        await transaction.publish_catalogue(published)
    return published


async def _copy_others(state: State, updated: Catalogue, edition: int, ranked_by: str) -> None:
    last = ""
    while True:
        async with state.view() as view:
            page = await view.edition_items(updated.edition, after_id=last, limit=AT_ONCE)
        if not page:
            return
        last = page[-1].id
        async with state.begin() as transaction:
            await _check_ours(transaction, edition, updated.name)
            await transaction.add_items(
                edition, [replace(each, rank=rank_of(each.fields, ranked_by)) for each in page], replace=False
            )


async def _check_ours(transaction: Transaction, edition: int, name: str) -> None:
    states = {each.number: each.state for each in await transaction.editions()}
    if states.get(edition) != "filling":
        raise Conflict(
            f"{name!r:.100} was changed meanwhile, or another import of it began.",
            code="import_overtaken",
            hint="See what is in it, and bring the file in again if it is to count.",
        )


def _check_same(now: Catalogue | None, before: Catalogue) -> None:
    if now != before:
        raise Conflict(
            f"{before.name!r:.100} was changed meanwhile.", code="catalogue_changed", hint="Bring the file in again."
        )


def _some(things: Iterable[_T], count: int) -> list[_T]:
    return list(islice(iter(things), count))
