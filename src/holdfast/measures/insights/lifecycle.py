"""`lifecycle`: who is new, still there, back again or gone, period by period; or stages of one's own, and the moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, TypeAlias

from holdfast.decisions.fields import Choice, Flag, Nested, OrNull, SegmentCondition, Text, one_of
from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.measures.insight import (
    DAY_MS,
    Act,
    ActKind,
    Answer,
    Cell,
    Column,
    Declared,
    Question,
    acts_as_people,
    period_of,
)
from holdfast.measures.insight_fields import Listed, MomentText
from holdfast.measures.periods import Period, index_of, moment_of, starts
from holdfast.measures.picture import Picture
from holdfast.segments.condition import Condition, Scope
from holdfast.segments.looked_at import trait_names

LENGTHS: Mapping[Period, int] = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
"""The periods there are, with the most days each has."""
DAYS_BY_DEFAULT: Mapping[Period, int] = {"day": 30, "week": 84, "month": 365, "quarter": 730, "year": 1_825}
STAGES_MOST = 12
STAGED_PERIODS_MOST = 60
"""Periods in one answer about stages of one's own: each asks every condition anew."""
NOT_THERE, NEW, RETURNING, RESURRECTED, DORMANT, AWAY = range(6)
USUAL = ("new", "returning", "resurrected", "dormant", "away")
"""The stages of those who do an act or do not, from number 1 on."""
ACTIVE = "active"
USUAL_MOVES = (
    (NOT_THERE, NEW),
    *((each, to) for each in (NEW, RETURNING, RESURRECTED) for to in (RETURNING, DORMANT)),
    *((each, to) for each in (DORMANT, AWAY) for to in (RESURRECTED, AWAY)),
)
OTHER = "other"
"""The stage of those who are in none that was named."""
LONG_AGO, NEVER_BEFORE, NEVER_AGAIN = -10, -1_000, 1 << 40
"""Numbers for periods before those that are told apart, and for none at all."""
Show = Literal["sizes", "moves"]
Moves: TypeAlias = Mapping[tuple[int, int, int], int]
"""How many people moved, by the number of the period, the stage they came from and the one they went to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage of one's own: who is in it."""

    name: Annotated[str, Text(most=100), "What the stage is called."]
    when: Annotated[Condition, SegmentCondition(), "Who is in it, unless a stage before it holds."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle(Question):
    """How many people are in which stage of their life with us in each period, and from which they came.

    With `event`, a person is active in a period when they did the act in it, and `new` in the first of all; `returning`
    when they were active in the period before as well, `resurrected` when they were not but had been earlier.
    Who was active in the period before and is not now is `dormant`, and `away` from the next period on. `active` is the
    sum of the first three.

    With `stages`, everybody is in the first of them whose condition holds at the last moment of the period (of one that
    is not over, at the end of the question), or in `other`. What they did and their traits count as they were at that
    moment, traits as they had been told of by calls of identify. Those first seen later are not in any.

    `sizes` tells how many are in each stage; of those who were in it in the period before, how many are `lost` now; and
    what share that is, its churn. Lost are the dormant, and with `stages` those in the stage that `lost` names. `moves`
    tells how many went from each stage to each other from one period to the next. Without `since`, the first period is
    whole; what happens at `until` or later never counts.

    Sources: growth accounting, Hsu (2015), "Diligence at Social Capital Part 1: Accounting for User Growth". Churn is
    one minus the share of those active in the period before who are active now.
    """

    event: Annotated[
        Act | None, OrNull(ActKind()), "What makes active: the name of an event, or `events` and `where`."
    ] = None
    stages: Annotated[
        tuple[Stage, ...],
        Listed(Nested(Stage), 0, STAGES_MOST),
        "Instead of an event, stages of your own: each a `name` and a condition, `when`; the first that holds counts.",
    ] = ()
    lost: Annotated[str | None, OrNull(Text(most=100)), "With `stages`, the name of the one that means gone."] = None
    period: Annotated[Period, Choice(tuple(LENGTHS)), "What each line of the table is about."] = "week"
    show: Annotated[Show, Choice(("sizes", "moves")), "The sizes of stages, or the moves between them."] = "sizes"

    def __post_init__(self) -> None:
        if (self.event is None) == (not self.stages):
            raise Invalid(
                "Stages come from an event or from conditions.",
                code="missing_field" if self.event is None else "contradiction",
                path="$.event" if self.event is None else "$.stages",
                hint="Give `event`, or `stages`, and not both.",
            )
        names = [each.name for each in self.stages]
        for index, name in enumerate(names):
            if name in (*names[:index], OTHER):
                raise Invalid(
                    f"There is another stage called {name!r}.",
                    code="duplicate",
                    path=f"$.stages[{index}].name",
                    hint="Give it a name of its own.",
                )
        if self.lost is not None and self.lost not in self.names:
            raise Invalid(
                f"No stage is called {self.lost!r}.",
                code="unknown_choice",
                path="$.lost",
                hint=one_of(self.lost, self.names),
            )
        if self.lost is not None and self.event is not None:
            raise Invalid(
                "Of an event, the dormant are lost.", code="contradiction", path="$.lost", hint="Leave it out."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """What the stages are called, from number 1 on."""
        return (*(each.name for each in self.stages), OTHER) if self.stages else USUAL

    def edges(self, as_of_ms: int) -> tuple[int, ...]:
        """When the periods start. Raises TooLarge when there are too many."""
        since_ms, until_ms = self.span(as_of_ms, days=DAYS_BY_DEFAULT[self.period])
        found = starts(since_ms, until_ms, self.period, self.zone)
        if self.stages and len(found) > STAGED_PERIODS_MOST:
            raise TooLarge(
                f"These are {len(found)} {self.period}s.",
                path="$.since",
                hint=f"With `stages`, ask for {STAGED_PERIODS_MOST} or fewer.",
            )
        return found

    def ends(self, as_of_ms: int) -> tuple[int, ...]:
        """When the periods end, be it in the future."""
        edges = self.edges(as_of_ms)
        # No period begins later than so many days after the one before it; a day more for its hours.
        ahead_ms = edges[-1] + (LENGTHS[self.period] + 2) * DAY_MS
        return (*edges[1:], starts(edges[-1], ahead_ms, self.period, self.zone)[1])

    def sql(self, scope: Scope) -> Sql:
        if self.stages:
            return fill(
                """SELECT move.1, move.2, move.3, count() FROM (
                    SELECT arrayJoin(arrayZip(range(toUInt64([[number]])), arrayPopBack(stage), arrayPopFront(stage)))
                        AS move
                    FROM ([[staged]])
                ) WHERE move.3 != [[not_there]] GROUP BY move""",
                {
                    "number": bind("UInt64", len(self.edges(scope.as_of_ms))),
                    "staged": self._staged(scope, range(len(self.edges(scope.as_of_ms)) + 1)),
                    "not_there": bind("Int64", NOT_THERE),
                },
            )
        return fill(
            """SELECT move.1, move.2, move.3, count() FROM (
                SELECT arrayJoin(arrayFlatten(arrayMap((at, before, long_before, next) -> arrayFilter(
                    each -> each.1 < next, [
                    (at, multiIf(before = [[never]], [[not_there]], before = at - 1, [[stage_before]],
                        before = at - 2, [[dormant]], [[away]]), [[stage]]),
                    (at + 1, [[stage]], [[dormant]]),
                    (at + 2, [[dormant]], [[away]])
                ]), periods,
                    arrayShiftRight(periods, 1, [[never]]), arrayShiftRight(periods, 2, [[never]]),
                    arrayShiftLeft(periods, 1, [[never_again]])
                ))) AS move
                FROM (SELECT person, arraySort(groupUniqArray(period)) AS periods FROM ([[active]]) GROUP BY person)
            ) GROUP BY move""",
            {
                "stage": _stage_of(sql("at"), sql("before")),
                "stage_before": _stage_of(sql("before"), sql("long_before")),
                "never": bind("Int64", NEVER_BEFORE),
                "never_again": bind("Int64", NEVER_AGAIN),
                "not_there": bind("Int64", NOT_THERE),
                "dormant": bind("Int64", DORMANT),
                "away": bind("Int64", AWAY),
                "active": self._active(scope),
            },
        )

    def answer(self, rows: Sequence[Sequence[Any]], scope: Scope) -> Answer:
        edges, ends = self.edges(scope.as_of_ms), self.ends(scope.as_of_ms)
        _, until_ms = self.span(scope.as_of_ms, days=1)
        moves: Moves = {(int(at), int(before), int(stage)): int(people) for at, before, stage, people in rows}
        if not self.stages:
            moves = _with_those_who_stay_away(moves, len(edges))
        told: list[tuple[Cell, ...]] = []
        for number, (start_ms, end_ms) in enumerate(zip(edges, ends, strict=True)):
            here = {(before, stage): people for (at, before, stage), people in moves.items() if at == number}
            lines = self._sizes(here) if self.show == "sizes" else self._moves(here)
            told.extend((start_ms, *line, end_ms <= until_ms) for line in lines)
        columns = SIZE_COLUMNS if self.show == "sizes" else MOVE_COLUMNS
        return Answer(columns=columns, rows=tuple(told), time_zone=self.time_zone)

    def words(self) -> str:
        if self.event is None:
            what = f"How many people are {', '.join(each.name for each in self.stages)} or none of these"
        else:
            what = f"How many people are new to {self.event.words()}, returning, resurrected, dormant or away"
        moves = ", and from which stage to which they went" if self.show == "moves" else ""
        return f"{what}, per {self.period}{moves}{self.among_words()}."

    def picture(self) -> Picture:
        if self.show == "moves":
            return Picture(kind="grid", across="stage", value="people", by="stage_before", null="(not there yet)")
        return Picture(kind="lines", across="start", value="people", by="stage")

    def people_sql(self, scope: Scope, cell: LifecycleCell) -> Sql:
        edges = self.edges(scope.as_of_ms)
        if moment_of(cell.start, self.zone) not in edges:
            raise Invalid(
                f"No period of the table starts at {cell.start}.",
                code="unknown_cell",
                path="$.cell.start",
                hint="Take `start` from a line of the table.",
            )
        number = index_of(moment_of(cell.start, self.zone), edges)
        wanted: list[tuple[int, str | None]] = []
        if cell.stage is not None:
            wanted.append((number, self._known(cell.stage, "$.cell.stage")))
        if cell.stage_before is not None:
            wanted.append((number - 1, self._known(cell.stage_before, "$.cell.stage_before")))
        elif cell.not_there_before:
            wanted.append((number - 1, None))
        if self.stages:
            return self._people_of_stages(scope, number, wanted)
        in_stages = [self._in_usual_stage(at, stage) for at, stage in wanted] or [sql("min(period) <= ") + _at(number)]
        return fill(
            "SELECT person FROM ([[active]]) GROUP BY person HAVING [[wanted]]",
            {"active": self._active(scope), "wanted": join(" AND ", in_stages)},
        )

    def _sizes(self, moves: Mapping[tuple[int, int], int]) -> Iterator[tuple[Cell, ...]]:
        """A line for each stage: name, people, those in it in the period before, those of them lost, churn."""
        now, before = _sums(moves, 1), _sums(moves, 0)
        lost = DORMANT if self.event is not None else 1 + self.names.index(self.lost) if self.lost is not None else None
        gone = () if lost is None else (DORMANT, AWAY) if self.event is not None else (lost,)
        groups: list[tuple[str, tuple[int, ...]]] = [(name, (stage,)) for stage, name in enumerate(self.names, 1)]
        if self.event is not None:
            groups.insert(0, (ACTIVE, (NEW, RETURNING, RESURRECTED)))
        for name, stages in groups:
            people, were = (sum(found[each] for each in stages) for found in (now, before))
            if lost is None or set(stages) <= set(gone):
                yield name, people, were, None, None
            else:
                left = sum(moves.get((each, lost), 0) for each in stages)
                yield name, people, were, left, _share(left, were)

    def _moves(self, moves: Mapping[tuple[int, int], int]) -> Iterator[tuple[Cell, ...]]:
        """A line for each move there can be: where from and to, people, and the share of those who were there."""
        before = _sums(moves, 0)
        stages = range(1, len(self.names) + 1)
        every = (
            USUAL_MOVES if self.event is not None else [(one, two) for one in (NOT_THERE, *stages) for two in stages]
        )
        for one, two in every:
            people = moves.get((one, two), 0)
            name = None if one == NOT_THERE else self.names[one - 1]
            yield name, self.names[two - 1], people, None if one == NOT_THERE else _share(people, before[one])

    def _known(self, name: str, path: str) -> str:
        known = (*self.names, ACTIVE) if self.event is not None else self.names
        if name not in known:
            raise Invalid(
                f"No stage is called {name!r:.100}.", code="unknown_cell", path=path, hint=one_of(name, known)
            )
        return name

    @staticmethod
    def _in_usual_stage(number: int, stage: str | None) -> Sql:
        """Whether somebody is in the stage in that period; None for those who were never active until it ended."""
        now = fill("countIf(period = [[at]]) > 0", {"at": _at(number)})
        before = fill("countIf(period = [[at]]) > 0", {"at": _at(number - 1)})
        pieces = {"now": now, "before": before, "at": _at(number)}
        match stage:
            case "new":
                return fill("min(period) = [[at]]", pieces)
            case "returning":
                return fill("([[now]] AND [[before]])", pieces)
            case "resurrected":
                return fill("([[now]] AND NOT [[before]] AND min(period) < [[at]])", pieces)
            case "dormant":
                return fill("([[before]] AND NOT [[now]])", pieces)
            case "away":
                return fill("(NOT [[now]] AND NOT [[before]] AND min(period) < [[at]])", pieces)
            case "active":
                return now
        return fill("min(period) > [[at]]", pieces)

    def _people_of_stages(self, scope: Scope, number: int, wanted: Sequence[tuple[int, str | None]]) -> Sql:
        # Of the moments, the first is that before the first period.
        codes = [(at + 1 - number, NOT_THERE if stage is None else 1 + self.names.index(stage)) for at, stage in wanted]
        stages = [
            fill("arrayElement(stage, [[at]]) = [[code]]", {"at": _at(at + 1), "code": bind("Int64", code)})
            for at, code in codes
        ] or [sql("arrayElement(stage, 2) != ") + bind("Int64", NOT_THERE)]
        return fill(
            "SELECT person FROM ([[staged]]) WHERE [[wanted]]",
            {"staged": self._staged(scope, range(number, number + 2)), "wanted": join(" AND ", stages)},
        )

    def _active(self, scope: Scope) -> Sql:
        """Rows of `person` and `period`, a number: the first of the table is 0, the two before it are below."""
        edges = self.edges(scope.as_of_ms)
        _, until_ms = self.span(scope.as_of_ms, days=1)
        earlier_ms = max(0, edges[0] - (2 * LENGTHS[self.period] + 2) * DAY_MS)
        known = (*starts(earlier_ms, edges[0], self.period, self.zone)[-2:], *edges) if edges[0] else edges
        return fill(
            """SELECT person, if(at_ms < [[first]], [[long_ago]], [[period]] - [[before]]) AS period
            FROM ([[acts]]) WHERE 1[[among]]""",
            {
                "first": bind("Int64", known[0]),
                "long_ago": bind("Int64", LONG_AGO),
                "period": period_of(sql("at_ms"), known),
                "before": bind("Int64", len(known) - len(edges)),
                "acts": acts_as_people(scope, self._act.sql(scope), sql(""), since_ms=0, until_ms=until_ms),
                "among": self.among(scope),
            },
        )

    @property
    def _act(self) -> Act:
        if self.event is None:
            raise AssertionError("stages of one's own have no event")
        return self.event

    def _staged(self, scope: Scope, numbers: range) -> Sql:
        """Everybody: `person`, and `stage`, the number of theirs at each moment: 0 is before the first period."""
        edges, ends = self.edges(scope.as_of_ms), self.ends(scope.as_of_ms)
        _, until_ms = self.span(scope.as_of_ms, days=1)
        moments = (edges[0], *(min(each, until_ms) for each in ends))
        traits = tuple(sorted({name for each in self.stages for name in trait_names(each.when)}))
        then = [replace(scope, as_of_ms=moments[number] - 1, traits_then=traits) for number in numbers]
        if not traits:  # Then people look the same at each moment, and are read once.
            return fill(
                "SELECT person, array([[stages]]) AS stage FROM people FINAL WHERE workspace = [[here]][[among]]",
                {
                    "stages": join(", ", (self._stage_at(each) for each in then)),
                    "here": scope.here,
                    "among": self.among(scope),
                },
            )
        each_moment = (
            fill(
                """SELECT toUInt32([[place]]) AS place, person, [[stage]] AS stage FROM [[people]]
                WHERE workspace = [[here]][[among]]""",
                {
                    "place": bind("UInt32", place),
                    "stage": self._stage_at(each),
                    "people": each.people,
                    "here": scope.here,
                    "among": self.among(scope),
                },
            )
            for place, each in enumerate(then)
        )
        return fill(
            """SELECT person, arrayMap(each -> each.2, arraySort(groupArray((place, stage)))) AS stage
            FROM ([[each_moment]]) GROUP BY person""",
            {"each_moment": join(" UNION ALL ", each_moment)},
        )

    def _stage_at(self, then: Scope) -> Sql:
        """The number of a person's stage at the moment of the scope."""
        cases = [
            fill("[[holds]], [[code]], ", {"holds": each.when.sql(then), "code": bind("Int64", number)})
            for number, each in enumerate(self.stages, 1)
        ]
        return fill(
            "multiIf(first_seen > [[at]], [[not_there]], [[cases]][[other]])",
            {
                "at": then.moment(then.as_of_ms),
                "not_there": bind("Int64", NOT_THERE),
                "cases": join("", cases),
                "other": bind("Int64", len(self.names)),
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleCell:
    """People of a period: those in a stage, those who were in one in the period before, or both; else all."""

    start: Annotated[str, MomentText(), "The start of a period."]
    stage: Annotated[str | None, OrNull(Text(most=100)), "The stage they are in; also `active`."] = None
    stage_before: Annotated[
        str | None, OrNull(Text(most=100)), "The stage they were in in the period before; also `active`."
    ] = None
    not_there_before: Annotated[bool, Flag(), "Those who were in none then, for they were not there yet."] = False


def _with_those_who_stay_away(moves: Moves, number: int) -> Moves:
    """The moves with those who were away and still are: they do nothing, so no row tells of them."""
    told = dict(moves)
    away = 0
    by_period: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for (period, before, stage), people in moves.items():
        by_period[period].append((before, stage, people))
    for period in range(min((*by_period, 0)), number):
        back = sum(people for before, _, people in by_period[period] if before == AWAY)
        told[period, AWAY, AWAY] = away - back
        away += sum(people for _, stage, people in by_period[period] if stage == AWAY) - back
    return told


def _sums(moves: Mapping[tuple[int, int], int], side: int) -> Mapping[int, int]:
    """How many were in each stage before the moves, or are after them."""
    found: dict[int, int] = defaultdict(int)
    for move, people in moves.items():
        found[move[side]] += people
    return found


def _stage_of(at: Sql, before: Sql) -> Sql:
    """The stage of who is active at a period, and was last at the one before."""
    return fill(
        "multiIf([[before]] = [[never]], [[new]], [[before]] = [[at]] - 1, [[returning]], [[resurrected]])",
        {
            "at": at,
            "before": before,
            "never": bind("Int64", NEVER_BEFORE),
            "new": bind("Int64", NEW),
            "returning": bind("Int64", RETURNING),
            "resurrected": bind("Int64", RESURRECTED),
        },
    )


def _at(number: int) -> Sql:
    return bind("Int64", number)


def _share(people: int, of: int) -> float | None:
    return people / of if of else None


_START = Column(name="start", type="moment", about="When the period begins.")
_STAGE = Column(name="stage", type="text", about="The stage; with `moves`, the one they went to.")
_PEOPLE = Column(name="people", type="whole", about="How many are in it; with `moves`, how many went there.")
_COMPLETE = Column(name="complete", type="truth", about="Whether the period is over by the end of the question.")
_BEFORE = Column(name="before", type="whole", about="How many were in the stage in the period before.")
_LOST = Column(name="lost", type="whole", about="How many of those are lost now; null for who was lost already.")
_CHURN = Column(name="churn", type="share", about="The share of them that is.")
_STAGE_BEFORE = Column(
    name="stage_before", type="text", about="With `moves`, the one they came from; null for who was not there yet."
)
_SHARE = Column(name="share", type="share", about="With `moves`, the share of those who were in `stage_before`.")
SIZE_COLUMNS = (_START, _STAGE, _PEOPLE, _BEFORE, _LOST, _CHURN, _COMPLETE)
MOVE_COLUMNS = (_START, _STAGE_BEFORE, _STAGE, _PEOPLE, _SHARE, _COMPLETE)

INSIGHT = Declared(
    name="lifecycle",
    label="Lifecycle",
    about="How many people are new, returning, back again or gone, period by period, or in stages of your own.",
    shape=Lifecycle,
    cell=LifecycleCell,
    columns=(_START, _STAGE_BEFORE, _STAGE, _PEOPLE, _SHARE, _BEFORE, _LOST, _CHURN, _COMPLETE),
    examples=(
        {"event": "Order Completed", "period": "month", "time_zone": "Europe/Berlin"},
        {"event": "App Opened", "show": "moves", "since": "2026-03-02", "until": "2026-03-30"},
        {
            "stages": [
                {
                    "name": "loyal",
                    "when": {"type": "did", "event": "Order Completed", "at_least": 3, "within_days": 90},
                },
                {"name": "buyer", "when": {"type": "did", "event": "Order Completed", "within_days": 90}},
                {"name": "lapsed", "when": {"type": "did", "event": "Order Completed"}},
            ],
            "lost": "lapsed",
            "period": "month",
            "show": "moves",
        },
    ),
)
