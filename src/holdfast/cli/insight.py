"""`holdfast insight`: what people did, as a table."""

from __future__ import annotations

from typing import Annotated

import typer

from holdfast.cli.desk import desk, rows_of
from holdfast.cli.options import ApiKey, AsJson, Data
from holdfast.cli.printing import print_json, print_table
from holdfast.cli.segment import read_definition
from holdfast.kernel.errors import Invalid


def insight(
    kind: Annotated[str, typer.Argument(help="trend, funnel or retention; see docs/reference/insights.md.")],
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help="JSON, or a file of JSON (- for standard input).")
    ],
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question about what people did: a trend, a funnel, retention.

    \b
    Examples:
      holdfast insight trend '{"event":"Order Completed","measure":"people","period":"week"}'
      holdfast insight funnel '{"steps":["Product Viewed","Order Completed"],"within_days":7}'
      holdfast insight retention '{"first":"Signed Up","again":"Order Completed"}'
    """
    asked = read_definition(question)
    if asked is None:
        raise Invalid("is neither JSON nor a file.", path=question, hint='Write {"event": "Order Completed"}.')
    with desk(data, api_key) as at:
        answer = at.insight(kind, asked)
    if as_json:
        print_json(answer)
        return
    names = [str(each["name"]) for each in rows_of(answer, "columns")]
    rows = answer["rows"]
    print(answer["words"])
    print_table(
        [dict(zip(names, each, strict=True)) for each in rows] if isinstance(rows, list) else [],
        {name: name.upper() for name in names},
        empty="Nothing.",
    )
