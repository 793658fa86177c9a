"""`holdfast coupons`: codes that messages hand out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.catalogue import existing
from holdfast.cli.desk import desk
from holdfast.cli.file_desk import file_desk
from holdfast.cli.files import show_progress
from holdfast.cli.options import AllowMissing, ApiKey, AsJson, Data
from holdfast.cli.printing import print_json, print_table
from holdfast.kernel.errors import NotFound
from holdfast.settings import Settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Pool = Annotated[str, typer.Argument(metavar="POOL", help="The pool's name, such as WELCOME.")]


@app.callback()
def coupons() -> None:
    """Coupons: pools of codes, each of which goes to one person and never to another.

    \b
    Examples:
      holdfast coupons import WELCOME codes.txt
      holdfast coupons list
      holdfast coupons left WELCOME
      holdfast coupons make SPRING --count 500 --pattern SPRING-####-#### > codes.txt
      holdfast coupons withdraw WELCOME
    """


@app.command("import")
def import_codes(
    pool: Pool,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A text file of codes, one a line.")],
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Add the codes of a file to a pool. Adding them again changes nothing; no code is ever in two pools."""
    with file_desk(Settings.load(data, os.environ), api_key) as at, show_progress(existing(file).name) as progress:
        done = at.take_codes(file, pool, progress)
    if as_json:
        print_json(done)
        return
    print(f"{done['added']:,} codes added, {done['known']:,} were known already, {done['bad']:,} can be no codes.")
    examples = done["examples"]
    if done["bad"] and isinstance(examples, (list, tuple)):
        print(f"Such as {', '.join(examples)}.")


@app.command()
def make(
    pool: Pool,
    count: Annotated[int, typer.Option("--count", min=1, help="How many, up to 20,000.")],
    pattern: Annotated[
        str, typer.Option("--pattern", metavar="TEXT", help="What they look like; each # is a letter or a digit.")
    ] = "####-####-####",
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Make codes that were never there before, add them to a pool, and print them, one a line."""
    with desk(data, api_key) as at:
        done = at.make_coupons(pool, count=count, pattern=pattern)
    if as_json:
        print_json(done)
        return
    codes = done["codes"]
    print("\n".join(map(str, codes if isinstance(codes, list) else [])))


@app.command("list")
def list_pools(data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Every pool, and how many codes are left in it."""
    with desk(data, api_key) as at:
        found = at.coupon_pools()
    if as_json:
        print_json({"pools": found})
    else:
        columns = {"name": "POOL", "left": "LEFT", "given": "GIVEN", "codes": "CODES", "made_at": "MADE"}
        print_table(found, columns, empty="There is no pool.")


@app.command()
def left(pool: Pool, data: Data = None, api_key: ApiKey = None) -> None:
    """How many codes of a pool nobody has: a number, for scripts."""
    with desk(data, api_key) as at:
        found = next((each for each in at.coupon_pools() if each["name"] == pool), None)
    if found is None:
        raise NotFound(f"there is no coupon pool {pool!r:.100}.", hint="See which there are: holdfast coupons list.")
    print(found["left"])


@app.command()
def withdraw(pool: Pool, allow_unknown: AllowMissing = False, data: Data = None, api_key: ApiKey = None) -> None:
    """Delete the codes of a pool that nobody has. Those that were given stay, so that none is given again."""
    with desk(data, api_key) as at:
        done = at.withdraw_coupons(pool, allow_unknown=allow_unknown)
    print(f"Withdrew {done['withdrawn']:,} codes of {pool}.")
