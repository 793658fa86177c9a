"""Who uses a saved segment or a list of people, or leads into a journey: whatever is defined and names it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from holdfast.decisions.campaign import decode_campaign
from holdfast.decisions.conditions import conditions_of
from holdfast.decisions.fields import at
from holdfast.decisions.journey import decode_journey
from holdfast.decisions.steps.enter_journey import EnterJourney
from holdfast.flows.journey.playbook import definition_of
from holdfast.flows.measure.kpis import kpi_questions, load_tree
from holdfast.kernel.errors import Conflict, Exposed
from holdfast.measures.insight import Question
from holdfast.measures.kpi import KpiNode
from holdfast.ports.state import OVER, Decision, SavedSegment, View
from holdfast.segments.codec import decode_condition
from holdfast.segments.mentions import Mention, Mentioned, mentions_in, mentions_within

SAID_MOST = 10
"""Uses a complaint names; `used-by` lists all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One place where a saved segment or a list is used, or that leads into a journey."""

    kind: Literal["segment", "journey", "campaign", "kpi"]
    id: str
    name: str
    path: str
    """Where in the user's definition, such as `$.steps.fork.condition.segment`; a KPI's stands in the KPI tree."""
    version: int | None = None
    """Of a journey or campaign, where it is not the newest: one that people are still under way on."""

    def words(self) -> str:
        older = f" (version {self.version})" if self.version is not None else ""
        kind = "KPI" if self.kind == "kpi" else self.kind
        return f"the {kind} {self.id!r}{older} at {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """Every use of every saved segment and of every list."""

    uses: Mapping[tuple[Mentioned, str], tuple[Use, ...]]
    decisions: tuple[Decision, ...]
    """The journeys and campaigns among the users."""
    kpis: tuple[tuple[str, KpiNode, Question], ...]
    """The KPIs of the workspace that can ask, each with where its question stands."""

    def of(self, segment_id: str) -> tuple[Use, ...]:
        """Segments first, then campaigns, journeys and KPIs; each by id."""
        return self.uses.get(("segment", segment_id), ())

    def of_list(self, list_id: str) -> tuple[Use, ...]:
        """The same, of a list of people."""
        return self.uses.get(("list", list_id), ())

    def reached_from(self, segments: Collection[str]) -> set[str]:
        """The saved segments that name one of these, or name one that does, and so on."""
        reached: set[str] = set()
        waiting = list(segments)
        while waiting:
            using = {use.id for use in self.of(waiting.pop()) if use.kind == "segment"} - reached
            reached |= using
            waiting += using
        return reached


async def users_of(view: View, segments: Iterable[SavedSegment]) -> Users:
    """Who uses what, where these are the saved segments.

    A journey or campaign counts as long as it can ask: its newest version unless it was stopped, and each version that
    somebody is still under way on. One whose definition is not valid any more asks nobody until it is published anew.
    """
    found: dict[tuple[Mentioned, str], list[Use]] = defaultdict(list)
    for each in segments:
        for mention in _mentions("segment", each.definition):
            found[mention.kind, mention.id].append(Use(kind="segment", id=each.id, name=each.name, path=mention.path))
    askers = await _askers(view, lambda each: bool(_mentions(each.kind, each.definition)))
    for asker, is_newest in askers:
        name = definition_of(asker).name
        version = None if is_newest else asker.version
        for mention in _mentions(asker.kind, asker.definition):
            use = Use(kind=asker.kind, id=asker.id, name=name, path=mention.path, version=version)
            found[mention.kind, mention.id].append(use)
    kpis = await _kpis(view)
    for path, node, question in kpis:
        for mention in mentions_within(question, path):
            use = Use(kind="kpi", id=node.id, name=node.name, path=mention.path)
            found[mention.kind, mention.id].append(use)
    uses = {name: tuple(sorted(those, key=_order)) for name, those in found.items()}
    return Users(uses=uses, decisions=tuple(each for each, _ in askers), kpis=kpis)


def in_use(kind: Mentioned, named: str, uses: Collection[Use]) -> Conflict:
    """The complaint that a segment or a list cannot be deleted."""
    said = [use.words() for use in list(uses)[:SAID_MOST]]
    more = f" and {len(uses) - SAID_MOST} more" if len(uses) > SAID_MOST else ""
    return Conflict(
        f"the {kind} {named!r} is used by {', '.join(said)}{more}.",
        code="in_use",
        path=f"{kind}_id",
        hint=f"Take it out of there first; `holdfast {kind} used-by {named}` lists every use.",
    )


async def entered_from(view: View, decision_id: str) -> tuple[Use, ...]:
    """The steps of others that let people into a journey or campaign, as long as anybody can come to them."""
    found: list[Use] = []
    for asker, is_newest in await _askers(view, lambda each: decision_id in dict(_leads(each.kind, each.definition))):
        if asker.id != decision_id:
            name, path = definition_of(asker).name, dict(_leads(asker.kind, asker.definition))[decision_id]
            version = None if is_newest else asker.version
            found.append(Use(kind=asker.kind, id=asker.id, name=name, path=path, version=version))
    return tuple(sorted(found, key=_order))


async def _askers(view: View, asks: Callable[[Decision], bool]) -> list[tuple[Decision, bool]]:
    """The versions of which that is true and that can still ask, and whether each is the newest of its id."""
    every = await view.decisions(latest=False)
    newest = {each.id: each.version for each in sorted(every, key=lambda each: each.version)}
    askers: list[tuple[Decision, bool]] = []
    for each in every:
        if not asks(each):
            continue
        is_newest = newest[each.id] == each.version
        if (is_newest and each.state not in OVER) or (await view.under_way(each.id)).get(each.version):
            askers.append((each, is_newest))
    return askers


async def _kpis(view: View) -> tuple[tuple[str, KpiNode, Question], ...]:
    try:
        return tuple(kpi_questions(await load_tree(view)))
    except Exposed:
        return ()  # An earlier Holdfast kept it, and nobody can ask it today.


@lru_cache(maxsize=4096)
def _mentions(kind: Literal["segment", "journey", "campaign"], definition: bytes) -> tuple[Mention, ...]:
    # A version never changes, so what it names never does either.
    try:
        if kind == "segment":
            return tuple(mentions_in(decode_condition(definition)))
        decided = decode_campaign(definition) if kind == "campaign" else decode_journey(definition)
        return tuple(each for path, asked in conditions_of(decided) for each in mentions_in(asked, path))
    except Exposed:
        return ()


@lru_cache(maxsize=4096)
def _leads(kind: Literal["journey", "campaign"], definition: bytes) -> tuple[tuple[str, str], ...]:
    """The journeys it lets people into, each with where that is said first."""
    # As above.
    try:
        steps = {} if kind == "campaign" else decode_journey(definition).steps
    except Exposed:
        return ()
    found: dict[str, str] = {}
    for name, node in steps.items():
        if isinstance(node.step, EnterJourney):
            found.setdefault(node.step.journey, at("$.steps", name) + ".journey")
    return tuple(found.items())


_ORDER = ("segment", "campaign", "journey", "kpi")


def _order(use: Use) -> tuple[int, str, int, str]:
    return _ORDER.index(use.kind), use.id, use.version or 0, use.path
