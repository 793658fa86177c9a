"""`holdfast suppressions`: addresses nobody may write to, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from holdfast.cli.desk import desk
from holdfast.cli.options import ApiKey, AsJson, Data
from holdfast.cli.printing import print_json, print_table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Address = Annotated[str, typer.Argument(help="The address, as the person has it.")]
Channel = Annotated[str, typer.Option("--channel", help="The channel it is an address of.")]


@app.callback()
def suppressions() -> None:
    """Addresses nobody may write to: dead ones, and those whose owners complained or said stop.

    They follow from what providers and people say. By hand one can be added, or let be written to again.

    \b
    Examples:
      holdfast suppressions list
      holdfast suppressions check ada@shop.example
      holdfast suppressions add +491701234567 --channel sms
      holdfast suppressions remove ada@shop.example
    """


@app.command("list")
def list_suppressions(
    *,
    channel: Annotated[str | None, typer.Option("--channel", help="Only those of this channel.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 50,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Suppressed addresses, newest first."""
    with desk(data, api_key) as at:
        found = at.suppressions(channel=channel, limit=limit)
    if as_json:
        print_json({"suppressions": found})
        return
    columns = {"channel": "CHANNEL", "address": "ADDRESS", "reason": "REASON", "at": "SINCE"}
    print_table(found, columns, empty="Nobody is suppressed.")


@app.command()
def check(
    address: Address,
    *,
    channel: Channel = "email",
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Whether an address may be written to."""
    with desk(data, api_key) as at:
        said = at.suppression(channel, address)
    if as_json:
        print_json(said)
        return
    print(f"{address} is suppressed: {said['reason']}." if said["suppressed"] else f"{address} may be written to.")


@app.command()
def add(
    address: Address,
    *,
    channel: Channel = "email",
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Forbid an address: nothing goes there any more, receipts neither."""
    with desk(data, api_key) as at:
        said = at.change_suppression("", channel, address)
    if as_json:
        print_json(said)
        return
    print(f"{address} is suppressed: {said['reason']}.")


@app.command()
def remove(
    address: Address,
    *,
    channel: Channel = "email",
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Let an address be written to again. What comes back from it later suppresses it again."""
    with desk(data, api_key) as at:
        said = at.change_suppression("/lift", channel, address)
    if as_json:
        print_json(said)
        return
    print(f"{address} may be written to again; it was suppressed: {said['reason']}.")
