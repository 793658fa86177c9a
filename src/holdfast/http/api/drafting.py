"""/api/steps, and what a journey or campaign is looked at with while it is written: checks, versions, the outlook."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self, cast

import msgspec
from fastapi import APIRouter, Body, Path, Query

from holdfast.decisions.days_off import COUNTRY_TRAIT, ENGLISH
from holdfast.decisions.document import Kind, encode_kind
from holdfast.decisions.fields import schema_of
from holdfast.decisions.journey import Journey
from holdfast.decisions.marked_days import MarkedDay
from holdfast.decisions.step_kinds import Family, step_kinds
from holdfast.events.event import Json
from holdfast.flows.journey.decision_drafts import draft_of
from holdfast.flows.journey.draft_check import check_draft
from holdfast.flows.journey.outlook import outlook_on
from holdfast.flows.journey.playbook import definition_of, play_of
from holdfast.http.api.decision_files import AdviceShape, definition_in, warnings_on
from holdfast.http.api.runs import OccurrenceShape
from holdfast.http.api.segment_shapes import DifferenceShape
from holdfast.http.needs import needs
from holdfast.http.shapes import NUMBER_MOST, Properties, moment, moment_text
from holdfast.kernel.errors import Exposed, NotFound
from holdfast.ports.state import Decision, DecisionState
from holdfast.segments.difference import differences
from holdfast.wiring import Application, rules_of

VERSIONS_MOST = 200
"""Versions told at once, the newest first."""
COUNTRIES_LOOKED_AT = 20
"""Values of the trait `country`, the commonest first; some name no country."""
_IN_STEP = re.compile(r"^\$\.steps(?:\.([A-Za-z0-9_-]+)|\['((?:[^'\\]|\\.)*)'\])")


@dataclass(frozen=True, kw_only=True)
class StepKindShape:
    """One kind of step: its fields as JSON Schema, and its ways out.

    `exits_of` is the field whose names are ways out, too; those in `spared` may be left out with most fields.
    """

    name: str
    label: str
    family: Family
    help: str
    fields: Properties
    exits: list[str]
    exits_of: str | None
    spared: list[str]


@dataclass(frozen=True, kw_only=True)
class StepKinds:
    """Every kind of step, and the fields of a journey itself."""

    journey: Properties
    steps: list[StepKindShape]


@dataclass(frozen=True, kw_only=True)
class ProblemShape:
    """What publishing would be refused for: where it is, and at which step, empty where it is at none."""

    step: str
    code: str
    path: str
    message: str
    hint: str

    @classmethod
    def of(cls, problem: Exposed) -> Self:
        return cls(step=step_in(problem.path), **problem.as_json())


@dataclass(frozen=True, kw_only=True)
class WarningShape(AdviceShape):
    """One thing that looks wrong, and at which step; nothing is refused for it."""

    step: str


@dataclass(frozen=True, kw_only=True)
class CardShape:
    """What a step's card says."""

    type: str
    title: str
    note: str


@dataclass(frozen=True, kw_only=True)
class DraftCheckShape:
    """What a definition comes to while it is written: `cards` of the steps that can be read, by id."""

    problems: list[ProblemShape]
    warnings: list[WarningShape]
    cards: dict[str, CardShape]


@dataclass(frozen=True, kw_only=True)
class DecisionVersionShape:
    """One version of a journey or campaign; `people` are on it now."""

    version: int
    name: str
    state: DecisionState
    published_at: str
    people: int


@dataclass(frozen=True, kw_only=True)
class DecisionVersionsShape:
    """Versions, newest first."""

    versions: list[DecisionVersionShape]


@dataclass(frozen=True, kw_only=True)
class VersionDetail:
    """One version, and what is different in it from another."""

    version: int
    published_at: str
    definition: Properties
    against: int | None
    differences: list[DifferenceShape]
    cards: dict[str, CardShape]


@dataclass(frozen=True, kw_only=True)
class MarkedDayShape:
    """A day of a calendar: whether the business is closed, and in which countries it is a public holiday, by name."""

    day: str
    closed: bool
    holidays: dict[str, str]

    @classmethod
    def of(cls, marked: MarkedDay) -> Self:
        return cls(day=marked.day.isoformat(), closed=marked.closed, holidays=dict(marked.holidays))


@dataclass(frozen=True, kw_only=True)
class OutlookShape:
    """What publishing a definition sets going.

    `people` are in the audience at this moment, or did in the last `lately_days` what lets people in; null where a
    program names them. `next_at` is when a schedule first lets somebody in, this moment where it does already; null
    where something has to happen first.
    `coming` are the next times of a schedule, a dozen at most; `marked` the closed days and public holidays in their
    months, in the country the schedule names or in those where most people live.
    """

    people: int | None
    of: int
    lately_days: int | None
    channels: list[str]
    next_at: str | None
    coming: list[OccurrenceShape]
    marked: list[MarkedDayShape]
    holdout: float
    global_holdout: float
    caps: list[str]
    quiet: str
    warnings: list[WarningShape]


def step_in(path: str) -> str:
    """The id of the step that a path leads into; empty for none."""
    found = _IN_STEP.match(path)
    return "" if found is None else (found.group(1) or found.group(2) or "")


def drafting_routes(app: Application, kind: Kind) -> APIRouter:
    """The routes for journeys, or for campaigns."""
    routes = APIRouter(prefix=f"/api/{kind}s", tags=[f"{kind.capitalize()}s"], dependencies=[needs("read")])

    @routes.post("/{decision_id}/check")
    async def check(decision_id: str, definition: Annotated[Properties, Body()]) -> DraftCheckShape:
        """All that is wrong with a definition as it is being written, and what its steps' cards say.

        Nothing is changed, and nothing is refused: what publishing it would be refused for is in the answer.
        """
        said = definition_in(definition, decision_id)
        found = await check_draft(
            app.state,
            kind,
            said.definition,
            now=app.clock.now(),
            strictness=app.strictness(allow_unknown=said.allow_unknown),
        )
        advice = [] if found.draft is None else await warnings_on(app, [found.draft])
        return DraftCheckShape(
            problems=[ProblemShape.of(each) for each in found.problems],
            warnings=_warnings(advice),
            cards={name: CardShape(type=e.type, title=e.title, note=e.note) for name, e in found.cards.items()},
        )

    @routes.post("/{decision_id}/outlook")
    async def outlook(
        decision_id: str,
        definition: Annotated[Properties, Body()],
        language: Annotated[
            str, Query(pattern="^[a-z]{2}$", description="In which holidays are named, so far as they are.")
        ] = ENGLISH,
    ) -> OutlookShape:
        """Whom a definition is for, on which channels, when it first writes, and what bounds it. Nothing is changed."""
        said = definition_in(definition, decision_id)
        draft = draft_of(kind, said.definition)
        await app.catch_up()
        lived_in = await app.discovery.known_values(None, COUNTRY_TRAIT, limit=COUNTRIES_LOOKED_AT)
        found = await outlook_on(
            draft,
            state=app.state,
            history=app.history,
            rules=rules_of(app.settings),
            now=app.clock.now(),
            zone=app.zone,
            lived_in=[each.value for each in lived_in if isinstance(each.value, str)],
            language=language,
        )
        return OutlookShape(
            people=found.people,
            of=found.of,
            lately_days=found.lately_days,
            channels=list(found.channels),
            next_at=moment(found.next_at_ms),
            coming=[OccurrenceShape.of(each) for each in found.coming],
            marked=[MarkedDayShape.of(each) for each in found.marked],
            holdout=found.holdout,
            global_holdout=found.global_holdout,
            caps=list(found.caps),
            quiet=found.quiet,
            warnings=_warnings(await warnings_on(app, [draft])),
        )

    @routes.get("/{decision_id}/versions")
    async def versions(decision_id: str) -> DecisionVersionsShape:
        """Its versions, newest first, and how many people are on each."""
        found = await _versions(decision_id)
        async with app.state.view() as view:
            standing = await view.standing(decision_id)
        people = {each.version: 0 for each in found}
        for (version, _), there in standing.items():
            people[version] = people.get(version, 0) + there
        return DecisionVersionsShape(versions=[_version(each, people[each.version]) for each in found[:VERSIONS_MOST]])

    @routes.get("/{decision_id}/versions/{version}")
    async def version(
        decision_id: str,
        version: Annotated[int, Path(ge=1, le=NUMBER_MOST)],
        against: Annotated[
            int | None, Query(ge=1, le=NUMBER_MOST, description="Another version, from which differences are told.")
        ] = None,
    ) -> VersionDetail:
        """One version, and what is different in it from another, place by place."""
        found = {each.version: each for each in await _versions(decision_id)}
        for number in (version, against):
            if number is not None and number not in found:
                hint = f"GET /api/{kind}s/{decision_id:.80}/versions lists them."
                raise NotFound(f"{decision_id!r:.120} has no version {number}.", hint=hint)
        one = found[version]
        changed = [] if against is None else differences(_plain(found[against]), _plain(one))
        return VersionDetail(
            version=one.version,
            published_at=moment_text(one.published_ms),
            definition=cast("dict[str, Any]", _plain(one)),
            against=against,
            differences=[DifferenceShape.of(each) for each in changed],
            cards=_cards(one),
        )

    async def _versions(decision_id: str) -> list[Decision]:
        async with app.state.view() as view:
            everything = await view.decisions(latest=False)
        found = [each for each in everything if (each.id, each.kind) == (decision_id, kind)]
        if not found:
            raise NotFound(f"there is no {kind} {decision_id!r:.120}.", hint=f"GET /api/{kind}s lists them.")
        return sorted(found, key=lambda each: -each.version)

    return routes


def step_kind_routes() -> APIRouter:
    """The kinds of steps there are."""
    routes = APIRouter(prefix="/api/steps", tags=["Journeys"], dependencies=[needs("read")])

    @routes.get("")
    async def kinds() -> StepKinds:
        """Every kind of step with its fields and its ways out; forms and palettes are made of it."""
        own = schema_of(Journey)
        fields = {name: each for name, each in cast("dict[str, Json]", own["properties"]).items() if name != "steps"}
        return StepKinds(
            journey={**own, "properties": fields},
            steps=[
                StepKindShape(
                    name=each.name,
                    label=each.label,
                    family=each.family,
                    help=each.help,
                    fields=dict(each.schema),
                    exits=list(each.exits),
                    exits_of=each.exits_of,
                    spared=list(each.spared),
                )
                for each in step_kinds()
            ],
        )

    return routes


def _warnings(advice: Sequence[AdviceShape]) -> list[WarningShape]:
    return [
        WarningShape(step=step_in(each.path), code=each.code, path=each.path, message=each.message, hint=each.hint)
        for each in advice
    ]


def _version(decision: Decision, people: int) -> DecisionVersionShape:
    return DecisionVersionShape(
        version=decision.version,
        name=play_of(decision).journey.name,
        state=decision.state,
        published_at=moment_text(decision.published_ms),
        people=people,
    )


def _plain(decision: Decision) -> Json:
    return cast("Json", msgspec.json.decode(msgspec.json.encode(encode_kind(definition_of(decision)))))


def _cards(decision: Decision) -> dict[str, CardShape]:
    return {
        name: CardShape(type=node.step.type_name(), title=node.step.title(), note=node.step.note())
        for name, node in play_of(decision).journey.steps.items()
    }
