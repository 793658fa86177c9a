"""`holdfast`: one command for everything a person does at a terminal."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from holdfast.cli import (
    accounts,
    adaptive,
    audience,
    audit,
    board,
    campaign,
    catalogue,
    channel,
    cluster,
    coupons,
    dead_letters,
    doctor,
    email,
    experiment,
    files,
    insight,
    journey,
    keys,
    kpi,
    lists,
    people,
    rebuild,
    roles,
    segment,
    server,
    simulate,
    sql,
    suppressions,
    template,
    trace,
    trial,
)
from holdfast.cli.printing import complain
from holdfast.kernel.errors import Exposed
from holdfast.version import __version__

USAGE_EXIT = 2
"""The exit code for whatever the caller can mend."""
STOPPED_EXIT = 130
"""The exit code after Ctrl-C, as shells have it."""


class PlainSpeaking(TyperGroup):
    """Says in one sentence what the caller can mend; a traceback is kept for what is our fault."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - types Typer keeps to itself.
        """The command; a kind of insight is one too, though it is not listed again."""
        return super().get_command(ctx, cmd_name) or insight.kind_named(cmd_name)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - as above.
        try:
            return super().invoke(ctx)
        except Exposed as error:
            complain(error)
            raise typer.Exit(USAGE_EXIT) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(STOPPED_EXIT) from error


app = typer.Typer(
    name="holdfast",
    cls=PlainSpeaking,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"holdfast {__version__}")
        raise typer.Exit


@app.callback()
def holdfast(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """An open retention cloud: events in, people understood, messages out, and proof of what they caused.

    \b
    Start here:
      holdfast demo                     a shop with customers, on http://127.0.0.1:8787
      holdfast up --data my-data        a server of your own
      holdfast doctor                   is everything here that it needs?

    Every setting is also a HOLDFAST_* variable and a line in holdfast.toml; docs/reference/settings.md lists them.
    """


app.command("up")(server.up)
app.command("demo")(server.demo)
app.command("collect")(roles.collect)
app.command("react")(roles.react)
app.command("send")(roles.send)
app.command("api")(roles.api)
app.command("migrate")(roles.migrate)
app.command("config")(roles.config)
app.command("import")(files.import_file)
app.command("export")(files.export)
app.add_typer(segment.app, name="segment")
audience.add_commands(segment.app)
app.add_typer(journey.app, name="journey")
app.add_typer(campaign.app, name="campaign")
app.add_typer(adaptive.app, name="adaptive")
app.add_typer(people.app, name="people")
app.add_typer(lists.app, name="list")
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(coupons.app, name="coupons")
app.add_typer(template.app, name="template")
app.add_typer(template.block_app, name="block")
app.add_typer(experiment.app, name="experiment")
app.add_typer(channel.app, name="channel")
app.add_typer(keys.app, name="keys")
app.add_typer(accounts.app, name="accounts")
app.add_typer(audit.app, name="audit")
app.add_typer(audit.approval_app, name="approval")
app.add_typer(email.app, name="email")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(suppressions.app, name="suppressions")
app.add_typer(insight.app, name="insight")
app.add_typer(kpi.app, name="kpi")
app.add_typer(board.app, name="board")
app.add_typer(trial.app, name="trial")
app.command("sql")(sql.sql)
app.command("simulate")(simulate.simulate)
app.command("trace")(trace.trace)
app.add_typer(cluster.app, name="cluster")
app.command("rebuild")(rebuild.rebuild)
app.command("doctor")(doctor.doctor)
