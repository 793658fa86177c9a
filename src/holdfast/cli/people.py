"""`holdfast people`: find somebody, see what they did, join and part."""

from __future__ import annotations

from typing import Annotated

import typer

from holdfast.cli.desk import Answer, desk, rows_of
from holdfast.cli.options import ApiKey, AsJson, Data, Limit
from holdfast.cli.printing import cell, print_json, print_table
from holdfast.cli.segment import print_people

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Person = Annotated[str, typer.Argument(metavar="PERSON", help="Any id the person goes by.")]


@app.callback()
def people() -> None:
    """Find people, read their history, and join or part them.

    \b
    Examples:
      holdfast people find ada@example.com
      holdfast people show customer-17
      holdfast people timeline customer-17 --event "Order Completed"
      holdfast people merge customer-17 customer-18
      holdfast people unmerge 42
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
