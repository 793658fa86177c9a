"""`holdfast channel`: the providers that carry messages, set up as connections."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, cast

import typer

from holdfast.cli.desk import Answer, Desk, desk
from holdfast.cli.options import ApiKey, AsJson, Data
from holdfast.cli.printing import print_json, print_table
from holdfast.kernel.errors import Exposed, Invalid

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

NOT_ACCEPTED_EXIT = 1

Name = Annotated[str, typer.Argument(help="The connection's name.")]


@app.callback()
def channel() -> None:
    """Set up who carries messages: a mail relay, a text message provider, push services, chats.

    Without a connection mail goes by the `smtp_*` settings and everything else waits. While the setting `mailbox` is
    true nothing goes out at all: messages of every channel are kept in the built-in mailbox.

    \b
    Examples:
      holdfast channel providers
      holdfast channel add texts --provider twilio --set account_sid=AC123
      holdfast channel list
      holdfast channel test texts --to +4915112345678
      holdfast channel remove texts
    """


@app.command()
def providers(
    provider: Annotated[str, typer.Argument(help="Show what this one asks for.")] = "",
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """The providers there are, or what one of them asks to be told."""
    with desk(data, api_key) as at:
        known = at.providers()
    if provider:
        found = _declared(known, provider)
        if as_json:
            print_json(found)
            return
        print_table(
            _settings_rows(found),
            {"name": "SETTING", "type": "TYPE", "needed": "NEEDED", "help": "HELP"},
            empty="It asks for nothing.",
        )
    elif as_json:
        print_json({"providers": known})
    else:
        print_table(known, {"name": "PROVIDER", "label": "NAME", "medium": "CHANNEL"}, empty="There is none.")


@app.command("list")
def list_connections(data: Data = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """The connections there are, and by what each channel's messages go."""
    with desk(data, api_key) as at:
        found = at.connections()
    if as_json:
        print_json(found)
        return
    columns = {"name": "NAME", "provider": "PROVIDER", "medium": "CHANNEL", "default": "DEFAULT", "problem": "PROBLEM"}
    print_table(_rows(found, "connections"), columns, empty="No connection is set up.")
    print()
    print_table(_rows(found, "carried"), {"medium": "CHANNEL", "by": "GOES BY", "connection": "CONNECTION"}, empty="")


@app.command()
def add(
    name: Name,
    provider: Annotated[str, typer.Option("--provider", help="Who it is: `holdfast channel providers` lists them.")],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting as NAME=VALUE; NAME=@FILE takes what is in a file. Repeat it."),
    ] = None,
    default: Annotated[
        bool | None,
        typer.Option("--default/--no-default", help="Whether messages of its channel go out by it."),
    ] = None,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Set a connection up, or change it. Secrets that it needs and that were not given are asked for, unseen.

    What is not said of a connection that exists stays as it is.
    """
    with desk(data, api_key) as at:
        declared = _declared(at.providers(), provider)
        before = next((each for each in _rows(at.connections(), "connections") if each["name"] == name), None)
        kept = before if before is not None and before["provider"] == provider else None
        wish = {**(_mapping(kept, "settings") if kept is not None else {}), **_given(settings or [], declared)}
        for secret in _missing(declared, wish, _mapping(kept, "secrets") if kept is not None else {}):
            wish[secret] = typer.prompt(secret, hide_input=True)
        made = at.put_connection(name, {"provider": provider, "settings": wish, "default": default})
    if as_json:
        print_json(made)
        return
    print(f"{name} is set up{', and its channel goes out by it' if made['default'] else ''}.")
    if made["callback_url"]:
        print(f"Tell {made['label']} to call {made['callback_url']}")


@app.command()
def remove(name: Name, data: Data = None, api_key: ApiKey = None) -> None:
    """Forget a connection, secrets and all. What waits to go by it waits for another."""
    with desk(data, api_key) as at:
        at.drop_connection(name)
    print(f"{name} is forgotten.")


@app.command("test")
def try_out(
    name: Annotated[str, typer.Argument(help="The connection; left out, every one.")] = "",
    to: Annotated[
        list[str] | None,
        typer.Option("--to", help="The address, or CHANNEL=ADDRESS where there are several channels. Repeat it."),
    ] = None,
    data: Data = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Send a message by a connection, or by each, and print what the providers say.

    An address that is suppressed is not written to. Exits 1 unless everything was accepted.
    """
    with desk(data, api_key) as at:
        connections = [each for each in _rows(at.connections(), "connections") if name in ("", each["name"])]
        if name and not connections:
            raise Invalid(f"there is no connection {name!r:.60}.", hint="`holdfast channel list` shows them.")
        tried = [_tried(at, each, _address(str(each["medium"]), to or [], alone=bool(name))) for each in connections]
    if as_json:
        print_json({"tried": tried})
    else:
        columns = {"name": "NAME", "medium": "CHANNEL", "to": "TO", "verdict": "VERDICT", "reason": "REASON"}
        print_table(tried, columns, empty="No connection is set up.")
    if any(each["verdict"] not in ("accepted", "kept") for each in tried):
        raise typer.Exit(NOT_ACCEPTED_EXIT)


@app.command()
def reseal(
    old_key: Annotated[
        str,
        typer.Option(
            "--old-key", envvar="HOLDFAST_OLD_SECRET_KEY", help="The `secret_key` that sealed before.", hidden=True
        ),
    ] = "",
    ask: Annotated[bool, typer.Option("--ask", help="Ask for the `secret_key` that sealed before.")] = False,
    data: Data = None,
    api_key: ApiKey = None,
) -> None:
    """Seal every secret with the `secret_key` that is set now.

    \b
    To change the key:
      1. set the new `secret_key` and start again
      2. holdfast channel reseal --ask
         (or with the old key in the variable HOLDFAST_OLD_SECRET_KEY)
    """
    old = typer.prompt("old secret_key", hide_input=True) if ask else old_key
    with desk(data, api_key) as at:
        count = at.reseal_connections(old or None)
    print(f"Secrets of {count} connection{'' if count == 1 else 's'} were sealed anew.")


def _tried(at: Desk, connection: Answer, address: str | None) -> Answer:
    row: Answer = {"name": connection["name"], "medium": connection["medium"], "to": address or ""}
    if address is None:
        return row | {"verdict": "not tried", "reason": f"Give --to {connection['medium']}=ADDRESS."}
    try:
        said = at.try_connection(str(connection["name"]), address)
    except Exposed as refusal:
        return row | {"verdict": "not tried", "reason": str(refusal)}
    if said["kept"]:
        return row | {"verdict": "kept", "reason": "It is in the built-in mailbox: the setting `mailbox` is true."}
    return row | {"verdict": said["verdict"], "reason": said["reason"] or said["provider_id"]}


def _address(medium: str, to: Sequence[str], *, alone: bool) -> str | None:
    """The address for a channel; None where none was given."""
    for each in to:
        named, equals, address = each.partition("=")
        if equals and named == medium:
            return address
    plain = [each for each in to if alone or "=" not in each]
    # What is sent to an address of the connection's own needs none.
    return plain[0] if alone and plain else ("" if medium == "slack" else None)


def _declared(known: Sequence[Answer], name: str) -> Answer:
    for each in known:
        if each["name"] == name:
            return each
    hint = f"There are {', '.join(str(each['name']) for each in known)}."
    raise Invalid(f"there is no provider {name!r:.60}.", code="unknown_provider", hint=hint)


def _given(settings: Sequence[str], declared: Answer) -> dict[str, object]:
    kinds = _mapping(_mapping(declared, "settings"), "properties")
    return dict(_setting(each, kinds) for each in settings)


def _setting(text: str, kinds: Mapping[str, object]) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Invalid(f"{text!r:.60} is no setting.", path="--set", hint="Write NAME=VALUE.")
    if value.startswith("@"):
        try:
            value = Path(value[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise Invalid(f"cannot be read: {error}.", path=value[1:], hint="Name a text file.") from error
    kind = cast("Mapping[str, object]", kinds.get(name, {})).get("type", "string")
    if kind == "string":
        return name, value
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value  # The server says what is wrong with it.


def _missing(declared: Answer, wish: Mapping[str, object], kept: Mapping[str, object]) -> list[str]:
    """Secrets that are needed, were not given, and are not there yet."""
    schema = _mapping(declared, "settings")
    kinds = _mapping(schema, "properties")
    needed = cast("list[str]", schema.get("required", []))
    secret = [each for each in needed if cast("Mapping[str, object]", kinds[each]).get("writeOnly")]
    return [each for each in secret if each not in wish and not kept.get(each)]


def _settings_rows(declared: Answer) -> list[Answer]:
    schema = _mapping(declared, "settings")
    needed = cast("list[str]", schema.get("required", []))
    return [
        {
            "name": name,
            "type": "secret" if kind.get("writeOnly") else kind.get("type", "text"),
            "needed": name in needed,
            "help": kind.get("description", ""),
        }
        for name, kind in cast("Mapping[str, Mapping[str, object]]", schema["properties"]).items()
    ]


def _rows(answer: Answer, name: str) -> list[Answer]:
    return cast("list[Answer]", answer[name])


def _mapping(answer: Mapping[str, object], name: str) -> dict[str, object]:
    return dict(cast("Mapping[str, object]", answer[name]))
