"""`holdfast adaptive`: how adaptive paths stand, why, and having the last word about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from holdfast.cli.desk import Answer, desk, rows_of
from holdfast.cli.options import ApiKey, AsJson, Data
from holdfast.cli.printing import print_json, print_table
from holdfast.kernel.errors import Invalid

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Step = Annotated[str, typer.Argument(metavar="STEP", help="The step, such as welcome.fork: journey, dot, step.")]


@app.callback()
def adaptive() -> None:
    """Adaptive paths: steps of journeys that send more and more people the way that works.

    \b
    Examples:
      holdfast adaptive list
      holdfast adaptive show welcome.fork
      holdfast adaptive freeze welcome.fork
      holdfast adaptive declare welcome.fork mail
      holdfast adaptive manual welcome.fork mail=0.7 push=0.3
      holdfast adaptive learn welcome.fork
    """


@app.command("list")
def list_steps(data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Every adaptive step, with the shares people have now."""
    with desk(data, api_key) as at:
        found = at.adaptive_steps()
    if as_json:
        print_json({"steps": found})
        return
    rows = [{**each, **_last(each)} for each in found]
    columns = {"experiment": "STEP", "mode": "MODE", "shares": "SHARES", "number": "WEIGHINGS", "at": "LAST"}
    print_table(rows, columns, empty="There is no adaptive step.")


@app.command()
def show(
    step: Step,
    log: Annotated[int, typer.Option(min=1, max=1_000, help="Weighings shown, newest first.")] = 10,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """How a step's paths stand: shares, what each brings, the chance of being the best, and the change log."""
    with desk(data, api_key) as at:
        found = at.adaptive(step, log=log)
    if as_json:
        print_json(found)
        return
    print(f"{found['words']}\n")
    rows = [
        {
            **each,
            "share": _percent(each["share"]),
            "best": _percent(each["best"]),
            "believed": _span(each["believed"]),
            "unbiased": _span(each["unbiased"]),
            "loss": f"{_number(each['loss']):.4g}",
        }
        for each in rows_of(found, "paths")
    ]
    columns = {"path": "PATH", "share": "SHARE", "people": "PEOPLE", "believed": "BELIEVED", "unbiased": "UNBIASED"}
    print_table(rows, columns | {"best": "BEST", "loss": "LOSS"}, empty="It has no paths.")
    print()
    columns = {"number": "#", "at": "AT", "mode": "MODE", "by": "BY", "reason": "WHY"}
    print_table(rows_of(found, "log"), columns, empty="It was never weighed: people are divided evenly.")


@app.command()
def freeze(step: Step, data: Data = None, api_key: ApiKey = None) -> None:
    """Keep the shares as they are."""
    _say(step, {"mode": "frozen"}, data, api_key)


@app.command()
def learn(step: Step, data: Data = None, api_key: ApiKey = None) -> None:
    """Let the step learn again, from all it has seen."""
    _say(step, {"mode": "learning"}, data, api_key)


@app.command()
def declare(
    step: Step,
    winner: Annotated[str, typer.Argument(metavar="PATH", help="The path everybody takes from now on.")],
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """Declare a winner: everybody who comes takes that path. Those who have another keep it."""
    _say(step, {"mode": "declared", "winner": winner}, data, api_key)


@app.command()
def manual(
    step: Step,
    shares: Annotated[list[str], typer.Argument(metavar="PATH=SHARE...", help="Such as mail=0.7 push=0.3.")],
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """Set the shares by hand; they add up to 1, and a path that is left out gets nobody."""
    _say(step, {"mode": "manual", "shares": dict(_share(each) for each in shares)}, data, api_key)


def _say(step: str, wish: Answer, data: Data, api_key: ApiKey) -> None:
    with desk(data, api_key) as at:
        said = at.say_adaptive(step, wish)
    print(said["reason"])


def _share(text: str) -> tuple[str, float]:
    path, equals, share = text.partition("=")
    try:
        return path, float(share)
    except ValueError:
        said = f"{text!r:.100} is no share." if equals else f"{text!r:.100} says no share."
        raise Invalid(said, hint="Write PATH=SHARE, such as mail=0.7.") from None


def _last(step: Answer) -> Mapping[str, object]:
    last = step["last"]
    if not isinstance(last, Mapping):
        return {"mode": "learning", "shares": "evenly", "number": 0, "at": ""}
    shares = last["shares"]
    told = {path: _percent(each) for path, each in shares.items()} if isinstance(shares, Mapping) else {}
    return {"mode": last["mode"], "shares": told, "number": last["number"], "at": last["at"]}


def _span(span: object) -> str:
    if not isinstance(span, Mapping) or span["mean"] is None:
        return "-"
    return f"{_number(span['mean']):.4g} ({_number(span['low']):.4g} to {_number(span['high']):.4g})"


def _percent(share: object) -> str:
    return f"{100 * _number(share):.1f}%"


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else float("nan")
