"""Saved segments: kept in versions, never taken from under those who use them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Literal, cast

import msgspec

from holdfast.decisions.campaign import Campaign
from holdfast.decisions.resolving import resolved_campaign, resolved_journey
from holdfast.events.event import Json
from holdfast.flows.audience.library import load_library
from holdfast.flows.audience.live_index import LIVE_MOST
from holdfast.flows.audience.segment_drafts import Draft, canonical
from holdfast.flows.audience.used_by import Use, Users, in_use, users_of
from holdfast.flows.journey.playbook import definition_of
from holdfast.flows.upkeep.chronicle import note_turn
from holdfast.kernel.errors import Conflict, Exposed, Invalid, NotFound, TooLarge
from holdfast.kernel.moments import to_millis
from holdfast.ports.state import Decision, SavedSegment, State, Transaction, View
from holdfast.segments.codec import decode_condition
from holdfast.segments.condition import Condition
from holdfast.segments.difference import Difference, differences
from holdfast.segments.library import Library, resolve, resolve_in
from holdfast.segments.live import cannot_be_live

SEGMENTS_MOST = 2_000
"""Segments in one workspace."""
VERSIONS_MOST = 1_000
"""Versions of a segment that are listed at a time."""

ChangeKind = Literal["new", "changed", "unchanged", "absent", "deleted"]
"""`absent`: saved, and not among what is applied; `deleted`: the same, and pruned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of one segment."""

    kind: ChangeKind
    segment: SavedSegment
    """As it is afterwards; for `deleted`, the version that says so."""
    before: SavedSegment | None
    """As it was saved before; None for `new`."""
    used_by: tuple[Use, ...] = ()
    """Who uses it afterwards."""

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Place by place; empty for what is new or deleted."""
        if self.before is None or self.kind == "deleted":
            return ()
        return tuple(differences(document_of(self.before), document_of(self.segment)))


def document_of(saved: SavedSegment) -> dict[str, Json]:
    """The segment as a file says it, but for its id: name, description and `live` where there are, definition."""
    definition = cast("Json", msgspec.json.decode(saved.definition))
    described: dict[str, Json] = {"description": saved.description} if saved.description else {}
    live: dict[str, Json] = {"live": True} if saved.live else {}
    return {"name": saved.name, **described, **live, "definition": definition}


async def save_segment(state: State, draft: Draft, *, by: str, now: datetime, dry_run: bool = False) -> Change:
    """Save a segment under its id, as a new version; the same again makes none.

    Raises Invalid for what it refers to, Conflict when what uses it could not be with this definition.
    """
    (change,) = await apply_segments(state, [draft], by=by, now=now, dry_run=dry_run, whole=False)
    return change


async def apply_segments(
    state: State,
    drafts: Sequence[Draft],
    *,
    by: str,
    now: datetime,
    prune: bool = False,
    dry_run: bool = False,
    whole: bool = True,
) -> list[Change]:
    """Save all of them, or none, in one transaction; they may refer to each other in any order.

    Args:
        prune: delete whatever else is saved.
        dry_run: change nothing, and say what would be changed.
        whole: tell of what else is saved, too.

    Raises:
        Invalid: one refers to what is not there, or to itself in a circle.
        Conflict: something that is used would be deleted, or what uses a segment could not be with its new definition.
        TooLarge: these are too many segments for one workspace.
    """
    plan = partial(_planned, drafts=drafts, by=by, at_ms=to_millis(now), prune=prune, whole=whole)
    if dry_run:
        async with state.view() as view:
            return await plan(view)
    async with state.begin() as transaction:
        return [await _made(transaction, change) for change in await plan(transaction)]


async def _made(transaction: Transaction, change: Change) -> Change:
    match change.kind:
        case "new" | "changed":
            saved = await transaction.put_segment(change.segment)
            await note_turn(transaction, "segment", {"id": saved.id, "version": saved.version})
            return replace(change, segment=saved)
        case "deleted":
            gone = change.segment
            told = await transaction.delete_segment(gone.id, at_ms=gone.updated_ms, by=gone.by)
            if told is None:
                return change
            await note_turn(transaction, "segment", {"id": told.id, "version": told.version})
            return replace(change, segment=told)
        case _:
            return change


async def _planned(
    view: View, drafts: Sequence[Draft], *, by: str, at_ms: int, prune: bool, whole: bool
) -> list[Change]:
    _check_ids(drafts)
    saved = {each.id: each for each in await view.segments()}
    changes = [await _change(view, draft, saved.get(draft.id), by=by, at_ms=at_ms) for draft in drafts]
    if whole or prune:
        named = {draft.id for draft in drafts}
        changes += [_other(each, by=by, at_ms=at_ms, prune=prune) for each in saved.values() if each.id not in named]
    after = saved | {each.segment.id: each.segment for each in changes}
    gone = {each.segment.id for each in changes if each.kind == "deleted"}
    after = {name: each for name, each in after.items() if name not in gone}
    if len(after) > SEGMENTS_MOST:
        raise TooLarge(
            f"these are {len(after):,} segments.",
            path="$.segments",
            hint=f"A workspace keeps {SEGMENTS_MOST:,} or fewer.",
        )
    users = await users_of(view, after.values())
    _check_gone(gone, users)
    await _check(view, drafts, after, users, [each.segment.id for each in changes if each.kind == "changed"])
    return sorted(
        (replace(each, used_by=users.of(each.segment.id)) for each in changes), key=lambda each: each.segment.id
    )


def _check_ids(drafts: Sequence[Draft]) -> None:
    seen: set[str] = set()
    for draft in drafts:
        if draft.id in seen:
            path = draft.path.removesuffix(".definition")
            hint = "Take one of them out, or give it another id."
            raise Invalid(f"{draft.id!r} is given twice.", code="given_twice", path=f"{path}.id", hint=hint)
        seen.add(draft.id)


async def _change(view: View, draft: Draft, before: SavedSegment | None, *, by: str, at_ms: int) -> Change:
    kept = before.description if before is not None else ""
    wanted = SavedSegment(
        id=draft.id,
        name=draft.name,
        description=kept if draft.description is None else draft.description,
        definition=draft.definition,
        updated_ms=at_ms,
        by=by,
        live=(before is not None and before.live) if draft.live is None else draft.live,
    )
    if before is not None and _says(before) == _says(wanted):
        return Change(kind="unchanged", segment=before, before=before)
    last = await view.segment_versions(draft.id, limit=1)
    wanted = replace(wanted, version=last[0].version + 1 if last else 1)
    return Change(kind="new" if before is None else "changed", segment=wanted, before=before)


def _says(saved: SavedSegment) -> tuple[str, str, bytes, bool]:
    """What it says, however an earlier Holdfast wrote it."""
    try:
        definition = canonical(decode_condition(saved.definition))
    except Exposed:
        definition = saved.definition
    return saved.name, saved.description, definition, saved.live


def _other(saved: SavedSegment, *, by: str, at_ms: int, prune: bool) -> Change:
    if not prune:
        return Change(kind="absent", segment=saved, before=saved)
    gone = replace(saved, deleted=True, version=saved.version + 1, updated_ms=at_ms, by=by)
    return Change(kind="deleted", segment=gone, before=saved)


def _check_gone(gone: Collection[str], users: Users) -> None:
    for name in sorted(gone):
        if uses := users.of(name):
            raise in_use("segment", name, uses)


async def _check(
    view: View, drafts: Sequence[Draft], after: Mapping[str, SavedSegment], users: Users, changed: Sequence[str]
) -> None:
    """Complain of what would refer to nothing, to itself in a circle, or be too large with all it names."""
    before = await load_library(view)
    library = Library({name: each.definition for name, each in after.items()}, lists=before.lists)
    for draft in drafts:
        whole = resolve(draft.condition, library, saved_as=draft.id, path=draft.path)
        if after[draft.id].live:
            _check_live(whole, draft.path)
    _check_how_many(after.values())
    reached = users.reached_from(changed)
    for name in sorted(reached - {draft.id for draft in drafts}):
        _check_user("segment", name, partial(_whole_segment, name, live=after[name].live), before, library)
    for decision in users.decisions:
        _check_user(decision.kind, decision.id, partial(_whole_decision, decision), before, library)
    for path, node, question in users.kpis:
        _check_user("KPI", node.id, partial(resolve_in, question, path=path), before, library)


def _check_user(kind: str, name: str, whole: Callable[[Library], object], before: Library, after: Library) -> None:
    """Complain where a user is whole with the library before, and not with that after."""
    try:
        whole(after)
    except Exposed as complaint:
        try:
            whole(before)
        except Exposed:
            return  # It was broken already; this need not mend it.
        raise Conflict(
            f"with this the {kind} {name!r:.120} could not be any more: {complaint.message}",
            code="breaks_user",
            path=complaint.path,
            hint=complaint.hint,
        ) from complaint


def _whole_segment(name: str, library: Library, *, live: bool) -> None:
    whole = resolve(library[name], library, saved_as=name)
    if live:
        _check_live(whole, "$")


def _check_live(whole: Condition, path: str) -> None:
    complaint = cannot_be_live(whole, path)
    if complaint is not None:
        complaint.hint = f"A live segment is known at every moment: {complaint.hint} Or save it with `live` false."
        raise complaint


def _check_how_many(saved: Iterable[SavedSegment]) -> None:
    many = sum(each.live for each in saved)
    if many > LIVE_MOST:
        hint = f"A workspace keeps {LIVE_MOST:,} live or fewer; save others with `live` false."
        raise TooLarge(f"these are {many:,} live segments.", path="$.live", hint=hint)


def _whole_decision(decision: Decision, library: Library) -> None:
    definition = definition_of(decision)
    if isinstance(definition, Campaign):
        resolved_campaign(definition, library)
    else:
        resolved_journey(definition, library)


async def delete_segment(state: State, segment_id: str, *, by: str, now: datetime) -> SavedSegment:
    """Delete a segment that nobody uses; its versions stay. Returns the version that says so.

    Raises NotFound, and Conflict naming who uses it.
    """
    async with state.begin() as transaction:
        await find_segment(transaction, segment_id)
        users = await users_of(transaction, await transaction.segments())
        _check_gone([segment_id], users)
        # It was there a line ago, in the same transaction.
        gone = cast("SavedSegment", await transaction.delete_segment(segment_id, at_ms=to_millis(now), by=by))
        await note_turn(transaction, "segment", {"id": gone.id, "version": gone.version})
    return gone


async def restore_segment(
    state: State, segment_id: str, version: int | None = None, *, by: str, now: datetime
) -> Change:
    """Save again what a version says: as a new version. Without a number, what a deleted segment said last.

    Raises NotFound; Invalid and Conflict as for saving.
    """
    async with state.view() as view:
        if version is None:
            said = await _last(view, segment_id)
        else:
            said = await find_version(view, segment_id, version)
    condition = decode_condition(said.definition)
    draft = Draft(id=said.id, name=said.name, description=said.description, condition=condition, live=said.live)
    return await save_segment(state, draft, by=by, now=now)


async def _last(view: View, segment_id: str) -> SavedSegment:
    found = await view.segment_versions(segment_id, limit=1)
    if not found:
        raise not_there(segment_id)
    if not found[0].deleted:
        hint = f"Say which version is to be restored; `holdfast segment versions {segment_id}` lists them."
        raise Invalid("this segment is not deleted.", code="not_deleted", path="$.version", hint=hint)
    return found[0]


async def find_segment(view: View, segment_id: str) -> SavedSegment:
    """The segment as it is saved now. Raises NotFound."""
    for each in await view.segments():
        if each.id == segment_id:
            return each
    if await view.segment_versions(segment_id, limit=1):
        hint = f"`holdfast segment restore {segment_id}` brings it back."
        raise NotFound(f"the segment {segment_id!r:.120} was deleted.", code="deleted", path="segment_id", hint=hint)
    raise not_there(segment_id)


async def find_version(view: View, segment_id: str, version: int) -> SavedSegment:
    """One version of a segment. Raises NotFound."""
    found = await view.segment_version(segment_id, version)
    if found is not None:
        return found
    last = await view.segment_versions(segment_id, limit=1)
    if not last:
        raise not_there(segment_id)
    hint = f"There are 1 to {last[0].version}."
    raise NotFound(f"the segment {segment_id!r:.120} has no version {version}.", path="version", hint=hint)


def not_there(segment_id: str) -> NotFound:
    """What to say when no segment is saved under an id, and none was."""
    hint = "GET /api/segments lists them."
    return NotFound(f"there is no segment {segment_id!r:.120}.", path="segment_id", hint=hint)
