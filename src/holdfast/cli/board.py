"""`holdfast board`: boards and saved insights, and links that show them to others."""

from __future__ import annotations

from typing import Annotated

import typer

from holdfast.cli.desk import Answer, desk, rows_of
from holdfast.cli.options import ApiKey, AsJson, Data
from holdfast.cli.printing import print_json, print_table

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

About = Annotated[str, typer.Argument(metavar="ID", help="The id of the board, or with --insight of a saved insight.")]
IsInsight = Annotated[bool, typer.Option("--insight", help="It is a saved insight.")]


@app.callback()
def board() -> None:
    """Boards of saved insights, KPIs and words, arranged in the console; and links that show one to who has no account.

    \b
    Examples:
      holdfast board list
      holdfast board share mornings --days 30
      holdfast board share orders-by-week --insight
      holdfast board links mornings
      holdfast board end AbC123dEf456
    """


@app.command("list")
def list_boards(data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Every board."""
    with desk(data, api_key) as at:
        answer = at.boards()
    if as_json:
        print_json(answer)
        return
    columns = {"id": "ID", "name": "NAME", "cards": "CARDS", "by": "SAVED BY", "saved_at": "CHANGED"}
    print_table(rows_of(answer, "boards"), columns, empty="There is no board.")


@app.command()
def show(board_id: Annotated[str, typer.Argument(metavar="ID")], data: Data = None, api_key: ApiKey = None) -> None:
    """One board, as JSON."""
    with desk(data, api_key) as at:
        print_json(at.board(board_id))


@app.command()
def insights(data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Every saved insight."""
    with desk(data, api_key) as at:
        answer = at.saved_insights()
    if as_json:
        print_json(answer)
        return
    columns = {"id": "ID", "name": "NAME", "kind": "KIND", "by": "SAVED BY", "saved_at": "CHANGED"}
    print_table(rows_of(answer, "insights"), columns, empty="No insight is saved.")


@app.command()
def share(
    about: About,
    *,
    is_insight: IsInsight = False,
    days: Annotated[int | None, typer.Option("--days", min=1, help="For how long it opens; until it is ended.")] = None,
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """Make a link that shows a board or saved insight, and nothing else, to whoever has it; prints it."""
    with desk(data, api_key) as at:
        made = at.share(_kind(is_insight), about, days)
    print(made["link"])


@app.command()
def links(
    about: About, *, is_insight: IsInsight = False, data: Data = None, api_key: ApiKey = None, as_json: AsJson = False
) -> None:
    """The links to a board or saved insight; ended ones too."""
    with desk(data, api_key) as at:
        answer: Answer = at.shared_links(_kind(is_insight), about)
    if as_json:
        print_json(answer)
        return
    columns = {"id": "ID", "state": "STATE", "by": "MADE BY", "made_at": "MADE", "expires_at": "UNTIL", "link": "LINK"}
    print_table(rows_of(answer, "links"), columns, empty="Nobody shared it.")


@app.command()
def end(
    link_id: Annotated[str, typer.Argument(metavar="LINK", help="The link's id.")],
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """End a link: it opens nothing any more."""
    with desk(data, api_key) as at:
        at.end_link(link_id)
    print(f"Ended {link_id}.")


def _kind(is_insight: bool) -> str:
    return "insight" if is_insight else "board"
