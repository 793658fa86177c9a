"""`holdfast keys`: who may send events, and who may ask."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from holdfast.cli.desk import desk, owner_desk
from holdfast.cli.options import ApiKey, AsJson, Data
from holdfast.cli.printing import print_json, print_table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


class Kind(StrEnum):
    """What a key opens."""

    WRITE = "write"
    API = "api"


@app.callback()
def keys() -> None:
    """Write keys let an SDK send events; api keys open everything under /api.

    \b
    Examples:
      holdfast keys list
      holdfast keys add website --kind write
      holdfast keys add notebook --kind api
      holdfast keys add reports --kind api --scope read --scope sql
      holdfast keys token-secret website
      holdfast keys revoke website
    """


@app.command("list")
def list_keys(data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Every key, revoked ones too."""
    with desk(data, api_key) as at:
        found = at.keys()
    if as_json:
        print_json({"keys": found})
        return
    columns = {
        "name": "NAME",
        "kind": "KIND",
        "shown": "KEY",
        "created_at": "CREATED",
        "used_at": "LAST USED",
        "revoked_at": "REVOKED",
    }
    print_table(found, columns, empty="There is no key.")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What it is for; events carry the name of their write key as source.")],
    kind: Annotated[Kind, typer.Option("--kind", help="What it opens.")] = Kind.WRITE,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="What an api key may do, such as people:read; again for each. Else nearly all."),
    ] = None,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is shown this once."""
    # To give a key more than keys have, one must be somebody who has it: the secret of the data directory shows that.
    with (owner_desk if scope else desk)(data, api_key) as at:
        made = at.add_key(name, "write" if kind is Kind.WRITE else "api", scope or None)
    if as_json:
        print_json(made)
    else:
        print(made["key"])


@app.command("token-secret")
def token_secret(
    name: Annotated[str, typer.Argument(help="The write key's name.")], data: Data = None, api_key: ApiKey = None
) -> None:
    """The secret your server signs people's tokens with, so that an app with this write key may show their inbox."""
    with desk(data, api_key) as at:
        print(at.token_secret(name))


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="The key's name.")], data: Data = None, api_key: ApiKey = None
) -> None:
    """Make a key open nothing any more."""
    with desk(data, api_key) as at:
        at.revoke_key(name)
    print(f"{name} opens nothing any more.")
