"""`holdfast audit` and `holdfast approval`: who changed what, and what waits for a second person."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, cast

import typer

from holdfast.cli.desk import Answer, desk
from holdfast.cli.options import ApiKey, AsJson, Data
from holdfast.cli.printing import print_json, print_table
from holdfast.kernel.sheet import sheet_text

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
approval_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
EVERYTHING = 2**31 - 1
COLUMNS = {"at": "WHEN", "who": "WHO", "action": "WHAT", "about": "OF", "places": "WHERE", "source": "FROM"}


@app.callback()
def audit() -> None:
    """Who changed what, when, and from where. Every change there ever was is kept.

    \b
    Examples:
      holdfast audit list
      holdfast audit list --who ann@shop.example --since 2026-01-01
      holdfast audit list --kind journey --about cart-rescue --json
      holdfast audit export > audit.csv
    """


Who = Annotated[str | None, typer.Option("--who", help="Only by this account's email, or key of this name.")]
Kind = Annotated[str | None, typer.Option("--kind", help="Only of such things, such as journey.")]
About = Annotated[str | None, typer.Option("--about", help="Only of the one with this id; with --kind.")]
Since = Annotated[str | None, typer.Option("--since", help="Only from this moment on, such as 2026-01-01.")]
Until = Annotated[str | None, typer.Option("--until", help="Only before this moment.")]


@app.command("list")
def list_audit(
    *,
    who: Who = None,
    kind: Kind = None,
    about: About = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 50,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Changes, newest first."""
    with desk(data, api_key) as at:
        found = at.audit(_asked(who=who, kind=kind, about=about, since=since, until=until), limit=limit)
    if as_json:
        print_json({"entries": found})
        return
    print_table([_row(each) for each in found], COLUMNS, empty="Nobody has changed anything.")


@app.command()
def export(
    *,
    who: Who = None,
    kind: Kind = None,
    about: About = None,
    since: Since = None,
    until: Until = None,
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """Every change as CSV, newest first, on standard output."""
    with desk(data, api_key) as at:
        found = at.audit(_asked(who=who, kind=kind, about=about, since=since, until=until), limit=EVERYTHING)
    writer = csv.writer(sys.stdout)
    writer.writerow(COLUMNS)
    writer.writerows([sheet_text(_row(each)[name]) for name in COLUMNS] for each in found)


@approval_app.callback()
def approval() -> None:
    """What would contact people, and waits until a second person agrees: in the console, under Act, Approvals.

    \b
    Examples:
      holdfast approval list
      holdfast approval list --state waiting --json
    """


@approval_app.command("list")
def list_approvals(
    *,
    state: Annotated[
        Literal["waiting", "approved", "refused", "withdrawn", "overtaken"] | None,
        typer.Option("--state", help="Only those that stand so."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many at most.")] = 50,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """What was asked for, newest first."""
    with desk(data, api_key) as at:
        found = at.approvals(state=state, limit=limit)
    if as_json:
        print_json({"approvals": found})
        return
    columns = {"id": "NUMBER", "state": "STATE", "action": "WHAT", "about": "OF", "by": "BY", "asked_at": "ASKED"}
    rows = [{**each, "about": _thing(each["about"])} for each in found]
    print_table(rows, columns, empty="Nothing waits for anybody.")


def _asked(**given: str | None) -> Mapping[str, str]:
    return {name: each for name, each in given.items() if each is not None}


def _row(entry: Answer) -> dict[str, str]:
    by = cast("dict[str, str]", entry["by"])
    changes = cast("Sequence[dict[str, Any]]", entry["changes"])
    return {
        "at": str(entry["at"]),
        "who": by["id"] or by["name"],
        "action": str(entry["action"]),
        "about": _thing(entry["about"]),
        "places": ", ".join(str(each["path"]).removeprefix("$.") for each in changes),
        "source": str(entry["source"]),
    }


def _thing(about: object) -> str:
    named = cast("dict[str, str]", about)
    return f"{named['kind']} {named['id']}".strip()
