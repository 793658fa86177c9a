"""Drafts: journeys and campaigns to be published, checked but for what they name and who is under way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from holdfast.decisions.campaign import Campaign
from holdfast.decisions.document import Kind, decode_kind, encode_kind, kind_in
from holdfast.decisions.fields import at, under
from holdfast.decisions.journey import Journey
from holdfast.decisions.medium import medium_called
from holdfast.decisions.step import Said, Step
from holdfast.decisions.steps.send import SAVED
from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.messages.content import parse_content
from holdfast.messages.saved.blocks import blocks_in

DRAFTS_MOST = 500
"""Journeys and campaigns published at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionDraft:
    """A version to be published."""

    kind: Kind
    named: Campaign | Journey
    """As its author wrote it."""
    definition: bytes
    """The one JSON text of it, which is kept."""
    path: str = "$"
    """Where it stands in what the caller said, for complaints."""
    move: Mapping[str, str] = field(default_factory=dict)
    """Where people under way go on in this version: their step then, and their step now. Others stay on theirs."""
    move_path: str = "$.move"

    @property
    def id(self) -> str:
        return self.named.id

    @property
    def journey(self) -> Journey:
        """The journey it means."""
        return self.named.journey() if isinstance(self.named, Campaign) else self.named


def draft_of(
    kind: Kind,
    definition: bytes | Mapping[str, object],
    *,
    path: str = "$",
    move: Mapping[str, str] | None = None,
    move_path: str = "$.move",
) -> DecisionDraft:
    """The draft of what a caller said.

    Args:
        path: where the definition stands; complaints of it begin with it.
        move: people under way at these steps go on at those.

    Raises Invalid and TooLarge.
    """
    with under(path):
        named = decode_kind(kind, definition)
        for where, said in said_in(named):
            # Now, and not when the first message is due. What asks for blocks is parsed with them, once they are known.
            if not blocks_in(dict(said.content)):
                parse_content(medium_called(said.channel, "$.channel"), said.content, path=where)
        canonical = _canonical(named)
    return DecisionDraft(
        kind=kind, named=named, definition=canonical, path=path, move=dict(move or {}), move_path=move_path
    )


def drafts_of(
    documents: Sequence[Mapping[str, object]], moves: Mapping[str, Mapping[str, str]] | None = None
) -> list[DecisionDraft]:
    """The drafts of documents with a `kind`; paths begin with `$.journeys[0]`.

    Args:
        moves: `move` of each by its id; paths begin with `$.move`.

    Raises Invalid and TooLarge.
    """
    if len(documents) > DRAFTS_MOST:
        raise TooLarge(
            f"these are {len(documents):,} journeys.", path="$.journeys", hint=f"Apply {DRAFTS_MOST} or fewer at once."
        )
    moves = moves or {}
    drafts: dict[str, DecisionDraft] = {}
    for index, document in enumerate(documents):
        path = f"$.journeys[{index}]"
        with under(path):
            kind = kind_in(document)
        definition = {name: value for name, value in document.items() if name != "kind"}
        given = str(document.get("id", ""))
        draft = draft_of(kind, definition, path=path, move=moves.get(given), move_path=at("$.move", given))
        if draft.id in drafts:
            hint = "Take one of them out, or give it another id."
            raise Invalid(f"{draft.id!r} is given twice.", code="given_twice", path=f"{path}.id", hint=hint)
        drafts[draft.id] = draft
    for name in moves:
        if name not in drafts:
            hint = "Move people to a version that is applied with it."
            message = f"{name!r:.120} is not among those applied."
            raise Invalid(message, code="unknown_journey", path=at("$.move", name), hint=hint)
    return list(drafts.values())


def said_in(named: Campaign | Journey, *, saved: bool = False) -> Iterator[tuple[str, Said]]:
    """What it says itself, each with where the parts stand in the definition; and what it names, where `saved`."""
    steps: list[tuple[str, Step]] = [("$.send", named.send)] if isinstance(named, Campaign) else _steps_of(named)
    for where, step in steps:
        said = step.says()
        if said is not None and (saved or SAVED not in said.content):
            yield (at(where, said.field) if said.field else where), said


def _steps_of(journey: Journey) -> list[tuple[str, Step]]:
    return [(at("$.steps", name), node.step) for name, node in journey.steps.items()]


def _canonical(named: Campaign | Journey) -> bytes:
    try:
        return msgspec.json.encode(encode_kind(named))
    except UnicodeEncodeError as error:
        raise Invalid(
            "a text in it holds half of a surrogate pair, which is no character.",
            code="bad_text",
            path="$",
            hint="Write the whole character.",
        ) from error
