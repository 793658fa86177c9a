"""Saved templates and blocks: kept, looked at before they are, and never taken from under those who use them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar, cast

import msgspec

from holdfast.decisions.fields import Name, at, read_object
from holdfast.decisions.medium import medium_called
from holdfast.decisions.steps.send import SAVED
from holdfast.events.event import Json
from holdfast.flows.content.dependants import Breakage, Yardstick, broken_by
from holdfast.flows.content.saved_words import check_template, find_saved, load_blocks
from holdfast.flows.content.strictness import (
    UNQUESTIONED,
    Strictness,
    check_sources,
    check_unheard,
    load_sources,
    look_around,
)
from holdfast.flows.journey.playbook import load_playbook
from holdfast.kernel.errors import Conflict, Invalid
from holdfast.kernel.moments import to_millis
from holdfast.messages.liquid.linked_hosts import LinkedHosts
from holdfast.messages.liquid.template import Template, parse_template
from holdfast.messages.provided import PROVIDED_SAVED, check_variables
from holdfast.messages.saved.blocks import Block, Form, blocks_in, decode_block, encode_block, put_in
from holdfast.messages.saved.mjml import compile_mjml
from holdfast.messages.saved.saved import Written, decode_template, encode_template
from holdfast.ports.state import OVER, State, Transaction, View
from holdfast.ports.templates import SavedKind, SavedTemplate

T = TypeVar("T")
VERSIONS_MOST = 1_000
"""Versions that are told at once."""


async def save_template(
    state: State,
    saved_id: str,
    definition: Mapping[str, object] | bytes,
    *,
    by: str = "",
    now: datetime,
    strictness: Strictness = UNQUESTIONED,
) -> SavedTemplate:
    """Save a template as the next version of its id; the same again makes none.

    Args:
        strictness: what it is held to, beside asking for nothing that nobody provides.

    Raises:
        Invalid: it is wrong in itself, or asks for a variable, block, catalogue or pool that is not there; with the
            path.
        Conflict: the id is that of a template for another channel.
        TooLarge: a text is too long.
    """
    Name().decode(saved_id, "$.id")
    written = decode_template(definition)
    seen = await look_around(strictness)  # Before the transaction: the history may take its time.
    async with state.begin() as transaction:
        yardstick = Yardstick(sources=await load_sources(transaction, strictness.hosts), seen=seen)
        return await put_written(transaction, saved_id, written, yardstick=yardstick, by=by, now=now)


async def put_written(
    transaction: Transaction, saved_id: str, written: Written, *, yardstick: Yardstick, by: str, now: datetime
) -> SavedTemplate:
    """Save a template within a transaction. Raises as `save_template` does."""
    blocks = await load_blocks(transaction, written.blocks())
    check_template(written, blocks, yardstick.sources, yardstick.seen)
    await _check_medium(transaction, saved_id, written)
    await _check_no_experiment(transaction, saved_id)
    return await transaction.put_template(
        SavedTemplate(
            kind="template",
            id=saved_id,
            name=written.name,
            medium=written.medium.name,
            saved_ms=to_millis(now),
            by=by,
            definition=_kept(encode_template, written),
        )
    )


async def save_block(
    state: State,
    block_id: str,
    definition: Mapping[str, object] | bytes,
    *,
    by: str = "",
    now: datetime,
    strictness: Strictness = UNQUESTIONED,
) -> SavedTemplate:
    """Save a block as the next version of its id; the same again makes none. Every message has it from then on.

    A variable of whatever name may come from what it is put into; it is held to the rest as a template is, and so are
    those who put it in.

    Raises:
        Invalid: it is wrong in itself, or asks for what is not there; with the path.
        TooLarge: a text is too long.
        Conflict: others who put it in would not hold up any more, unless what is unknown is allowed.
    """
    Name().decode(block_id, "$.id")
    block = decode_block(definition)
    # Before the transaction: the history may take its time, and so may all those who put it in.
    seen = await look_around(strictness)
    if not strictness.allow_unknown:
        async with state.view() as view:
            yardstick = Yardstick(sources=await load_sources(view, strictness.hosts), seen=seen)
            refuse(block_id, await broken_by(view, block_id, block, yardstick))
    async with state.begin() as transaction:
        yardstick = Yardstick(sources=await load_sources(transaction, strictness.hosts), seen=seen)
        return await put_block(transaction, block_id, block, yardstick=yardstick, by=by, now=now)


async def put_block(
    transaction: Transaction, block_id: str, block: Block, *, yardstick: Yardstick, by: str, now: datetime
) -> SavedTemplate:
    """Save a block within a transaction, whoever puts it in. Raises Invalid and TooLarge, as `save_block` does."""
    texts = _check_block(block_id, block, await load_blocks(transaction, block.asks()))
    check_variables(texts, PROVIDED_SAVED, path="$", alone=False)
    check_sources(texts, yardstick.sources, path="$")
    check_unheard(texts, yardstick.seen, None, path="$")
    return await transaction.put_template(
        SavedTemplate(
            kind="block",
            id=block_id,
            name=block.name,
            saved_ms=to_millis(now),
            by=by,
            definition=_kept(encode_block, block),
        )
    )


async def restore_saved(
    state: State,
    kind: SavedKind,
    saved_id: str,
    version: int,
    *,
    by: str = "",
    now: datetime,
    hosts: LinkedHosts | None = None,
) -> SavedTemplate:
    """Save again what a version says, as a new version; what was deleted is brought back.

    What it asks of people was allowed once, and is not questioned again; nor are those who put a block in.

    Args:
        hosts: those that may be called; None leaves addresses unquestioned.

    Raises NotFound, and what saving it raises.
    """
    async with state.view() as view:
        found = await find_saved(view, kind, saved_id, version)
    save = save_template if kind == "template" else save_block
    strictness = Strictness(hosts=hosts, allow_unknown=True)
    return await save(state, saved_id, found.definition, by=by, now=now, strictness=strictness)


def refuse(block_id: str, broken: Sequence[Breakage]) -> None:
    """Complain where a change of a block would break others. Raises Conflict, naming some of them."""
    if broken:
        first, more = broken[0], f" So would {len(broken) - 1} more." if len(broken) > 1 else ""
        who = first.who[:1].upper() + first.who[1:]
        raise Conflict(
            f"{who} would not hold up with the block {block_id!r} as it is here: {first.path}: {first.message}{more}",
            code="breaks_others",
            hint="Change them first, or save it all the same: allow_unknown, or --allow-unknown.",
        )


async def delete_saved(state: State, kind: SavedKind, saved_id: str, *, by: str = "", now: datetime) -> None:
    """Delete it; its versions stay, and messages on their way say what they said.

    Raises NotFound, and Conflict naming who uses it.
    """
    async with state.begin() as transaction:
        await find_saved(transaction, kind, saved_id)
        users = await users_of(transaction, kind, saved_id)
        if users:
            more = f" and {len(users) - 3} more" if len(users) > 3 else ""
            raise Conflict(
                f"{', '.join(users[:3])}{more} {'use' if len(users) > 1 else 'uses'} the {kind} {saved_id!r}.",
                code="in_use",
                hint="Change them first.",
            )
        await transaction.delete_template(kind, saved_id, at_ms=to_millis(now), by=by)


async def users_of(view: View, kind: SavedKind, saved_id: str) -> list[str]:
    """Who uses it, in words: journeys and campaigns that run or are paused, templates and blocks as they are now."""
    found: dict[str, None] = {}
    playbook = await load_playbook(view)
    for (origin, _), play in sorted(playbook.plays.items()):
        if play.state in OVER:
            continue
        for node in play.journey.steps.values():
            said = node.step.says()
            if said is None:
                continue
            named = (
                said.content.get(SAVED) == saved_id if kind == "template" else saved_id in blocks_in(dict(said.content))
            )
            if named:
                found[f"the {play.kind} {origin!r}"] = None
    if kind == "block":
        kinds: tuple[SavedKind, ...] = ("template", "block")
        for other in kinds:
            for heading in await view.templates(other):
                each = await find_saved(view, other, heading.id, heading.version)
                if saved_id in blocks_in(_plain(each.definition)):
                    found[f"the {other} {heading.id!r}"] = None
    return list(found)


def _check_block(block_id: str, block: Block, blocks: Mapping[str, Block]) -> list[tuple[str, Template]]:
    """A block is whole in itself: its markup is closed, it does not stand in itself, what it asks for is there.

    Returns its texts, each with its form.
    """
    texts: list[tuple[str, Template]] = []
    there = {**blocks, block_id: block}
    forms: tuple[Form, ...] = ("html", "text", "mjml")
    for form in sorted(forms, key=lambda each: not getattr(block, each)):
        source = getattr(block, form)
        # Put into itself, as another block may lead back to it in this form, though not in its own.
        path = at("$", form) if source else "$"
        put_in(f'{{% block "{block_id}" %}}', there, form, path=path)
        if source:
            whole = put_in(source, there, form, path=path)
            texts.append((form, parse_template(whole, html=form != "text", path=path)))
            if form == "mjml":
                _check_mjml(whole)
    return texts


def _check_mjml(piece: str) -> None:
    """Complain of a piece of MJML that has its place nowhere: neither among sections, nor in a column."""
    wrong: Invalid | None = None
    for around in ("{}", "<mj-section><mj-column>{}</mj-column></mj-section>"):
        try:
            compile_mjml(f"<mjml><mj-body>{around.format(piece)}</mj-body></mjml>", path="$.mjml")
        except Invalid as complaint:
            wrong = wrong or complaint
        else:
            return
    if wrong is not None:
        raise wrong


async def _check_no_experiment(view: View, saved_id: str) -> None:
    """Complain of a new template under the id of an experiment: who got what is told by it, of both."""
    if any(each.id == saved_id for each in await view.templates("template")):
        return
    if any(each.id == saved_id for each in await view.experiments()):
        raise Conflict(
            f"{saved_id!r} is an experiment, and a template's variants are an experiment of its name.",
            path="$.id",
            hint="Choose another id; results are kept by it.",
        )


async def _check_medium(transaction: Transaction, saved_id: str, written: Written) -> None:
    before = await transaction.template_versions("template", saved_id, limit=1)
    if before and before[0].medium != written.medium.name:
        said = medium_called(before[0].medium, "$.medium").label
        raise Conflict(
            f"{saved_id!r} is a template for {said}.",
            path="$.medium",
            hint="Choose another id: steps that name it send by that channel.",
        )


def _kept(encode: Callable[[T], bytes], said: T) -> bytes:
    """What it says, as it is kept. Raises Invalid for half of a surrogate pair."""
    try:
        return encode(said)
    except UnicodeEncodeError as error:
        raise Invalid(
            "A text in it holds half of a surrogate pair, which is no character.",
            code="bad_text",
            path="$",
            hint="Write the whole character.",
        ) from error


def _plain(definition: bytes) -> Json:
    return cast("Json", msgspec.json.decode(definition))


def definition_in(saved: SavedTemplate) -> dict[str, Json]:
    """What a version says, as its author may write it."""
    return dict(cast("Mapping[str, Json]", read_object(saved.definition)))
