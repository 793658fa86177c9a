"""`holdfast import` and `holdfast export`: files in, files out."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.cli.desk import no_directory
from holdfast.cli.file_desk import Progress, file_desk
from holdfast.cli.options import ApiKey, AsJson, Data
from holdfast.cli.printing import print_json
from holdfast.kernel.errors import Exposed, Invalid
from holdfast.settings import Settings

if TYPE_CHECKING:  # It brings the Arrow and Polars libraries, which `--help` must not wait for.
    from holdfast.integrations.files.mapping import ImportMapping


class Format(StrEnum):
    """What a file may be."""

    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"


Column = "COLUMN"


def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .csv, .parquet or .jsonl file.")],
    person: Annotated[
        str | None, typer.Option("--person", metavar=Column, help="The column of the person's id.")
    ] = None,
    anonymous: Annotated[
        str | None, typer.Option("--anonymous", metavar=Column, help="The column of the id before login.")
    ] = None,
    time: Annotated[str | None, typer.Option("--time", metavar=Column, help="The column of when it happened.")] = None,
    event: Annotated[
        str | None, typer.Option("--event", metavar=Column, help="The column of the event's name.")
    ] = None,
    event_name: Annotated[
        str | None, typer.Option("--event-name", metavar="NAME", help="The name of every event, if no column has it.")
    ] = None,
    properties: Annotated[
        str | None,
        typer.Option(
            "--properties", metavar="COLUMN,…", help="The columns to keep as properties; all others by default."
        ),
    ] = None,
    message_id: Annotated[
        str | None,
        typer.Option(
            "--message-id", metavar=Column, help="The column of what makes a row unique; the whole row by default."
        ),
    ] = None,
    time_format: Annotated[
        str | None, typer.Option("--time-format", metavar="FORMAT", help="Such as %d/%m/%Y %H:%M; ISO 8601 by default.")
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option("--time-zone", metavar="ZONE", help="The zone of times that name none; UTC by default."),
    ] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", metavar="CODE", help="The currency of rows that name none, such as EUR.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", metavar="FILE", help="A JSON file that says all of this.")
    ] = None,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Take in a file of events. Taking it in again changes nothing; rows that cannot be events go to the error stream.

    \b
    Examples:
      holdfast import orders.parquet --person customer_id --time ordered_at --event-name "Order Completed"
      holdfast import events.csv --person user --anonymous visitor --time at --event what --properties price,plan
      holdfast import events.jsonl --mapping mapping.json
    """
    if not file.is_file():
        raise Invalid("there is no such file.", path=str(file), hint="Name a .csv, .parquet or .jsonl file.")
    given = {
        "person": person,
        "anonymous": anonymous,
        "time": time,
        "event": event,
        "event_name": event_name,
        "properties": None if properties is None else [each.strip() for each in properties.split(",") if each.strip()],
        "message_id": message_id,
        "time_format": time_format,
        "time_zone": time_zone,
        "currency": currency,
    }
    settings = Settings.load(data, os.environ)
    with _as_flags(file, mapping, given):
        chosen = mapping_of(mapping, {name: value for name, value in given.items() if value is not None})
        with file_desk(settings, api_key) as at, show_progress(file.name) as progress:
            said = at.take(file, chosen, progress)
    if as_json:
        print_json(asdict(said))
        return
    print(f"{said.rows:,} rows: {said.added:,} added, {said.known:,} were here already, {said.bad:,} set aside.")
    if said.stopped:
        print("It was called off before the end of the file. The same command goes on from there.")
    if said.bad:
        print("Those set aside are in the error stream, each with its reason: the console shows them under Data.")


@contextlib.contextmanager
def _as_flags(file: Path, mapping: Path | None, given: Mapping[str, object]) -> Iterator[None]:
    """Complaints name what stands on the command line: `--time`, not `$.time` as over HTTP."""
    try:
        yield
    except Exposed as error:
        name = error.path.removeprefix("$.")
        if name != error.path and mapping is not None and given.get(name) is None:
            path = f"{mapping}: {name}"
        elif name in given:
            path = "--" + name.replace("_", "-")
        elif name == "name" or Path(error.path).name == file.name:  # A server kept its own copy elsewhere.
            path = str(file)
        else:
            path = error.path
        raise type(error)(error.message, code=error.code, path=path, hint=error.hint) from error


def mapping_of(file: Path | None, flags: dict[str, object]) -> ImportMapping:
    """The mapping a file says, with the flags above it. Raises Invalid for what is no mapping."""
    from holdfast.integrations.files.mapping import decode_mapping

    said: object = {}
    if file is not None:
        try:
            said = json.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise Invalid(f"cannot be read: {error.strerror}.", path=str(file)) from error
        except ValueError as error:
            raise Invalid(f"is no JSON: {error}.", path=str(file)) from error
    if not isinstance(said, dict):
        raise Invalid(
            "is no JSON object.", path=str(file), hint='It looks like {"person": "customer_id", "time": "at"}.'
        )
    return decode_mapping({**said, **flags})


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write; the ending says the format.")],
    file_format: Annotated[
        Format | None, typer.Option("--format", help="The format, if the ending does not say it.")
    ] = None,
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """Write every event, oldest first, with the person it belongs to now.

    \b
    Examples:
      holdfast export events.parquet
      holdfast export events.csv --data my-data
    """
    settings = Settings.load(data, os.environ)
    chosen = format_of(file, file_format)
    if not settings.data_dir.is_dir():
        raise no_directory(settings.data_dir)
    if not file.absolute().parent.is_dir():
        raise Invalid("there is no such folder.", path=str(file.parent), hint="Make it first.")
    if file.is_dir():
        raise Invalid("it is a folder.", path=str(file), hint="Name a file in it.")
    with file_desk(settings, api_key) as at:
        at.give(file, chosen.value)
    print(f"Every event is in {file}.")


def format_of(file: Path, said: Format | None) -> Format:
    """The format asked for, else the one the file's ending says."""
    if said is not None:
        return said
    try:
        return Format(file.suffix.lower().removeprefix("."))
    except ValueError as error:
        known = ", ".join(f".{each}" for each in Format)
        raise Invalid(
            "its ending says no format.", path=str(file), hint=f"End it in {known}, or say --format."
        ) from error


@contextlib.contextmanager
def show_progress(label: str) -> Iterator[Progress]:
    """Shows how many rows are done; where nobody watches, nothing."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Bars(*columns, transient=True, console=console, disable=not console.is_terminal) as shown:
        task = shown.add_task(label, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
