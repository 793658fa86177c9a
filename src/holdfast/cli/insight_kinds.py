"""The commands of the kinds of insight, made of their declarations.

One field stands after a kind's name: the first that is required, else the first that is an act. Every other is an
option.
"""

from __future__ import annotations

import inspect
import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from holdfast.cli.desk import Answer, desk, rows_of
from holdfast.cli.options import ApiKey, AsJson, Data, Limit
from holdfast.cli.printing import CELL_MOST, print_json, print_table
from holdfast.cli.segment import print_people
from holdfast.decisions.fields import schema_of
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import parse_moment, to_millis
from holdfast.kernel.money import minor_digits
from holdfast.measures import insight as insights
from holdfast.measures.insight import Column, Declared
from holdfast.measures.insight_catalogue import declared_insights, decode_question

Schema = Mapping[str, Any]


@cache
def kinds() -> Mapping[str, Any]:
    """Every kind of insight as a command, by name."""
    app = typer.Typer(rich_markup_mode=None)
    for name, each in declared_insights().items():
        app.command(name, help=f"{each.about}\n\n\b\nExamples:\n{_examples(each)}")(_command(each))
    return cast("Any", typer.main.get_command(app)).commands  # type: ignore[no-any-return]  # A group of typer's.


@dataclass(frozen=True, slots=True)
class _Asking:
    """What a command was given beside the question."""

    data: Data
    api_key: ApiKey
    as_json: AsJson
    limit: Limit
    plot: Path | None
    people: str | None
    save: str | None


def _command(each: Declared) -> Callable[..., None]:
    """The command of a kind, with an option for each field of its question."""
    fields = cast("Mapping[str, Schema]", schema_of(each.shape)["properties"])
    required = cast("Sequence[str]", schema_of(each.shape)["required"])
    main = main_of(each)

    def run(**given: Any) -> None:  # noqa: ANN401  # Typer gives what the signature below says.
        asking = _Asking(**{name: given.pop(f"_{name}" if name in fields else name) for name in _BESIDE})
        question = _question(main, fields, given)
        for name in required:
            if name not in question:
                hint = f"See holdfast {each.name} --help for examples."
                raise Invalid("is needed, too.", path=f"--{name.replace('_', '-')}", hint=hint)
        if asking.save is not None and asking.people is None:
            hint = "Say whom by --people, such as step=2,lost=true."
            raise Invalid("names nobody to keep.", path="--save", hint=hint)
        if asking.people is None:
            _answer(each.name, question, asking)
        else:
            _people(each.name, question, asking)

    parameters = [_main_parameter(main, fields[main], needed=main in required)]
    parameters += [_parameter(name, schema) for name, schema in fields.items() if name != main]
    beside = {**_BESIDE, "people": _people_parameter(each)}
    parameters += [each.replace(name=f"_{name}" if name in fields else name) for name, each in beside.items()]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # Typer reads it.
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def main_of(each: Declared) -> str:
    """The field that stands right after the name of the kind."""
    schema = schema_of(each.shape)
    acts = [name for name, field in cast("Mapping[str, Schema]", schema["properties"]).items() if _is_act(field)]
    return [*cast("Sequence[str]", schema["required"]), *acts][0]


def _is_act(schema: Schema) -> bool:
    return _inner(schema).get("format") == "act"


def _examples(each: Declared) -> str:
    return "\n".join(f"  holdfast {shlex.join((each.name, *typed(each, example)))}" for example in each.examples)


def typed(each: Declared, question: Mapping[str, object]) -> list[str]:
    """The words after the name of the kind that ask the question."""
    main = main_of(each)
    first = question.get(main)
    words = [_word(one) for one in first] if isinstance(first, list) else [_word(first)] if main in question else []
    for name, value in question.items():
        flag = f"--{name.replace('_', '-')}"
        if name == main:
            continue
        if isinstance(value, bool):
            words.append(flag if value else f"--no-{flag[2:]}")
        elif isinstance(value, list) and not any(isinstance(one, dict) for one in value):
            words += [word for one in value for word in (flag, _word(one))]
        else:
            words += [flag, _word(value)]
    return words


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _beside(name: str, annotation: Any, default: object) -> inspect.Parameter:  # noqa: ANN401  # As typer takes it.
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


_BESIDE = {
    "plot": _beside(
        "plot",
        Annotated[
            Path | None, typer.Option("--plot", metavar="FILE", help="Draw it: a name ending in .svg, .png or .pdf.")
        ],
        None,
    ),
    "people": _beside("people", str | None, None),
    "save": _beside(
        "save",
        Annotated[
            str | None,
            typer.Option("--save", metavar="ID", help="Keep the people of --people as a segment of this id."),
        ],
        None,
    ),
    "limit": _beside("limit", Limit, 50),
    "data": _beside("data", Data, None),
    "api_key": _beside("api_key", ApiKey, None),
    "as_json": _beside("as_json", AsJson, False),
}


def _people_parameter(each: Declared) -> inspect.Parameter:
    names = ", ".join(cast("Mapping[str, Schema]", schema_of(each.cell)["properties"]))
    said = f'Who is behind a cell: JSON, or such as "a=1,b=x". What names it: {names}.'
    return _beside("people", Annotated[str | None, typer.Option("--people", metavar="CELL", help=said)], None)


def _main_parameter(name: str, schema: Schema, *, needed: bool) -> inspect.Parameter:
    many = schema.get("type") == "array"
    described = str(schema["description"])
    where = f"{described} Or the whole question as JSON, or a file of JSON (- for standard input)."
    argument = typer.Argument(metavar=name.upper(), help=where, show_default=False)
    kind: Any = list[str] if many else str if needed else str | None
    return _beside(name, Annotated[kind, argument], inspect.Parameter.empty if needed else None).replace(
        kind=inspect.Parameter.POSITIONAL_OR_KEYWORD
    )


def _parameter(name: str, schema: Schema) -> inspect.Parameter:
    inner = _inner(schema)
    flag = f"--{name.replace('_', '-')}"
    choices = f" One of: {', '.join(inner['enum'])}." if "enum" in inner else ""
    many = inner.get("type") == "array"
    default = schema.get("default")
    if isinstance(default, float) and default.is_integer():
        default = int(default)
    if inner.get("format") == "time-zone":
        default = None  # Whoever names none is asked in the workspace's.
    usual = "" if default in (None, [], {}, "", False) else f" By default {json.dumps(default, ensure_ascii=False)}."
    help_text = f"{schema['description']}{choices}{' May be given several times.' if many else ''}{usual}"
    if inner.get("type") == "boolean":
        return _beside(name, Annotated[bool | None, typer.Option(f"{flag}/--no-{flag[2:]}", help=help_text)], None)
    kind: Any = list[str] | None if many else str | None
    option = typer.Option(flag, help=help_text, metavar=_metavar(inner))
    return _beside(name, Annotated[kind, option], None)


def _metavar(schema: Schema) -> str:
    match schema:
        case {"type": "integer" | "number"}:
            return "N"
        case {"format": "condition"}:
            return "SEGMENT"
        case {"type": "object" | "array"}:
            return "JSON"
    return "TEXT"


def _question(main: str, fields: Mapping[str, Schema], given: Mapping[str, Any]) -> Answer:
    """The question's JSON, from what was given; a main field that is a whole question stands for all."""
    said = {name: value for name, value in given.items() if value is not None and value != []}
    whole = _whole(said.get(main))
    if whole is not None:
        said.pop(main)
        return {**whole, **{name: _said(value, fields[name]) for name, value in said.items()}}
    return {name: _said(value, fields[name]) for name, value in said.items()}


def _whole(value: object) -> Answer | None:
    """A question that is written out whole: JSON that is no act or condition by itself, a file, or standard input."""
    text = value[0] if isinstance(value, list) and len(value) == 1 else value
    if not isinstance(text, str):
        return None
    if text == "-":
        return _object(typer.get_text_stream("stdin").read(), "standard input")
    if text.endswith(".json"):
        return _object(_read(Path(text)), text)
    if text.lstrip().startswith("{"):
        found = _object(text, "the question")
        return None if {"events", "type"} & found.keys() else found  # An act, or a condition: a part of a question.
    return None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"cannot be read: {error}.", path=str(file), hint="Give a file of JSON.") from error


def _object(text: str, where: str) -> Answer:
    found = _json(text, where)
    if not isinstance(found, dict):
        raise Invalid("is no JSON object.", path=where, hint='Write {"event": "Order Completed"}.')
    return found


def _said(value: Any, schema: Schema) -> object:  # noqa: ANN401  # Text, a list of texts, or a flag.
    """The JSON that an option's text means."""
    inner = _inner(schema)
    if isinstance(value, list):
        whole = value[0] if len(value) == 1 and value[0].lstrip().startswith("[") else None
        return _json(whole, "the list") if whole else [_said(each, inner.get("items", {})) for each in value]
    if not isinstance(value, str):
        return value
    if value.lstrip()[:1] in ("{", "["):
        return _json(value, "the option")
    if inner.get("type") in ("integer", "number"):
        return _number(value)
    if inner.get("format") == "condition":
        return {"type": "in_segment", "segment": value}
    return value


def _inner(schema: Schema) -> Schema:
    match schema:
        case {"anyOf": [inner, {"type": "null"}]}:
            return cast("Schema", inner)
    return schema


def _number(text: str) -> object:
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text  # The API complains of it, with its path.


def _json(text: str, where: str) -> Any:  # noqa: ANN401  # Whatever it says.
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"is no JSON: {error}.", path=where, hint="Put it in single quotes.") from error


def _answer(kind: str, question: Answer, asking: _Asking) -> None:
    with desk(asking.data, asking.api_key) as at:
        told = at.insight(kind, question)
    if asking.plot is not None:
        _draw(kind, question, told, asking.plot)
    if asking.as_json:
        print_json(told)
        return
    columns = rows_of(told, "columns")
    names = [str(each["name"]) for each in columns]
    rows = [
        {
            name: _shown(cell, str(column["type"]), str(told.get("currency", "")))
            for name, cell, column in zip(names, row, columns, strict=True)
        }
        for row in cast("list[list[object]]", told["rows"])
    ]
    print(told["words"])
    once = _said_once(rows, names)
    for name, value in once.items():
        print(f"{name.upper()} {value}")
    print_table(rows, {name: name.upper() for name in names if name not in once}, empty="Nothing.")


def _said_once(rows: Sequence[Answer], names: Sequence[str]) -> dict[str, str]:
    """Sentences that are the same in all rows: they stand above the table, not in each of its lines."""
    if len(rows) < 2:
        return {}
    return {
        name: value
        for name in names
        if isinstance(value := rows[0][name], str)
        and len(value) > CELL_MOST
        and all(row[name] == value for row in rows)
    }


def _people(kind: str, question: Answer, asking: _Asking) -> None:
    cell = _cell(kind, asking.people or "")
    with desk(asking.data, asking.api_key) as at:
        if asking.save is not None:
            kept = at.save_people(kind, question, cell, asking.save)
            typer.echo(f"Kept {kept['people']:,} people as the segment {kept['id']}.", err=True)
        told = at.insight_people(kind, question, cell, limit=asking.limit)
    if asking.as_json:
        print_json(told)
    else:
        print_people(rows_of(told, "people"), total=told["count"])


def _cell(kind: str, text: str) -> Answer:
    """A cell from JSON, or from `name=value` pairs: what is no text there is taken as JSON, such as `lost=true`."""
    fields = cast("Mapping[str, Schema]", schema_of(declared_insights()[kind].cell)["properties"])
    if text.lstrip().startswith("{"):
        return _object(text, "--people")
    cell: Answer = {}
    for pair in filter(None, text.split(",")):
        name, equals, value = pair.partition("=")
        if not equals:
            raise Invalid(f"{pair!r} names no cell.", path="--people", hint="Write it as step=2,lost=true.")
        is_text = _inner(fields.get(name.strip(), {})).get("type") == "string"
        try:
            cell[name.strip()] = value if is_text else json.loads(value)
        except ValueError:
            cell[name.strip()] = value
    return cell


def _shown(cell: object, kind: str, currency: str) -> object:
    """A cell as a person reads it."""
    if kind == "moment" and isinstance(cell, str):
        return cell.removesuffix("T00:00:00.000Z").removesuffix(":00.000Z")
    if isinstance(cell, bool) or not isinstance(cell, (int, float)):
        return cell
    if kind == "share":
        return f"{cell:.1%}"
    if kind == "money":
        digits = minor_digits(currency)
        return f"{cell / 10**digits:,.{digits}f} {currency}"
    return f"{cell:,}" if isinstance(cell, int) else f"{cell:,.6g}"


def _draw(kind: str, question: Answer, told: Answer, file: Path) -> None:
    from holdfast.flows.measure.drawing import draw

    columns = tuple(
        Column(name=str(each["name"]), type=cast("Any", each["type"]), about=str(each["about"]))
        for each in rows_of(told, "columns")
    )
    rows = tuple(
        tuple(
            to_millis(parse_moment(str(cell))) if column.type == "moment" and cell is not None else cell
            for cell, column in zip(row, columns, strict=True)
        )
        for row in cast("list[list[Any]]", told["rows"])
    )
    answer = insights.Answer(
        columns=columns, rows=rows, time_zone=str(told["time_zone"]), currency=str(told.get("currency", ""))
    )
    draw(answer, decode_question(kind, question).picture(), str(told["words"])).save(file)
    typer.echo(f"Drew {file}.", err=True)
