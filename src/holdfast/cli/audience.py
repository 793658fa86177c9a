"""`holdfast segment audience`, `changes`, `history`, `overlap`, `reach`: segments in time, together, within reach."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from holdfast.cli.desk import Answer, desk, rows_of
from holdfast.cli.options import ApiKey, AsJson, Data, Limit
from holdfast.cli.printing import print_json, print_table
from holdfast.cli.segment import Wanted, print_people, read_definition

_REASONS = {
    "reachable": "can be reached",
    "global_holdout": "are in the global holdout",
    "no_address": "have no address",
    "suppressed": "are suppressed",
    "no_consent": "do not consent",
    "service_hold": "wait for their trouble to be solved",
}
COMBINATIONS_SHOWN = 20


def add_commands(app: typer.Typer) -> None:
    """Put the commands under `holdfast segment`."""
    for command in (audience, changes, history, overlap, reach):
        app.command()(command)


def audience(
    wanted: Wanted,
    at: Annotated[str | None, typer.Option("--at", help="A day or a moment in the past; now without it.")] = None,
    limit: Limit = 50,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Who fits, or fitted at a past moment, by all that is known now.

    \b
    Example:
      holdfast segment audience loyal --at 2026-03-01
    """
    with desk(data, api_key) as opened:
        question: Answer = {"segment": _named(wanted), "limit": limit}
        question |= {} if at is None else {"at": at}
        answer = opened.audience("audience", question)
    if as_json:
        print_json(answer)
        return
    print(f"{answer['count']:,} of {answer['of']:,}. {answer['words']}")
    print_people(rows_of(answer, "people"), total=answer["count"])


def changes(
    wanted: Wanted,
    since: Annotated[str, typer.Option("--since", help="The earlier day or moment, such as 2026-03-01.")],
    until: Annotated[str | None, typer.Option("--until", help="The later one; now without it.")] = None,
    who: Annotated[Literal["entered", "left"] | None, typer.Option("--who", help="List those who did.")] = None,
    limit: Limit = 50,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Who entered a segment and who left it between two moments.

    \b
    Example:
      holdfast segment changes loyal --since 2026-03-01 --who left
    """
    question: Answer = {"segment": _named(wanted), "since": since}
    question |= {} if until is None else {"until": until}
    question |= {} if who is None else {"side": who, "limit": limit}
    with desk(data, api_key) as opened:
        answer = opened.audience("changes", question)
    if as_json:
        print_json(answer)
        return
    print(answer["words"])
    if who is not None:
        print_people(rows_of(answer, "people"), total=answer[who])


def history(
    wanted: Wanted,
    period: Annotated[Literal["day", "week", "month"], typer.Option("--period", help="How often to look.")] = "day",
    last: Annotated[int, typer.Option("--last", min=1, max=366, help="How many of them.")] = 30,
    time_zone: Annotated[
        str | None, typer.Option("--time-zone", help="Whose days they are; the workspace's by default.")
    ] = None,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """How many people a segment had at the end of each day, week or month, and who came and went.

    \b
    Example:
      holdfast segment history loyal --period week --last 12
    """
    question: Answer = {"segment": _named(wanted), "period": period, "last": last}
    question |= {} if time_zone is None else {"time_zone": time_zone}
    with desk(data, api_key) as opened:
        answer = opened.audience("history", question)
    if as_json:
        print_json(answer)
        return
    print(f"{answer['words']} Times in UTC; the {period}s are those of {answer['time_zone']}.")
    columns = {"start": "FROM", "as_of": "AS OF", "people": "PEOPLE", "entered": "ENTERED", "left": "LEFT"}
    print_table(rows_of(answer, "points"), columns, empty="Nothing.")


def overlap(
    wanted: Annotated[
        list[str], typer.Argument(metavar="SEGMENT SEGMENT...", help="Two or more: JSON, files of JSON, or saved ids.")
    ],
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """What segments have in common: every two of them, and the largest combinations.

    \b
    Example:
      holdfast segment overlap loyal german newsletter
    """
    with desk(data, api_key) as opened:
        answer = opened.audience("overlap", {"segments": [_named(each) for each in wanted]})
    if as_json:
        print_json(answer)
        return
    names = [each if len(each) <= 24 else f"segment {place}" for place, each in enumerate(wanted, 1)]
    common = answer["common"]
    rows = [
        {"": name, **dict(zip(map(str, range(len(row))), row, strict=True))}
        for name, row in zip(names, common if isinstance(common, list) else [], strict=True)
    ]
    print_table(rows, {"": ""} | {str(place): name for place, name in enumerate(names)}, empty="Nothing.")
    print(f"\n{answer['in_any']:,} in any, {answer['in_all']:,} in all, {answer['in_one']:,} in exactly one.\n")
    combinations = [
        {"people": each["people"], "segments": ", ".join(names[place] for place in _places(each))}
        for each in rows_of(answer, "combinations")[:COMBINATIONS_SHOWN]
    ]
    print_table(combinations, {"people": "PEOPLE", "segments": "IN EXACTLY THESE"}, empty="Nobody is in any.")


def reach(
    wanted: Wanted,
    topic: Annotated[str, typer.Option("--topic", help="What it would be about; consent to it counts.")] = "",
    transactional: Annotated[
        bool, typer.Option("--transactional", help="Part of what they bought or asked for: no consent is needed.")
    ] = False,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """How many people of a segment can be written to now, on each channel, and why the others cannot.

    \b
    Example:
      holdfast segment reach loyal --topic marketing
    """
    question: Answer = {"segment": _named(wanted), "topic": topic, "transactional": transactional}
    with desk(data, api_key) as opened:
        answer = opened.audience("reach", question)
    if as_json:
        print_json(answer)
        return
    print(f"{answer['people']:,} people. {answer['words']}")
    rows = []
    for each in rows_of(answer, "channels"):
        reasons = each["reasons"]
        outcomes = {"reachable": each["reachable"], **(reasons if isinstance(reasons, dict) else {})}
        rows += [
            {"channel": each["channel"], "people": people, "outcome": _REASONS.get(outcome, outcome)}
            for outcome, people in outcomes.items()
        ]
    print_table(rows, {"channel": "CHANNEL", "people": "PEOPLE", "outcome": "WHO"}, empty="There is no channel.")


def _named(wanted: str) -> str | Answer:
    """The definition, or the id it is saved under."""
    written = read_definition(wanted)
    return wanted if written is None else written


def _places(combination: Answer) -> list[int]:
    places = combination["segments"]
    return places if isinstance(places, list) else []
