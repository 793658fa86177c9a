"""`holdfast catalogue`: what messages look up."""

from __future__ import annotations

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.desk import Answer, Desk, desk, rows_of
from holdfast.cli.file_desk import ItemsWish, file_desk
from holdfast.cli.files import show_progress
from holdfast.cli.options import AllowMissing, ApiKey, AsJson, Data, Limit
from holdfast.cli.printing import count_words, print_json, print_table
from holdfast.kernel.errors import Invalid
from holdfast.settings import Settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The catalogue's name, such as products.")]


class Mode(StrEnum):
    """What becomes of the items that are there."""

    REPLACE = "replace"
    UPDATE = "update"


@app.callback()
def catalogue() -> None:
    """Catalogues: products, articles, whatever messages look up by an id.

    \b
    Examples:
      holdfast catalogue import products products.csv --id sku --ranked-by sold
      holdfast catalogue import products today.jsonl --mode update
      holdfast catalogue show products
      holdfast catalogue show products sku-7
      holdfast catalogue show products --search "green tea"
      holdfast catalogue remove products
    """


@app.command("import")
def import_items(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .csv, .json or .jsonl file, packed (.gz) or not.")],
    mode: Annotated[
        Mode, typer.Option("--mode", help="Whether the items are these, or these are put among them.")
    ] = Mode.REPLACE,
    id_field: Annotated[str, typer.Option("--id", metavar="FIELD", help="The field that is the id.")] = "id",
    ranked_by: Annotated[
        str | None,
        typer.Option("--ranked-by", metavar="FIELD", help="The number field top items go by, highest first."),
    ] = None,
    fields: Annotated[
        str,
        typer.Option("--fields", metavar="NAME=TYPE,…", help="What fields hold that is not to be learnt: zip=text."),
    ] = "",
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave rows out that can be no item.")] = False,
    allow_unknown: AllowMissing = False,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Bring a file of items in. Messages see all of it at once; when anything is wrong, nothing is changed.

    A file that has no more what templates, or journeys and campaigns that run, ask for is refused.
    """
    wish = ItemsWish(
        catalogue=name,
        mode=mode.value,
        id=id_field,
        ranked_by=ranked_by,
        fields=fields,
        skip_bad=skip_bad,
        allow_unknown=allow_unknown,
    )
    with file_desk(Settings.load(data, os.environ), api_key) as at, show_progress(existing(file).name) as progress:
        done = at.take_items(file, wish, progress)
    if as_json:
        print_json(done)
        return
    kept = done["catalogue"]
    items = kept.get("items", 0) if isinstance(kept, dict) else 0
    print(f"{done['rows']:,} rows: {name} has {count_words(int(items), 'item', 'items')} now.")
    complaints = done["complaints"]
    if done["bad"] and isinstance(complaints, list):
        print(f"{done['bad']:,} rows were left out:")
        print("\n".join(f"  {each}" for each in complaints))


@app.command("list")
def list_catalogues(data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Every catalogue, and how many items it has."""
    with desk(data, api_key) as at:
        found = at.catalogues()
    if as_json:
        print_json({"catalogues": found})
    else:
        columns = {"name": "NAME", "items": "ITEMS", "ranked_by": "RANKED BY", "changed_at": "CHANGED"}
        print_table(found, columns, empty="There is no catalogue.")


@app.command()
def show(
    name: Name,
    item: Annotated[str | None, typer.Argument(metavar="[ID]", help="One item's id; else the first items.")] = None,
    after: Annotated[str, typer.Option("--after", metavar="ID", help="Begin after this id.")] = "",
    search: Annotated[
        str, typer.Option("--search", metavar="WORDS", help="Only items in whose id or fields these words stand.")
    ] = "",
    limit: Limit = 20,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """A catalogue's fields and items, or one item."""
    with desk(data, api_key) as at:
        found = _items(at, name, after, limit, search) if item is None else at.catalogue_item(name, item)
    if as_json or item is not None:
        print_json(found)
        return
    about = found["catalogue"]
    fields = about.get("fields", {}) if isinstance(about, dict) else {}
    print(", ".join(f"{each} ({kind})" for each, kind in fields.items()) or "Its items have no fields.")
    rows = [
        {"id": each["id"], "fields": json.dumps(each["fields"], ensure_ascii=False)[:100]}
        for each in rows_of(found, "items")
    ]
    print_table(rows, {"id": "ID", "fields": "FIELDS"}, empty="There are no items.")


def _items(at: Desk, name: str, after: str, limit: int, search: str) -> Answer:
    """The catalogue and items of it; a search goes on until there are enough, or no more."""
    found = at.catalogue(name, after=after, limit=limit, search=search)
    items = rows_of(found, "items")
    while search and found["next"] and len(items) < limit:
        found = at.catalogue(name, after=str(found["next"]), limit=limit - len(items), search=search)
        items += rows_of(found, "items")
    return {**found, "items": items}


@app.command()
def remove(name: Name, allow_unknown: AllowMissing = False, data: Data = None, api_key: ApiKey = None) -> None:
    """Take a catalogue away. Messages that look something up in it are then not sent."""
    with desk(data, api_key) as at:
        at.remove_catalogue(name, allow_unknown=allow_unknown)
    print(f"Removed {name}.")


def existing(file: Path) -> Path:
    """The file, which is there. Raises Invalid."""
    if not file.is_file():
        raise Invalid("there is no such file.", path=str(file), hint="Name a file that is there.")
    return file
