"""/api/journeys/apply: journeys and campaigns as files say them, many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Body, Request
from pydantic import Field

from holdfast.decisions.ahead import StepChangeKind
from holdfast.decisions.document import Kind
from holdfast.flows.accounts.caller import forbidden
from holdfast.flows.content.content_drafts import DRAFTS_MOST as CONTENT_MOST
from holdfast.flows.content.content_drafts import ContentChange, ContentChangeKind, content_drafts_of
from holdfast.flows.journey.advice import Advice, Around, advice_on
from holdfast.flows.journey.decision_drafts import DRAFTS_MOST, DecisionDraft, draft_of, drafts_of
from holdfast.flows.journey.playbook import definition_of
from holdfast.flows.journey.publishing import Publication, PublishedKind, apply_decisions, apply_with_content
from holdfast.flows.journey.under_way import UnderWay
from holdfast.http.api.segment_shapes import DifferenceShape
from holdfast.http.auth import asked_by
from holdfast.http.needs import caller_in, needs
from holdfast.http.shapes import WISH, Properties, Truth
from holdfast.kernel.errors import Exposed, Invalid
from holdfast.ports.discovery import Discovery
from holdfast.ports.state import Decision, DecisionState
from holdfast.ports.templates import SavedKind
from holdfast.wiring import Application, rules_of


@dataclass(frozen=True, kw_only=True)
class AdviceShape:
    """One thing that looks wrong with a definition; nothing is refused for it."""

    code: str
    path: str
    message: str
    hint: str

    @classmethod
    def of(cls, advice: Advice) -> Self:
        return cls(code=advice.code, path=advice.path, message=advice.message, hint=advice.hint)


@dataclass(frozen=True, kw_only=True)
class StepChangeShape:
    """A step that lies ahead of somebody, and that the new version does not have as it is.

    `gone`: it is not there; `exits`: its exits lead elsewhere; `fields`: it does something else; `words`: only what it
    says differs; `goal`, told of no step: another goal takes people out of it.
    """

    step: str
    change: StepChangeKind


@dataclass(frozen=True, kw_only=True)
class UnderWayShape:
    """The people who stand at one step of another version.

    `exists`: the new version has a step of that name; `goes_elsewhere`: in it they could go another way than in theirs,
    for what `ahead` lists; `moves_to`: the step of it at which they go on, null for those who stay on their version.
    """

    version: int
    step: str
    people: int
    exists: bool
    goes_elsewhere: bool
    ahead: list[StepChangeShape]
    moves_to: str | None

    @classmethod
    def of(cls, place: UnderWay) -> Self:
        return cls(
            version=place.version,
            step=place.step,
            people=place.people,
            exists=place.exists,
            goes_elsewhere=place.goes_elsewhere,
            ahead=[StepChangeShape(step=each.step, change=each.kind) for each in place.ahead],
            moves_to=place.moves_to,
        )


@dataclass(frozen=True, kw_only=True)
class PublicationShape:
    """What becomes of one journey or campaign. `absent` is there, and not among those applied; it is left alone.

    `under_way` tells of those on other versions, where it is published anew or people are moved.
    """

    change: PublishedKind
    kind: Literal["journey", "campaign"]
    id: str
    name: str
    version: int
    state: DecisionState
    state_before: DecisionState | None
    differences: list[DifferenceShape]
    under_way: list[UnderWayShape]

    @classmethod
    def of(cls, publication: Publication) -> Self:
        after, before = publication.decision, publication.before
        return cls(
            change=publication.kind,
            kind=after.kind,
            id=after.id,
            name=_name(after),
            version=after.version,
            state=after.state,
            state_before=None if before is None else before.state,
            differences=[DifferenceShape.of(each) for each in publication.differences],
            under_way=[UnderWayShape.of(each) for each in publication.under_way],
        )


@dataclass(frozen=True, kw_only=True)
class ApplyJourneysWish:
    """Journeys and campaigns to publish together: each its definition, beside `kind`.

    `move` says by id where people under way go on: their step now, and the step of the new version. Others stay on
    their version. `dry_run` changes nothing and tells what would be changed. `allow_unknown` lets messages ask, without
    a default, for traits and properties that nobody was seen to have yet. `content` are templates and blocks that are
    saved in the same transaction, each its definition beside `kind` and `id`; it needs `content:write`.
    """

    __pydantic_config__ = WISH

    journeys: Annotated[list[Properties], Field(max_length=DRAFTS_MOST)]
    move: dict[str, dict[str, str]] = field(default_factory=dict)
    dry_run: Truth = False
    allow_unknown: Truth = False
    content: Annotated[list[Properties], Field(max_length=CONTENT_MOST)] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ContentChangeShape:
    """What becomes of one template or block."""

    change: ContentChangeKind
    kind: SavedKind
    id: str
    name: str
    version: int
    differences: list[DifferenceShape]

    @classmethod
    def of(cls, change: ContentChange) -> Self:
        return cls(
            change=change.kind,
            kind=change.saved.kind,
            id=change.saved.id,
            name=change.saved.name,
            version=change.saved.version,
            differences=[DifferenceShape.of(each) for each in change.differences],
        )


@dataclass(frozen=True, kw_only=True)
class AppliedJourneys:
    """What became of each, by id; `warnings` tells what looks wrong with them, by its place in what was applied."""

    dry_run: bool
    changes: list[PublicationShape]
    content: list[ContentChangeShape]
    warnings: list[AdviceShape]


@dataclass(frozen=True, kw_only=True)
class PreviewShape:
    """What publishing a definition would come to.

    `people` are under way on other versions; of them `elsewhere` could go another way in this one than in theirs, and
    `moving` would be moved to it.
    """

    change: PublicationShape
    people: int
    elsewhere: int
    moving: int
    warnings: list[AdviceShape]


@dataclass(frozen=True, kw_only=True)
class Said:
    """A definition, whom to move to it, and whether its messages may ask for what is unknown."""

    definition: dict[str, object]
    move: dict[str, str]
    allow_unknown: bool


def definition_in(body: Mapping[str, object], decision_id: str) -> Said:
    """What a caller said of one journey or campaign: its definition, with `move` and `allow_unknown` beside it.

    Raises Invalid.
    """
    if body.get("id", decision_id) != decision_id:
        raise Invalid("the id differs from the one in the path.", path="$.id", hint=f"Make both {decision_id!r}.")
    move = body.get("move", {})
    if not isinstance(move, dict) or not all(isinstance(each, str) for each in move.values()):
        hint = 'Write {"old_step": "new_step"}.'
        raise Invalid("This says not who moves where.", code="wrong_type", path="$.move", hint=hint)
    allow_unknown = body.get("allow_unknown", False)
    if not isinstance(allow_unknown, bool):
        raise Invalid(
            "This is neither yes nor no.", code="wrong_type", path="$.allow_unknown", hint="Write true or false."
        )
    definition = {name: value for name, value in body.items() if name not in ("move", "allow_unknown")}
    return Said(definition={**definition, "id": decision_id}, move=move, allow_unknown=allow_unknown)


def decision_file_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/journeys", tags=["Journeys"], dependencies=[needs("decisions:publish")])

    @routes.post("/apply")
    async def apply(wish: ApplyJourneysWish, request: Request) -> AppliedJourneys:
        """Publish many journeys and campaigns, all or none. What says the same already is left alone.

        A changed one that is paused stays paused; one that was stopped runs again.
        """
        caller = caller_in(request)
        if wish.content and not caller.may("content:write"):
            raise forbidden("content:write", of_a_key=caller.kind == "key")
        drafts, content = drafts_of(wish.journeys, wish.move), content_drafts_of(wish.content)
        applied = await apply_with_content(
            app.state,
            drafts,
            content,
            by=asked_by(app, request),
            now=app.clock.now(),
            dry_run=wish.dry_run,
            strictness=app.strictness(allow_unknown=wish.allow_unknown),
        )
        return AppliedJourneys(
            dry_run=wish.dry_run,
            changes=[PublicationShape.of(each) for each in applied.changes],
            content=[ContentChangeShape.of(each) for each in applied.content],
            warnings=await warnings_on(app, drafts),
        )

    return routes


def preview_routes(app: Application, kind: Kind) -> APIRouter:
    """Previews of journeys, or of campaigns."""
    routes = APIRouter(prefix=f"/api/{kind}s", tags=[f"{kind.capitalize()}s"], dependencies=[needs("decisions:write")])

    @routes.post("/{decision_id}/preview")
    async def preview(decision_id: str, definition: Annotated[Properties, Body()]) -> PreviewShape:
        """What publishing a definition would change, and for whom. Nothing is changed.

        Whoever is under way stays on their version, unless `move`, beside the definition, moves them: it is tried here.
        What publishing it would refuse is refused here, too, but for what `allow_unknown` beside it allows.
        """
        said = definition_in(definition, decision_id)
        draft = draft_of(kind, said.definition, move=said.move)
        strictness = app.strictness(allow_unknown=said.allow_unknown)
        (plan,) = await apply_decisions(
            app.state, [draft], now=app.clock.now(), dry_run=True, whole=False, start=True, strictness=strictness
        )
        return PreviewShape(
            change=PublicationShape.of(plan),
            people=sum(each.people for each in plan.under_way),
            elsewhere=sum(each.people for each in plan.under_way if each.goes_elsewhere),
            moving=sum(each.people for each in plan.under_way if each.moves_to is not None),
            warnings=await warnings_on(app, [draft]),
        )

    return routes


async def warnings_on(app: Application, drafts: Sequence[DecisionDraft]) -> list[AdviceShape]:
    """What looks wrong with the drafts; of traits and properties, where the history knows of them."""
    discovery = app.history if isinstance(app.history, Discovery) else None
    async with app.state.view() as view:
        states = {each.id: each.state for each in await view.decisions()}
    states |= {draft.id: "live" for draft in drafts if states.get(draft.id) != "paused"}
    around = Around(now=app.clock.now(), zone=app.zone, costs=rules_of(app.settings).costs, states=states)
    return [AdviceShape.of(each) for draft in drafts for each in await advice_on(draft, discovery, around)]


def _name(decision: Decision) -> str:
    try:
        return definition_of(decision).name
    except Exposed:
        return decision.id
