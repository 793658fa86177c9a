"""`holdfast people`: find somebody, see what they did, join and part; tell what is held of them, and forget them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.desk import Answer, desk, no_directory, rows_of
from holdfast.cli.file_desk import file_desk
from holdfast.cli.options import ApiKey, AsJson, Data, Limit
from holdfast.cli.printing import cell, print_json, print_table
from holdfast.cli.segment import print_people
from holdfast.settings import Settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Person = Annotated[str, typer.Argument(metavar="PERSON", help="Any id the person goes by.")]


@app.callback()
def people() -> None:
    """Find people, read their history, join or part them, and answer what they ask about their data.

    \b
    Examples:
      holdfast people find ada@example.com
      holdfast people show customer-17
      holdfast people timeline customer-17 --event "Order Completed"
      holdfast people merge customer-17 customer-18
      holdfast people unmerge 42
      holdfast people export customer-17 customer-17.json
      holdfast people erase customer-17
      holdfast people erased customer-17
    """


@app.command()
def find(
    text: Annotated[str, typer.Argument(help="Part of an id or of any trait.")],
    data: Data = None,
    limit: Limit = 50,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Who has this text in an id or a trait; last seen first."""
    with desk(data, api_key) as at:
        answer = at.find(text, limit=limit)
    if as_json:
        print_json(answer)
        return
    print_people(rows_of(answer, "people"), total=answer["total"])


@app.command()
def show(person: Person, data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Who somebody is: traits, ids, consent, joins, journeys."""
    with desk(data, api_key) as at:
        answer = at.show(person)
    if as_json:
        print_json(answer)
        return
    for key, heading in _SHOWN.items():
        value = answer.get(key)
        if isinstance(value, dict) and value:
            print(f"{heading}:")
            for name, inner in sorted(value.items()):
                print(f"  {name}: {cell(inner)}")
        else:
            print(f"{heading}: {cell(value)}")
    _show_rows(answer, "identities", {"kind": "KIND", "value": "ID"})
    _show_rows(
        answer,
        "links",
        {"id": "JOIN", "kind": "BY", "first": "ONE", "second": "OTHER", "at": "WHEN", "undone_at": "UNDONE"},
    )
    _show_rows(
        answer,
        "visits",
        {"origin": "JOURNEY", "step": "STEP", "arm": "ARM", "entered_at": "ENTERED", "left_by": "LEFT BY"},
    )


_SHOWN = {
    "user_id": "Person",
    "first_seen": "First seen",
    "last_seen": "Last seen",
    "traits": "Traits",
    "consent": "Consent",
    "event_counts": "Events",
}


def _show_rows(answer: Answer, key: str, columns: dict[str, str]) -> None:
    rows = answer.get(key)
    if isinstance(rows, list) and rows:
        print()
        print_table(rows, columns, empty="")


@app.command()
def timeline(
    person: Person,
    data: Data = None,
    limit: Limit = 50,
    event: Annotated[str | None, typer.Option("--event", metavar="NAME", help="Only events of this name.")] = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """What somebody did and what was done, newest first."""
    with desk(data, api_key) as at:
        events = at.timeline(person, limit=limit, event=event)
    if as_json:
        print_json({"events": events})
        return
    columns = {"timestamp": "WHEN", "event": "EVENT", "source": "SOURCE", "properties": "PROPERTIES"}
    print_table(events, columns, empty="Nothing.")


@app.command()
def merge(
    first: Annotated[str, typer.Argument(metavar="FIRST", help="Any id of the one.")],
    second: Annotated[str, typer.Argument(metavar="SECOND", help="Any id of the other.")],
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Say that two are one person. It can be undone."""
    with desk(data, api_key) as at:
        answer = at.merge(first, second)
    if as_json:
        print_json(answer)
    else:
        print(f"They are one person now. To part them: holdfast people unmerge {answer['link_id']}")


@app.command()
def unmerge(
    link_id: Annotated[int, typer.Argument(metavar="JOIN", help="The number `merge` gave, or `show` lists.")],
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Undo a join: everybody is again who they were."""
    with desk(data, api_key) as at:
        answer = at.unmerge(link_id)
    if as_json:
        print_json(answer)
    else:
        print(f"Join {link_id} is undone.")


@app.command()
def export(
    person: Person,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The file to write: .json, or .jsonl for a line for each thing.")
    ],
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """Write everything that is held of somebody, part by part, as a file."""
    settings = Settings.load(data, os.environ)
    if not settings.data_dir.is_dir():
        raise no_directory(settings.data_dir)
    with file_desk(settings, api_key) as at:
        at.give_person(person, file, "jsonl" if file.suffix == ".jsonl" else "json")
    print(f"{file}: all that is held of {person}.")


@app.command()
def erase(
    person: Person,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Forget somebody in every store, with proof. It cannot be undone."""
    if not yes:
        typer.confirm(f"Erase everything about {person}, under whatever ids? It cannot be undone", abort=True)
    with desk(data, api_key) as at:
        answer = at.erase(person)
    if as_json:
        print_json(answer)
        return
    _show_erasure(answer)


@app.command()
def erased(
    person: Annotated[
        str | None, typer.Argument(metavar="PERSON", help="An id somebody erased went by; lists all erasures without.")
    ] = None,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Prove an erasure: check its certificate and search every store again. It exits with 1 when that does not hold."""
    with desk(data, api_key) as at:
        answer: Answer = {"erasures": at.erasures()} if person is None else at.prove_erased(person)
    if as_json:
        print_json(answer)
    elif person is None:
        columns = {"id": "ERASURE", "state": "STATE", "requested_at": "REQUESTED", "by": "BY", "done_at": "DONE"}
        print_table(rows_of(answer, "erasures"), columns, empty="Nobody was erased.")
    else:
        _show_proof(answer)
    if not answer.get("holds", True):
        raise typer.Exit(1)


def _show_erasure(answer: Answer) -> None:
    print(f"Erasure {answer['id']}: {answer['state']}.")
    if answer["problem"]:
        print(f"{answer['problem']} It goes on by itself while a server runs, or when this is asked again.")
    _show_rows(answer, "steps", {"store": "STORE", "removed": "REMOVED", "looked_for": "LOOKED FOR"})
    _show_rows(answer, "verified", {"store": "SEARCHED AGAIN", "found": "FOUND"})


def _show_proof(answer: Answer) -> None:
    erasure = answer["erasure"]
    if isinstance(erasure, dict):
        print(f"Erasure {erasure['id']}: {erasure['state']}, {erasure['done_at'] or erasure['problem']}.")
    print("The certificate is genuine." if answer["genuine"] else "The certificate is NOT genuine.")
    _show_rows(answer, "found", {"store": "SEARCHED NOW", "found": "FOUND"})
    print("It holds." if answer["holds"] else "It does NOT hold.")
