"""`holdfast journey`: journeys and campaigns, as they run and as files."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from holdfast.cli.desk import Answer, Desk, desk, rows_of
from holdfast.cli.options import AllowUnknown, ApiKey, AsJson, Data
from holdfast.cli.printing import count_words, print_json, print_table
from holdfast.cli.segment_registry import print_differences
from holdfast.kernel.errors import Exposed, Invalid, NotFound

if TYPE_CHECKING:  # They bring the decoder of events, which `--help` must not wait for.
    from holdfast.events.event import Json

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Sources = Annotated[list[Path], typer.Argument(metavar="PATH…", help="Folders and files: .json, .toml, .yaml, .yml.")]
JourneyId = Annotated[str, typer.Argument(metavar="ID", help="The id of a journey or a campaign.")]
KINDS: tuple[Literal["journey", "campaign"], ...] = ("journey", "campaign")
CONTENT_KINDS: tuple[Literal["block", "template"], ...] = ("block", "template")
SAID = {"new": "new", "changed": "changed", "unchanged": "unchanged", "absent": "not among these files"}


@app.callback()
def journey() -> None:
    """Journeys and campaigns: what runs, and the same kept as files to be reviewed like code.

    \b
    Examples:
      holdfast journey list
      holdfast journey pull journeys/
      holdfast journey diff journeys/
      holdfast journey apply journeys/
    """


@app.command("list")
def list_journeys(
    archived: Annotated[bool, typer.Option("--archived", help="What was archived, too.")] = False,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Every journey and campaign: whether it runs, and who is on it."""
    with desk(data, api_key) as at:
        found = [row for kind in KINDS for row in at.journeys(kind, archived=archived)]
    if as_json:
        print_json({"journeys": found})
        return
    columns = {"id": "ID", "kind": "KIND", "name": "NAME", "state": "STATE", "version": "VERSION"}
    columns |= {"entered": "ENTERED", "waiting": "UNDER WAY", "sent": "SENT"}
    print_table(found, columns, empty="There is no journey and no campaign.")


@app.command()
def show(journey_id: JourneyId, data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """One of them in full: what people did at every step, and its definition."""
    with desk(data, api_key) as at:
        found = _found(at, journey_id)
    if as_json:
        print_json(found)
        return
    print(f"{found['name']} ({found['kind']} {found['id']}, version {found['version']}, {found['state']})")
    columns = {"id": "STEP", "title": "WHAT", "note": "", "entered": "CAME", "waiting": "WAITING", "exits": "LEFT BY"}
    print_table(rows_of(found, "steps"), columns, empty="It has no steps.")
    print_json(found["definition"])


@app.command()
def apply(
    sources: Sources,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    move: Annotated[
        list[str] | None,
        typer.Option("--move", metavar="ID:OLD=NEW", help="Whoever stands at the step OLD goes on at NEW; repeatable."),
    ] = None,
    allow_unknown: AllowUnknown = False,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Publish the journeys and campaigns of a folder, a file each: all of them, or none when something is wrong.

    A file holds its kind (journey or campaign) and its definition; its own name is the id, unless it gives one. What
    says the same already is left alone; what is there and not among the files, too. A changed one that is paused stays
    paused, one that was stopped runs again. Whoever is under way stays on their version, unless --move moves them;
    how many they are is told, and whether the new version would lead them another way. Messages that ask for what is
    not there are refused. Templates and blocks may be among the files (kind template or block): they are saved in the
    same transaction, before the journeys that name them.

    \b
    Examples:
      holdfast journey apply journeys/ --dry-run
      holdfast journey apply journeys/
      holdfast journey apply cart-rescue.toml
      holdfast journey apply cart-rescue.toml --move cart-rescue:wait=pause
    """
    wish: Answer = {"move": _moves(move or []), "dry_run": dry_run, "allow_unknown": allow_unknown}
    done = _applied(sources, wish, data, api_key)
    if as_json:
        print_json(done)
        return
    for change in _changes(done):
        _print_change(change)
    _print_warnings(done)
    print(_summed(_changes(done)))
    if dry_run:
        print("Nothing was changed: this was a dry run.")


@app.command()
def diff(sources: Sources, data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """How files differ from what is published, place by place; nothing is changed.

    \b
    Examples:
      holdfast journey diff journeys/
    """
    # What is not known yet makes no difference.
    done = _applied(sources, {"dry_run": True, "allow_unknown": True}, data, api_key)
    if as_json:
        print_json(done)
        return
    for change in _changes(done):
        if change["change"] != "unchanged":
            _print_change(change)
    print(_summed(_changes(done)))


@app.command()
def pull(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go; made as needed.")],
    file_format: Annotated[
        Literal["json", "toml", "yaml"], typer.Option("--format", help="How the files are written.")
    ] = "json",
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """Write every journey and campaign to a file of its own, named by its id; `apply` of them changes nothing.

    Templates and blocks go into the folders templates and blocks within it. Files that say the same already are left
    as they are, comments too. What was stopped is left out.

    \b
    Examples:
      holdfast journey pull journeys/
      holdfast journey pull journeys/ --format yaml
    """
    from holdfast.integrations.files.journey_files import write_journey_files

    with desk(data, api_key) as at:
        running = [row for kind in KINDS for row in at.journeys(kind) if row["state"] != "stopped"]
        found = [_found(at, str(row["id"])) for row in running]
        content = [_content(at, kind, str(row["id"])) for kind in CONTENT_KINDS for row in at.saved(kind)]
    documents = [*((str(each["id"]), _document(each)) for each in found), *content]
    written = write_journey_files(folder, documents, file_format)
    for name in written.written:
        print(f"Wrote {name}.")
    for name in written.others:
        print(f"{name} is of nothing that runs; it was left alone.")
    print(f"{count_words(len(written.written), 'file')} written, {written.unchanged:,} left as they were.")


@app.command()
def pause(journey_id: JourneyId, data: Data = None, api_key: ApiKey = None) -> None:
    """Nobody enters and nobody moves, until it is resumed."""
    _change(journey_id, "pause", data, api_key)


@app.command()
def resume(journey_id: JourneyId, data: Data = None, api_key: ApiKey = None) -> None:
    """Let a paused one go on. What fell due meanwhile happens now."""
    _change(journey_id, "resume", data, api_key)


@app.command()
def stop(journey_id: JourneyId, data: Data = None, api_key: ApiKey = None) -> None:
    """Stop for good: everybody on it leaves, and what waits to be sent is withheld."""
    _change(journey_id, "stop", data, api_key)


@app.command()
def archive(journey_id: JourneyId, data: Data = None, api_key: ApiKey = None) -> None:
    """Put away one that was stopped: its results stay, and it is listed no more."""
    _change(journey_id, "archive", data, api_key)


@app.command()
def restore(journey_id: JourneyId, data: Data = None, api_key: ApiKey = None) -> None:
    """List an archived one again. It stays stopped until it is published anew."""
    _change(journey_id, "restore", data, api_key)


def _change(journey_id: str, verb: str, data: Path | None, api_key: str | None) -> None:
    with desk(data, api_key) as at:
        kind = str(_found(at, journey_id)["kind"])
        done = at.change_journey(kind, journey_id, verb)
    print(f"{str(done['kind']).capitalize()} {done['id']} is {done['state']}.")
    for lead in rows_of(done, "entered_from") if done["state"] != "live" else ():
        print(f"warning   {lead['id']} leads people into it at {lead['path']}; by that nobody enters.")


def _found(at: Desk, journey_id: str) -> Answer:
    for kind in KINDS:
        with contextlib.suppress(NotFound):
            return at.journey(kind, journey_id)
    hint = "`holdfast journey list` shows what there is."
    raise NotFound(f"there is no journey and no campaign {journey_id!r:.120}.", hint=hint)


def _document(found: Answer) -> dict[str, Json]:
    from holdfast.decisions.document import decode_document, encode_document

    definition = cast("dict[str, Json]", found["definition"])
    whole = encode_document(decode_document({"kind": found["kind"], **definition}))
    return {name: value for name, value in whole.items() if name != "id"}


def _moves(said: list[str]) -> dict[str, dict[str, str]]:
    moves: dict[str, dict[str, str]] = {}
    for each in said:
        journey_id, _, steps = each.partition(":")
        old, _, new = steps.partition("=")
        if not (journey_id and old and new):
            hint = "Write --move cart-rescue:wait=pause."
            raise Invalid(f"{each!r:.120} says not who moves where.", path="--move", hint=hint)
        moves.setdefault(journey_id, {})[old] = new
    return moves


def _applied(sources: list[Path], wish: Answer, data: Path | None, api_key: str | None) -> Answer:
    from holdfast.integrations.files.journey_files import (
        CONTENT_FIELD,
        FIELD,
        is_content,
        name_in_journey_file,
        read_journey_files,
    )

    files = read_journey_files(sources)
    with desk(data, api_key) as at:
        try:
            lists: Answer = {
                FIELD: [{**each.document} for each in files if not is_content(each.document)],
                CONTENT_FIELD: [{**each.document} for each in files if is_content(each.document)],
            }
            done = at.apply_journeys({**lists, **wish})
        except Exposed as complaint:
            raise name_in_journey_file(complaint, files) from complaint
    for warning in rows_of(done, "warnings"):
        placed = name_in_journey_file(Invalid("", path=str(warning["path"])), files)
        warning["path"] = placed.path
    return done


def _changes(done: Answer) -> list[Answer]:
    """What becomes of everything that was applied, what is said before those who say it."""
    return [*rows_of(done, "content"), *rows_of(done, "changes")]


def _content(at: Desk, kind: Literal["block", "template"], saved_id: str) -> tuple[str, dict[str, Json]]:
    definition = cast("dict[str, Json]", at.saved_one(kind, saved_id, None)["definition"])
    return saved_id, {"kind": kind, **definition}


def _print_change(change: Answer) -> None:
    state = _state(change) if "state" in change else ""
    print(f"{change['change']!s:<10}{change['kind']} {change['id']}, version {change['version']}{state}")
    print_differences(rows_of(change, "differences"), indent=" " * 12)
    for place in rows_of(change, "under_way") if "under_way" in change else ():
        print(f"{' ' * 12}{_place_words(place)}")


def _place_words(place: Answer) -> str:
    people = count_words(int(str(place["people"])), "person", "people")
    where = f"{people} at {place['step']} of version {place['version']}"
    if place["moves_to"] is not None:
        return f"{where}: moved to {place['moves_to']}"
    if not place["exists"]:
        return f"{where}: left on it; the new version has no such step"
    return f"{where}: left on it; the new version leads {'elsewhere' if place['goes_elsewhere'] else 'the same way'}"


def _print_warnings(done: Answer) -> None:
    for warning in rows_of(done, "warnings"):
        print(f"warning   {warning['path']}: {warning['message']} {warning['hint']}")


def _state(change: Answer) -> str:
    before, after = change["state_before"], change["state"]
    if before in ("stopped", "archived") and after == "live":
        return f"; it was {before}, and runs again"
    return "" if after == "live" else f"; it is {after}"


def _summed(changes: list[Answer]) -> str:
    counts = {kind: sum(change["change"] == kind for change in changes) for kind in SAID}
    told = [f"{count:,} {SAID[kind]}" for kind, count in counts.items() if count]
    return (", ".join(told) or "There are no journeys") + "."
