"""`holdfast trace`: what a journey or campaign did with one person, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from holdfast.cli.desk import Answer, desk, rows_of
from holdfast.cli.options import ApiKey, AsJson, Data
from holdfast.cli.printing import cell, print_json


def trace(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="A user id, else an anonymous id.")],
    origin: Annotated[str, typer.Argument(metavar="ORIGIN", help="The id of a journey or campaign.")],
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Why a person got a message or did not: event, segment, entry, steps, gate, render, send, provider, with times.

    \b
    Examples:
      holdfast trace ada cart-rescue
    """
    with desk(data, api_key) as at:
        told = at.trace(person, origin)
    if as_json:
        print_json(told)
        return
    print(f"{told['user_id']} in {told['name']} ({told['kind']} {told['origin']}, {told['state']})")
    print(told["words"])
    for attempt in rows_of(told, "attempts"):
        print()
        arm = f" ({attempt['arm']})" if attempt["arm"] else ""
        print(f"{attempt['words']}{arm}")
        for moment in rows_of(attempt, "moments"):
            print(_line(moment))


def _line(moment: Answer) -> str:
    step = f"{moment['step']}: " if moment["step"] else ""
    reason = f" ({cell(moment['reason'])})" if moment["reason"] else ""
    return f"  {cell(moment['at'])}  {moment['stage']!s:<8}  {step}{cell(moment['outcome'])}{reason}"
