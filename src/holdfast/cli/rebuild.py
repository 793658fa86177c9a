"""`rebuild`: the state and the history made anew from the log."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.cli.options import Data
from holdfast.kernel.errors import Invalid
from holdfast.settings import Settings

if TYPE_CHECKING:
    from holdfast.flows.upkeep.rebuild import Rebuilt


def rebuild(
    data: Data = None,
    into: Annotated[
        Path | None, typer.Option("--into", metavar="DIR", help="The data directory to make; not there yet.")
    ] = None,
    copy: Annotated[
        Path | None,
        typer.Option("--from", metavar="COPY", help="Begin with this back-up, and go on with the rest of the log."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only say what differs from the state there is; exit 1 if anything does.")
    ] = False,
) -> None:
    """Make the state and the history anew from the log of a workspace that is not running. Nothing is sent.

    \b
    Examples:
      holdfast rebuild --check --data my-data
      holdfast rebuild --into new-data --data my-data
      holdfast rebuild --from my-data.backup --into new-data --data my-data
    """
    settings = Settings.load(data, os.environ, {})
    if check == (into is not None) or (check and copy is not None):
        hint = "Give --into DIR to make a data directory, or --check to compare."
        raise Invalid("it is not said what to make.", path="--into", hint=hint)
    from holdfast.workers.rebuilding import check_rebuild, rebuild_into

    if into is not None:
        _say(asyncio.run(rebuild_into(settings, into, copy=copy, told=_progress)))
        print(f"{into} is ready: holdfast up --data {into}", flush=True)
        return
    checked = asyncio.run(check_rebuild(settings, told=_progress))
    _say(checked.rebuilt)
    for table, each in sorted(checked.found.items()):
        if each.same:
            print(f"  {table:<24} {each.rows:>10,}  the same")
            continue
        print(f"  {table:<24} {each.rows:>10,}  {each.missing} missing, {each.extra} new, {each.changed} changed")
        for example in each.examples:
            print(f"    {example}")
    if not checked.same:
        raise typer.Exit(1)


def _progress(done: int, end: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done:,} of {end:,}", end="", file=sys.stderr, flush=True)


def _say(done: Rebuilt) -> None:
    print(f"{done.entries:,} requests read in {done.ticks:,} ticks; {done.settled:,} sends settled as the log tells.")
    carried = ", ".join(f"{count:,} {name}" for name, count in done.carried.items() if count)
    print(f"Carried over, for no log tells it: {carried or 'nothing'}.")
    for count, what in (
        (done.without_turns, "requests came before turns were noted: timers fired when they were due"),
        (done.told_otherwise, "own events in the log were not come to again"),
        (done.tables_gone, "tables of past events are not in the log: import those files again"),
        (done.runs_gone, "people entered by runs of campaigns that the copy does not know"),
        (done.by_hand_gone, "merges or unmerges were of people who are not there"),
    ):
        if count:
            print(f"{count:,} {what}.")
