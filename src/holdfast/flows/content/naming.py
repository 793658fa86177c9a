"""Naming: that what a journey names and asks for is there, and fits where it stands: templates, blocks, variables."""

from __future__ import annotations

from holdfast.decisions.fields import at, decode_fields, under
from holdfast.decisions.medium import medium_called
from holdfast.decisions.step import Said
from holdfast.decisions.steps.api import Api
from holdfast.decisions.steps.segment_change import SegmentChange
from holdfast.decisions.steps.send import SAVED, SavedTemplate
from holdfast.flows.content.saved_words import load_blocks
from holdfast.flows.content.shelf import other_medium, unknown_template
from holdfast.flows.content.strictness import Seen, Sources, check_sources, check_unheard
from holdfast.flows.journey.decision_drafts import DecisionDraft, said_in
from holdfast.messages.provided import PROVIDED, check_variables
from holdfast.messages.saved.blocks import blocks_in
from holdfast.messages.saved.saved import content_of
from holdfast.ports.state import View


async def check_said(view: View, draft: DecisionDraft) -> None:
    """Complain of a template or a block that is not there, or is for another channel.

    Raises Invalid and TooLarge with the path of the step.
    """
    with under(draft.path):
        for where, said in said_in(draft.named, saved=True):
            if SAVED in said.content:
                await _check_saved(view, said, where)
            elif asked := blocks_in(dict(said.content)):
                medium = medium_called(said.channel, "$.channel")
                content_of(medium, said.content, await load_blocks(view, asked), path=where)


async def check_asked(view: View, draft: DecisionDraft, sources: Sources, seen: Seen) -> None:
    """Complain of what its own words ask for and nobody provides.

    That is a variable, a catalogue, a pool or a host that is not there, and a trait or a property that nobody has.
    Saved templates were held to the same when they were saved.

    Raises Invalid and TooLarge with the path of the part; the message names the line, blocks put in.
    """
    event = event_behind(draft)
    with under(draft.path):
        for where, said in said_in(draft.named):
            medium = medium_called(said.channel, "$.channel")
            blocks = await load_blocks(view, blocks_in(dict(said.content)))
            texts = list(content_of(medium, said.content, blocks, path=where).templates())
            check_variables(texts, PROVIDED, path=where)
            check_sources(texts, sources, path=where)
            check_unheard(texts, seen, event, path=where)


def event_behind(draft: DecisionDraft) -> str | None:
    """The event that lets people in, whose properties its words see; None where that is nothing people did."""
    start = draft.journey.trigger
    # What comes with a call, or with the change of a segment, is told by us, and of no fixed form.
    if isinstance(start, (Api, SegmentChange)):
        return None
    return min(start.event_names() | start.thing_names(), default=None)


async def _check_saved(view: View, said: Said, where: str) -> None:
    named = decode_fields(SavedTemplate, said.content, where)
    path = at(where, SAVED)
    versions = [each for each in await view.template_headings("template", [named.saved]) if not each.deleted]
    # What was deleted is not taken by anything new, though messages on their way go on saying it.
    there = {each.id: each for each in await view.templates("template")}
    if named.saved not in there:
        raise unknown_template(named.saved, 0, there, path=path)
    if named.version and named.version not in {each.version for each in versions}:
        raise unknown_template(named.saved, named.version, there, path=path)
    if there[named.saved].medium != said.channel:
        raise other_medium(named.saved, there[named.saved].medium, said.channel, path=path)
