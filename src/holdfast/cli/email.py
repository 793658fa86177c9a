"""`holdfast email`: the domains mail is sent from."""

from __future__ import annotations

from typing import Annotated

import typer

from holdfast.cli.desk import Answer, desk, rows_of
from holdfast.cli.options import ApiKey, AsJson, Data
from holdfast.cli.printing import print_json

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
domain = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(domain, name="domain")


@app.callback()
def email() -> None:
    """What mail needs to be believed."""


@domain.callback()
def domains() -> None:
    """The domains mail is sent from: keys that sign it, and what the DNS is to say.

    \b
    Examples:
      holdfast email domain add shop.example --bounces bounces.shop.example
      holdfast email domain list
    """


@domain.command()
def add(
    name: Annotated[str, typer.Argument(help="The domain of the sender's address.", show_default=False)],
    connection: Annotated[
        str, typer.Option("--connection", help="Which connection sends its mail, where there are several.")
    ] = "",
    bounces: Annotated[
        str, typer.Option("--bounces", help="The host undeliverable mail is reported to, such as bounces.shop.example.")
    ] = "",
    ed25519: Annotated[bool, typer.Option("--ed25519", help="Make a second key of that kind as well.")] = False,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Make keys for a domain and print what to put into its DNS. Again: new keys, under a new name.

    The private key is made on the server, sealed, and never shown.
    """
    with desk(data, api_key) as at:
        made = at.add_email_domain(name, connection=connection, bounce_host=bounces, ed25519=ed25519)
    if as_json:
        print_json(made)
    else:
        _print_records(made)


@domain.command("list")
def list_domains(data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Every domain whose mail is signed here, with what is to stand in its DNS."""
    with desk(data, api_key) as at:
        found = at.email_domains()
    if as_json:
        print_json({"domains": found})
        return
    for index, each in enumerate(found):
        if index:
            print()
        _print_records(each)
    if not found:
        print("No domain is set up. To set one up: holdfast email domain add shop.example")


def _print_records(made: Answer) -> None:
    """The records as a zone file has them, each with what it is for."""
    print(f"; {made['domain']}, by the connection {made['connection']}. Put these into its DNS:")
    for each in rows_of(made, "records"):
        print(f"\n; {each['why']}\n{each['zone_line']}")
