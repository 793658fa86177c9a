"""Saved words: templates and blocks as they are saved now, found, with what they put in, and held to what there is."""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.decisions.fields import one_of
from holdfast.flows.content.strictness import Seen, Sources, check_sources, check_unheard
from holdfast.kernel.errors import NotFound
from holdfast.messages.provided import PROVIDED_SAVED, check_variables
from holdfast.messages.saved.blocks import DEPTH_MOST, Block, decode_block
from holdfast.messages.saved.saved import Written, content_of
from holdfast.ports.state import View
from holdfast.ports.templates import SavedKind, SavedTemplate


async def find_saved(view: View, kind: SavedKind, saved_id: str, version: int | None = None) -> SavedTemplate:
    """A version of it; without a number the newest. Raises NotFound."""
    if version is None:
        newest = await view.template_versions(kind, saved_id, limit=1)
        if not newest or newest[0].deleted:
            raise NotFound(
                f"There is no {kind} {saved_id!r:.80}.",
                hint=one_of(saved_id, tuple(each.id for each in await view.templates(kind))),
            )
        version = newest[0].version
    found = await view.template_version(kind, saved_id, version)
    if found is None:
        raise NotFound(f"There is no version {version} of the {kind} {saved_id!r:.80}.", hint="Look at its versions.")
    return found


async def load_blocks(view: View, asked: tuple[str, ...]) -> dict[str, Block]:
    """The blocks of these ids as they are saved now, with those that they ask for; what is not there is left out."""
    found: dict[str, Block] = {}
    missing: set[str] = set()
    open_ids = list(asked)
    for _ in range(DEPTH_MOST + 1):
        wanted = sorted(set(open_ids) - found.keys() - missing)
        if not wanted:
            break
        open_ids = []
        for block_id in wanted:
            newest = await view.template_versions("block", block_id, limit=1)
            if not newest or newest[0].deleted:
                missing.add(block_id)
                continue
            saved = await find_saved(view, "block", block_id, newest[0].version)
            found[block_id] = decode_block(saved.definition)
            open_ids += found[block_id].asks()
    return found


def check_template(written: Written, blocks: Mapping[str, Block], sources: Sources, seen: Seen) -> None:
    """Look at every variant in every language. Raises Invalid and TooLarge, with the path."""
    for variant, language, where in written.every():
        parts = written.parts(variant, language)
        texts = list(content_of(written.medium, parts, blocks, path=where).templates())
        check_variables(texts, PROVIDED_SAVED, path=where)
        check_sources(texts, sources, path=where)
        # Of its properties nothing is said: it is not known yet for which event it will be used.
        check_unheard(texts, seen, None, path=where)
