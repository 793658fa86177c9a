"""Journeys and campaigns from Python."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from holdfast.events.event import Json
from holdfast.flows.audience.used_by import Use, entered_from
from holdfast.flows.content.content_drafts import KINDS as CONTENT_KINDS
from holdfast.flows.content.content_drafts import content_drafts_of
from holdfast.flows.content.content_keeping import BY
from holdfast.flows.content.strictness import Strictness
from holdfast.flows.journey.decide import Verb, set_state
from holdfast.flows.journey.decision_drafts import drafts_of
from holdfast.flows.journey.publishing import Publication, apply_with_content, document_of
from holdfast.kernel.errors import NotFound
from holdfast.ports.state import Decision, State

T = TypeVar("T")


class JourneyKeeper(ABC):
    """Whoever keeps journeys and campaigns."""

    @abstractmethod
    def keep_journeys(self, work: Callable[[State, datetime], Coroutine[Any, Any, T]]) -> T:
        """Do something to the journeys of a state, now, and wait for it."""

    @abstractmethod
    def strictness(self, *, allow_unknown: bool = False) -> Strictness:
        """What messages are held to when they are published."""

    def journeys(self, *, archived: bool = False) -> list[Decision]:
        """Every journey and campaign in its newest version, in order of id; what is archived only if asked for."""

        async def asked(state: State, _now: datetime) -> list[Decision]:
            async with state.view() as view:
                found = await view.decisions()
            return sorted((e for e in found if archived or e.state != "archived"), key=lambda each: each.id)

        return self.keep_journeys(asked)

    def journey(self, journey_id: str) -> dict[str, Json]:
        """What a journey or campaign says, as a file says it. Raises NotFound."""
        decision = self.newest(journey_id)
        return {"id": decision.id, **document_of(decision)}

    def apply_journey_documents(
        self,
        documents: Iterable[Mapping[str, object]],
        *,
        move: Mapping[str, Mapping[str, str]] | None = None,
        dry_run: bool = False,
        allow_unknown: bool = False,
    ) -> list[Publication]:
        """Publish many journeys and campaigns, or none: objects with `kind` and what a definition has.

        Among them may be templates and blocks (`kind` `template` or `block`): they are saved in the same transaction.

        Whoever is under way stays on their version, unless they are moved.

        Args:
            move: by id, where people who stand at a step of whatever earlier version go on: `{"cart-rescue": {"wait":
                "pause"}}`.
            dry_run: change nothing, and say what would be changed, and who would go another way.
            allow_unknown: let messages ask, without a default, for traits and properties that nobody was seen to have.

        Raises Invalid and TooLarge with a path such as `$.journeys[2].steps.mail` or, of templates and blocks,
        `$.content[0].html`; and Conflict.
        """
        given = list(documents)
        content = content_drafts_of([each for each in given if each.get("kind") in CONTENT_KINDS])
        drafts = drafts_of([each for each in given if each.get("kind") not in CONTENT_KINDS], move)
        strictness = self.strictness(allow_unknown=allow_unknown)

        async def applied(state: State, now: datetime) -> list[Publication]:
            done = await apply_with_content(
                state, drafts, content, by=BY, now=now, dry_run=dry_run, strictness=strictness
            )
            return list(done.changes)

        return self.keep_journeys(applied)

    def change_journey(self, journey_id: str, verb: Verb) -> Decision:
        """Pause, resume, stop, archive or restore a journey or campaign.

        Raises NotFound, and Conflict where the state it is in does not allow that.
        """
        kind = self.newest(journey_id).kind
        return self.keep_journeys(lambda state, _now: set_state(state, kind, journey_id, verb))

    def journey_entered_from(self, journey_id: str) -> tuple[Use, ...]:
        """The steps of others that let people into it, besides its own start. Raises NotFound."""
        decision = self.newest(journey_id)

        async def asked(state: State, _now: datetime) -> tuple[Use, ...]:
            async with state.view() as view:
                return await entered_from(view, decision.id)

        return self.keep_journeys(asked)

    def newest(self, journey_id: str) -> Decision:
        """A journey or campaign in its newest version. Raises NotFound."""
        for each in self.journeys(archived=True):
            if each.id == journey_id:
                return each
        hint = "`ws.journeys()` lists them."
        raise NotFound(f"there is no journey or campaign {journey_id!r:.120}.", hint=hint)
