"""/api/catalogues: what messages look up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request

from holdfast.flows.content.catalogues import (
    ImportWish,
    Rows,
    all_catalogues,
    import_items,
    remove_catalogue,
    search_items,
    show_item,
    show_items,
)
from holdfast.http.api.files import FILE_BODY, kept_file, shown_progress
from holdfast.http.auth import asked_by
from holdfast.http.needs import needs
from holdfast.http.shapes import moment_text
from holdfast.integrations.files.items import format_of, item_rows
from holdfast.messages.liquid.catalogue import decode_types
from holdfast.ports.catalogues import Catalogue, CatalogueItem
from holdfast.wiring import Application

PAGE_MOST = 1_000


@dataclass(frozen=True, kw_only=True)
class CatalogueShape:
    """A catalogue: how many items it has, what their fields hold, and which number its top items go by."""

    name: str
    items: int
    fields: dict[str, str]
    ranked_by: str
    changed_at: str
    by: str

    @classmethod
    def of(cls, found: Catalogue) -> CatalogueShape:
        """The shape of one."""
        return cls(
            name=found.name,
            items=found.items,
            fields=dict(found.fields),
            ranked_by=found.ranked_by,
            changed_at=moment_text(found.changed_ms),
            by=found.by,
        )


@dataclass(frozen=True, kw_only=True)
class CataloguesShape:
    """Every catalogue, by name."""

    catalogues: list[CatalogueShape]


@dataclass(frozen=True, kw_only=True)
class ItemShape:
    """One item: its id, and its fields."""

    id: str
    fields: dict[str, Any]

    @classmethod
    def of(cls, item: CatalogueItem) -> ItemShape:
        """The shape of one."""
        return cls(id=item.id, fields=dict(item.fields))


@dataclass(frozen=True, kw_only=True)
class ItemsPage:
    """Items in order of id; `next` is what to ask for after the last of them, empty at the end.

    `looked_at` says how many were looked at for them: more than there are, where something was sought.
    """

    catalogue: CatalogueShape
    items: list[ItemShape]
    next: str
    looked_at: int


@dataclass(frozen=True, kw_only=True)
class ImportedItemsShape:
    """What became of the rows of a file, and what is complained of, with the number of the row."""

    catalogue: CatalogueShape
    rows: int
    kept: int
    bad: int
    complaints: list[str]


def catalogue_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/catalogues", tags=["Content"], dependencies=[needs("read")])

    @routes.get("")
    async def catalogues() -> CataloguesShape:
        """Every catalogue."""
        return CataloguesShape(catalogues=[CatalogueShape.of(each) for each in await all_catalogues(app.state)])

    @routes.get("/{catalogue}")
    async def items(
        catalogue: str,
        after: Annotated[str, Query(description="The id after which they begin.")] = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_MOST)] = 50,
        search: Annotated[
            str, Query(max_length=200, description="Words that all stand in an item's id or fields.")
        ] = "",
    ) -> ItemsPage:
        """A catalogue and some of its items, in order of id.

        A search looks at some thousand items for each page: one with few items, or none, is not the last while `next`
        says where to go on. The item whose id is just what is sought comes first.
        """
        if search.strip():
            sought = await search_items(app.state, catalogue, search, after=after, limit=limit)
            return ItemsPage(
                catalogue=CatalogueShape.of(sought.catalogue),
                items=[ItemShape.of(each) for each in sought.items],
                next=sought.next,
                looked_at=sought.looked_at,
            )
        found, page = await show_items(app.state, catalogue, after=after, limit=limit)
        return ItemsPage(
            catalogue=CatalogueShape.of(found),
            items=[ItemShape.of(each) for each in page],
            next=page[-1].id if len(page) == limit else "",
            looked_at=len(page),
        )

    @routes.get("/{catalogue}/items/{item_id:name}")
    async def item(catalogue: str, item_id: str) -> ItemShape:
        """One item."""
        return ItemShape.of(await show_item(app.state, catalogue, item_id))

    @routes.post("/{catalogue}/import", dependencies=[needs("content:write")], openapi_extra=FILE_BODY)
    async def take(
        request: Request,
        catalogue: str,
        *,
        name: Annotated[str, Query(description="The file's name; its ending says the format: csv, json or jsonl.")],
        mode: Annotated[
            Literal["replace", "update"], Query(description="Whether the items are these, or these are put among them.")
        ] = "replace",
        id_field: Annotated[str, Query(alias="id", description="The field that is the id.")] = "id",
        ranked_by: Annotated[
            str | None, Query(description="The number field top items go by; not said, it stays the one it was.")
        ] = None,
        fields: Annotated[
            str, Query(description="What fields hold that is not to be learnt: `sku=text, price=number`.")
        ] = "",
        skip_bad: Annotated[bool, Query(description="Leave rows out that can be no item.")] = False,
        allow_unknown: Annotated[
            bool, Query(description="Replace it though words ask for fields or items that it would have no more.")
        ] = False,
    ) -> ImportedItemsShape:
        """Bring in the file that is the body; readers see all of it at once, or nothing where it fails.

        A file without fields or items that templates, or journeys and campaigns that run, ask for is refused, naming
        one of them, unless `allow_unknown`.

        `GET /api/overview` shows the progress under `loading`.
        """
        format_of(name)
        wish = ImportWish(
            catalogue=catalogue,
            mode=mode,
            id_field=id_field,
            ranked_by=ranked_by,
            fields=decode_types(fields, "fields"),
            skip_bad=skip_bad,
            allow_unknown=allow_unknown,
            by=asked_by(app, request),
        )
        async with kept_file(app, request.stream(), name) as file:
            rows = Rows(read=item_rows(file), is_text=format_of(name) == "csv")
            done = await import_items(app.state, app.clock, wish, rows, shown_progress(app))
        return ImportedItemsShape(
            catalogue=CatalogueShape.of(done.catalogue),
            rows=done.rows,
            kept=done.kept,
            bad=done.bad,
            complaints=list(done.complaints),
        )

    @routes.delete("/{catalogue}", dependencies=[needs("content:write")], status_code=204)
    async def remove(
        catalogue: str,
        *,
        allow_unknown: Annotated[bool, Query(description="Delete it though words look something up in it.")] = False,
    ) -> None:
        """Take a catalogue away. Messages that look something up in it are then not sent.

        While templates, or journeys and campaigns that run, do so, that is refused, unless `allow_unknown`.
        """
        await remove_catalogue(app.state, catalogue, allow_unknown=allow_unknown)

    return routes
