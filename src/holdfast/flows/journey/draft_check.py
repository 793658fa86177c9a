"""A journey or campaign while it is being written: all that is wrong with it, and what its steps' cards say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from holdfast.decisions.checking import check_journey
from holdfast.decisions.document import Kind, decode_kind
from holdfast.decisions.fields import at
from holdfast.decisions.medium import medium_called
from holdfast.decisions.step import Step
from holdfast.decisions.steps.send import SAVED
from holdfast.flows.content.strictness import Strictness
from holdfast.flows.journey.decision_drafts import DecisionDraft, draft_of
from holdfast.flows.journey.publishing import apply_decisions
from holdfast.kernel.errors import Exposed
from holdfast.messages.content import parse_content
from holdfast.messages.saved.blocks import blocks_in
from holdfast.ports.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a step's card says."""

    type: str
    title: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftCheck:
    """What a definition comes to."""

    problems: tuple[Exposed, ...]
    """What publishing it would be refused for: of its own all, of what it names the first."""
    cards: Mapping[str, Card] = field(default_factory=dict)
    """Of the steps that can be read, by id."""
    draft: DecisionDraft | None = None
    """What would be published; None where there are problems."""


async def check_draft(
    state: State, kind: Kind, definition: Mapping[str, object], *, now: datetime, strictness: Strictness
) -> DraftCheck:
    """Look at a definition as publishing it would, and go on after the first complaint. Nothing is changed."""
    if kind == "journey":
        checked = check_journey(definition)
        problems = [*checked.complaints, *_wording(checked.steps)]
        steps = checked.steps
    else:
        problems, steps = _first_problem(kind, definition)
    cards = {name: Card(type=step.type_name(), title=step.title(), note=step.note()) for name, step in steps.items()}
    draft: DecisionDraft | None = None
    if not problems:
        try:
            draft = draft_of(kind, definition)
            await apply_decisions(state, [draft], now=now, dry_run=True, whole=False, strictness=strictness)
        except Exposed as wrong:
            problems, draft = [wrong], None
    return DraftCheck(problems=tuple(problems), cards=cards, draft=draft)


def _first_problem(kind: Kind, definition: Mapping[str, object]) -> tuple[list[Exposed], Mapping[str, Step]]:
    try:
        named = decode_kind(kind, definition)
    except Exposed as wrong:
        return [wrong], {}
    journey = named if not hasattr(named, "journey") else named.journey()
    return [], {name: node.step for name, node in journey.steps.items()}


def _wording(steps: Mapping[str, Step]) -> Iterator[Exposed]:
    """What is wrong with the Liquid of each message."""
    for name, step in steps.items():
        said = step.says()
        if said is None or SAVED in said.content or any(True for _ in step.complaints()):
            continue
        where = at("$.steps", name)
        try:
            if not blocks_in(dict(said.content)):  # What asks for blocks is parsed with them, once they are known.
                path = at(where, said.field) if said.field else where
                parse_content(medium_called(said.channel, "$.channel"), said.content, path=path)
        except Exposed as wrong:
            yield wrong
