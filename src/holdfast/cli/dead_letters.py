"""`holdfast dead-letters`: what could not be delivered, to be tried again or let go of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from holdfast.cli.desk import Answer, desk, rows_of
from holdfast.cli.options import ApiKey, AsJson, Data
from holdfast.cli.printing import print_json, print_table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Keys = Annotated[list[str] | None, typer.Argument(help="The letters' keys; none with --all.")]
Origin = Annotated[str | None, typer.Option("--origin", help="Only those of this journey or campaign.")]
Channel = Annotated[str | None, typer.Option("--channel", help="Only those of this channel.")]


@app.callback()
def dead_letters() -> None:
    """Messages nobody tries to deliver any more: given up, refused, or impossible to write.

    A letter that is replayed keeps its key and passes the gate again: whoever has opted out is not written to.

    \b
    Examples:
      holdfast dead-letters list
      holdfast dead-letters show 3f0c2b…
      holdfast dead-letters replay --all --origin cart-rescue
      holdfast dead-letters drop 3f0c2b…
    """


@app.command("list")
def list_letters(
    *,
    origin: Origin = None,
    channel: Channel = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 50,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Dead letters, newest first."""
    with desk(data, api_key) as at:
        found = at.dead_letters(origin=origin, channel=channel, limit=limit)
    if as_json:
        print_json({"dead_letters": found})
        return
    columns = {"key": "KEY", "dead_at": "SINCE", "origin": "ORIGIN", "address": "TO", "attempts": "TRIES"}
    print_table(found, {**columns, "state": "STATE", "reason": "REASON"}, empty="There is no dead letter.")


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="The letter's key.")],
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """One dead letter, with what came of each attempt."""
    with desk(data, api_key) as at:
        letter = at.dead_letter(key)
    if as_json:
        print_json(letter)
        return
    for name in ("key", "origin", "step", "channel", "address", "state", "reason", "attempts", "created_at", "dead_at"):
        print(f"{name.replace('_', ' ').capitalize():<11}{letter[name]}")
    print()
    print_table(rows_of(letter, "answers"), {"at": "AT", "said": "ANSWER"}, empty="It was never tried.")


@app.command()
def replay(
    keys: Keys = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every dead letter.")] = False,
    origin: Origin = None,
    channel: Channel = None,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Try letters again. One whose delivery is in doubt may be delivered twice."""
    with desk(data, api_key) as at:
        done = at.decide_letters("replay", _wish(keys, every=every, origin=origin, channel=channel))
    if as_json:
        print_json(done)
        return
    print(f"{done['replayed']} wait to be sent again.{_left(done)}")


@app.command()
def drop(
    keys: Keys = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every dead letter.")] = False,
    origin: Origin = None,
    channel: Channel = None,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Let go of letters: they stay among the failed, and are listed no more."""
    with desk(data, api_key) as at:
        done = at.decide_letters("drop", _wish(keys, every=every, origin=origin, channel=channel))
    if as_json:
        print_json(done)
        return
    print(f"{done['dropped']} are let go of.{_left(done)}")


def _wish(keys: list[str] | None, *, every: bool, origin: str | None, channel: str | None) -> Answer:
    said = {"keys": keys or [], "all": every, "origin": origin, "channel": channel}
    return {name: value for name, value in said.items() if value is not None}


def _left(done: Mapping[str, object]) -> str:
    """What was not done, and why."""
    old = f" {done['too_old']} are too old to be sent." if done.get("too_old") else ""
    return old + (f" {done['unknown']} are no dead letters." if done["unknown"] else "")
