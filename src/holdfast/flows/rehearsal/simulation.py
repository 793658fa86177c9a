"""A simulation as it is told: who would enter, which way they would go, what would be sent and withheld, at what cost.

Every count speaks of everybody. Where only a sample was replayed it is scaled up, and has a range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from holdfast.decisions.journey import Journey
from holdfast.decisions.machine import ENTERED
from holdfast.decisions.steps.adaptive import Adaptive
from holdfast.events.event import Json
from holdfast.flows.rehearsal.simulation_count import (
    DEFERRED,
    ENTERED_ON,
    ENTRIES,
    GOAL,
    OUTCOME,
    PAID,
    PASSED,
    PATH,
    PEOPLE,
    REFUSED,
    SEND,
    UNDER_WAY,
    WAITING,
    Estimate,
    Key,
    Scale,
    Tally,
    days_between,
)
from holdfast.flows.rehearsal.simulation_effect import Baseline, Effect
from holdfast.kernel.moments import format_moment, from_millis
from holdfast.measures.insight import Answer, Cell, Column
from holdfast.measures.periods import moment_of
from holdfast.measures.picture import Picture

if TYPE_CHECKING:
    import polars as pl

    from holdfast.flows.measure.drawing import Plot

ARMS = ("treated", "holdout", "global_holdout")
PATHS_MOST = 200
"""Paths that are told one by one; the rest are told together."""
REASONS: Mapping[str, str] = {
    "other_event": "it is another event",
    "where": "the event is not as the trigger wants it",
    "late": "it reached us too late",
    "no_key": "the event lacks the key",
    "entered_before": "they had entered before",
    "still_inside": "they were still inside",
    "cool_down": "their last entry was not long enough ago",
    "condition": "they are not whom the trigger wants",
    "unknown": "it cannot be known whether they are",
}
"""Why an event let nobody in, in words."""

COLUMNS = (
    Column(name="step", type="text", about="The step that asked for the message."),
    Column(name="channel", type="text", about="How it would be said."),
    Column(
        name="day",
        type="moment",
        about="The day on which it would go out, or was withheld; in the workspace's time zone.",
    ),
    Column(
        name="outcome",
        type="text",
        about="`sent`, `withheld`, `failed`, `in_doubt`, or `waiting` when the period ended first.",
    ),
    Column(name="reason", type="text", about="Why it was withheld."),
    Column(name="count", type="whole", about="How many."),
    Column(name="low", type="whole", about="The least it may be, where a sample was replayed."),
    Column(name="high", type="whole", about="The most."),
)
PICTURE = Picture(kind="lines", across="day", value="count", by="step", also_by="outcome")


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One way through the journey."""

    steps: tuple[str, ...]
    """Each step with the exit taken; where it ended at last, or `…` where the period ended first."""
    entries: Estimate
    share: float
    """Of all entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSimulated:
    """What would become of those who come to a step."""

    id: str
    title: str
    note: str
    came: Estimate
    exits: Mapping[str, Estimate]
    waiting: Estimate
    """Who still stand there when the period ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Messages of one step, on one channel and day, of which the same became."""

    step: str
    channel: str
    day: str
    outcome: str
    reason: str
    messages: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the messages handed over would cost, in minor units of the currency."""

    currency: str
    minor: float
    low: float
    high: float
    by_channel: Mapping[str, float]
    unpriced: tuple[str, ...]
    """Channels whose messages have no price, and are not in it."""

    def as_json(self) -> dict[str, Json]:
        """The form it has in every interface."""
        return {
            "currency": self.currency,
            "minor": self.minor,
            "low": self.low,
            "high": self.high,
            "by_channel": dict(self.by_channel),
            "unpriced": list(self.unpriced),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """The whole of it. Nothing was sent."""

    journey: Journey
    version: int
    published: bool
    """Whether it is what is published under its id, word for word."""
    since_ms: int
    until_ms: int
    zone: ZoneInfo
    scale: Scale
    """Of those who did what the trigger names, or something like it, how many were replayed."""
    tally: Tally
    baseline: Baseline
    effect: Effect
    costs: Mapping[str, float]
    """Of one message by channel, in minor units of the currency."""
    currency: str
    led_from: tuple[str, ...] = ()
    """What other journeys are called that let people into it: whom they let in is not replayed."""

    @property
    def sampled(self) -> bool:
        """Whether not everybody was replayed."""
        return self.scale.sampled < self.scale.everybody

    @property
    def entries(self) -> dict[str, Estimate]:
        """How often somebody would enter, by arm."""
        return self._by_arm(ENTRIES)

    @property
    def people(self) -> dict[str, Estimate]:
        """How many people would enter, by the arm of their first entry."""
        return self._by_arm(PEOPLE)

    @property
    def entered_on(self) -> dict[str, dict[str, Estimate]]:
        """Entries by day and arm; every day of the period is there."""
        every = days_between(self.since_ms, self.until_ms, self.zone)
        return {
            day: {arm: self._of((ENTERED_ON, day, arm)) for arm in ARMS if self.tally.sums[ENTERED_ON, day, arm]}
            for day in every
        }

    @property
    def not_entered(self) -> dict[str, Estimate]:
        """Events of the trigger's name that would let nobody in, by reason, the commonest first."""
        keys = sorted(self.tally.keys(REFUSED), key=lambda key: -self.tally.sums[key])
        return {key[1]: self._of(key) for key in keys}

    @property
    def paths(self) -> list[Path]:
        """Every way through it, the commonest first; beyond `PATHS_MOST` the rest as one, `(other ways)`."""
        keys = sorted(self.tally.keys(PATH), key=lambda key: (-self.tally.sums[key], key))
        entries = self.tally.total(ENTRIES) or 1
        told = [
            Path(steps=key[1:], entries=self._of(key), share=self.tally.sums[key] / entries)
            for key in keys[:PATHS_MOST]
        ]
        rest = keys[PATHS_MOST:]
        if rest:
            count = sum(self.tally.sums[key] for key in rest)
            told.append(Path(steps=("(other ways)",), entries=self._of(*rest), share=count / entries))
        return told

    @property
    def steps(self) -> list[StepSimulated]:
        """Every step, in the order of the definition."""
        return [self._step(name) for name in self.journey.steps]

    @property
    def sends(self) -> list[Sent]:
        """What would be sent and withheld, by step, channel and day."""
        return [
            Sent(step=key[1], channel=key[2], day=key[3], outcome=key[4], reason=key[5], messages=self._of(key))
            for key in self.tally.keys(SEND)
        ]

    @property
    def outcomes(self) -> dict[str, Estimate]:
        """How many messages there would be by outcome, the withheld by reason: `sent`, `withheld: capped`."""
        return {f"{key[1]}: {key[2]}" if key[2] else key[1]: self._of(key) for key in self.tally.keys(OUTCOME)}

    @property
    def deferred(self) -> Estimate:
        """Messages that would wait for quiet hours to be over."""
        return self._of((DEFERRED,))

    @property
    def cost(self) -> Cost | None:
        """What it would cost; None where no channel that is used has a price."""
        each = {key[1]: self._of(key) for key in self.tally.keys(PAID)}
        priced = {channel: self.costs[channel] for channel in each if channel in self.costs}
        if not priced:
            return None
        return Cost(
            currency=self.currency,
            minor=sum(each[name].count * price for name, price in priced.items()),
            low=sum(each[name].low * price for name, price in priced.items()),
            high=sum(each[name].high * price for name, price in priced.items()),
            by_channel={name: each[name].count * price for name, price in priced.items()},
            unpriced=tuple(sorted(each.keys() - priced.keys())),
        )

    @property
    def answer(self) -> Answer:
        """Sends by step, channel, day and outcome, as insights give their tables."""
        rows: list[tuple[Cell, ...]] = [
            (
                each.step,
                each.channel,
                moment_of(each.day, self.zone),
                each.outcome,
                each.reason,
                each.messages.count,
                each.messages.low,
                each.messages.high,
            )
            for each in self.sends
        ]
        return Answer(columns=COLUMNS, rows=tuple(rows), time_zone=self.zone.key, currency=self.currency)

    @property
    def table(self) -> pl.DataFrame:
        """The same as a table."""
        from holdfast.flows.measure.insights import frame_of  # noqa: PLC0415  # Drawing and its kind, which a server needs not.

        return frame_of(self.answer)

    def plot(self) -> Plot:
        """Messages per day: notebooks show it, `.save("sends.svg")` writes it (or .png, .pdf)."""
        from holdfast.flows.measure.drawing import draw  # noqa: PLC0415  # As above.

        return draw(self._per_day(), PICTURE, self.words)

    @property
    def words(self) -> str:
        """What was simulated, in a sentence."""
        start, end = (format_moment(from_millis(each))[:10] for each in (self.since_ms, self.until_ms))
        sample = f", from a sample of {self.scale.sampled:,} of {self.scale.everybody:,} people" if self.sampled else ""
        learns = any(isinstance(node.step, Adaptive) for node in self.journey.steps.values())
        evenly = "; adaptive paths are divided evenly, as before anything is learnt" if learns else ""
        others = ", ".join(f"“{each}”" for each in self.led_from)
        apart = f"; without those whom other journeys let in: {others}" if others else ""
        return f"What “{self.journey.name}” would have sent from {start} to {end}{sample}{evenly}{apart}"

    def as_json(self) -> dict[str, Json]:
        """The form it has in every interface."""
        cost = self.cost
        return {
            "journey": {
                "id": self.journey.id,
                "name": self.journey.name,
                "kind": self.journey.kind,
                "version": self.version,
                "published": self.published,
            },
            "words": self.words,
            "since": format_moment(from_millis(self.since_ms)),
            "until": format_moment(from_millis(self.until_ms)),
            "time_zone": self.zone.key,
            "people": {"could_enter": self.scale.everybody, "replayed": self.scale.sampled, "sampled": self.sampled},
            "entered": {
                "people": _json_of(self.people),
                "entries": _json_of(self.entries),
                "by_day": [{"day": day, "arms": _json_of(arms)} for day, arms in self.entered_on.items()],
            },
            "not_entered": [
                {"reason": reason, "words": REASONS.get(reason, reason), **each.as_json()}
                for reason, each in self.not_entered.items()
            ],
            "paths": [
                {"steps": list(each.steps), "share": each.share, **each.entries.as_json()} for each in self.paths
            ],
            "steps": [_step_json(each) for each in self.steps],
            "sends": [_sent_json(each) for each in self.sends],
            "outcomes": _json_of(self.outcomes),
            "deferred": self.deferred.as_json(),
            "cost": None if cost is None else cost.as_json(),
            "goal": {"event": self.journey.goal.event, **self.baseline.as_json()},
            "effect": self.effect.as_json(),
            "diagram": {"nodes": [each.id for each in self.steps], "links": list(self._links())},
        }

    def _of(self, *keys: Key) -> Estimate:
        return self.scale.of(self.tally, *keys)

    def _by_arm(self, kind: str) -> dict[str, Estimate]:
        return {arm: self._of((kind, arm)) for arm in ARMS if self.tally.sums[kind, arm] or arm == "treated"}

    def _step(self, name: str) -> StepSimulated:
        node = self.journey.steps[name]
        exits = [key for key in self.tally.keys(PASSED) if key[1] == name and (key[2] != ENTERED or node.step.starts)]
        return StepSimulated(
            id=name,
            title=node.step.title(),
            note=node.step.note(),
            came=self._of((PASSED, name, ENTERED)),
            exits={key[2]: self._of(key) for key in exits},
            waiting=self._of((WAITING, name)),
        )

    def _links(self) -> list[Json]:
        """From step to step: what a diagram of paths is drawn of."""
        links: list[Json] = []
        for step in self.steps:
            node = self.journey.steps[step.id]
            for exit_name, each in step.exits.items():
                to = node.leads(exit_name) if exit_name in node.step.ways() else f"({exit_name})"
                links.append({"from": step.id, "exit": exit_name, "to": to, "count": each.count})
            if step.waiting.count:
                links.append({"from": step.id, "exit": "", "to": UNDER_WAY, "count": step.waiting.count})
        return links

    def _per_day(self) -> Answer:
        """Messages by step and outcome for every day, those with none too, so that a line falls to nothing."""
        days = days_between(self.since_ms, self.until_ms, self.zone)
        sums: dict[tuple[str, str], dict[str, int]] = {}
        for each in self.sends:
            of = sums.setdefault((each.step, each.outcome), {})
            of[each.day] = of.get(each.day, 0) + each.messages.count
        told = dict.fromkeys(chain(days, *sums.values()))
        rows: list[tuple[Cell, ...]] = [
            (step, moment_of(day, self.zone), outcome, of.get(day, 0))
            for (step, outcome), of in sums.items()
            for day in sorted(told)
        ]
        columns = tuple(each for each in COLUMNS if each.name in ("step", "day", "outcome", "count"))
        return Answer(columns=columns, rows=tuple(rows), time_zone=self.zone.key, currency=self.currency)


def baseline_of(tally: Tally) -> Baseline:
    """Who reached the goal anyway, of those who were replayed."""
    reached, missed = tally.sums[GOAL, "reached"], tally.sums[GOAL, "missed"]
    return Baseline(people=reached + missed, reached=reached, open_people=tally.sums[GOAL, "open"])


def _json_of(estimates: Mapping[str, Estimate]) -> dict[str, Json]:
    return {name: each.as_json() for name, each in estimates.items()}


def _step_json(step: StepSimulated) -> dict[str, Json]:
    return {
        "id": step.id,
        "title": step.title,
        "note": step.note,
        "came": step.came.as_json(),
        "exits": _json_of(step.exits),
        "waiting": step.waiting.as_json(),
    }


def _sent_json(sent: Sent) -> dict[str, Json]:
    return {
        "step": sent.step,
        "channel": sent.channel,
        "day": sent.day,
        "outcome": sent.outcome,
        "reason": sent.reason,
        **sent.messages.as_json(),
    }
