"""`holdfast simulate`: what a journey would have done, from what people did."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.desk import Answer, desk, rows_of
from holdfast.cli.options import ApiKey, AsJson, Data
from holdfast.cli.printing import count_words, print_json, print_table
from holdfast.kernel.errors import Invalid

PEOPLE_USUAL = 5_000
PATHS_SHOWN = 10
ARMS = {"treated": "treated", "holdout": "held out", "global_holdout": "in the global holdout"}
ENDINGS = (".json", ".toml", ".yaml", ".yml")


def simulate(
    journey: Annotated[
        str, typer.Argument(metavar="JOURNEY", help="The id of a journey or campaign, or a file of one: a draft.")
    ],
    over: Annotated[
        str, typer.Option("--over", metavar="PERIOD", help="30d, up to now, or 2026-10-01..2026-11-01.")
    ] = "30d",
    people: Annotated[
        str, typer.Option("--people", metavar="N", help="How many people are replayed at most, or `all`.")
    ] = str(PEOPLE_USUAL),
    cost: Annotated[
        list[str] | None,
        typer.Option(
            "--cost",
            metavar="CHANNEL=MINOR",
            help="What one message costs, in minor units of the workspace's currency; repeatable.",
        ),
    ] = None,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Replay the past through a journey: who enters, what is sent and withheld, and why. Nothing is sent.

    The same code decides as in earnest, at the moments at which it would have: quiet hours, caps and consent are those
    of then. What other journeys sent is counted against the caps. What people did is as it was.

    \b
    Examples:
      holdfast simulate cart-rescue --over 30d
      holdfast simulate journeys/cart-rescue.yaml --over 2026-10-01..2026-11-01 --people all
      holdfast simulate cart-rescue --cost email=0.08 --json
    """
    wish: Answer = {**_what(journey), "over": over, "people": _people(people), "costs": _costs(cost)}
    with desk(data, api_key) as at:
        told = at.simulate(wish)
    if as_json:
        print_json(told)
    else:
        _print(told)


def _what(journey: str) -> Answer:
    if not journey.endswith(ENDINGS):
        return {"id": journey}
    from holdfast.integrations.files.journey_files import read_journey_files

    files = read_journey_files([Path(journey)])
    if len(files) != 1:
        raise Invalid(f"{journey!r:.120} is not one journey.", path="JOURNEY", hint="Name one file.")
    return {"definition": {**files[0].document}}


def _people(said: str) -> int | None:
    if said == "all":
        return None
    if not said.isdecimal() or int(said) == 0:
        raise Invalid(f"{said!r:.40} is no number of people.", path="--people", hint="Write 5000, or all.")
    return int(said)


def _costs(said: list[str] | None) -> dict[str, float] | None:
    if not said:
        return None
    costs: dict[str, float] = {}
    for each in said:
        channel, _, minor = each.partition("=")
        try:
            costs[channel] = float(minor)
        except ValueError as error:
            hint = "Write --cost email=0.08."
            raise Invalid(f"{each!r:.80} is no cost.", path="--cost", hint=hint) from error
    return costs


def _print(told: Answer) -> None:
    print(f"{told['words']}.")
    _print_entries(told)
    print()
    _print_steps(told)
    print()
    _print_paths(told)
    print()
    _print_messages(told)
    print()
    goal, effect = _object(told, "goal"), _object(told, "effect")
    print(_goal_words(goal))
    print(effect["words"])


def _print_entries(told: Answer) -> None:
    people = _object(told, "people")
    entered, entries = _object(_object(told, "entered"), "people"), _object(_object(told, "entered"), "entries")
    replayed, could = int(str(people["replayed"])), int(str(people["could_enter"]))
    could_words = f"{count_words(could, 'person', 'people')} could have entered"
    print(f"{could_words}; sampled {replayed:,} of {could:,}." if people["sampled"] else f"{could_words}.")
    arms = [f"{_number(each)} {ARMS[arm]}" for arm, each in entered.items()]
    times = sum(int(str(_count(each)["count"])) for each in entries.values())
    print(f"Entered: {', '.join(arms)}; {times:,} entries.")
    for each in rows_of(told, "not_entered"):
        print(f"  Not let in: {_number(each)}, for {each['words']}.")


def _print_steps(told: Answer) -> None:
    rows: list[Answer] = [
        {
            "id": each["id"],
            "title": each["title"],
            "came": _number(each["came"]),
            "exits": ", ".join(f"{name}={_number(count)}" for name, count in _object(each, "exits").items()),
            "waiting": _number(each["waiting"]),
        }
        for each in rows_of(told, "steps")
    ]
    columns = {"id": "STEP", "title": "WHAT", "came": "CAME", "exits": "LEFT BY", "waiting": "WAITING AT THE END"}
    print_table(rows, columns, empty="It has no steps.")


def _print_paths(told: Answer) -> None:
    paths = rows_of(told, "paths")
    print("The commonest ways through it:" if paths else "Nobody would have entered.")
    for each in paths[:PATHS_SHOWN]:
        print(f"  {_number(each)}, {float(str(each['share'])) * 100:.1f}%: {' → '.join(_steps(each))}")
    if len(paths) > PATHS_SHOWN:
        print(f"  {len(paths) - PATHS_SHOWN:,} more; --json tells all.")


def _print_messages(told: Answer) -> None:
    outcomes = _object(told, "outcomes")
    rows: list[Answer] = [{"outcome": name, "count": _number(each)} for name, each in outcomes.items()]
    print_table(rows, {"outcome": "MESSAGES", "count": "HOW MANY"}, empty="No message would have been asked for.")
    deferred = _object(told, "deferred")
    if deferred["count"]:
        print(f"Of these, {_number(deferred)} would have waited for quiet hours to be over.")
    days: dict[str, dict[str, int]] = {}
    for each in rows_of(told, "sends"):
        if each["outcome"] != "withheld":
            of = days.setdefault(str(each["day"]), {})
            name = f"{each['step']} by {each['channel']}"
            of[name] = of.get(name, 0) + int(str(each["count"]))
    if days:
        names = sorted({name for of in days.values() for name in of})
        by_day: list[Answer] = [{"day": day, **dict.fromkeys(names, 0), **of} for day, of in sorted(days.items())]
        print()
        print_table(by_day, {"day": "DAY", **{name: name.upper() for name in names}}, empty="")
    if told["cost"] is not None:
        _print_cost(_object(told, "cost"))


def _print_cost(cost: Answer) -> None:
    unpriced = cost["unpriced"]
    rest = f"; without {', '.join(map(str, unpriced))}" if isinstance(unpriced, list) and unpriced else ""
    print(f"Cost: {float(str(cost['minor'])) / 100:,.2f} {cost['currency']}{rest}.")


def _goal_words(goal: Answer) -> str:
    if goal["share"] is None:
        return f"Nobody's time for the goal ({goal['event']}) is over yet."
    share, low, high = (float(str(goal[name])) * 100 for name in ("share", "low", "high"))
    return (
        f"Goal ({goal['event']}): {share:.1f}% of {goal['people']:,} who entered reached it anyway "
        f"(95% interval {low:.1f}% to {high:.1f}%)."
    )


def _steps(path: Answer) -> list[str]:
    steps = path["steps"]
    return [str(each) for each in steps] if isinstance(steps, list) else []


def _object(told: Answer, name: str) -> Answer:
    found = told[name]
    return found if isinstance(found, dict) else {}


def _count(said: object) -> Answer:
    return said if isinstance(said, dict) else {}


def _number(said: object) -> str:
    """A count, with its range where there is one."""
    of = _count(said)
    count, low, high = (int(str(of[name])) for name in ("count", "low", "high"))
    return f"{count:,}" if low == high else f"{count:,} ({low:,} to {high:,})"
