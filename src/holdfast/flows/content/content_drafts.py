"""Content drafts: templates and blocks as files say them, saved with the journeys that name them, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

import msgspec

from holdfast.decisions.fields import Name, missing_field, one_of, under
from holdfast.events.event import Json
from holdfast.flows.content.dependants import Breakage, Yardstick, broken_now
from holdfast.flows.content.strictness import Seen, Strictness, load_sources
from holdfast.flows.content.templates import put_block, put_written, refuse
from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.messages.saved.blocks import Block, decode_block
from holdfast.messages.saved.saved import Written, decode_template
from holdfast.ports.state import Transaction, View
from holdfast.ports.templates import SavedKind, SavedTemplate
from holdfast.segments.difference import Difference, differences

DRAFTS_MOST = 500
"""Templates and blocks saved at once."""
KINDS: tuple[SavedKind, ...] = ("template", "block")
FIELD = "content"
"""Where the documents stand in what is applied."""

ContentChangeKind = Literal["new", "changed", "unchanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentDraft:
    """A template or a block to be saved."""

    id: str
    said: Written | Block
    path: str
    """Where it stands in what the caller said, for complaints."""

    @property
    def kind(self) -> SavedKind:
        """Which of the two it is."""
        return "template" if isinstance(self.said, Written) else "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentChange:
    """What becomes of one."""

    saved: SavedTemplate
    """As it is afterwards."""
    before: SavedTemplate | None
    """As it was saved before; None where it was not."""

    @property
    def kind(self) -> ContentChangeKind:
        """Whether it makes a difference."""
        if self.before is None:
            return "new"
        return "unchanged" if self.before.version == self.saved.version else "changed"

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Place by place; empty for what is new."""
        if self.before is None or self.kind == "unchanged":
            return ()
        return tuple(differences(_plain(self.before), _plain(self.saved)))


def content_drafts_of(documents: Sequence[Mapping[str, object]]) -> list[ContentDraft]:
    """The drafts of documents with a `kind` and an `id`; paths begin with `$.content[0]`.

    Raises Invalid and TooLarge.
    """
    if len(documents) > DRAFTS_MOST:
        hint = f"Apply {DRAFTS_MOST} or fewer at once."
        raise TooLarge(f"these are {len(documents):,} templates and blocks.", path=f"$.{FIELD}", hint=hint)
    drafts: dict[tuple[SavedKind, str], ContentDraft] = {}
    for index, document in enumerate(documents):
        path = f"$.{FIELD}[{index}]"
        draft = _draft_of(document, path)
        if (draft.kind, draft.id) in drafts:
            message, hint = f"the {draft.kind} {draft.id!r} is given twice.", "Take one of them out."
            raise Invalid(message, code="given_twice", path=f"{path}.id", hint=hint)
        drafts[draft.kind, draft.id] = draft
    return list(drafts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentDesk:
    """Saves drafts within a transaction, and sees to it that nobody else is broken by that."""

    drafts: Sequence[ContentDraft]
    broken: frozenset[tuple[str, str, str]]
    """Who did not hold up before, and why."""
    yardstick: Yardstick
    strictness: Strictness
    by: str
    now: datetime

    @classmethod
    async def open(
        cls, view: View, drafts: Sequence[ContentDraft], *, strictness: Strictness, seen: Seen, by: str, now: datetime
    ) -> ContentDesk:
        """Look at who puts the blocks in before anything is changed."""
        yardstick = Yardstick(sources=await load_sources(view, strictness.hosts), seen=seen)
        broken = [each for _, found in await _broken(view, drafts, yardstick) for each in found]
        return cls(
            drafts=drafts,
            broken=frozenset(map(_key, broken)),
            yardstick=yardstick,
            strictness=strictness,
            by=by,
            now=now,
        )

    async def save(self, transaction: Transaction) -> list[ContentChange]:
        """Save them, the blocks first: templates may put them in, and blocks one another.

        Raises Invalid, Conflict and TooLarge, with the path.
        """
        changes = []
        for draft in _in_order(self.drafts):
            before = await _newest(transaction, draft)
            with under(draft.path):
                changes.append(ContentChange(saved=await self._put(transaction, draft), before=before))
        return changes

    async def check(self, view: View) -> None:
        """Complain of those who hold up no more. Raises Conflict, unless what is unknown is allowed."""
        if self.strictness.allow_unknown:
            return
        for draft, found in await _broken(view, self.drafts, self.yardstick):
            with under(draft.path):
                refuse(draft.id, [each for each in found if _key(each) not in self.broken])

    async def _put(self, transaction: Transaction, draft: ContentDraft) -> SavedTemplate:
        put = put_written if isinstance(draft.said, Written) else put_block
        return await put(transaction, draft.id, draft.said, yardstick=self.yardstick, by=self.by, now=self.now)  # type: ignore[arg-type]  # Each its own.


def _draft_of(document: Mapping[str, object], path: str) -> ContentDraft:
    with under(path):
        for field in ("kind", "id"):
            if field not in document:
                raise missing_field(field, "$")
        kind, saved_id = document["kind"], Name().decode(document["id"], "$.id")
        if kind not in KINDS:
            message = f"There is no kind called {kind!r:.120}."
            raise Invalid(message, code="unknown_kind", path="$.kind", hint=one_of(kind, KINDS))
        definition = {name: value for name, value in document.items() if name not in ("kind", "id")}
        said = decode_template(definition) if kind == "template" else decode_block(definition)
        return ContentDraft(id=saved_id, said=said, path=path)


def _in_order(drafts: Sequence[ContentDraft]) -> list[ContentDraft]:
    """Blocks before whoever puts them in; of those that stand in each other, as they were given."""
    blocks = {draft.id: draft for draft in drafts if draft.kind == "block"}
    ordered: dict[str, ContentDraft] = {}

    def add(draft: ContentDraft, above: frozenset[str]) -> None:
        if isinstance(draft.said, Block) and draft.id not in ordered and draft.id not in above:
            for asked in draft.said.asks():
                if asked in blocks:
                    add(blocks[asked], above | {draft.id})
            ordered[draft.id] = draft

    for draft in blocks.values():
        add(draft, frozenset())
    return [*ordered.values(), *(draft for draft in drafts if draft.kind == "template")]


async def _broken(
    view: View, drafts: Sequence[ContentDraft], yardstick: Yardstick
) -> list[tuple[ContentDraft, list[Breakage]]]:
    blocks = [draft for draft in drafts if draft.kind == "block"]
    return [(draft, await broken_now(view, draft.id, yardstick)) for draft in blocks]


async def _newest(view: View, draft: ContentDraft) -> SavedTemplate | None:
    newest = await view.template_versions(draft.kind, draft.id, limit=1)
    if not newest or newest[0].deleted:
        return None
    return await view.template_version(draft.kind, draft.id, newest[0].version)


def _key(breakage: Breakage) -> tuple[str, str, str]:
    return breakage.who, breakage.code, breakage.message


def _plain(saved: SavedTemplate) -> Json:
    return cast("Json", msgspec.json.decode(saved.definition))
