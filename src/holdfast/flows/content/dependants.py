"""Dependants: whether those who put a block into their words still hold up with what it says now.

A template that was fine when it was saved may come to ask for what nobody provides, or to be no MJML any more, because
a block in it was changed. Whoever changes the block is told, before anybody's message cannot be written.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass

from holdfast.decisions.fields import at
from holdfast.decisions.medium import medium_called
from holdfast.decisions.step import Said
from holdfast.decisions.steps.send import SAVED
from holdfast.flows.content.saved_words import check_template, find_saved, load_blocks
from holdfast.flows.content.strictness import Seen, Sources, check_sources, check_unheard
from holdfast.flows.journey.playbook import load_playbook
from holdfast.kernel.errors import Exposed
from holdfast.messages.liquid.template import Template
from holdfast.messages.provided import PROVIDED, check_variables
from holdfast.messages.saved.blocks import Block, blocks_in
from holdfast.messages.saved.saved import Written, content_of, decode_template
from holdfast.ports.state import OVER, View

BREAKAGES_MOST = 20
"""How many are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakage:
    """One who does not hold up, and why."""

    who: str
    """In words, such as `the template 'welcome'`."""
    code: str
    path: str
    """Where in it."""
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """What words are held to."""

    sources: Sources
    seen: Seen


async def broken_by(view: View, block_id: str, block: Block, yardstick: Yardstick) -> list[Breakage]:
    """Those who hold up with the block as it is saved, and would not with what it is to say.

    They are templates as they are now, and journeys and campaigns that run or are paused. Of properties of events
    nothing is said, as where a template is saved.
    """
    inner = await load_blocks(view, block.asks())
    found: list[Breakage] = []
    async for user in _users(view, block_id):
        before = user.complaint(user.blocks, yardstick)
        after = user.complaint({**inner, **user.blocks, block_id: block}, yardstick)
        if after is not None and (before is None or (before.code, before.message) != (after.code, after.message)):
            found.append(_told(user.who, after))
    return found[:BREAKAGES_MOST]


async def broken_now(view: View, block_id: str, yardstick: Yardstick) -> list[Breakage]:
    """Those with the block in their words who do not hold up as everything is saved now."""
    found = [
        _told(user.who, complaint)
        async for user in _users(view, block_id)
        if (complaint := user.complaint(user.blocks, yardstick)) is not None
    ]
    return found[:BREAKAGES_MOST]


@dataclass(frozen=True, slots=True, kw_only=True)
class _User:
    """One who says something, and the blocks that are put into it, by itself or by another block."""

    who: str
    said: Written | Said
    """A saved template, or what a step says itself."""
    where: str
    blocks: Mapping[str, Block]

    def complaint(self, blocks: Mapping[str, Block], yardstick: Yardstick) -> Exposed | None:
        """What is wrong with it, with these blocks put in."""
        try:
            if isinstance(self.said, Written):
                check_template(self.said, blocks, yardstick.sources, yardstick.seen)
            else:
                _check_step(self.said, blocks, yardstick, self.where)
        except Exposed as complaint:
            return complaint
        return None

    def texts(self) -> Iterator[tuple[str, Template]]:
        """Its texts with its blocks put in, and where each stands. Raises Exposed where they cannot be."""
        if isinstance(self.said, Written):
            for variant, language, where in self.said.every():
                parts = self.said.parts(variant, language)
                for part, template in content_of(self.said.medium, parts, self.blocks, path=where).templates():
                    yield f"{where}.{part}", template
            return
        medium = medium_called(self.said.channel, "$.channel")
        for part, template in content_of(medium, self.said.content, self.blocks, path=self.where).templates():
            yield f"{self.where}.{part}", template


async def texts_of_all(view: View) -> AsyncIterator[tuple[str, str, Template]]:
    """Every text of templates as they are now, and of journeys and campaigns that run or are paused.

    With each: whose it is, in words, and where it stands in it. What does not hold up by itself is left out.
    """
    async for user in _users(view, None):
        try:
            texts = list(user.texts())
        except Exposed:
            continue
        for where, template in texts:
            yield user.who, where, template


async def _users(view: View, block_id: str | None) -> AsyncIterator[_User]:
    """Those who put the block in; all there are where none is named."""
    for heading in await view.templates("template"):
        written = decode_template((await find_saved(view, "template", heading.id, heading.version)).definition)
        blocks = await load_blocks(view, written.blocks())
        if block_id is None or block_id in blocks:
            yield _User(who=f"the template {heading.id!r}", said=written, where="$", blocks=blocks)
    playbook = await load_playbook(view)
    for (origin, _), play in sorted(playbook.plays.items()):
        for name, node in () if play.state in OVER else play.journey.steps.items():
            said = node.step.says()
            if said is None or SAVED in said.content:
                continue
            blocks = await load_blocks(view, blocks_in(dict(said.content)))
            if block_id is None or block_id in blocks:
                where = at(at("$.steps", name), said.field or "template")
                yield _User(who=f"the {play.kind} {origin!r}", said=said, where=where, blocks=blocks)


def _check_step(said: Said, blocks: Mapping[str, Block], yardstick: Yardstick, where: str) -> None:
    content = content_of(medium_called(said.channel, "$.channel"), said.content, blocks, path=where)
    texts = list(content.templates())
    check_variables(texts, PROVIDED, path=where)
    check_sources(texts, yardstick.sources, path=where)
    check_unheard(texts, yardstick.seen, None, path=where)


def _told(who: str, complaint: Exposed) -> Breakage:
    return Breakage(who=who, code=complaint.code, path=complaint.path, message=complaint.message, hint=complaint.hint)
