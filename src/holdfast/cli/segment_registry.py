"""`holdfast segment versions`, `show`, `diff`, `restore`, `used-by`: what was saved, and who relies on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from holdfast.cli.desk import Answer, desk, rows_of
from holdfast.cli.options import ApiKey, AsJson, Data, Limit
from holdfast.cli.printing import cell, count_words, print_json, print_table

SegmentId = Annotated[str, typer.Argument(metavar="ID", help="The id it is saved under.")]
DIFFERENCES_MOST = 20
"""Places printed for one segment; `--json` prints them all."""


def versions(
    segment_id: SegmentId, data: Data = None, limit: Limit = 50, api_key: ApiKey = None, as_json: AsJson = False
) -> None:
    """What was saved under an id, newest first: when, by whom and what it said."""
    with desk(data, api_key) as at:
        found = at.segment_versions(segment_id, limit=limit)
    if as_json:
        print_json({"versions": found})
        return
    rows = [{**each, "words": "deleted" if each["deleted"] else each["words"]} for each in found]
    columns = {"version": "VERSION", "saved_at": "SAVED", "by": "BY", "name": "NAME", "words": "WHO THEY ARE"}
    print_table(rows, columns, empty="Nothing was saved.")


def show(
    segment_id: SegmentId,
    version: Annotated[int | None, typer.Option("--version", min=1, help="An older version.")] = None,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """A saved segment in full: its name, its words, its definition and who uses it."""
    with desk(data, api_key) as at:
        found = at.segment(segment_id) if version is None else at.segment_version(segment_id, version)
    if as_json:
        print_json(found)
        return
    live = ", live" if found.get("live") else ""
    print(f"{found['name']} ({found['id']}, version {found['version']}{live})")
    if found["description"]:
        print(found["description"])
    print(found["words"])
    if found.get("used_by"):
        print_used_by(rows_of(found, "used_by"))
    print_json(found["definition"])


def diff(
    segment_id: SegmentId,
    before: Annotated[int | None, typer.Argument(min=1, help="The older version; the one before by default.")] = None,
    after: Annotated[int | None, typer.Argument(min=1, help="The newer one; the newest by default.")] = None,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """What changed from one version to another, in words and place by place."""
    with desk(data, api_key) as at:
        found = at.segment_diff(segment_id, before, after)
    if as_json:
        print_json(found)
        return
    older, newer = found["before"], found["after"]
    if isinstance(older, dict) and isinstance(newer, dict):
        print(f"Version {older['version']}: {older['words']}")
        print(f"Version {newer['version']}: {newer['words']}")
    if not rows_of(found, "differences"):
        print("They say the same.")
    print_differences(rows_of(found, "differences"))


def restore(
    segment_id: SegmentId,
    version: Annotated[
        int | None, typer.Argument(min=1, help="The version to save again; of a deleted one, the last by default.")
    ] = None,
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """Save again what an older version says, or bring back a deleted segment."""
    with desk(data, api_key) as at:
        print_saved(at.restore_segment(segment_id, version), "Restored")


def used_by(segment_id: SegmentId, data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Who uses a segment: other segments, journeys and campaigns, KPIs, and where in their definitions."""
    with desk(data, api_key) as at:
        found = at.segment_used_by(segment_id)
    print_users(found, as_json=as_json)


def add_commands(to: typer.Typer) -> None:
    """Add these to `holdfast segment`."""
    for name, command in (
        ("versions", versions),
        ("show", show),
        ("diff", diff),
        ("restore", restore),
        ("used-by", used_by),
    ):
        to.command(name)(command)


def print_saved(saved: Answer, verb: str) -> None:
    """One sentence, and who uses what was changed."""
    print(f"{verb} {saved['id']}, version {saved['version']}.")
    print_used_by(rows_of(saved, "used_by"))


def print_users(found: list[Answer], *, as_json: bool) -> None:
    """Every use of a segment or a list, in a table."""
    if as_json:
        print_json({"used_by": found})
        return
    columns = {"kind": "KIND", "id": "ID", "name": "NAME", "version": "VERSION", "path": "WHERE"}
    print_table(found, columns, empty="Nothing uses it.")


def print_used_by(uses: Iterable[Answer], indent: str = "") -> None:
    """A line for each use."""
    for use in uses:
        older = f" (version {use['version']})" if use.get("version") is not None else ""
        print(f"{indent}Used by the {use['kind']} {use['id']}{older} at {use['path']}.")


def print_differences(found: list[Answer], indent: str = "") -> None:
    """A line for each place."""
    for each in found[:DIFFERENCES_MOST]:
        match each["kind"]:
            case "added":
                what = f"+ {cell(each['after'])}"
            case "removed":
                what = f"- {cell(each['before'])}"
            case _:
                what = f"{cell(each['before'])} → {cell(each['after'])}"
        print(f"{indent}{each['path']}: {what}")
    if len(found) > DIFFERENCES_MOST:
        more = count_words(len(found) - DIFFERENCES_MOST, "more place", "more places")
        print(f"{indent}… and {more}; --json tells them all.")
