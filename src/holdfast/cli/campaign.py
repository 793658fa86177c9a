"""`holdfast campaign`: what comes next, the runs there were, calls, and runs confirmed, paused, resumed and stopped."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from holdfast.cli.desk import Answer, desk, rows_of
from holdfast.cli.options import ApiKey, AsJson, Data
from holdfast.cli.printing import print_json, print_table
from holdfast.kernel.errors import Invalid

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

CampaignId = Annotated[str, typer.Argument(metavar="ID", help="The id of a campaign, or with --journey of a journey.")]
RunNumber = Annotated[int, typer.Argument(metavar="RUN", min=1, help="The number of a run; `holdfast campaign runs`.")]
IsJourney = Annotated[bool, typer.Option("--journey", help="It is a journey and not a campaign.")]
COLUMNS = {"id": "RUN", "key": "OCCASION", "state": "STATE", "began": "BEGAN", "people": "AUDIENCE", "asked": "ASKED"}
COLUMNS |= {"counts": "BECAME", "reason": ""}


@app.callback()
def campaign() -> None:
    """Campaigns that let in an audience: when they come next, how far each run is, and whether it may go on.

    \b
    Examples:
      holdfast campaign next newsletter
      holdfast campaign runs newsletter
      holdfast campaign confirm newsletter 7
      holdfast campaign trigger receipts --user ann --properties '{"order": 7}'
    """


@app.command("next")
def coming(
    campaign_id: CampaignId,
    count: Annotated[int, typer.Option("--count", min=1, max=366, help="How many.")] = 5,
    journey: IsJourney = False,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """The next times of a schedule: what the clock says, and when it first and last says so where people live."""
    with desk(data, api_key) as at:
        found = at.coming(_kind(journey), campaign_id, count=count)
    if as_json:
        print_json(found)
        return
    columns = {"wall": "THE CLOCK SAYS", "opens": "FIRST", "closes": "LAST"}
    print_table(rows_of(found, "occurrences"), columns, empty="It never comes again, is not live, or has no schedule.")


@app.command()
def runs(
    campaign_id: CampaignId,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help="The most to show.")] = 20,
    journey: IsJourney = False,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """The runs there were, newest first: the audience, how far each has come, and what became of people."""
    with desk(data, api_key) as at:
        found = at.runs(_kind(journey), campaign_id, limit=limit)
    if as_json:
        print_json(found)
        return
    print_table(rows_of(found, "runs"), COLUMNS, empty="There was none yet.")


@app.command()
def confirm(
    campaign_id: CampaignId, run: RunNumber, journey: IsJourney = False, data: Data = None, api_key: ApiKey = None
) -> None:
    """Let in the audience of a run that is held because it is larger than was allowed."""
    _change(campaign_id, run, "confirm", journey=journey, data=data, api_key=api_key)


@app.command()
def pause(
    campaign_id: CampaignId, run: RunNumber, journey: IsJourney = False, data: Data = None, api_key: ApiKey = None
) -> None:
    """Let in nobody more by a run, for the time being; who has entered goes on, at their hour too."""
    _change(campaign_id, run, "pause", journey=journey, data=data, api_key=api_key)


@app.command()
def resume(
    campaign_id: CampaignId, run: RunNumber, journey: IsJourney = False, data: Data = None, api_key: ApiKey = None
) -> None:
    """Go on with a run that is paused."""
    _change(campaign_id, run, "resume", journey=journey, data=data, api_key=api_key)


@app.command()
def cancel(
    campaign_id: CampaignId, run: RunNumber, journey: IsJourney = False, data: Data = None, api_key: ApiKey = None
) -> None:
    """Stop a run for good; who waits for their hour, or for delivery, is not sent anything either."""
    _change(campaign_id, run, "stop", journey=journey, data=data, api_key=api_key)


@app.command()
def trigger(
    campaign_id: CampaignId,
    users: Annotated[list[str] | None, typer.Option("--user", metavar="USER", help="A user id; repeatable.")] = None,
    properties: Annotated[str, typer.Option("--properties", metavar="JSON", help="What is said of the call.")] = "{}",
    key: Annotated[str | None, typer.Option("--key", help="What makes it safe to repeat; else drawn anew.")] = None,
    journey: IsJourney = False,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Let in people by name, or without --user the whole audience, where the trigger is of type api."""
    wish: Answer = {"properties": _object(properties)}
    if users:
        wish["people"] = [{"user_id": each} for each in users]
    if key is not None:
        wish["idempotency_key"] = key
    with desk(data, api_key) as at:
        found = at.trigger(_kind(journey), campaign_id, wish)
    if as_json:
        print_json(found)
        return
    columns = {"user_id": "PERSON", "outcome": "BECAME", "arm": "ARM", "send": "MESSAGE", "reason": "WHY NOT"}
    print_table(rows_of(found, "people"), columns, empty=f"A run began: {found['run']}")


def _change(
    campaign_id: str,
    run: int,
    verb: Literal["confirm", "pause", "resume", "stop"],
    *,
    journey: bool,
    data: Data,
    api_key: ApiKey,
) -> None:
    with desk(data, api_key) as at:
        found = at.change_run(_kind(journey), campaign_id, run, verb)
    print(f"Run {found['id']} of {campaign_id} is {found['state']}.")


def _kind(journey: bool) -> Literal["journey", "campaign"]:
    return "journey" if journey else "campaign"


def _object(text: str) -> Answer:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Invalid(f"This is no JSON: {error}.", path="--properties", hint='Write {"order": 7}.') from error
    if not isinstance(found, dict):
        raise Invalid("This is no object.", path="--properties", hint='Write {"order": 7}.')
    return found
