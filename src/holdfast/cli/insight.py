"""`holdfast insight KIND`, or `holdfast KIND`: what people did, as a table or a picture.

The kinds are looked up when one is asked for: their declarations load more than a `--help` should wait for.
"""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup


def kind_named(name: str) -> Any:  # noqa: ANN401  # A command, of a type Typer keeps to itself.
    """The command of a kind of insight; None when there is no such kind."""
    from holdfast.cli.insight_kinds import kinds

    return kinds().get(name)


class Kinds(TyperGroup):
    """A command for each kind."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401  # As above.
        from holdfast.cli.insight_kinds import kinds

        return sorted(kinds())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401  # As above.
        return kind_named(cmd_name)


app = typer.Typer(cls=Kinds, no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def insight() -> None:
    """Ask what people did. `holdfast funnel` is short for `holdfast insight funnel`, and so on.

    \b
    Examples:
      holdfast funnel "Product Viewed" "Cart Added" "Order Completed" --within-days 7
      holdfast trend "Order Completed" --measure people --period week --plot weeks.svg
      holdfast retention "Signed Up" --again "Order Completed" --period week
      holdfast funnel "Product Viewed" "Order Completed" --people step=2,lost=true
      holdfast funnel "Product Viewed" "Order Completed" --people step=2,lost=true --save lost-on-the-way
      holdfast insight trend '{"event":"Order Completed","measure":"people"}'
    """
