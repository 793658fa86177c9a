"""Assigning: what an app, a site or a server is told that somebody gets of the experiments that run.

It is decided from what is known of them at once, and told to the history through the log: whoever asks never waits for
the log to be read. Two who ask at the same time are told the same, and the history hears of it once, for what is told
is named by the experiment and the person.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from holdfast.decisions.assignment import Given, assign
from holdfast.decisions.experiment import Experiment
from holdfast.decisions.fields import one_of
from holdfast.events.event import Event, IdentityKey, Json, own_event
from holdfast.flows.delivery.telling import Tell
from holdfast.flows.experiment.loading import load_experiments
from holdfast.flows.people.person import shown_as
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import to_millis
from holdfast.ports.clock import Clock
from holdfast.ports.state import State, View
from holdfast.profiles.profile import EMPTY, combine
from holdfast.profiles.variants import VARIANT_ASSIGNED
from holdfast.segments.condition import Facts
from holdfast.segments.facts import ProfileFacts

VARIANT_SEEN = "Variant Seen"
"""Somebody was really given the value of their variant: properties `experiment` and `variant`. Told once a day."""
REMEMBERED_MOST = 100_000
"""What was told is remembered so far back; what is told again is dropped as a repetition, at the cost of a record."""
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What somebody gets of one experiment."""

    experiment: str
    variant: str
    value: Json
    """What the experiment says that whoever has the variant is given; null where it says nothing."""


class Decider:
    """Says who gets what."""

    def __init__(self, *, state: State, clock: Clock, tell: Tell, zone: ZoneInfo) -> None:
        """Nothing is read yet.

        Args:
            tell: makes own events durable in the log.
            zone: the workspace's time zone.
        """
        self._state = state
        self._clock = clock
        self._tell = tell
        self._zone = zone
        self._experiments: Mapping[str, Experiment] = {}
        self._made_of: object = None
        self._told: OrderedDict[str, None] = OrderedDict()

    async def decide(
        self, key: IdentityKey, asked: Sequence[str] | None = None, *, openly: bool = False, only_look: bool = False
    ) -> list[Decided]:
        """What somebody gets of these experiments, or of all that run, in order of id.

        Those in which they take no part are left out, and so are those that do not run.

        Args:
            openly: whoever asks may be anybody: experiments with an audience, which would give away what is known of
                the person, are left out too.
            only_look: the history is told nothing: whoever was in no experiment is in none afterwards.

        Raises Invalid when one of those asked for is not there.
        """
        now = self._clock.now()
        async with self._state.view() as view:
            experiments = await self._load(view)
            _check_there(asked, experiments)
            facts = await _facts_of(view, key, self._zone)
        wanted = sorted(experiments if asked is None else set(asked))
        wanted = [each for each in wanted if not openly or experiments[each].audience is None]
        given = [(each, assign(experiments[each], experiments.values(), facts, now)) for each in wanted]
        decided = [(experiments[name], each) for name, each in given if each is not None]
        if not only_look:
            await self._say(key, decided, now)
        return [
            Decided(experiment=experiment.id, variant=each.variant, value=experiment.values.get(each.variant))
            for experiment, each in decided
        ]

    async def _load(self, view: View) -> Mapping[str, Experiment]:
        made_of = (await view.experiment_changes(), await view.segment_changes())
        if made_of != self._made_of:
            self._experiments, self._made_of = await load_experiments(view), made_of
        return self._experiments

    async def _say(self, key: IdentityKey, decided: Iterable[tuple[Experiment, Given]], now: datetime) -> None:
        events = [event for experiment, given in decided for event in _events(key, experiment, given, now)]
        fresh = [event for event in events if event.message_id not in self._told]
        if not fresh:
            return
        await self._tell(fresh)
        # Only now: what could not be told is told with the next call.
        for event in fresh:
            self._told[event.message_id] = None
        while len(self._told) > REMEMBERED_MOST:
            self._told.popitem(last=False)


def _events(key: IdentityKey, experiment: Experiment, given: Given, now: datetime) -> Iterable[Event]:
    about: dict[str, Json] = {"experiment": experiment.id, "variant": given.variant}
    if given.is_new:
        said = about | {"propensity": given.propensity}
        if experiment.layer is not None:
            said["layer"] = experiment.layer.layer
        yield own_event(VARIANT_ASSIGNED, user=key, at=now, properties=said, key=(experiment.id, key.kind, key.value))
    day = to_millis(now) // DAY_MS
    yield own_event(VARIANT_SEEN, user=key, at=now, properties=about, key=(experiment.id, key.kind, key.value, day))


async def _facts_of(view: View, key: IdentityKey, zone: ZoneInfo) -> Facts:
    """What is known of whoever goes by the name; of a stranger nothing but that."""
    identity = (await view.identities([key])).get(key)
    if identity is None:
        return ProfileFacts(EMPTY, user_id=key.value, zone=zone)
    members = (await view.members([identity.person]))[identity.person]
    profiles = await view.profiles([each.id for each in members])
    return ProfileFacts(
        combine(profiles.values()),
        user_id=shown_as(members).value,
        zone=zone,
        identities=[each.id for each in members],
    )


def _check_there(asked: Sequence[str] | None, experiments: Mapping[str, Experiment]) -> None:
    for number, each in enumerate(asked or ()):
        if each not in experiments:
            raise Invalid(
                f"There is no experiment {each!r:.80}.",
                code="unknown_experiment",
                path=f"$.experiments[{number}]",
                hint=one_of(each, tuple(experiments)),
            )
