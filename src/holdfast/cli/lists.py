"""`holdfast list`: people put together by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.desk import Answer, desk, rows_of
from holdfast.cli.options import ApiKey, AsJson, Data, Limit
from holdfast.cli.printing import count_words, print_json, print_table
from holdfast.cli.segment import print_people
from holdfast.cli.segment_registry import print_users
from holdfast.kernel.errors import Invalid

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

ListId = Annotated[str, typer.Argument(metavar="ID", help="The list's id, such as press-contacts.")]
People = Annotated[
    str,
    typer.Argument(metavar="FILE", help="A file of user ids, one a line (- for standard input), or ids with commas."),
]


@app.callback()
def lists() -> None:
    """Lists of people: made of user ids, else anonymous ids; used in segments by {"type":"in_list","list":"vip"}.

    \b
    Examples:
      holdfast list save vip vips.txt --name "Our best"
      holdfast list add vip ada,ben
      holdfast list remove vip ben
      holdfast list people vip
      holdfast segment count '{"type":"in_list","list":"vip"}'
      holdfast list delete vip
    """


@app.command("list")
def list_lists(data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Every list, and how many people are on it."""
    with desk(data, api_key) as at:
        found = at.lists()
    if as_json:
        print_json({"lists": found})
    else:
        columns = {"id": "ID", "name": "NAME", "people": "PEOPLE", "made_at": "MADE"}
        print_table(found, columns, empty="There is no list.")


@app.command()
def save(
    list_id: ListId,
    people: People,
    name: Annotated[str | None, typer.Option("--name", help="What people call it.")] = None,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Make a list of exactly these people, or make one that is there so."""
    with desk(data, api_key) as at:
        _tell(at.save_list(list_id, name, read_ids(people)), as_json=as_json)


@app.command()
def rename(
    list_id: ListId,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call it from now on.")],
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """Call a list something else; its id stays, and so does everybody on it."""
    with desk(data, api_key) as at:
        at.save_list(list_id, name, None)
    print(f"{list_id} is called {name}.")


@app.command()
def add(list_id: ListId, people: People, data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Put people on a list."""
    with desk(data, api_key) as at:
        _tell(at.change_list(list_id, add=read_ids(people)), as_json=as_json)


@app.command()
def remove(list_id: ListId, people: People, data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Take people off a list."""
    with desk(data, api_key) as at:
        _tell(at.change_list(list_id, remove=read_ids(people)), as_json=as_json)


@app.command()
def people(
    list_id: ListId, limit: Limit = 50, data: Data = None, api_key: ApiKey = None, as_json: AsJson = False
) -> None:
    """Who is on a list."""
    with desk(data, api_key) as at:
        answer = at.people({"type": "in_list", "list": list_id}, limit=limit)
    if as_json:
        print_json(answer)
    else:
        print_people(rows_of(answer, "people"), total=answer["count"])


@app.command("used-by")
def used_by(list_id: ListId, data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Who uses a list, and where: segments, journeys and campaigns, KPIs."""
    with desk(data, api_key) as at:
        found = at.list_used_by(list_id)
    print_users(found, as_json=as_json)


@app.command()
def delete(list_id: ListId, data: Data = None, api_key: ApiKey = None) -> None:
    """Take everybody off a list and forget it."""
    with desk(data, api_key) as at:
        at.delete_list(list_id)
    print(f"Deleted {list_id}.")


def read_ids(said: str) -> list[str]:
    """The ids in a file, a line each, or written out with commas. Raises Invalid."""
    if said == "-":
        return _lines(typer.get_text_stream("stdin").read())
    path = Path(said)
    if path.is_file():
        try:
            return _lines(path.read_text(encoding="utf-8-sig"))
        except UnicodeDecodeError as error:
            raise Invalid("is no text.", path=said, hint="Give a text file in UTF-8, one user id a line.") from error
    return [each for part in said.split(",") if (each := part.strip())]


def _lines(text: str) -> list[str]:
    return [each for line in text.splitlines() if (each := line.strip())]


def _tell(done: Answer, *, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    print(f"{count_words(int(str(done['people'])), 'person', 'people')} on {done['id']}: ", end="")
    print(f"{done['added']:,} put on it, {done['removed']:,} taken off.")
    names = done["unknown_names"]
    if done["unknown"] and isinstance(names, list):
        more = ", …" if done["unknown"] != len(names) else ""
        print(f"Nobody goes by {done['unknown']:,} of the names yet: {', '.join(names[:20])}{more}")
