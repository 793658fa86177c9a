"""`holdfast segment apply` and `pull`: segments as files in a folder, to be kept and reviewed like code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from holdfast.cli.desk import Answer, desk, rows_of
from holdfast.cli.options import ApiKey, AsJson, Data
from holdfast.cli.printing import count_words, print_json
from holdfast.cli.segment_registry import print_differences, print_used_by
from holdfast.kernel.errors import Exposed

if TYPE_CHECKING:  # It brings the decoder of events, which `--help` must not wait for.
    from holdfast.events.event import Json

KINDS = {
    "new": "new",
    "changed": "changed",
    "deleted": "deleted",
    "unchanged": "unchanged",
    "absent": "saved but not among these files",
}


def apply(
    sources: Annotated[
        list[Path], typer.Argument(metavar="PATH…", help="Folders and files: .json, .toml, .yaml, .yml.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Delete whatever is saved and not among the files.")] = False,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Save the segments of a folder, a file each: all of them, or none when something is wrong.

    A file holds name, definition, and perhaps description and live; its own name is the id, unless it gives one.
    Segments may refer to each other in any order. What is saved already and says the same is left alone.

    \b
    Examples:
      holdfast segment apply segments/ --dry-run
      holdfast segment apply segments/
      holdfast segment apply loyal.toml gold.json
    """
    from holdfast.integrations.files.segment_files import name_in_file, read_segment_files

    files = read_segment_files(sources)
    with desk(data, api_key) as at:
        try:
            documents: list[Answer] = [{**each.document} for each in files]
            changes = at.apply_segments(documents, dry_run=dry_run, prune=prune)
        except Exposed as complaint:
            raise name_in_file(complaint, files) from complaint
    if as_json:
        print_json({"dry_run": dry_run, "changes": changes})
        return
    for change in changes:
        _print_change(change)
    print(_summed(changes))
    if dry_run:
        print("Nothing was changed: this was a dry run.")


def pull(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go; made as needed.")],
    file_format: Annotated[
        Literal["json", "toml", "yaml"], typer.Option("--format", help="How the files are written.")
    ] = "json",
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """Write every saved segment to a file of its own, named by its id; `apply` of them changes nothing.

    Files that say the same already are left as they are, comments too.

    \b
    Examples:
      holdfast segment pull segments/
      holdfast segment pull segments/ --format toml
    """
    from holdfast.integrations.files.segment_files import write_segment_files

    with desk(data, api_key) as at:
        saved = at.segments()
    told = [(str(each["id"]), _document(each)) for each in saved]
    written = write_segment_files(folder, told, file_format)
    for name in written.written:
        print(f"Wrote {name}.")
    for name in written.others:
        print(f"{name} is of no saved segment; it was left alone.")
    print(f"{count_words(len(written.written), 'file')} written, {written.unchanged:,} left as they were.")


def add_commands(to: typer.Typer) -> None:
    """Add these to `holdfast segment`."""
    to.command("apply")(apply)
    to.command("pull")(pull)


def _document(saved: Answer) -> dict[str, Json]:
    fields = ["name", *(each for each in ("description", "live") if saved[each]), "definition"]
    # What an answer holds was JSON a moment ago.
    return cast("dict[str, Json]", {field: saved[field] for field in fields})


def _print_change(change: Answer) -> None:
    match change["kind"]:
        case "new":
            print(f"new       {change['id']}: {change['words_after']}")
        case "changed":
            print(f"changed   {change['id']}, version {change['version']}")
            if change["words_before"] != change["words_after"]:
                print(f"            before: {change['words_before']}")
                print(f"            after:  {change['words_after']}")
            print_differences(rows_of(change, "differences"), indent="            ")
            print_used_by(rows_of(change, "used_by"), indent="            ")
        case "deleted":
            print(f"deleted   {change['id']}: {change['words_before']}")
        case "absent":
            print(f"absent    {change['id']}: saved but not among these files; --prune deletes it")


def _summed(changes: list[Answer]) -> str:
    counts = {kind: sum(change["kind"] == kind for change in changes) for kind in KINDS}
    told = [f"{count:,} {KINDS[kind]}" for kind, count in counts.items() if count]
    return (", ".join(told) or "There are no segments") + "."
