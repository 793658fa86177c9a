"""`holdfast kpi`: the figures the company and its departments are held to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.desk import Answer, desk, rows_of
from holdfast.cli.options import ApiKey, AsJson, Data
from holdfast.cli.printing import print_json, print_table
from holdfast.kernel.errors import Invalid
from holdfast.kernel.money import minor_digits

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def kpi() -> None:
    """The KPI tree: company, departments, and their figures, each tied to what people do.

    \b
    Examples:
      holdfast kpi keep kpis.toml
      holdfast kpi show
    """


@app.command()
def show(data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Every figure now and one period ago, and whether its target is met."""
    with desk(data, api_key) as at:
        answer = at.kpis()
    if as_json:
        print_json(answer)
        return
    columns = {"what": "WHAT", "horizon": "HORIZON", "value": "NOW", "before": "BEFORE", "change": "CHANGE"}
    columns |= {"target": "TARGET", "status": "STATUS", "people": "PEOPLE"}
    print_table([_shown(each) for each in rows_of(answer, "nodes")], columns, empty="No KPI is kept.")


@app.command()
def keep(
    file: Annotated[Path, typer.Argument(help="A file of JSON, TOML or YAML with `nodes`; see the reference.")],
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """Keep a KPI tree in place of the one there is."""
    from holdfast.integrations.files.documents import ENDINGS, read_document

    if file.suffix not in ENDINGS:
        raise Invalid("what kind of file is this?", path=str(file), hint=f"Name it {', '.join(ENDINGS)}.")
    if not file.is_file():
        raise Invalid("there is no such file.", path=str(file), hint="Write a file with `nodes`; see the reference.")
    tree: Answer = {**read_document(file.read_text(encoding="utf-8"), ENDINGS[file.suffix], str(file))}
    with desk(data, api_key) as at:
        kept = at.keep_kpis(tree)
    print(f"Kept {kept['nodes']} nodes.")


def _shown(node: Answer) -> Answer:
    """A node as a row to print; money in whole units."""
    shown: Answer = dict(node)
    shown["what"] = "  " * int(str(node["depth"])) + str(node["name"])
    for name in ("value", "before", "target"):
        shown[name] = _figure(node[name], node)
    change = node["change"]
    shown["change"] = f"{change:+.1%}" if isinstance(change, float) else None
    if node["value"] is None and node["reason"]:
        shown["value"] = str(node["reason"])
    return shown


def _figure(value: object, node: Answer) -> str | None:
    if not isinstance(value, (int, float)):
        return None
    if node["type"] == "share":
        return f"{value:.1%}"
    if node["type"] == "money":
        digits = minor_digits(str(node["currency"]))
        return f"{value / 10**digits:,.{digits}f} {node['currency']}"
    return f"{value:,.6g}" if abs(value) < 10**6 else f"{value:,.0f}"
