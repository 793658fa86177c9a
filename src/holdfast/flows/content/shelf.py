"""The shelf: saved templates and blocks as messages take them from it.

A message says what was saved when it was queued. Versions never change and each knows when it was saved, so nothing has
to be written down for that: what a send of 10:04 says is found again, word for word, on every retry and by every
process. A version counts from `SETTLE_MS` after it was saved, when no transaction that began before it can still commit
it: between two attempts at one send no version can come up that the first did not see.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from holdfast.decisions.fields import decode_fields, one_of
from holdfast.decisions.medium import medium_called
from holdfast.decisions.step import Said
from holdfast.decisions.steps.send import SAVED, SavedTemplate
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.messages.content import Content
from holdfast.messages.liquid.filters._local import LOCALE
from holdfast.messages.saved.blocks import DEPTH_MOST, Block, blocks_in, decode_block
from holdfast.messages.saved.languages import languages_of
from holdfast.messages.saved.saved import Written, content_of, decode_template
from holdfast.ports.state import Told, View
from holdfast.ports.templates import Heading, SavedKind
from holdfast.profiles.variants import Variants, variant_of

SETTLE_MS = 1_000
"""How long after it was saved a version is taken by new messages; longer than a transaction lasts."""
KEPT_MOST = 2_000
"""Versions, and parsed contents, that are kept at hand."""

NO_VARIANTS: Variants = {}

Place: TypeAlias = tuple[str, int, str]
"""Where something is said: the journey's id, its version and the step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What one person is told: the content, and which of the saved ones it is."""

    content: Content
    template: str = ""
    """Empty where the step says it itself."""
    version: int = 0
    variant: str = ""
    propensity: float = 1.0
    """The chance the person had of that variant; 1 where there is one alone."""
    language: str = ""
    locale: str = ""
    """How dates and numbers are written in it; empty where that is for the person's traits to say."""

    def told(self) -> Told | None:
        """Which saved template it is, for the history; None where it is none."""
        if not self.template:
            return None
        return Told(
            template=self.template,
            version=self.version,
            variant=self.variant,
            language=self.language,
            propensity=self.propensity,
        )

    def variables(self) -> dict[str, Json]:
        """What the content sees of the choice."""
        chosen: dict[str, Json] = {"id": self.template, "version": self.version, "variant": self.variant}
        seen: dict[str, Json] = {"template": {**chosen, "language": self.language}} if self.template else {}
        return seen | ({LOCALE: self.locale} if self.locale else {})


@dataclass(slots=True, kw_only=True)
class Shelf:
    """What a batch of messages may say, loaded beforehand."""

    templates: Mapping[str, Sequence[Heading]]
    """Every version by id, in order; those deleted are left out."""
    blocks: Mapping[str, Sequence[Heading]]
    read: Mapping[tuple[SavedKind, str, int], Written | Block]
    parsed: dict[object, Chosen]

    def chosen(
        self, said: Said, *, place: Place, at_ms: int, person: Mapping[str, Json], had: Variants = NO_VARIANTS
    ) -> Chosen:
        """What a step says to somebody.

        Args:
            place: where it says so.
            at_ms: when the message was queued.
            person: their traits, and the name they are known by as `user_id`.
            had: the variants they had before, by template.

        Raises:
            Invalid: there is no such template or block, or it does not fit the step any more.
        """
        if SAVED not in said.content:
            return self._inline(said, place, at_ms)
        named = decode_fields(SavedTemplate, said.content, "$.template")
        heading = version_at(self.templates.get(named.saved, ()), at_ms, named.version)
        if heading is None:
            raise unknown_template(named.saved, named.version, self.templates)
        written = self.read["template", heading.id, heading.version]
        assert isinstance(written, Written)  # noqa: S101 - By its kind.
        if written.medium.name != said.channel:
            raise other_medium(heading.id, written.medium.name, said.channel)
        before = variant_of(had, heading.id) or ""
        variant = written.variant_for(heading.id, str(person.get("user_id", "")), before)
        wanted = languages_of(person)
        blocks = self._blocks(written.blocks(), at_ms)
        # People of one language may write dates in ways of their own: each way is a choice of its own.
        key = (heading.id, heading.version, variant, wanted, _versions(blocks))
        if key not in self.parsed:
            chosen = chosen_of(
                written,
                self._texts(blocks),
                template=heading.id,
                version=heading.version,
                variant=variant,
                wanted=wanted,
            )
            _keep(self.parsed, key, chosen)
        return self.parsed[key]

    def _inline(self, said: Said, place: Place, at_ms: int) -> Chosen:
        blocks = self._blocks(blocks_in(dict(said.content)), at_ms) if self.blocks else {}
        key = (place, _versions(blocks))
        if key not in self.parsed:
            content = content_of(medium_called(said.channel, "$.channel"), said.content, self._texts(blocks))
            _keep(self.parsed, key, Chosen(content=content))
        return self.parsed[key]

    def _blocks(self, named: Iterable[str], at_ms: int) -> dict[str, Heading]:
        """The version of each block that is asked for, and of those it asks for."""
        found: dict[str, Heading] = {}
        open_ids = list(named)
        while open_ids:
            block_id = open_ids.pop()
            heading = version_at(self.blocks.get(block_id, ()), at_ms)
            if block_id not in found and heading is not None:
                found[block_id] = heading
                block = self.read["block", block_id, heading.version]
                open_ids += _asked_by(block)
        return found

    def _texts(self, blocks: Mapping[str, Heading]) -> dict[str, Block]:
        read = {block_id: self.read["block", block_id, each.version] for block_id, each in blocks.items()}
        return {block_id: each for block_id, each in read.items() if isinstance(each, Block)}


NOTHING_SAVED = Shelf(templates={}, blocks={}, read={}, parsed={})


@dataclass(slots=True)
class ShelfKeeper:
    """Loads shelves, and keeps at hand what versions say: they never change."""

    _read: dict[tuple[SavedKind, str, int], Written | Block] = field(default_factory=dict)
    _parsed: dict[object, Chosen] = field(default_factory=dict)

    async def load(self, view: View, said: Collection[tuple[Said, int]]) -> Shelf:
        """What these sayings need, each with the moment it was queued at."""
        if len(self._read) >= KEPT_MOST:
            self._read = {}  # Shelves in use keep the one they were given.
        named = [(each.content, at_ms) for each, at_ms in said]
        ids = sorted({str(content[SAVED]) for content, _ in named if SAVED in content})
        templates = _by_id(await view.template_headings("template", ids)) if ids else {}
        asked: set[tuple[str, int]] = set()
        for content, at_ms in named:
            if SAVED not in content:
                asked |= {(block, at_ms) for block in blocks_in(dict(content))}
                continue
            version = content.get("version", 0)
            headings = templates.get(str(content[SAVED]), ())
            heading = version_at(headings, at_ms, version if isinstance(version, int) else 0)
            if heading is not None:
                written = await self._saying(view, "template", heading)
                asked |= {(block, at_ms) for block in (written.blocks() if isinstance(written, Written) else ())}
        blocks = await self._load_blocks(view, asked)
        return Shelf(templates=templates, blocks=blocks, read=self._read, parsed=self._parsed)

    async def _load_blocks(self, view: View, asked: set[tuple[str, int]]) -> dict[str, list[Heading]]:
        """The blocks asked for, and those they ask for, down to where none may stand any more."""
        found: dict[str, list[Heading]] = {}
        done: set[tuple[str, int]] = set()
        for _ in range(DEPTH_MOST + 1):
            if not (asked := asked - done):
                break
            missing = sorted({block_id for block_id, _ in asked} - found.keys())
            loaded = _by_id(await view.template_headings("block", missing))
            found |= {block_id: loaded.get(block_id, []) for block_id in missing}
            inner: set[tuple[str, int]] = set()
            for block_id, at_ms in asked:
                heading = version_at(found[block_id], at_ms)
                if heading is not None:
                    block = await self._saying(view, "block", heading)
                    inner |= {(each, at_ms) for each in _asked_by(block)}
            done |= asked
            asked = inner
        return found

    async def _saying(self, view: View, kind: SavedKind, heading: Heading) -> Written | Block:
        key = (kind, heading.id, heading.version)
        if key not in self._read:
            saved = await view.template_version(*key)
            assert saved is not None  # noqa: S101 - Versions are never taken away.
            self._read[key] = (
                decode_template(saved.definition) if kind == "template" else decode_block(saved.definition)
            )
        return self._read[key]


def chosen_of(
    written: Written,
    blocks: Mapping[str, Block],
    *,
    template: str,
    version: int,
    variant: str,
    wanted: Sequence[str],
    path: str = "$",
) -> Chosen:
    """One variant of a template, in the first language of those wanted that it has. Raises Invalid and TooLarge."""
    language = written.language_for(variant, wanted)
    return Chosen(
        content=content_of(written.medium, written.parts(variant, language), blocks, path=path),
        template=template,
        version=version,
        variant=variant,
        propensity=written.variants[variant].share,
        language=language,
        locale=_locale(language, wanted) if language else "",
    )


def version_at(headings: Sequence[Heading], at_ms: int, version: int = 0) -> Heading | None:
    """The version that a message queued then takes: the newest of that time, or the one it names.

    What was saved only afterwards is taken where there was nothing before it: better late than not at all.
    """
    if version:
        return next((each for each in headings if each.version == version), None)
    there = [each for each in headings if each.saved_ms + SETTLE_MS <= at_ms]
    return there[-1] if there else next(iter(headings), None)


def unknown_template(saved_id: str, version: int, there: Collection[str], *, path: str = "$.template.saved") -> Invalid:
    """The complaint that there is no such template, or no such version of it."""
    if saved_id in there:
        return Invalid(
            f"There is no version {version} of the template {saved_id!r}.",
            code="unknown_version",
            path=path.replace("saved", "version"),
            hint="Name another, or leave `version` out to take the newest.",
        )
    hint = f"Save it first. {one_of(saved_id, tuple(there))}"
    return Invalid(f"There is no template {saved_id!r}.", code="unknown_template", path=path, hint=hint)


def other_medium(saved_id: str, medium: str, channel: str, *, path: str = "$.template.saved") -> Invalid:
    """The complaint that a template is for another channel."""
    return Invalid(
        f"The template {saved_id!r} is for {medium}, and this step sends by {channel}.",
        code="wrong_channel",
        path=path,
        hint=f"Name a template for {channel}.",
    )


def _locale(language: str, wanted: Sequence[str]) -> str:
    """The person's own way of writing the language, where it is one of theirs: de-AT for a text in de."""
    own = (each for each in wanted if each.partition("-")[0] == language.partition("-")[0])
    return next(own, language)


def _by_id(headings: Iterable[Heading]) -> dict[str, list[Heading]]:
    found: dict[str, list[Heading]] = {}
    for each in headings:
        if not each.deleted:
            found.setdefault(each.id, []).append(each)
    return found


def _asked_by(block: Written | Block) -> tuple[str, ...]:
    return block.asks() if isinstance(block, Block) else ()


def _versions(blocks: Mapping[str, Heading]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((block_id, each.version) for block_id, each in blocks.items()))


def _keep(parsed: dict[object, Chosen], key: object, chosen: Chosen) -> None:
    if len(parsed) >= KEPT_MOST:
        parsed.clear()
    parsed[key] = chosen
