"""`holdfast trial`: whether it worked, how many people it takes to know, and whether the measure can be trusted."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from holdfast.cli.desk import Answer, desk, rows_of
from holdfast.cli.options import ApiKey, AsJson, Data
from holdfast.cli.printing import print_json, print_table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def trial() -> None:
    """Experiments, holdouts and variants: what they caused, with intervals, in money too.

    \b
    Examples:
      holdfast trial show journey:cart-rescue
      holdfast trial show checkout --within 604800 --within 2419200 --trait country
      holdfast trial plan --base 0.05 --lift 0.1 --people-a-day 800
      holdfast trial check
    """


@app.command()
def show(
    trial: Annotated[str, typer.Argument(help="An experiment's id; or journey:ID, campaign:ID, journey:ID.STEP.")],
    goal: Annotated[str | None, typer.Option(metavar="EVENT", help="The event that means success.")] = None,
    within: Annotated[
        list[int] | None, typer.Option(metavar="SECONDS", help="How long it counts; the near term first, then others.")
    ] = None,
    reading: Annotated[
        str | None, typer.Option(help="sequential: look whenever you like; fixed: once; bayesian: what to believe.")
    ] = None,
    base: Annotated[
        str | None, typer.Option(metavar="VARIANT", help="The variant the others are held against.")
    ] = None,
    planned_people: Annotated[
        int | None, typer.Option(help="How many people there are to be, for planned looks.")
    ] = None,
    trait: Annotated[
        str | None, typer.Option(help="Tell segments apart by this trait, as it stood when people were assigned.")
    ] = None,
    segment: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Tell who was in this saved segment apart; may be given again."),
    ] = None,
    quantile: Annotated[
        list[float] | None, typer.Option(help="Compare this quantile of revenue per person, such as 0.5.")
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option(metavar="JSON", help="Another metric, as an experiment's; may be given again.")
    ] = None,
    primary: Annotated[str | None, typer.Option(metavar="METRIC", help="What decides it.")] = None,
    exposed_by: Annotated[
        str | None, typer.Option(help="What counts as having got a message: sent, delivered or opened.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(metavar="MOMENT", help="Read it as it stood then.")] = None,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """What a trial caused: every metric of every variant beside the base's."""
    asked: dict[str, object] = {
        "goal": goal,
        "within_seconds": within,
        "reading": reading,
        "base": base,
        "planned_people": planned_people,
        "trait": trait,
        "segment": segment,
        "quantile": quantile,
        "metric": metric,
        "primary": primary,
        "exposed_by": exposed_by,
        "as_of": as_of,
    }
    with desk(data, api_key) as at:
        answer = at.trial(trial, {name: each for name, each in asked.items() if each})
    if as_json:
        print_json(answer)
        return
    rows = [_row(each) for each in (*rows_of(answer, "comparisons"), *rows_of(answer, "segments"))]
    columns = {"variant": "VARIANT", "segment": "SEGMENT", "metric": "METRIC", "people": "PEOPLE"}
    columns |= {"difference": "DIFFERENCE", "low": "LOW", "high": "HIGH", "ratio": "RATIO", "sure": "SURE"}
    if trait is None and not segment:
        del columns["segment"]
    print_table(rows, columns, empty="There is nothing to compare.")
    print(f"\n{answer['words']}")


@app.command()
def plan(
    base: Annotated[float, typer.Option(help="The share that reaches the goal now, such as 0.05.")],
    lift: Annotated[
        float | None, typer.Option(help="The smallest relative change that matters, such as 0.1; or --people.")
    ] = None,
    people: Annotated[
        int | None, typer.Option(help="How many people there are, in all: tells what change they show.")
    ] = None,
    variants: Annotated[int, typer.Option(help="How many there are, the base among them.")] = 2,
    power: Annotated[float, typer.Option(help="How often it is to be found.")] = 0.8,
    confidence: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    people_a_day: Annotated[float | None, typer.Option(help="How many people take part a day, in all.")] = None,
    within_days: Annotated[float, typer.Option(help="How long each is followed.")] = 7.0,
    as_json: AsJson = False,
) -> None:
    """How many people, and days, a trial takes to show what it is meant to; or what so many people show."""
    from holdfast.kernel.errors import Invalid
    from holdfast.measures.planned import plan_by_people, plan_trial

    if (lift is None) == (people is None):
        raise Invalid("give --lift or --people.", hint="Say what is to be shown, or by how many.")
    if lift is None:
        planned = plan_by_people(base, people or 0, variants, confidence, power, people_a_day, within_days)
    else:
        planned = plan_trial(
            base=base,
            lift=lift,
            variants=variants,
            power=power,
            confidence=confidence,
            people_a_day=people_a_day,
            within_days=within_days,
        )
    if as_json:
        print_json(planned.as_json())
        return
    print(planned.words())


@app.command()
def check(
    goal: Annotated[str, typer.Option(metavar="EVENT", help="The event that means success.")] = "Order Completed",
    within: Annotated[int, typer.Option(metavar="SECONDS", help="How long it counts.")] = 604_800,
    splits: Annotated[int, typer.Option(help="How often the past is divided.")] = 1_000,
    people: Annotated[int, typer.Option(help="How many people are divided.")] = 5_000,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Divide the past a thousand times where nothing was different, and see how often something is “found”."""
    wish: Answer = {"goal": goal, "within_seconds": within, "splits": splits, "people": people}
    with desk(data, api_key) as at:
        answer = at.check_trials(wish)
    if as_json:
        print_json(answer)
        return
    rows: list[Answer] = [{**each, "share": f"{float(str(each['share'])):.1%}"} for each in rows_of(answer, "metrics")]
    print_table(rows, {"metric": "METRIC", "adjusted": "ADJUSTED", "share": "FOUND"}, empty="Nothing was checked.")
    print(f"\n{answer['words']}")


@app.command("list")
def list_trials(data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Every trial there is: experiments, templates with variants, steps, journeys and campaigns."""
    with desk(data, api_key) as at:
        found = at.trials()
    if as_json:
        print_json({"trials": found})
        return
    rows: list[Answer] = [{**each, "variants": ", ".join(_names(each["variants"]))} for each in found]
    columns = {"id": "TRIAL", "kind": "KIND", "state": "STATE", "variants": "VARIANTS", "goal": "GOAL"}
    print_table(rows, columns, empty="There is none: a journey with a holdout is one.")


@app.command()
def course(
    trial: Annotated[str, typer.Argument(help="As of `trial show`.")],
    metric: Annotated[str | None, typer.Option(help="Such as revenue_7d; without it, what decides.")] = None,
    moments: Annotated[int | None, typer.Option(help="How many moments.")] = None,
    reading: Annotated[str | None, typer.Option(help="As of `trial show`.")] = None,
    as_of: Annotated[str | None, typer.Option(metavar="MOMENT", help="The last of them.")] = None,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """One metric over time: what was to be read at so many moments, from the first assignment until now."""
    asked: dict[str, object] = {"metric": metric, "moments": moments, "reading": reading, "as_of": as_of}
    with desk(data, api_key) as at:
        answer = at.trial_course(trial, {name: each for name, each in asked.items() if each})
    if as_json:
        print_json(answer)
        return
    rows = [
        {**_row({"metric": answer["metric"], **each}), "at": point["at"]}
        for point in rows_of(answer, "points")
        for each in rows_of(point, "comparisons")
    ]
    columns = {"at": "AT", "variant": "VARIANT", "people": "PEOPLE", "difference": "DIFFERENCE", "low": "LOW"}
    print_table(rows, columns | {"high": "HIGH", "sure": "SURE"}, empty="Nobody takes part yet.")


def _names(told: object) -> list[str]:
    return [str(each) for each in told] if isinstance(told, list) else []


@app.command()
def holdout(
    goal: Annotated[str | None, typer.Option(metavar="EVENT", help="The event that means success.")] = None,
    periods: Annotated[int | None, typer.Option(help="How many periods at most, the one that runs among them.")] = None,
    as_of: Annotated[str | None, typer.Option(metavar="MOMENT", help="Read it as it stood then.")] = None,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """What marketing as a whole brings: everybody else against those in the global holdout, period by period."""
    asked: dict[str, object] = {"goal": goal, "periods": periods, "as_of": as_of}
    with desk(data, api_key) as at:
        answer = at.holdout({name: each for name, each in asked.items() if each})
    if as_json:
        print_json(answer)
        return
    rows = [
        {**_row(each), "period": period["period"], "in_force": "yes" if period["in_force"] else "no"}
        for period in rows_of(answer, "periods")
        for each in rows_of(_object(period["trial"]), "comparisons")
    ]
    rows += [{**_row({**each, "is_sure": None}), "period": "all"} for each in rows_of(answer, "pooled")]
    columns = {"period": "PERIOD", "in_force": "IN FORCE", "metric": "METRIC", "people": "PEOPLE"}
    columns |= {"difference": "DIFFERENCE", "low": "LOW", "high": "HIGH", "ratio": "RATIO"}
    print_table(rows, columns, empty="There is nothing to compare.")
    print(f"\n{answer['words']}")


def _object(told: object) -> Answer:
    return told if isinstance(told, dict) else {}


def _row(comparison: Answer) -> Answer:
    """A comparison as a row to print."""
    difference: Any = comparison["difference"]
    ratio: Any = comparison["ratio"]
    told = {name: f"{difference[place]:,.4g}" for name, place in _PLACES if difference["status"] == "estimated"}
    if not told:
        told = {"difference": "-", "low": "-", "high": "-"}
    sure = "yes" if comparison["is_sure"] else "no" if difference["status"] == "estimated" else difference["reason"]
    times = f"{ratio['value']:.3f}" if ratio["status"] == "estimated" else None
    return {**comparison, **told, "ratio": times, "sure": sure}


_PLACES = (("difference", "value"), ("low", "low"), ("high", "high"))
