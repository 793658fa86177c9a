"""Publishing journeys and campaigns: a plan to be looked at first, then all of it in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, cast

import msgspec

from holdfast.decisions.campaign import Campaign
from holdfast.decisions.document import encode_document, encode_kind
from holdfast.decisions.fields import at, one_of, under
from holdfast.decisions.resolving import resolved_campaign, resolved_journey
from holdfast.decisions.steps.enter_journey import EnterJourney
from holdfast.events.event import Json
from holdfast.flows.audience.library import load_library
from holdfast.flows.content.content_drafts import ContentChange, ContentDesk, ContentDraft
from holdfast.flows.content.naming import check_asked, check_said, event_behind
from holdfast.flows.content.strictness import UNQUESTIONED, Seen, Strictness, load_sources, look_around
from holdfast.flows.experiment.naming import check_experiments
from holdfast.flows.journey.decision_drafts import DecisionDraft
from holdfast.flows.journey.playbook import definition_of
from holdfast.flows.journey.under_way import UnderWay, move_people, under_way
from holdfast.flows.upkeep.chronicle import note_turn
from holdfast.kernel.errors import Conflict, Exposed, Invalid
from holdfast.kernel.moments import to_millis
from holdfast.ports.state import Decision, State, Transaction, View
from holdfast.segments.difference import Difference, differences
from holdfast.segments.library import Library

PublishedKind = Literal["new", "changed", "unchanged", "absent"]
"""`absent`: it is there, and not among what is applied; it is left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What becomes of one journey or campaign."""

    kind: PublishedKind
    decision: Decision
    """As it is afterwards."""
    before: Decision | None
    """Its newest version before; None for `new`."""
    under_way: tuple[UnderWay, ...] = ()
    """Those on other versions, where it is published anew or people are moved to it."""
    draft: DecisionDraft | None = None
    """What it was made of; None for `absent`."""

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Place by place; empty for what is new."""
        if self.before is None or _says(self.before) == _says(self.decision):
            return ()
        return tuple(differences(_plain(self.before), _plain(self.decision)))


def document_of(decision: Decision) -> dict[str, Json]:
    """The version as a file says it, but for its id. Raises Invalid when it is not valid any more."""
    return {name: value for name, value in encode_document(definition_of(decision)).items() if name != "id"}


async def apply_decisions(
    state: State,
    drafts: Sequence[DecisionDraft],
    *,
    now: datetime,
    dry_run: bool = False,
    whole: bool = True,
    start: bool = False,
    strictness: Strictness = UNQUESTIONED,
) -> list[Publication]:
    """Publish all of them, or none, in one transaction.

    Whoever is under way stays on their version, but for those whom a draft moves, in the same transaction. What says
    the same already is left alone. A changed one that is paused stays paused; one that was stopped runs again.

    Args:
        dry_run: change nothing, and say what would be changed.
        whole: tell of the others there are, too.
        start: what is paused or was stopped runs again, changed or not.
        strictness: what the words of new and changed ones are held to, beside asking for nothing that nobody provides.

    Raises:
        Invalid: one names a segment or a list that is not there, moves people from or to a step that is not there, or
            asks in its words for what is not there.
        TooLarge: too many people would be moved at once.
        Conflict: an id is that of something of the other kind.
    """
    # Before the transaction: the history may take its time.
    seen = await look_around(strictness, {event for draft in drafts if (event := event_behind(draft)) is not None})
    if dry_run:
        async with state.view() as view:
            plan = await _planned(view, drafts, at_ms=to_millis(now), whole=whole, start=start)
            await _check_words(view, plan, strictness, seen)
            return plan
    async with state.begin() as transaction:
        plan = await _planned(transaction, drafts, at_ms=to_millis(now), whole=whole, start=start)
        await _check_words(transaction, plan, strictness, seen)
        for publication in plan:
            await _make(transaction, publication, now)
    return plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was applied together."""

    changes: Sequence[Publication]
    content: Sequence[ContentChange] = ()


class _UndoneError(Exception):
    """A dry run is over: the transaction is to be undone."""


async def apply_with_content(
    state: State,
    drafts: Sequence[DecisionDraft],
    content: Sequence[ContentDraft],
    *,
    by: str = "",
    now: datetime,
    dry_run: bool = False,
    strictness: Strictness = UNQUESTIONED,
) -> Applied:
    """Save templates and blocks and publish what names them, all of it in one transaction, or nothing.

    Args:
        by: who saves the content.
        dry_run: all of this is done, and undone.

    Raises as `apply_decisions` and saving them do; and Conflict where others put in a block and would not hold up.
    """
    if not content:
        return Applied(changes=await apply_decisions(state, drafts, now=now, dry_run=dry_run, strictness=strictness))
    seen = await look_around(strictness, {event for draft in drafts if (event := event_behind(draft)) is not None})
    try:
        async with state.begin() as transaction:
            desk = await ContentDesk.open(transaction, content, strictness=strictness, seen=seen, by=by, now=now)
            saved = await desk.save(transaction)
            plan = await _planned(transaction, drafts, at_ms=to_millis(now), whole=True, start=False)
            await _check_words(transaction, plan, strictness, seen)
            for publication in plan:
                await _make(transaction, publication, now)
            await desk.check(transaction)
            _end(dry_run=dry_run)
    except _UndoneError:
        pass
    return Applied(changes=plan, content=saved)


def _end(*, dry_run: bool) -> None:
    """Let the transaction end, or be undone."""
    if dry_run:
        raise _UndoneError


async def _make(transaction: Transaction, publication: Publication, now: datetime) -> None:
    decision = publication.decision
    if publication.kind in {"new", "changed"}:
        await transaction.put_decision(decision)
    draft = publication.draft
    move = {} if draft is None else dict(draft.move)
    if publication.kind in {"new", "changed"} or move:
        said: dict[str, Json] = {"id": decision.id, "version": decision.version, "state": decision.state}
        await note_turn(transaction, "decision", {**said, "move": {**move}}, at_ms=to_millis(now))
    if draft is not None:
        await move_people(transaction, draft, decision.version, publication.under_way, now)


async def _planned(
    view: View, drafts: Sequence[DecisionDraft], *, at_ms: int, whole: bool, start: bool
) -> list[Publication]:
    newest = {each.id: each for each in await view.decisions()}
    library = await load_library(view)
    _check_journeys_named(drafts, newest.keys() | {draft.id for draft in drafts})
    for draft in drafts:
        await check_said(view, draft)
        await check_experiments(view, draft)
    plan = [_publication(draft, newest.get(draft.id), library, at_ms=at_ms, start=start) for draft in drafts]
    plan = [await _with_people(view, each) for each in plan]
    if whole:
        named = {draft.id for draft in drafts}
        others = (each for each in newest.values() if each.id not in named)
        plan += [Publication(kind="absent", decision=each, before=each) for each in others]
    return sorted(plan, key=lambda each: each.decision.id)


async def _check_words(view: View, plan: Sequence[Publication], strictness: Strictness, seen: Seen) -> None:
    """Complain of words that ask for what is not there. What was published before, and says the same, is left alone."""
    drafts = [each.draft for each in plan if each.draft is not None and each.kind in {"new", "changed"}]
    if drafts:
        sources = await load_sources(view, strictness.hosts)
        for draft in drafts:
            await check_asked(view, draft, sources, seen)


async def _with_people(view: View, publication: Publication) -> Publication:
    draft = publication.draft
    if draft is None or not (publication.kind == "changed" or draft.move):
        return publication
    return replace(publication, under_way=await under_way(view, draft, publication.decision.version))


def _publication(
    draft: DecisionDraft, before: Decision | None, library: Library, *, at_ms: int, start: bool
) -> Publication:
    with under(draft.path):
        _check_names(draft, library)
        if before is not None and before.kind != draft.kind:
            hint = "Choose another id; results are kept by it."
            raise Conflict(f"{draft.id!r} is a {before.kind} already.", path="$.id", hint=hint)
    same = before is not None and _says(before) == draft.definition
    if before is not None and same and (before.state == "live" or not start):
        return Publication(kind="unchanged", decision=before, before=before, draft=draft)
    decision = Decision(
        id=draft.id,
        kind=draft.kind,
        version=before.version + 1 if before else 1,
        state="paused" if before is not None and before.state == "paused" and not start else "live",
        definition=draft.definition,
        published_ms=at_ms,
    )
    return Publication(kind="changed" if before else "new", decision=decision, before=before, draft=draft)


def _check_names(draft: DecisionDraft, library: Library) -> None:
    """Complain of a segment or a list that is not there, and of one that cannot be known at once where it must."""
    if isinstance(draft.named, Campaign):
        resolved_campaign(draft.named, library)
    else:
        resolved_journey(draft.named, library)


def _check_journeys_named(drafts: Sequence[DecisionDraft], there: Collection[str]) -> None:
    """Complain of a step that leads into a journey which is not there."""
    for draft in drafts:
        for name, node in draft.journey.steps.items():
            if isinstance(node.step, EnterJourney) and node.step.journey not in there:
                with under(draft.path):
                    raise Invalid(
                        f"There is no journey or campaign {node.step.journey!r}.",
                        code="unknown_journey",
                        path=at("$.steps", name) + ".journey",
                        hint=f"Publish it first, or together with this one. {one_of(node.step.journey, tuple(there))}",
                    )


def _says(decision: Decision) -> bytes:
    """What it says, however an earlier Holdfast wrote it."""
    try:
        return msgspec.json.encode(encode_kind(definition_of(decision)))
    except Exposed:
        return decision.definition


def _plain(decision: Decision) -> Json:
    return cast("Json", msgspec.json.decode(_says(decision)))
