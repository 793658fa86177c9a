"""The JSON of the API, as dataclasses: what FastAPI writes, describes in OpenAPI, and checks on the way in.

Times are ISO 8601 in UTC with milliseconds and a Z.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Strict

from holdfast.decisions.visit import Visit
from holdfast.events.event import IdentityKey
from holdfast.kernel.moments import format_moment, from_millis
from holdfast.ports.history import PersonRow, TimelineEvent
from holdfast.ports.state import BadRecord, DecisionState, Identity, SendState
from holdfast.profiles.identity import Link

Properties = dict[str, Any]
"""JSON of any shape; pydantic need not look inside."""

WISH = ConfigDict(extra="forbid")
"""How what callers send is read: a field nobody knows is a slip to be told of."""

Whole = Annotated[int, Strict()]
"""A whole number: `true` is no 1, and `"5"` is no 5."""

Truth = Annotated[bool, Strict()]
"""True or false, and nothing that reads like it."""

NUMBER_MOST = 2**63 - 1
"""The largest number the stores hold: of a row, or of rows to pass over."""


def moment(millis: int | None) -> str | None:
    """The instant as text, or nothing."""
    return None if millis is None else format_moment(from_millis(millis))


def moment_text(millis: int) -> str:
    """The instant as text."""
    return format_moment(from_millis(millis))


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityShape:
    """One name somebody goes by."""

    kind: Literal["user", "anonymous"]
    value: str
    id: int | None = None

    @classmethod
    def of(cls, identity: Identity) -> IdentityShape:
        return cls(kind=identity.key.kind, value=identity.key.value, id=identity.id)

    @classmethod
    def of_key(cls, key: IdentityKey) -> IdentityShape:
        return cls(kind=key.kind, value=key.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonShape:
    """A person in a list."""

    person: int
    user_id: str
    known: bool
    traits: Properties
    first_seen: str
    last_seen: str

    @classmethod
    def of(cls, row: PersonRow, traits: Sequence[str] | None = None) -> PersonShape:
        """The person, with all their traits or with those named: null where they have none."""
        return cls(
            person=row.person,
            user_id=row.user_id,
            known=row.known,
            traits=dict(row.traits) if traits is None else {name: row.traits.get(name) for name in traits},
            first_seen=moment_text(row.first_seen_ms),
            last_seen=moment_text(row.last_seen_ms),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkShape:
    """Two identities that were said to be one person."""

    id: int
    first: IdentityShape
    second: IdentityShape
    kind: Literal["login", "alias", "merge"]
    at: str
    by: str
    undone_at: str | None

    @classmethod
    def of(cls, link: Link, identities: dict[int, Identity]) -> LinkShape:
        return cls(
            id=link.id,
            first=IdentityShape.of(identities[link.first]),
            second=IdentityShape.of(identities[link.second]),
            kind=link.kind,
            at=moment_text(link.at_ms),
            by=link.by,
            undone_at=moment(link.undone_ms),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitShape:
    """Where somebody stands, or stood, in a journey or campaign."""

    origin: str
    origin_name: str
    version: int
    arm: Literal["treated", "holdout", "global_holdout"]
    step: str
    entered_at: str
    due_at: str | None
    left_at: str | None
    left_by: str

    @classmethod
    def of(cls, visit: Visit, name: str) -> VisitShape:
        return cls(
            origin=visit.origin,
            origin_name=name,
            version=visit.version,
            arm=visit.arm,
            step=visit.step,
            entered_at=moment_text(visit.entered_ms),
            due_at=moment(visit.due_ms),
            left_at=moment(visit.left_ms),
            left_by=visit.left_by,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceShape:
    """A device on which push messages reach somebody; its token is not shown."""

    id: str
    type: Literal["web", "ios", "android"]
    app: str
    heard_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignedShape:
    """What somebody got of an experiment, and since when."""

    experiment: str
    variant: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDetail:
    """Everything known of one person, but their events."""

    person: int
    user_id: str
    known: bool
    traits: Properties
    first_seen: str
    last_seen: str
    identities: list[IdentityShape]
    devices: list[DeviceShape]
    consent: dict[str, bool]
    links: list[LinkShape]
    event_counts: dict[str, int]
    visits: list[VisitShape]
    variants: list[AssignedShape]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventShape:
    """One event of a timeline."""

    event: str
    kind: str
    timestamp: str
    received_at: str
    properties: Properties
    context: Properties
    message_id: str
    source: str
    identity: IdentityShape

    @classmethod
    def of(cls, event: TimelineEvent) -> EventShape:
        return cls(
            event=event.name,
            kind=event.kind,
            timestamp=moment_text(event.timestamp_ms),
            received_at=moment_text(event.received_ms),
            properties=dict(event.properties),
            context=dict(event.context),
            message_id=event.message_id,
            source=event.source,
            identity=IdentityShape.of_key(event.identity),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRecordShape:
    """A record that could not be an event."""

    id: int
    at: str
    source: str
    code: str
    message: str
    path: str
    hint: str
    body: str
    origin: str
    replayed_at: str | None

    @classmethod
    def of(cls, record: BadRecord) -> BadRecordShape:
        return cls(
            id=record.id,
            at=moment_text(record.at_ms),
            source=record.source,
            code=record.code,
            message=record.message,
            path=record.path,
            hint=record.hint,
            body=record.body,
            origin=record.origin,
            replayed_at=moment(record.replayed_ms),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectShape:
    """A difference, treated minus holdout, with its interval; or why there is none."""

    status: Literal["estimated", "inconclusive"]
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    relative: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmShape:
    """What became of one arm; only people whose window has closed."""

    arm: Literal["treated", "holdout"]
    people: int
    open_people: int
    converted: int
    conversion_rate: float | None
    orders: int
    revenue_minor: int
    revenue_per_person_minor: float | None
    other_currency_orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalShape:
    """What counts as a conversion, and by when."""

    event: str
    within_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultShape:
    """Whether it worked: treated against holdout."""

    origin: str
    goal: GoalShape
    as_of: str
    currency: str
    arms: list[ArmShape]
    global_holdout_people: int
    """Who entered and is in neither arm: they get no marketing of any kind."""
    conversion: EffectShape
    revenue_per_person: EffectShape
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunShape:
    """A journey or campaign in a list."""

    kind: Literal["journey", "campaign"]
    id: str
    name: str
    state: DecisionState
    version: int
    entered: int
    waiting: int
    sent: int
    result: ResultShape | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepShape:
    """A step with how many came by."""

    id: str
    type: str
    title: str
    note: str
    entered: int
    waiting: int
    exits: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadShape:
    """A step of another journey that lets people into this one: `path` stands in the definition of that one.

    `version` is one people are still under way on, where it is not the newest.
    """

    id: str
    name: str
    path: str
    version: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """A journey or campaign with its definition and its steps, and what lets people into it besides its own start."""

    kind: Literal["journey", "campaign"]
    id: str
    name: str
    state: DecisionState
    version: int
    entered: int
    waiting: int
    sent: int
    result: ResultShape | None
    definition: Properties
    steps: list[StepShape]
    sends: dict[SendState, int]
    entered_from: list[LeadShape]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """Long work under way."""

    label: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Every error's body."""

    code: str
    message: str
    path: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemBody:
    """Every error, as it is sent."""

    error: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePage:
    """A page of people, and how many there are in all."""

    people: Sequence[PersonShape]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """A page of a timeline, newest first; `next_before` asks for the one after."""

    events: Sequence[EventShape]
    next_before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityShape:
    """One stretch of time."""

    start: str
    events: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldShape:
    """A run whose audience is larger than its author allowed: nobody enters before somebody confirms it."""

    kind: Literal["journey", "campaign"]
    id: str
    """Of the journey or campaign."""
    name: str
    run: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The first page. `held` are the oldest runs that wait to be confirmed."""

    as_of: str
    people: int
    events: int
    active_people_24h: int
    events_per_minute: int
    sends: dict[SendState, int]
    errors_open: int
    backlog: int
    """Requests that are durable and not taken in yet."""
    loading: Loading | None
    activity: list[ActivityShape]
    running: list[RunShape] = field(default_factory=list)
    held: list[HeldShape] = field(default_factory=list)
