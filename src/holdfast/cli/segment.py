"""`holdfast segment`: who fits a description."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli import segment_files, segment_registry
from holdfast.cli.desk import Answer, Desk, desk, rows_of
from holdfast.cli.options import ApiKey, AsJson, Data, Limit
from holdfast.cli.printing import cell, count_words, print_json, print_table
from holdfast.kernel.errors import Invalid

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Wanted = Annotated[
    str,
    typer.Argument(metavar="SEGMENT", help="JSON, a file of JSON (- for standard input), or a saved segment's id."),
]


@app.callback()
def segment() -> None:
    """Count and list the people who fit a description; save descriptions by name, in versions and as files.

    \b
    Examples:
      holdfast segment count '{"type":"did","event":"Order Completed","at_least":3,"within_days":30}'
      holdfast segment people loyal.json --limit 20
      holdfast segment save loyal loyal.json --name "Loyal customers"
      holdfast segment count loyal
      holdfast segment words loyal.json
      holdfast segment explain loyal ada
      holdfast segment save idle idle.json --live
      holdfast segment members idle
      holdfast segment versions loyal
      holdfast segment apply segments/ --dry-run
    """


@app.command()
def count(wanted: Wanted, data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """How many people fit."""
    with desk(data, api_key) as at:
        answer = at.count(_definition(wanted, at))
    if as_json:
        print_json(answer)
    else:
        print(f"{answer['count']:,} of {answer['of']:,}. {answer['words']}")


@app.command()
def people(
    wanted: Wanted,
    traits: Annotated[
        str | None, typer.Option("--traits", help="Traits to show, with commas between; all by default.")
    ] = None,
    data: Data = None,
    limit: Limit = 50,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Who they are.

    \b
    Examples:
      holdfast segment people loyal --limit 20
      holdfast segment people loyal --traits country,plan
    """
    chosen = None if traits is None else [each.strip() for each in traits.split(",") if each.strip()]
    with desk(data, api_key) as at:
        answer = at.people(_definition(wanted, at), limit=limit, traits=chosen)
    if as_json:
        print_json(answer)
        return
    print_people(rows_of(answer, "people"), total=answer["count"], traits=chosen)


def print_people(rows: list[Answer], *, total: object, traits: list[str] | None = None) -> None:
    """People in a table, with a column for each of these traits, or one of all; and how many more there are."""
    columns = {"user_id": "PERSON", "first_seen": "FIRST SEEN", "last_seen": "LAST SEEN"}
    if traits is None:
        print_table(rows, columns | {"traits": "TRAITS"}, empty="Nobody.")
    else:
        print_table([_with_columns(row) for row in rows], columns | _columns_of(traits), empty="Nobody.")
    if isinstance(total, int) and total > len(rows):
        print(f"… and {count_words(total - len(rows), 'more', 'more')}; --limit shows more of them.")


def _columns_of(traits: list[str]) -> dict[str, str]:
    """A trait may be called as a column of the person is."""
    return {f"traits.{name}": name.upper() for name in traits}


def _with_columns(row: Answer) -> Answer:
    traits = row["traits"]
    return row | {f"traits.{name}": value for name, value in traits.items()} if isinstance(traits, dict) else row


@app.command("list")
def list_saved(
    deleted: Annotated[bool, typer.Option("--deleted", help="Those that were deleted; each can be restored.")] = False,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """The saved segments."""
    with desk(data, api_key) as at:
        saved = at.segments(deleted=deleted)
    if as_json:
        print_json({"segments": saved})
    else:
        rows = [{**each, "live": "live" if each["live"] else ""} for each in saved]
        columns = {"id": "ID", "name": "NAME", "live": "LIVE", "words": "WHO THEY ARE"}
        print_table(rows, columns, empty="No segment is saved.")


@app.command()
def members(
    segment_id: Annotated[str, typer.Argument(metavar="ID", help="The id of a live segment.")],
    data: Data = None,
    limit: Limit = 50,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Who is in a live segment at this moment, and since when."""
    with desk(data, api_key) as at:
        found = at.segment_members(segment_id, limit=limit)
    if as_json:
        print_json(found)
        return
    rows, size = rows_of(found, "members"), found["size"]
    print_table(rows, {"user_id": "PERSON", "since": "SINCE"}, empty="Nobody.")
    if isinstance(size, int) and size > len(rows):
        print(f"… and {count_words(size - len(rows), 'more', 'more')}; --limit shows more of them.")
    filled = found["filled"]
    if isinstance(filled, float) and filled < 1:
        print(f"It is filling: {filled:.0%} of those who were there before have been looked at.")


@app.command()
def save(
    segment_id: Annotated[str, typer.Argument(metavar="ID", help="The id to save it under.")],
    wanted: Wanted,
    name: Annotated[
        str | None, typer.Option("--name", help="What people call it; as before by default, else the id.")
    ] = None,
    description: Annotated[
        str | None, typer.Option("--description", help="What it is for; as before by default.")
    ] = None,
    live: Annotated[
        bool | None,
        typer.Option("--live/--no-live", help="Know at every moment who is in it; as before by default."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say who uses it and whether it could be.")] = False,
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """Save a description under an id; what was there is kept as an older version."""
    with desk(data, api_key) as at:
        called = next((each["name"] for each in at.segments() if each["id"] == segment_id), segment_id)
        wish: Answer = {"name": name or called, "definition": _definition(wanted, at)}
        if description is not None:
            wish["description"] = description
        if live is not None:
            wish["live"] = live
        segment_registry.print_saved(
            at.save_segment(segment_id, wish, dry_run=dry_run), "It would be saved as" if dry_run else "Saved"
        )


@app.command()
def delete(
    segment_id: Annotated[str, typer.Argument(metavar="ID", help="The id it was saved under.")],
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """Delete a saved description that nothing uses; `restore` brings it back."""
    with desk(data, api_key) as at:
        at.delete_segment(segment_id)
    print(f"Deleted {segment_id}. `holdfast segment restore {segment_id}` brings it back.")


@app.command()
def explain(
    wanted: Wanted,
    person: Annotated[str, typer.Argument(help="A user id or anonymous id.")],
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Why somebody fits, or does not: condition by condition, with the events and traits that decided it."""
    with desk(data, api_key) as at:
        conditions = at.explain(_definition(wanted, at), person)
    if as_json:
        print_json({"conditions": conditions})
        return
    above: list[str] = []
    for each in conditions:
        path = str(each["path"])
        while above and not path.startswith(above[-1]):
            above.pop()
        _print_explained(each, "  " * len(above))
        above.append(path)


def _print_explained(explained: Answer, indent: str) -> None:
    print(f"{indent}{explained['truth']!s:<7}  {explained['words']}")
    inner = f"{indent}         "
    if explained["traits"]:
        print(f"{inner}{cell(explained['traits'])}")
    events = rows_of(explained, "events")
    count = explained["event_count"]
    if isinstance(count, int):
        print(f"{inner}{count_words(count, 'event counts', 'events count')}")
    for event in events:
        said = f" ({cell(event['properties'])})" if event["properties"] else ""
        print(f"{inner}{event['timestamp']}  {event['event']}{said}")
    if isinstance(count, int) and count > len(events) > 0:
        print(f"{inner}… and {count - len(events):,} earlier")


@app.command()
def words(wanted: Wanted, data: Data = None, api_key: ApiKey = None) -> None:
    """Say a description in plain words; no data is needed unless it is a saved one."""
    from holdfast.segments.codec import decode_condition
    from holdfast.segments.condition import people_words

    definition = read_definition(wanted)
    if definition is None:
        with desk(data, api_key) as at:
            definition = _definition(wanted, at)
    print(people_words(decode_condition(definition)))


def read_definition(wanted: str) -> Answer | None:
    """The definition that is written out or in a file; None when it can only be the id of a saved one.

    Raises Invalid when it is meant as JSON and is none.
    """
    if wanted.lstrip().startswith("{"):
        return _json(wanted, "the segment")
    if wanted == "-":
        return _json(typer.get_text_stream("stdin").read(), "standard input")
    path = Path(wanted)
    if path.is_file():
        return _json(path.read_text(encoding="utf-8"), wanted)
    if path.suffix or "/" in wanted:
        raise Invalid("there is no such file.", path=wanted, hint="Give JSON, a file of JSON, or a saved segment's id.")
    return None


def _definition(wanted: str, at: Desk) -> Answer:
    written = read_definition(wanted)
    if written is not None:
        return written
    found = at.segment(wanted)["definition"]
    return found if isinstance(found, dict) else {}


def _json(text: str, where: str) -> Answer:
    try:
        said = json.loads(text)
    except ValueError as error:
        raise Invalid(f"is no JSON: {error}.", path=where) from error
    if not isinstance(said, dict):
        raise Invalid("is no JSON object.", path=where, hint='It looks like {"type": "did", "event": "Signed Up"}.')
    return said


segment_registry.add_commands(app)
segment_files.add_commands(app)
