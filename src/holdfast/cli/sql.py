"""`holdfast sql`: SQL for analysts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.desk import desk, rows_of
from holdfast.cli.options import ApiKey, AsJson, Data, Limit
from holdfast.cli.printing import print_json, print_table
from holdfast.kernel.errors import Invalid


def sql(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="A SELECT, or a file of one (- for standard input).")],
    param: Annotated[
        list[str] | None,
        typer.Option("--param", metavar="NAME=VALUE", help="What stands for {name:Type} in the query; repeatable."),
    ] = None,
    limit: Limit = 1_000,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Ask in SQL, on the views events, people, messages, segments and segment_members.

    \b
    Examples:
      holdfast sql "SELECT event, count() AS times FROM events GROUP BY event ORDER BY times DESC"
      holdfast sql "SELECT user_id FROM people WHERE text['country'] = {country:String}" --param country=DE

    It only reads, and within the workspace's limits of time and memory. docs/reference/sql.md tells of the views.
    """
    with desk(data, api_key) as at:
        answer = at.sql(_read(query), dict(_pair(each) for each in param or ()), limit=limit)
    if as_json:
        print_json(answer)
        return
    names = [str(each["name"]) for each in rows_of(answer, "columns")]
    rows = answer["rows"]
    print_table(
        [dict(zip(names, each, strict=True)) for each in rows] if isinstance(rows, list) else [],
        {name: name for name in names},
        empty="Nothing.",
    )
    if answer["truncated"]:
        typer.echo(f"There are more than {limit:,} rows; --limit asks for more.", err=True)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Invalid(f"{text!r:.120} is no NAME=VALUE.", path="--param", hint="Write --param country=DE.")
    return name, value


def _read(query: str) -> str:
    if query == "-":
        return sys.stdin.read()
    if len(query.split()) == 1 and Path(query).is_file():
        return Path(query).read_text(encoding="utf-8")
    return query
