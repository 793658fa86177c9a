"""Templates and blocks from Python."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, TypeVar

from holdfast.events.event import Json
from holdfast.flows.content.saved_words import find_saved
from holdfast.flows.content.strictness import Strictness
from holdfast.flows.content.templates import definition_in, save_block, save_template
from holdfast.ports.state import State, View
from holdfast.ports.templates import Heading, SavedKind, SavedTemplate

T = TypeVar("T")
BY = "python"
"""Who changes are by."""


class ContentKeeper(ABC):
    """Whoever keeps templates and blocks."""

    @abstractmethod
    def keep_content(self, work: Callable[[State, datetime], Coroutine[Any, Any, T]]) -> T:
        """Do something to what is saved in a state, now, and wait for it."""

    @abstractmethod
    def strictness(self, *, allow_unknown: bool = False) -> Strictness:
        """What words are held to when they are saved."""

    def templates(self) -> list[Heading]:
        """Every template in its newest version, in order of id, without what it says."""
        return self._headings("template")

    def blocks(self) -> list[Heading]:
        """Every block in its newest version, in order of id, without what it says."""
        return self._headings("block")

    def template(self, template_id: str, version: int | None = None) -> dict[str, Json]:
        """What a version of a template says, as a file says it; without a number the newest. Raises NotFound."""
        return self._definition("template", template_id, version)

    def block(self, block_id: str, version: int | None = None) -> dict[str, Json]:
        """What a version of a block says, as a file says it; without a number the newest. Raises NotFound."""
        return self._definition("block", block_id, version)

    def save_template(
        self, template_id: str, definition: Mapping[str, object], *, allow_unknown: bool = False
    ) -> SavedTemplate:
        """Save a template as the next version of its id; the same again makes none.

        Messages queued from then on say it.

        Args:
            definition: `name`, `medium` and `content` at least, such as `{"subject": "Hi", "html": "<p>Hi</p>"}`.
            allow_unknown: let it ask, without a default, for traits that nobody was seen to have.

        Raises Invalid and TooLarge with the path, and Conflict where the id is that of another channel's.
        """
        held = self.strictness(allow_unknown=allow_unknown)
        return self.keep_content(
            lambda state, now: save_template(state, template_id, definition, by=BY, now=now, strictness=held)
        )

    def save_block(
        self, block_id: str, definition: Mapping[str, object], *, allow_unknown: bool = False
    ) -> SavedTemplate:
        """Save a block as the next version of its id; the same again makes none. All who put it in say it from then on.

        Args:
            definition: its `name`, and its `html`, `text` or `mjml`.
            allow_unknown: let it ask for traits that nobody was seen to have, and change though others would not hold
                up with it.

        Raises Invalid and TooLarge with the path, and Conflict naming who would not hold up.
        """
        held = self.strictness(allow_unknown=allow_unknown)
        return self.keep_content(
            lambda state, now: save_block(state, block_id, definition, by=BY, now=now, strictness=held)
        )

    def content_documents(self) -> list[tuple[str, dict[str, Json]]]:
        """Every block and template by id, as files say them: what each says, beside its `kind`."""

        async def asked(view: View) -> list[tuple[str, dict[str, Json]]]:
            kinds: tuple[SavedKind, ...] = ("block", "template")
            return [
                (each.id, {"kind": kind, **definition_in(await find_saved(view, kind, each.id, each.version))})
                for kind in kinds
                for each in await view.templates(kind)
            ]

        return self._viewing(asked)

    def _headings(self, kind: SavedKind) -> list[Heading]:
        return self._viewing(lambda view: view.templates(kind))

    def _definition(self, kind: SavedKind, saved_id: str, version: int | None) -> dict[str, Json]:
        async def asked(view: View) -> dict[str, Json]:
            return definition_in(await find_saved(view, kind, saved_id, version))

        return self._viewing(asked)

    def _viewing(self, ask: Callable[[View], Coroutine[Any, Any, T]]) -> T:
        async def asked(state: State, _now: datetime) -> T:
            async with state.view() as view:
                return await ask(view)

        return self.keep_content(asked)
