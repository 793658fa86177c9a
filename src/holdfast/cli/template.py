"""`holdfast template` and `holdfast block`: what messages say, saved in versions, looked at before anybody reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from holdfast.cli.desk import Answer, desk, rows_of
from holdfast.cli.options import AllowUnknown, ApiKey, AsJson, Data, Limit
from holdfast.cli.printing import cell, print_json, print_table
from holdfast.kernel.errors import Invalid

Kind = Literal["template", "block"]
SavedId = Annotated[str, typer.Argument(metavar="ID", help="The id it is saved under.")]
Version = Annotated[int | None, typer.Option("--version", min=1, help="An older version.")]
Person = Annotated[
    str, typer.Option("--person", metavar="PERSON", help="Whose message it is: a user id, else an anonymous one.")
]
Event = Annotated[
    list[str] | None, typer.Option("--event", metavar="NAME=VALUE", help="A property of the event that led to it.")
]
Language = Annotated[str, typer.Option("--language", help="In place of the person's own, such as de.")]
VariantName = Annotated[str, typer.Option("--variant", help="In place of the one the person draws.")]
Transactional = Annotated[
    bool, typer.Option("--transactional", help="Part of what somebody bought: it needs no link to unsubscribe.")
]
WRONG_EXIT = 1
"""The exit code of `check` when something is wrong."""

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
block_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def template() -> None:
    """Templates: what a message says on one channel, in variants and languages, every version kept.

    \b
    Examples:
      holdfast template save welcome welcome.yaml
      holdfast template check welcome --person ann
      holdfast template test welcome --to me@shop.example --person ann
    """


@block_app.callback()
def block() -> None:
    """Blocks: pieces that templates share, put in where {% block "footer" %} stands.

    \b
    Examples:
      holdfast block save footer footer.yaml
      holdfast block list
    """


@app.command()
def preview(
    saved_id: SavedId,
    person: Person = "",
    event: Event = None,
    language: Language = "",
    variant: VariantName = "",
    version: Version = None,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """The message as a real person would read it, and what there is to say about it."""
    wish = _wish(saved_id, version, person=person, event=event, language=language, variant=variant)
    with desk(data, api_key) as at:
        found = at.preview_template(wish)
    if as_json:
        print_json(found)
        return
    _print_preview(found)
    _print_remarks(found)


@app.command()
def check(
    saved_id: SavedId,
    person: Person = "",
    event: Event = None,
    language: Language = "",
    variant: VariantName = "",
    transactional: Transactional = False,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """What may keep it from being delivered, shown or read; ends with 1 when something is wrong."""
    wish = _wish(saved_id, None, person=person, event=event, language=language, variant=variant)
    with desk(data, api_key) as at:
        found = at.preview_template({**wish, "transactional": transactional})
    if as_json:
        print_json({"remarks": found["remarks"]})
    else:
        _print_remarks(found)
    if found["parts"] is None or any(each["weight"] == "wrong" for each in rows_of(found, "remarks")):
        raise typer.Exit(WRONG_EXIT)


@app.command("test")
def send_test(
    saved_id: SavedId,
    to: Annotated[str, typer.Option("--to", help="The address it goes to; none where the channel needs none.")] = "",
    person: Person = "",
    event: Event = None,
    language: Language = "",
    variant: VariantName = "",
    version: Version = None,
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """Send it to an address of your own, marked [Test]. It counts for nothing. A server that sends must be running."""
    wish = _wish(saved_id, version, person=person, event=event, language=language, variant=variant)
    with desk(data, api_key) as at:
        found = at.test_template({**wish, "to": to})
    if not found["taken"]:
        raise Invalid(
            f"it was not taken: {found['said']}", code="not_taken", hint="Mend what it says, or the connection."
        )
    print(f"Sent to {to}." if to else "Sent.")


def _wish(saved_id: str, version: int | None, *, event: list[str] | None, **said: str) -> Answer:
    wish: Answer = {"saved": saved_id, **said}
    if version is not None:
        wish["version"] = version
    if event:
        wish["event"] = {"properties": dict(map(_property, event))}
    return wish


def _property(text: str) -> tuple[str, object]:
    import msgspec

    name, equals, value = text.partition("=")
    if not (name and equals):
        raise Invalid(f"{text!r:.80} is no property.", path="--event", hint="Write NAME=VALUE, such as total=12.")
    try:
        return name, msgspec.json.decode(value)
    except msgspec.DecodeError:
        return name, value


def _print_preview(found: Answer) -> None:
    if found["template"]:
        language = f", {found['language']}" if found["language"] else ""
        print(f"{found['template']}, version {found['version']}, variant {found['variant']}{language}")
    parts = found["parts"]
    if not isinstance(parts, dict):
        print(f"Nothing would be sent: {found['reason']}")
        return
    for name, said in parts.items():
        if said not in ("", None, [], {}):
            print(f"\n{name}:")
            print(said if isinstance(said, str) else cell(said))
    print()


def _print_remarks(found: Answer) -> None:
    if found["parts"] is None:
        print(f"Nothing would be sent: {found['reason']}")
    remarks = rows_of(found, "remarks")
    for each in remarks:
        print(f"{each['weight']}  {each['part']}: {each['message']} {each['hint']}")
    if not remarks and found["parts"] is not None:
        print("There is nothing to say against it.")


def _add_saved(to: typer.Typer, kind: Kind) -> None:
    """The commands that templates and blocks have alike."""

    @to.command("list")
    def listed(data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
        """What is saved."""
        with desk(data, api_key) as at:
            found = at.saved(kind)
        if as_json:
            print_json({"saved": found})
            return
        columns = {
            "id": "ID",
            "name": "NAME",
            "medium": "CHANNEL",
            "version": "VERSION",
            "saved_at": "SAVED",
            "by": "BY",
        }
        if kind == "block":
            del columns["medium"]
        print_table(found, columns, empty="Nothing is saved.")

    @to.command()
    def show(saved_id: SavedId, version: Version = None, data: Data = None, api_key: ApiKey = None) -> None:
        """What it says, as a file that `save` takes; who uses it goes to the error stream."""
        with desk(data, api_key) as at:
            found = at.saved_one(kind, saved_id, version)
        users = found["used_by"]
        if isinstance(users, list) and users:
            typer.echo(f"Used by {', '.join(map(str, users))}.", err=True)
        print_json(found["definition"])

    @to.command()
    def save(
        saved_id: SavedId,
        file: Annotated[Path, typer.Argument(help="A file of JSON, TOML or YAML; `show` prints what it holds.")],
        allow_unknown: AllowUnknown = False,
        data: Data = None,
        api_key: ApiKey = None,
    ) -> None:
        """Save what a file says, as a new version; the same again makes none.

        A block with which templates or journeys would not hold up is refused, naming them; --allow-unknown saves it.
        """
        definition = _read(file)
        with desk(data, api_key) as at:
            found = at.save_saved(kind, saved_id, definition, allow_unknown=allow_unknown)
        for warning in rows_of(found, "warnings"):
            print(f"warning   {warning['who']}: {warning['path']}: {warning['message']} {warning['hint']}")
        print(f"Saved {found['id']}, version {found['version']}.")


def _add_versions(to: typer.Typer, kind: Kind) -> None:
    """The commands about what was saved before."""

    @to.command()
    def versions(
        saved_id: SavedId, data: Data = None, limit: Limit = 50, api_key: ApiKey = None, as_json: AsJson = False
    ) -> None:
        """What was saved under an id, newest first."""
        with desk(data, api_key) as at:
            found = at.saved_versions(kind, saved_id, limit=limit)
        if as_json:
            print_json({"versions": found})
            return
        columns = {"version": "VERSION", "saved_at": "SAVED", "by": "BY", "name": "NAME", "deleted": "DELETED"}
        print_table(found, columns, empty="Nothing was saved.")

    @to.command()
    def restore(
        saved_id: SavedId,
        version: Annotated[int, typer.Argument(min=1, help="The version to save again.")],
        data: Data = None,
        api_key: ApiKey = None,
    ) -> None:
        """Save again what a version says; what was deleted is brought back."""
        with desk(data, api_key) as at:
            found = at.restore_saved(kind, saved_id, version)
        for warning in rows_of(found, "warnings"):
            print(f"warning   {warning['who']}: {warning['path']}: {warning['message']} {warning['hint']}")
        print(f"Restored {found['id']}, version {found['version']}.")

    @to.command()
    def delete(saved_id: SavedId, data: Data = None, api_key: ApiKey = None) -> None:
        """Delete it, unless something uses it. Its versions stay."""
        with desk(data, api_key) as at:
            at.delete_saved(kind, saved_id)
        print(f"Deleted {saved_id}.")


def _read(file: Path) -> Answer:
    from holdfast.integrations.files.documents import ENDINGS, read_document

    if file.suffix not in ENDINGS:
        raise Invalid("what kind of file is this?", path=str(file), hint=f"Name it {', '.join(ENDINGS)}.")
    if not file.is_file():
        raise Invalid("there is no such file.", path=str(file), hint="Write one as the how-to on templates shows.")
    return {**read_document(file.read_text(encoding="utf-8"), ENDINGS[file.suffix], str(file))}


_add_saved(app, "template")
_add_versions(app, "template")
_add_saved(block_app, "block")
_add_versions(block_app, "block")
