"""/api/templates and /api/blocks: what messages say, in versions; looked at as real people, and sent as a test."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query, Request
from pydantic import Field

from holdfast.flows.content.dependants import Breakage, Yardstick, broken_now
from holdfast.flows.content.preview import Preview, Used, Wanted, told
from holdfast.flows.content.saved_words import find_saved
from holdfast.flows.content.strictness import load_sources, look_around
from holdfast.flows.content.templates import (
    VERSIONS_MOST,
    definition_in,
    delete_saved,
    restore_saved,
    save_block,
    save_template,
    users_of,
)
from holdfast.http.auth import asked_by
from holdfast.http.needs import needs
from holdfast.http.shapes import NUMBER_MOST, WISH, Properties, Truth, Whole, moment_text
from holdfast.kernel.errors import NotFound
from holdfast.messages.saved.checking import Remark, Weight
from holdfast.ports.templates import Heading, SavedKind, SavedTemplate
from holdfast.wiring import Application

Number = Annotated[Whole, Field(ge=1, le=NUMBER_MOST)]
ADDRESS_MOST = 2_000
NAME_MOST = 1_000


@dataclass(frozen=True, kw_only=True)
class SavedHeading:
    """One version of a template or a block. `medium` is empty for a block: any channel may use it."""

    id: str
    version: int
    name: str
    medium: str
    saved_at: str
    by: str
    deleted: bool

    @classmethod
    def of(cls, heading: Heading) -> Self:
        return cls(
            id=heading.id,
            version=heading.version,
            name=heading.name,
            medium=heading.medium,
            saved_at=moment_text(heading.saved_ms),
            by=heading.by,
            deleted=heading.deleted,
        )


@dataclass(frozen=True, kw_only=True)
class BreakageShape:
    """One who puts a block in and does not hold up with it: `who` in words, and what is wrong, where in it."""

    who: str
    code: str
    path: str
    message: str
    hint: str

    @classmethod
    def of(cls, breakage: Breakage) -> Self:
        return cls(
            who=breakage.who,
            code=breakage.code,
            path=breakage.path,
            message=breakage.message,
            hint=breakage.hint,
        )


@dataclass(frozen=True, kw_only=True)
class SavedNow(SavedHeading):
    """The version that is saved now. `warnings`: of a block, those who put it in and do not hold up as it is now."""

    warnings: list[BreakageShape]


@dataclass(frozen=True, kw_only=True)
class SavedShape:
    """One version with what it says; `used_by` tells who uses it now, in words."""

    heading: SavedHeading
    definition: Properties
    used_by: list[str]

    @classmethod
    def of(cls, saved: SavedTemplate, used_by: list[str]) -> Self:
        return cls(heading=SavedHeading.of(saved), definition=definition_in(saved), used_by=used_by)


@dataclass(frozen=True, kw_only=True)
class SavedPage:
    """What is saved, in order of id."""

    saved: list[SavedHeading]


@dataclass(frozen=True, kw_only=True)
class SavedVersions:
    """Versions, newest first; `next_before` asks for those before them."""

    versions: list[SavedHeading]
    next_before: int | None


@dataclass(frozen=True, kw_only=True)
class SaveWish:
    """What is to be saved.

    `allow_unknown` lets it ask, without a default, for traits that nobody was seen to have yet; and lets a block be
    changed though others who put it in would not hold up with it.
    """

    __pydantic_config__ = WISH

    definition: Properties
    allow_unknown: Truth = False


@dataclass(frozen=True, kw_only=True)
class RestoreSavedWish:
    """The version to save again."""

    __pydantic_config__ = WISH

    version: Number


@dataclass(frozen=True, kw_only=True)
class SavedDeleted:
    """It is gone from the lists; its versions stay."""

    status: Literal["deleted"] = "deleted"


@dataclass(frozen=True, kw_only=True)
class PreviewWish:
    """What is to be looked at, and as whom: `content` for a `medium`, or the id of a `saved` template.

    Without a `person` it is somebody of whom nothing is known. `event` is what led to the message: its `name` and
    `properties`. `language` and `variant` are the person's own unless they are given.
    """

    __pydantic_config__ = WISH

    medium: Annotated[str, Field(max_length=NAME_MOST)] = ""
    content: Properties | None = None
    saved: Annotated[str, Field(max_length=NAME_MOST)] = ""
    version: Number | None = None
    person: Annotated[str, Field(max_length=NAME_MOST)] = ""
    event: Properties = field(default_factory=dict)
    language: Annotated[str, Field(max_length=NAME_MOST)] = ""
    variant: Annotated[str, Field(max_length=NAME_MOST)] = ""
    transactional: Truth = False

    def wanted(self) -> Wanted:
        """As the flow takes it."""
        return Wanted(
            medium=self.medium,
            content=self.content,
            saved=self.saved,
            version=self.version,
            person=self.person,
            event=self.event,
            language=self.language,
            variant=self.variant,
            transactional=self.transactional,
        )


@dataclass(frozen=True, kw_only=True)
class TestWish(PreviewWish):
    """The same, and to which address it goes; empty where the channel needs none."""

    to: Annotated[str, Field(max_length=ADDRESS_MOST)] = ""


@dataclass(frozen=True, kw_only=True)
class RemarkShape:
    """One thing about the message: `wrong` will not work, `risky` may keep it from being read, a `note` informs."""

    code: str
    weight: Weight
    part: str
    message: str
    hint: str

    @classmethod
    def of(cls, remark: Remark) -> Self:
        return cls(code=remark.code, weight=remark.weight, part=remark.part, message=remark.message, hint=remark.hint)


@dataclass(frozen=True, kw_only=True)
class UsedShape:
    """One value that a text asks for: null where the person has none, and then `has_default` tells what becomes of it.

    `line` counts from 1, blocks put in and MJML made into HTML.
    """

    part: str
    line: int
    name: str
    value: object
    has_default: bool

    @classmethod
    def of(cls, used: Used) -> Self:
        return cls(part=used.part, line=used.line, name=used.name, value=used.value, has_default=used.has_default)


@dataclass(frozen=True, kw_only=True)
class PreviewShape:
    """The message as the person would read it. `parts` is null where nothing would be sent, and `reason` says why."""

    medium: str
    parts: Properties | None
    reason: str
    template: str
    version: int
    variant: str
    language: str
    used: list[UsedShape]
    remarks: list[RemarkShape]

    @classmethod
    def of(cls, preview: Preview) -> Self:
        return cls(
            medium=preview.medium.name,
            parts=None if preview.words is None else dict(preview.words.parts),
            reason=preview.reason,
            template=preview.chosen.template,
            version=preview.chosen.version,
            variant=preview.chosen.variant,
            language=preview.chosen.language,
            used=[UsedShape.of(each) for each in preview.used],
            remarks=[RemarkShape.of(each) for each in preview.remarks],
        )


@dataclass(frozen=True, kw_only=True)
class Tested:
    """Whether the provider took the test; `said` is its id for it, or why it did not."""

    taken: bool
    said: str
    preview: PreviewShape


def preview_template_routes(app: Application) -> APIRouter:
    """The routes that show a message before it is sent."""
    routes = APIRouter(prefix="/api/templates", tags=["Templates"], dependencies=[needs("read")])

    @routes.post("/preview", dependencies=[needs("people:read")])
    async def preview(wish: PreviewWish) -> PreviewShape:
        """A message as a real person would read it, the values it used, and what may go wrong with it."""
        return PreviewShape.of(await app.previewer.preview(wish.wanted()))

    @routes.post("/test", dependencies=[needs("decisions:publish")])
    async def test(wish: TestWish) -> Tested:
        """Send it to an address, marked [Test]: past the gate, counted nowhere; not to one that is suppressed."""
        offices = {} if app.sender is None else app.sender.offices
        shown, verdict = await app.previewer.send_test(wish.wanted(), wish.to, offices)
        taken, said = told(verdict)
        return Tested(taken=taken, said=said, preview=PreviewShape.of(shown))

    return routes


def saved_routes(app: Application, kind: SavedKind) -> APIRouter:
    """The routes of templates, or of blocks."""
    routes = APIRouter(prefix=f"/api/{kind}s", tags=["Templates"], dependencies=[needs("read")])
    save = save_template if kind == "template" else save_block

    async def answer(saved: SavedTemplate) -> SavedNow:
        broken: list[Breakage] = []
        if kind == "block":
            seen = await look_around(app.strictness())
            async with app.state.view() as view:
                yardstick = Yardstick(sources=await load_sources(view, app.strictness().hosts), seen=seen)
                broken = await broken_now(view, saved.id, yardstick)
        heading = SavedHeading.of(saved)
        told = [BreakageShape.of(each) for each in broken]
        return SavedNow(**{each.name: getattr(heading, each.name) for each in fields(heading)}, warnings=told)

    @routes.get("", name=f"list_{kind}s")
    async def listed() -> SavedPage:
        """What is saved, each in its newest version."""
        async with app.state.view() as view:
            return SavedPage(saved=[SavedHeading.of(each) for each in await view.templates(kind)])

    @routes.get("/{saved_id}", name=f"get_{kind}")
    async def one(
        saved_id: str, version: Annotated[int | None, Query(ge=1, le=NUMBER_MOST, description="The newest.")] = None
    ) -> SavedShape:
        """One version with what it says, and who uses it."""
        async with app.state.view() as view:
            saved = await find_saved(view, kind, saved_id, version)
            return SavedShape.of(saved, await users_of(view, kind, saved_id))

    @routes.put("/{saved_id}", dependencies=[needs("content:write")], name=f"save_{kind}")
    async def put(saved_id: str, wish: SaveWish, request: Request) -> SavedNow:
        """Save it as a new version; the same again makes none. Messages queued from then on say it.

        A block with which others would not hold up is refused, naming them, unless `allow_unknown`: then `warnings` do.
        """
        by, now = asked_by(app, request), app.clock.now()
        strictness = app.strictness(allow_unknown=wish.allow_unknown)
        return await answer(await save(app.state, saved_id, wish.definition, by=by, now=now, strictness=strictness))

    @routes.delete("/{saved_id}", dependencies=[needs("content:write")], name=f"delete_{kind}")
    async def delete(saved_id: str, request: Request) -> SavedDeleted:
        """Delete it, unless something uses it. Its versions stay, and can be restored."""
        await delete_saved(app.state, kind, saved_id, by=asked_by(app, request), now=app.clock.now())
        return SavedDeleted()

    @routes.get("/{saved_id}/versions", name=f"{kind}_versions")
    async def versions(
        saved_id: str,
        limit: Annotated[int, Query(ge=1, le=VERSIONS_MOST)] = 50,
        before: Annotated[int | None, Query(ge=1, le=NUMBER_MOST)] = None,
    ) -> SavedVersions:
        """Every version, newest first; those of what was deleted, too."""
        async with app.state.view() as view:
            found = await view.template_versions(kind, saved_id, limit=limit, before=before)
        if not found and before is None:
            raise NotFound(f"There never was a {kind} {saved_id!r:.80}.", hint="Look at the list of what is saved.")
        following = found[-1].version if len(found) == limit and found[-1].version > 1 else None
        return SavedVersions(versions=[SavedHeading.of(each) for each in found], next_before=following)

    @routes.post("/{saved_id}/restore", dependencies=[needs("content:write")], name=f"restore_{kind}")
    async def restore(saved_id: str, wish: RestoreSavedWish, request: Request) -> SavedNow:
        """Save again what a version says, as a new version; what was deleted is brought back."""
        by, now = asked_by(app, request), app.clock.now()
        hosts = app.strictness().hosts
        return await answer(await restore_saved(app.state, kind, saved_id, wish.version, by=by, now=now, hosts=hosts))

    return routes
