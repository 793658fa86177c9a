"""`sticky`: which early behaviours go with staying, beyond sheer volume and beyond chance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from holdfast.decisions.fields import Flag, OrNull, Text
from holdfast.events.event import OWN_SOURCE
from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.measures.discovery import CONFIDENCE, DISCOVERY_PARTS, Array, Counts, Found, discover
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
)
from holdfast.measures.insight_fields import Listed, Number, Whole
from holdfast.measures.picture import Picture
from holdfast.segments.condition import Scope

EARLY_DAYS_MOST = 60
"""Early days are kept as bits of one whole number."""
DAYS_MOST = 3_653
BEHAVIOURS_MOST = 200
TIMES_LISTED_MOST = 10
TIMES_MOST = 1_000_000
DAYS_BY_DEFAULT = 365
STAY_DAYS = 28
SALT = "sticky:"
PARTS = 2 * DISCOVERY_PARTS


def _volumes() -> tuple[int, ...]:
    """Where classes of volume begin: each count of events by itself up to 10, then classes about a fifth wider each."""
    found = [1]
    while found[-1] < TIMES_MOST:
        found.append(max(found[-1] + 1, round(found[-1] * 1.19)))
    return tuple(found)


VOLUMES = _volumes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sticky(Question):
    """Behaviours of the first days of somebody's life that go with staying.

    Somebody's life begins with their first `start` of all, or with their first event that is not our own; those are in
    whose life began in [since, until), and at least `to_day` days ago. A behaviour is an event done so many `times` or
    more within `early_days` days of 24 hours from then. To stay is to do `stay` (or anything) from day `from_day` up to
    day `to_day`, both counted from the beginning. These days lie after the early ones, so that nobody must have stayed
    to do what is looked at, and everybody in could be seen until their end.

    Whoever does much does much of everything, and stays. So people are compared with people of alike volume only: as
    many early days with events, and about as many events in them. A hash of the person puts half of the people in a
    hold-out. In the other half every behaviour is tested over these strata, so that of those reported no more than
    `false_discovery_rate` are there by chance, on average; an effect must also point the same way in three of four
    parts of that half. What is left is measured in the hold-out: `effect` is the difference in the share that stayed,
    with its interval. Of one behaviour the clearest number of times is reported.

    It goes together; whether the one makes the other only an experiment can tell. A table without lines says that
    nothing stands out.

    Source: see `measures.discovery`: Mantel & Haenszel (1959), Sato (1989), Benjamini & Hochberg (1995).
    """

    start: Annotated[Act | None, OrNull(ActKind()), "What life begins with; without it, the first event of all."] = None
    stay: Annotated[Act | None, OrNull(ActKind()), "What staying is; without it, any event but our own."] = None
    early_days: Annotated[int, Whole(1, EARLY_DAYS_MOST), "How many days are early."] = 7
    from_day: Annotated[
        int | None, OrNull(Whole(1, DAYS_MOST)), "Staying counts from this day on; without it, right after."
    ] = None
    to_day: Annotated[
        int | None, OrNull(Whole(2, DAYS_MOST)), "And up to this day, left out; without it, for 28 days."
    ] = None
    behaviours: Annotated[
        tuple[str, ...],
        Listed(Text(most=500), 0, BEHAVIOURS_MOST),
        "Names of events to try; without, the 200 that happen most.",
    ] = ()
    times: Annotated[
        tuple[int, ...], Listed(Whole(1, TIMES_MOST), 1, TIMES_LISTED_MOST), "How often at least; each is tried."
    ] = (1, 2, 3, 5)
    false_discovery_rate: Annotated[
        float, Number(0.0001, 0.5), "The share of what is found that may be chance, on average."
    ] = 0.05
    people_least: Annotated[
        int, Whole(10, 1_000_000), "People who must have done it, and who must not have, in either half."
    ] = 50

    def __post_init__(self) -> None:
        if self.first_day < self.early_days:
            raise Invalid(
                "Staying would be counted while behaviours still are.",
                code="contradiction",
                path="$.from_day",
                hint=f"Use {self.early_days} or more: who is still there early on has not stayed yet.",
            )
        if self.last_day <= self.first_day:
            raise Invalid(
                "There are no days to stay in.",
                code="contradiction",
                path="$.to_day",
                hint=f"Use more than {self.first_day}.",
            )

    @property
    def first_day(self) -> int:
        """The first day staying counts on."""
        return self.early_days if self.from_day is None else self.from_day

    @property
    def last_day(self) -> int:
        """The day before which it counts."""
        return self.first_day + STAY_DAYS if self.to_day is None else self.to_day

    def sql(self, scope: Scope) -> Sql:
        counts = join(
            ", ",
            (
                fill(
                    "countIf(act.2 >= [[times]]), countIf(act.2 >= [[times]] AND stayed)",
                    {"times": bind("UInt64", each)},
                )
                for each in self.times
            ),
        )
        # A row that stands for everybody comes with each person, as an event without a name that was done without end.
        return fill(
            """SELECT act.1 AS behaviour, part, stratum, [[counts]] FROM (
                SELECT least(modulo(halfMD5(concat([[salt]], toString(person))), [[parts]]), [[holdout]]) AS part,
                    days * 1000 + arrayCount(each -> each <= volume, [[volumes]]) AS stratum, stayed,
                    arrayJoin(arrayPushFront(acts, (CAST(NULL, 'Nullable(String)'), [[endless]]))) AS act
                FROM ([[people]])
            ) GROUP BY behaviour, part, stratum""",
            {
                "counts": counts,
                "salt": bind("String", SALT),
                "parts": bind("UInt64", PARTS),
                "holdout": bind("UInt64", DISCOVERY_PARTS),
                "volumes": bind("Array(UInt64)", list(VOLUMES)),
                "endless": bind("UInt64", TIMES_MOST),
                "people": self._people(scope),
            },
        )

    def answer(self, rows: Sequence[Sequence[Any]], scope: Scope) -> Answer:
        everybody, tried = self._tables(rows)
        names = [(name, times) for name in sorted(tried) for times in range(len(self.times))]
        tables = [_against(everybody, tried[name][times]) for name, times in names]
        found = discover(tables, rate=self.false_discovery_rate, people_least=self.people_least)
        told: dict[str, tuple[Cell, ...]] = {}
        for each in found:
            name, times = names[each.index]
            if name not in told:  # The clearest comes first.
                told[name] = self._line(name, self.times[times], tables[each.index], each)
        return Answer(columns=COLUMNS, rows=tuple(told.values()), time_zone=self.time_zone)

    def words(self) -> str:
        stay = "do anything" if self.stay is None else f"do {self.stay.words()}"
        return (
            f"What people do in their first {self.early_days} days that goes with staying, which is to {stay} on days "
            f"{self.first_day} to {self.last_day}, beyond what sheer volume explains{self.among_words()}."
        )

    def picture(self) -> Picture:
        return Picture(kind="bars", across="behaviour", value="effect")

    def people_sql(self, scope: Scope, cell: StickyCell) -> Sql:
        wanted = []
        if cell.behaviour is not None:
            done = fill(
                "arrayExists(act -> act.1 = [[name]] AND act.2 >= [[times]], acts)",
                {"name": bind("String", cell.behaviour), "times": bind("UInt64", cell.times)},
            )
            wanted.append(done if cell.did else sql("NOT ") + done)
        elif not cell.did or cell.times != 1:
            raise Invalid(
                "Which behaviour?",
                code="unknown_cell",
                path="$.cell.behaviour",
                hint="Take it from a line of the table.",
            )
        if cell.stayed is not None:
            wanted.append(sql("stayed = ") + bind("UInt8", int(cell.stayed)))
        return fill(
            "SELECT person FROM ([[people]]) WHERE 1[[wanted]]",
            {"people": self._people(scope), "wanted": join("", (sql(" AND ") + each for each in wanted))},
        )

    def _tables(self, rows: Sequence[Sequence[Any]]) -> tuple[Array, dict[str, Array]]:
        """Counts of everybody, and of each behaviour: shape (times, did and stayed, parts, strata)."""
        strata = {each: number for number, each in enumerate(sorted({row[2] for row in rows}))}
        shape = (len(self.times), 2, DISCOVERY_PARTS + 1, len(strata))
        tables: dict[str | None, Array] = defaultdict(lambda: np.zeros(shape))
        for behaviour, part, stratum, *counts in rows:
            tables[behaviour][:, :, int(part), strata[stratum]] = np.array(counts, dtype=np.float64).reshape(-1, 2)
        everybody = tables.pop(None, np.zeros(shape))
        return everybody[0], {str(name): each for name, each in tables.items()}

    def _line(self, name: str, times: int, counts: Counts, found: Found) -> tuple[Cell, ...]:
        did, rest = float(counts.did.sum()), float(counts.rest.sum())
        effect = found.holdout
        return (
            name,
            times,
            int(did),
            int(did + rest),
            float(counts.did_stayed.sum()) / did if did else None,
            float(counts.rest_stayed.sum()) / rest if rest else None,
            found.discovery.difference,
            found.q_value,
            found.stable_parts,
            effect.difference,
            effect.low,
            effect.high,
            effect.did,
            effect.rest,
            found.confirmed,
            self._says(name, times, found),
        )

    def _says(self, name: str, times: int, found: Found) -> str:
        often = "" if times == 1 else f" {times} times or more"
        effect = found.holdout
        who = f"Who did “{name}”{often} in the first {self.early_days} days"
        if not found.confirmed:
            return f"{who} is no different in the hold-out, beyond chance: most likely nothing."
        more = "more" if effect.difference > 0 else "less"
        return (
            f"{who} stayed {abs(effect.difference) * 100:.1f} points {more} often than others who did about as much "
            f"({CONFIDENCE:.0%} interval {effect.low * 100:+.1f} to {effect.high * 100:+.1f}, in the hold-out): "
            "a hypothesis to test."
        )

    def _people(self, scope: Scope) -> Sql:
        """Everybody who is in: `person`, `stayed`, `days` and `volume` of their early time, and `acts` with how often.

        First by person and event, so that no list is longer than there are names.
        """
        since_ms, until_ms = self.span(scope.as_of_ms, days=DAYS_BY_DEFAULT)
        ours = sql("source = ") + bind("String", OWN_SOURCE)
        started = sql("(NOT (") + ours + sql("))") if self.start is None else self.start.sql(scope)
        stays = sql("(NOT (") + ours + sql("))") if self.stay is None else self.stay.sql(scope)
        return fill(
            """SELECT person, max(stays) AS stayed, bitCount(groupBitOr(days_done)) AS days, sum(times) AS volume,
                groupArrayIf((toNullable(toString(event)), times), times > 0 AND tried) AS acts
            FROM (
                SELECT person, event, [[tried]] AS tried, countIf(early) AS times,
                    groupBitOrIf(bitShiftLeft(toUInt64(1), intDiv(age, [[day]])), early) AS days_done,
                    max(is_stay AND age >= [[from]]) AS stays
                FROM (
                    SELECT person, event, at_ms - began_ms AS age, is_stay, counts AND age < [[early]] AS early
                    FROM ([[acts]]) AS acts INNER JOIN (
                        SELECT person, min(at_ms) AS began_ms FROM ([[starts]]) WHERE 1[[among]] GROUP BY person
                        HAVING began_ms >= [[since]] AND began_ms < [[until]]
                    ) AS began USING (person)
                    WHERE age >= 0 AND age < [[to]]
                ) GROUP BY person, event
            ) GROUP BY person""",
            {
                "tried": self._tried(scope),
                "day": bind("Int64", DAY_MS),
                "early": bind("Int64", self.early_days * DAY_MS),
                "from": bind("Int64", self.first_day * DAY_MS),
                "to": bind("Int64", self.last_day * DAY_MS),
                "acts": acts_as_people(
                    scope,
                    sql("(NOT (") + ours + sql(") OR ") + stays + sql(")"),
                    fill(", event, [[stays]] AS is_stay, NOT ([[ours]]) AS counts", {"stays": stays, "ours": ours}),
                    since_ms=since_ms,
                    until_ms=scope.as_of_ms + 1,
                ),
                "starts": acts_as_people(scope, started, sql(""), since_ms=0, until_ms=scope.as_of_ms + 1),
                "among": self.among(scope),
                "since": bind("Int64", since_ms),
                # Who began at the last such moment has been seen for `to_day` days.
                "until": bind("Int64", min(until_ms, scope.as_of_ms + 1 - self.last_day * DAY_MS + 1)),
            },
        )

    def _tried(self, scope: Scope) -> Sql:
        """Whether an event is one of the behaviours."""
        if self.behaviours:
            return sql("event IN ") + bind("Array(String)", list(self.behaviours))
        return fill(
            """event IN (SELECT event FROM events WHERE workspace = [[here]] AND source != [[ours]] AND ts < [[until]]
                GROUP BY event ORDER BY count() DESC, event LIMIT [[most]])""",
            {
                "here": scope.here,
                "ours": bind("String", OWN_SOURCE),
                "until": scope.moment(scope.as_of_ms + 1),
                "most": bind("UInt64", BEHAVIOURS_MOST),
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StickyCell:
    """The people of a line; without a behaviour, everybody who is in."""

    behaviour: Annotated[str | None, OrNull(Text(most=500)), "The event."] = None
    times: Annotated[int, Whole(1, TIMES_MOST), "How often at least."] = 1
    did: Annotated[bool, Flag(), "Those who did it, or those who did not."] = True
    stayed: Annotated[bool | None, OrNull(Flag()), "Only those who stayed, or who did not."] = None


def _against(everybody: Array, behaviour: Array) -> Counts:
    """Who did it, and all others. Both of shape (did and stayed, parts, strata)."""
    did, did_stayed = behaviour
    return Counts(did=did, did_stayed=did_stayed, rest=everybody[0] - did, rest_stayed=everybody[1] - did_stayed)


COLUMNS = (
    Column(name="behaviour", type="text", about="The event."),
    Column(name="times", type="whole", about="How often at least, in the early days."),
    Column(name="people", type="whole", about="How many did it so often, in both halves."),
    Column(name="of", type="whole", about="How many people are in, in both halves."),
    Column(name="stayed_share", type="share", about="The share of those who did it that stayed, not adjusted."),
    Column(name="others_share", type="share", about="The share of the others that stayed, not adjusted."),
    Column(
        name="found_effect",
        type="number",
        about="The adjusted difference in the half it was found in: too large, as what stands out always is.",
    ),
    Column(name="q_value", type="number", about="The least rate of false discoveries at which it is found."),
    Column(name="stable_parts", type="whole", about="In how many of four parts of that half it points the same way."),
    Column(name="effect", type="number", about="The adjusted difference in the hold-out, as a share of 1."),
    Column(name="low", type="number", about="The lower end of its 95% interval."),
    Column(name="high", type="number", about="The upper end."),
    Column(name="holdout_people", type="whole", about="People of the hold-out who did it and can be compared."),
    Column(name="holdout_others", type="whole", about="People of the hold-out they are compared with."),
    Column(name="confirmed", type="truth", about="Whether the hold-out's interval leaves out 0, the same way."),
    Column(name="says", type="text", about="What this says, and what it does not."),
)

INSIGHT = Declared(
    name="sticky",
    label="Sticky behaviour",
    about="Which early behaviours go with staying, adjusted for volume and checked on a hold-out: hypotheses to test.",
    shape=Sticky,
    cell=StickyCell,
    columns=COLUMNS,
    examples=(
        {"start": "Signed Up"},
        {
            "start": "App Installed",
            "stay": "Order Completed",
            "early_days": 14,
            "from_day": 30,
            "to_day": 90,
            "behaviours": ["Product Viewed", "Wishlist Added", "Friend Invited"],
            "times": [1, 3],
        },
    ),
)
