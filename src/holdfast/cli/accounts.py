"""`holdfast accounts`: who works in the console."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from holdfast.cli.desk import owner_desk
from holdfast.cli.options import ApiKey, AsJson, Data
from holdfast.cli.printing import print_json, print_table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The address of the account.")]


class RoleName(StrEnum):
    """What somebody may do."""

    OWNER = "owner"
    ADMIN = "admin"
    MARKETER = "marketer"
    ANALYST = "analyst"
    AGENT = "agent"
    VIEWER = "viewer"


Role = Annotated[RoleName, typer.Option("--role", help="What they may do; docs/how-to/accounts.md has the table.")]


@app.callback()
def accounts() -> None:
    """Accounts are people who work in the console, each with a role. A server prints a link for the first owner.

    \b
    Examples:
      holdfast accounts list
      holdfast accounts invite ada@shop.example --role marketer
      holdfast accounts role ada@shop.example --role admin
      holdfast accounts reset ada@shop.example
      holdfast accounts disable ada@shop.example
    """


@app.command("list")
def list_accounts(data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Everybody who has an account, or was invited."""
    with owner_desk(data, api_key) as at:
        found = at.accounts()
    if as_json:
        print_json({"accounts": found})
        return
    rows = [{**each, "code": "yes" if each["two_factor"] else ""} for each in found]
    columns = {
        "email": "EMAIL",
        "name": "NAME",
        "role": "ROLE",
        "state": "STATE",
        "code": "SECOND FACTOR",
        "last_seen_at": "LAST SEEN",
    }
    print_table(rows, columns, empty="Nobody has an account. `holdfast up` prints the link for the first owner.")


@app.command()
def invite(
    email: Email, role: Role = RoleName.VIEWER, data: Data = None, api_key: ApiKey = None, as_json: AsJson = False
) -> None:
    """Invite somebody: prints a link that works once, for seven days. Hand it to them."""
    with owner_desk(data, api_key) as at:
        made = at.invite(email, role.value)
    if as_json:
        print_json(made)
    else:
        print(made["link"])


@app.command()
def reset(email: Email, data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Print a link to a new password; it works once, for a day."""
    with owner_desk(data, api_key) as at:
        made = at.reset_account(email)
    if as_json:
        print_json(made)
    else:
        print(made["link"])


@app.command("role")
def change_role(email: Email, role: Role, data: Data = None, api_key: ApiKey = None) -> None:
    """Give somebody another role. It holds at once."""
    with owner_desk(data, api_key) as at:
        at.change_account(email, {"role": role.value})
    print(f"{email} is now {role.value}.")


@app.command()
def disable(email: Email, data: Data = None, api_key: ApiKey = None) -> None:
    """Let somebody in no more. They are signed out at once; what they did stays."""
    with owner_desk(data, api_key) as at:
        at.change_account(email, {"state": "disabled"})
    print(f"{email} gets in no more.")


@app.command()
def enable(email: Email, data: Data = None, api_key: ApiKey = None) -> None:
    """Let somebody in again who was disabled."""
    with owner_desk(data, api_key) as at:
        at.change_account(email, {"state": "active"})
    print(f"{email} gets in again.")


@app.command("no-second-factor")
def no_second_factor(email: Email, data: Data = None, api_key: ApiKey = None) -> None:
    """Ask somebody for no code any more who lost their telephone and every recovery code."""
    with owner_desk(data, api_key) as at:
        at.end_second_factor(email)
    print(f"{email} signs in by password alone.")


@app.command()
def remove(email: Email, data: Data = None, api_key: ApiKey = None) -> None:
    """Forget an account, or take an invitation back. What was done by it stays noted under its name."""
    with owner_desk(data, api_key) as at:
        at.remove_account(email)
    print(f"{email} is forgotten.")
