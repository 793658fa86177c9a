"""`holdfast experiment`: questions with variants, kept as files, and what somebody gets of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.desk import Answer, desk
from holdfast.cli.options import ApiKey, AsJson, Data, Limit
from holdfast.cli.printing import cell, print_json, print_table
from holdfast.kernel.errors import Invalid

ExperimentId = Annotated[str, typer.Argument(metavar="ID", help="The id of the experiment.")]
_COLUMNS = {"id": "ID", "name": "NAME", "state": "STATE", "variants": "VARIANTS", "version": "VERSION"}

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def experiment() -> None:
    """Experiments: who gets which variant of what, drawn by hash and kept to.

    \b
    Examples:
      holdfast experiment apply checkout-colour.yaml
      holdfast experiment list
      holdfast experiment decide --person ann
      holdfast experiment declare checkout-colour red
      holdfast experiment stop checkout-colour
    """


@app.command("list")
def listed(data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Every experiment, and whether it runs."""
    with desk(data, api_key) as at:
        found = at.experiments()
    if as_json:
        print_json({"experiments": found})
        return
    print_table([_row(each) for each in found], _COLUMNS, empty="There are no experiments.")


@app.command()
def show(
    experiment_id: ExperimentId,
    version: Annotated[int | None, typer.Option("--version", min=1, help="An older version.")] = None,
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """What it says, as a file that `apply` takes."""
    with desk(data, api_key) as at:
        found = at.experiment(experiment_id, version)
    print_json(found["definition"])


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(help="A file of JSON, TOML or YAML; `show` prints what it holds.")],
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """Save what a file says, as a new version; the same again makes none. Its `state` says whether it runs."""
    definition = _read(file)
    with desk(data, api_key) as at:
        found = at.save_experiment(str(definition.get("id", "")), definition)
    print(f"Saved {found['id']}, version {found['version']}: {found['state']}.")


@app.command()
def declare(
    experiment_id: ExperimentId,
    winner: Annotated[str, typer.Argument(metavar="VARIANT", help="The variant everybody gets from now on.")],
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """Declare a winner: everybody who takes part gets it, whatever they had. What was found stays."""
    with desk(data, api_key) as at:
        found = at.declare_winner(experiment_id, winner)
    print(f"Everybody gets {winner} of {experiment_id}: version {found['version']}.")


@app.command()
def stop(experiment_id: ExperimentId, data: Data = None, api_key: ApiKey = None) -> None:
    """Stop it: nobody takes part any more. What was found stays."""
    with desk(data, api_key) as at:
        at.stop_experiment(experiment_id)
    print(f"Stopped {experiment_id}.")


@app.command()
def versions(
    experiment_id: ExperimentId, data: Data = None, limit: Limit = 50, api_key: ApiKey = None, as_json: AsJson = False
) -> None:
    """What was saved under an id, newest first."""
    with desk(data, api_key) as at:
        found = at.experiment_versions(experiment_id, limit=limit)
    if as_json:
        print_json({"versions": found})
        return
    columns = {"version": "VERSION", "saved_at": "SAVED", "by": "BY", "state": "STATE", "variants": "VARIANTS"}
    print_table([_row(each) for each in found], columns, empty="Nothing was saved.")


@app.command()
def decide(
    person: Annotated[str, typer.Option("--person", metavar="PERSON", help="A user id.")] = "",
    anonymous: Annotated[str, typer.Option("--anonymous", metavar="ID", help="An anonymous id instead.")] = "",
    experiments: Annotated[
        list[str] | None, typer.Option("--experiment", metavar="ID", help="Only this one; may be given again.")
    ] = None,
    only_look: Annotated[bool, typer.Option("--only-look", help="Tell the history nothing of it.")] = False,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """What somebody gets. The history is told of it: they take part from then on, unless you only look."""
    wish: Answer = {"user_id": person, "anonymous_id": anonymous, "only_look": only_look}
    if experiments:
        wish["experiments"] = experiments
    with desk(data, api_key) as at:
        found = at.decide(wish)
    if as_json:
        print_json(found)
        return
    given = found["experiments"]
    rows = [{"id": name, **each} for name, each in given.items()] if isinstance(given, dict) else []
    columns = {"id": "ID", "variant": "VARIANT", "value": "VALUE"}
    print_table([_row(each) for each in rows], columns, empty="They take part in none.")


def _row(found: Answer) -> Answer:
    """What is a table of its own, in a few words."""
    shares = found.get("variants")
    if isinstance(shares, dict):
        found = {**found, "variants": ", ".join(f"{name} {float(share) * 100:g} %" for name, share in shares.items())}
    return {**found, "value": cell(found.get("value"))}


def _read(file: Path) -> Answer:
    from holdfast.integrations.files.documents import ENDINGS, read_document

    if file.suffix not in ENDINGS:
        raise Invalid("what kind of file is this?", path=str(file), hint=f"Name it {', '.join(ENDINGS)}.")
    if not file.is_file():
        raise Invalid("there is no such file.", path=str(file), hint="Write one as the how-to on experiments shows.")
    said: Answer = {**read_document(file.read_text(encoding="utf-8"), ENDINGS[file.suffix], str(file))}
    if not isinstance(said.get("id"), str) or not said["id"]:
        raise Invalid("the experiment has no id.", path="$.id", hint="Add one, such as `id: checkout-colour`.")
    return said
