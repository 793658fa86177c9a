"""Trials in memory: the same answers as on disk, person by person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from holdfast.decisions.told import JOURNEY_ENTERED
from holdfast.events.event import OWN_SOURCE, Json
from holdfast.kernel.chance import place
from holdfast.kernel.money import minor_digits
from holdfast.measures.metrics import (
    BETWEEN,
    EXPOSED_BY,
    SEGMENTS_MOST,
    Assigned,
    Entered,
    Everyone,
    InAndOut,
    Lives,
    Metric,
    Outcomes,
    Tally,
    Worth,
)
from holdfast.measures.outcome import ARMS
from holdfast.measures.revenue import currency_code, revenue_of
from holdfast.measures.statistics.moments import NOBODY, Moments, moments_of
from holdfast.measures.statistics.sequential import LOOKS
from holdfast.ports.history import PersonRow
from holdfast.profiles.variants import VARIANT_ASSIGNED
from holdfast.segments.condition import Condition
from holdfast.segments.values import element_text

VARIANT_SEEN = "Variant Seen"


class Kept(Protocol):
    """An event as the history in memory keeps it."""

    @property
    def identity(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def at_ms(self) -> int: ...
    @property
    def received_ms(self) -> int: ...
    @property
    def message_id(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def properties(self) -> Mapping[str, Json]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Somebody assigned."""

    person: int
    variant: str
    apart: bool
    chance: float
    origin: str
    at_ms: int
    key: str = ""
    place: int = 0
    """In order of when they were assigned, from 1; those who are apart by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Somebody assigned, and what they did."""

    entry: Entry
    exposed_ms: int
    """When they first really got something; -1 for never."""
    values: tuple[float, ...]
    before: tuple[float, ...]
    under: tuple[float, ...]
    """How often they did what metrics are divided by."""


class TrialReader:
    """Reads the people of trials out of events."""

    def __init__(
        self,
        events: Iterable[Kept],
        people: Sequence[PersonRow],
        *,
        person_of: Callable[[int], int],
        currency: str,
        question: Outcomes,
        chosen_then: Callable[[Condition, int], Container[int]],
    ) -> None:
        """Nothing is read yet.

        Args:
            chosen_then: the numbers of the people a condition held for at a moment.
        """
        self._chosen_then = chosen_then
        as_of_ms = question.as_of_ms
        self._question = question
        self._people = people
        self._currency = currency
        self._acts: dict[int, list[Kept]] = defaultdict(list)
        for event in events:
            if event.at_ms <= as_of_ms and event.received_ms <= as_of_ms:
                self._acts[person_of(event.identity)].append(event)

    def tallies(self) -> list[Tally]:
        """As the port says."""
        grouped: dict[tuple[str, bool, int, str, str], list[Life]] = defaultdict(list)
        label_of = self._labels()
        for life in self._lives():
            entry = life.entry
            key = (entry.variant, entry.apart, self._look(entry.place), *label_of(entry.person))
            grouped[key].append(life)
        return [self._tally(key, grouped[key]) for key in sorted(grouped)]

    def lives(self, first_people: int) -> Lives:
        """As the port says."""
        longest = max(each.within_seconds for each in self._question.metrics) * 1000
        chosen = [
            each
            for each in self._lives()
            if not each.entry.apart
            and each.entry.place <= first_people
            and each.entry.at_ms + longest <= self._question.as_of_ms
        ]
        chosen.sort(key=lambda each: each.entry.place)
        shape = (len(chosen), len(self._question.metrics))
        return Lives(
            variants=tuple(each.entry.variant for each in chosen),
            keys=tuple(each.entry.key for each in chosen),
            values=np.array([each.values for each in chosen], dtype=np.float64).reshape(shape),
            before=np.array([each.before for each in chosen], dtype=np.float64).reshape(shape),
        )

    def _lives(self) -> list[Life]:
        return [self._life(each) for each in self._entries()]

    def _entries(self) -> list[Entry]:
        whom = self._question.whom
        if isinstance(whom, Everyone):
            found = [
                Entry(
                    person=row.person,
                    variant=(drawn := _drawn(whom, row.user_id)),
                    apart=drawn == BETWEEN,
                    chance=1.0,
                    origin="",
                    at_ms=whom.at_ms,
                    key=row.user_id,
                )
                for row in self._people
                if (row.first_seen_ms <= whom.at_ms if whom.until_ms is None else row.first_seen_ms < whom.until_ms)
                and (row.user_id or not whom.salt)
            ]
        else:
            firsts = (self._first(person, acts) for person, acts in self._acts.items())
            found = [each for each in firsts if each is not None]
        found = sorted(
            (each for each in found if each.at_ms >= self._question.since_ms),
            key=lambda each: (each.at_ms, each.person),
        )
        places: Counter[bool] = Counter()
        placed = []
        for each in found:
            places[each.apart] += 1
            placed.append(_placed(each, places[each.apart]))
        return placed

    def _first(self, person: int, acts: Sequence[Kept]) -> Entry | None:
        wanted = [each for each in acts if self._assigns(each)]
        if not wanted:
            return None
        first = min(wanted, key=lambda each: (each.at_ms, each.message_id))
        said = first.properties
        arm = _text(said.get("arm"))
        by_arm = isinstance(self._question.whom, Entered)
        chance = None if by_arm else said.get("propensity")
        return Entry(
            person=person,
            variant=arm if by_arm else _text(said.get("variant")),
            apart=arm not in (ARMS if by_arm else ("", "treated")),
            chance=chance if isinstance(chance, (int, float)) and 0 < chance <= 1 else 1.0,
            origin=_text(said.get("origin")),
            at_ms=first.at_ms,
        )

    def _assigns(self, event: Kept) -> bool:
        match self._question.whom:
            case Entered(origin=origin):
                return event.name == JOURNEY_ENTERED and event.properties.get("origin") == origin
            case Assigned(experiment=experiment):
                ours = event.name == VARIANT_ASSIGNED and event.source == OWN_SOURCE
                return ours and event.properties.get("experiment") == experiment
        return False

    def _life(self, entry: Entry) -> Life:
        acts = self._acts[entry.person]
        exposures = [each.at_ms for each in acts if each.at_ms >= entry.at_ms and self._exposes(each, entry)]
        span = self._question.before_seconds * 1000
        return Life(
            entry=entry,
            exposed_ms=min(exposures, default=-1),
            values=tuple(
                self._value(
                    acts, each, entry.at_ms + each.after_seconds * 1000, entry.at_ms + each.within_seconds * 1000
                )
                for each in self._question.metrics
            ),
            before=tuple(
                self._value(acts, each, entry.at_ms - span, entry.at_ms, is_after=False)
                for each in self._question.metrics
            ),
            under=tuple(self._under(acts, each, entry.at_ms) for each in self._question.metrics),
        )

    def _under(self, acts: Sequence[Kept], metric: Metric, at_ms: int) -> float:
        after_ms, until_ms = at_ms + metric.after_seconds * 1000, at_ms + metric.within_seconds * 1000
        return float(sum(each.name in metric.per and after_ms < each.at_ms <= until_ms for each in acts))

    def _exposes(self, event: Kept, entry: Entry) -> bool:
        whom, said = self._question.whom, event.properties
        exposed_by = self._question.exposed_by
        got = event.name == EXPOSED_BY[exposed_by] and (exposed_by != "opened" or said.get("agent") == "human")
        if isinstance(whom, Everyone):
            until_ms = self._question.as_of_ms if whom.until_ms is None else whom.until_ms
            return got and said.get("transactional") is not True and event.at_ms < until_ms
        sent = got and entry.origin != "" and said.get("origin") == entry.origin
        seen = isinstance(whom, Assigned) and event.name == VARIANT_SEEN and said.get("experiment") == whom.experiment
        return sent or seen

    def _worth(self, event: Kept, worth: Worth) -> float:
        amount = _amount(event.properties.get(worth.value)) if worth.value else None
        if amount is None:
            return worth.minor
        currency = currency_code(event.properties.get("currency"), self._currency)
        return amount * 10 ** minor_digits(currency) if currency == self._question.currency else 0.0

    def _value(
        self, acts: Sequence[Kept], metric: Metric, after_ms: int, until_ms: int, *, is_after: bool = True
    ) -> float:
        found = [each for each in acts if each.name in metric.events and after_ms < each.at_ms <= until_ms]
        if metric.measure in {"did", "times"}:
            return min(float(len(found)), metric.ceiling)
        if metric.measure == "sum":
            return min(sum(_amount(each.properties.get(metric.adds_up)) or 0.0 for each in found), metric.ceiling)
        if metric.measure == "worth":
            # Before people were assigned a goal's own window plays no part.
            worths = (
                self._worth(act, worth)
                for act in found
                for worth in metric.worths
                if act.name == worth.event and (not is_after or act.at_ms <= after_ms + worth.within_seconds * 1000)
            )
            return min(sum(worths), metric.ceiling)
        money = [revenue_of(each.properties, self._currency) for each in found]
        brought = sum(each.minor for each in money if each is not None and each.currency == self._question.currency)
        return min(float(brought), metric.ceiling)

    def _look(self, place: int) -> int:
        planned = self._question.planned_people
        return 0 if planned is None else min((place - 1) * LOOKS // planned + 1, LOOKS + 1)

    def _labels(self) -> Callable[[int], tuple[str, str]]:
        trait = self._question.trait
        if self._question.among is not None:
            return self._in_and_out(self._question.among)
        if trait is None:
            return lambda person: ("", "")
        has_now = {row.person for row in self._people if row.traits.get(trait) is not None}
        said = {each.person: self._said(each, trait) for each in self._entries()}
        labels = {person: None if not then or then[-1] is None else _label(then[-1]) for person, then in said.items()}
        counted = Counter(each for each in labels.values() if each is not None)
        top = sorted(counted, key=lambda each: (-counted[each], each.encode("utf-8", "surrogatepass")))
        chosen = set(top[:SEGMENTS_MOST])

        def label_of(person: int) -> tuple[str, str]:
            label = labels[person]
            if label is None:
                return "unknown" if not said[person] and person in has_now else "none", ""
            return ("value", label) if label in chosen else ("other", "")

        return label_of

    def _said(self, entry: Entry, trait: str) -> list[Json]:
        """What was said of the trait by when they were assigned, in order."""
        acts = sorted(self._acts[entry.person], key=lambda each: (each.at_ms, each.message_id))
        return [
            each.properties[trait]
            for each in acts
            if each.name == "Identified" and each.at_ms <= entry.at_ms and trait in each.properties
        ]

    def _in_and_out(self, among: InAndOut) -> Callable[[int], tuple[str, str]]:
        inside = {at_ms: self._chosen_then(among.condition, at_ms) for at_ms in among.moments_ms}
        seen = {row.person: row.first_seen_ms for row in self._people}
        entered = {each.person: each.at_ms for each in self._entries()}

        def part_of(person: int) -> tuple[str, str]:
            at_ms = max((each for each in among.moments_ms if each <= entered[person]), default=None)
            if at_ms is None or seen.get(person, at_ms + 1) > at_ms:
                return "none", ""
            return ("value", among.segment) if person in inside[at_ms] else ("other", "")

        return part_of

    def _tally(self, key: tuple[str, bool, int, str, str], lives: Sequence[Life]) -> Tally:
        variant, apart, look, part, label = key
        moments = [self._moments(number, lives) for number in range(len(self._question.metrics))]
        return Tally(
            variant=variant,
            apart=apart,
            look=look,
            part=part,
            label=label,
            people=len(lives),
            exposed=sum(each.exposed_ms >= 0 for each in lives),
            chance_least=min(each.entry.chance for each in lives),
            chance_most=max(each.entry.chance for each in lives),
            first_ms=min(each.entry.at_ms for each in lives),
            last_ms=max(each.entry.at_ms for each in lives),
            moments=tuple(each for each, _, _ in moments),
            some=tuple(some for _, some, _ in moments),
            got=tuple(got for _, _, got in moments),
        )

    def _moments(self, number: int, lives: Sequence[Life]) -> tuple[Moments, float, Moments]:
        """Of the metric: the sums, how many have any of it, and of a ratio the sums of those who were exposed."""
        question = self._question
        within_ms = question.metrics[number].within_seconds * 1000
        closed = [each for each in lives if each.entry.at_ms + within_ms <= question.as_of_ms]
        weights = np.array([1 / each.entry.chance if question.weighted else 1.0 for each in closed])
        values = np.array([each.values[number] for each in closed])
        before = np.array([each.before[number] for each in closed])
        exposed = np.array([0 <= each.exposed_ms <= each.entry.at_ms + within_ms for each in closed], dtype=np.float64)
        below = weights if question.weighted else exposed
        got = NOBODY
        if question.metrics[number].per:
            below = weights * np.array([each.under[number] for each in closed])
            chosen = exposed.astype(bool)
            got = moments_of((values * weights)[chosen], None, below[chosen])
        found = moments_of(values * weights, before, below)
        return found, float((values != 0).sum()), got


def _drawn(whom: Everyone, key: str) -> str:
    if not whom.salt:
        return ""
    lot = place(whom.salt, key)
    return "holdout" if lot < whom.held else BETWEEN if lot < whom.free else "treated"


def _placed(entry: Entry, place: int) -> Entry:
    return Entry(
        person=entry.person,
        variant=entry.variant,
        apart=entry.apart,
        chance=entry.chance,
        origin=entry.origin,
        at_ms=entry.at_ms,
        key=entry.key,
        place=place,
    )


def _amount(said: Json) -> float | None:
    return float(said) if isinstance(said, (int, float)) and not isinstance(said, bool) else None


def _text(said: Json) -> str:
    return said.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if isinstance(said, str) else ""


def _label(said: Json) -> str:
    return said if isinstance(said, str) else element_text(said)
