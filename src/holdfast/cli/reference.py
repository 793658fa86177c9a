"""Writes docs/reference from the declarations: `python -m holdfast.cli.reference [FOLDER]`.

Every page but events.md is made of what the code says, so it cannot say otherwise; a test fails when one is stale.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import holdfast
from holdfast.channels.declared import Answer, HttpAnswer, StatusAnswer, providers
from holdfast.channels.declared import Declared as Provider
from holdfast.channels.smpp import STATUSES
from holdfast.cli.complaints import complaints_in, error_classes
from holdfast.cli.markdown import table
from holdfast.cli.reference_http import http_page
from holdfast.cli.reference_insights import insights_page
from holdfast.cli.reference_kpis import kpis_page
from holdfast.cli.reference_liquid import liquid_page
from holdfast.cli.reference_sql import sql_page
from holdfast.decisions.budget import Budget
from holdfast.decisions.campaign import Campaign
from holdfast.decisions.fields import schema_of
from holdfast.decisions.gate import Reason
from holdfast.decisions.journey import Goal, Journey
from holdfast.decisions.medium import Medium, media
from holdfast.decisions.nodes import step_types
from holdfast.decisions.step import Step
from holdfast.decisions.steps.send import SavedTemplate
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Refused, Verdict
from holdfast.segments.catalogue import declared
from holdfast.segments.codec import encode_condition, kind_of, part_of
from holdfast.segments.condition import Condition, Declared, Part
from holdfast.segments.operators import OPERATORS, Operator
from holdfast.segments.regions import REGIONS
from holdfast.settings import NAMES, OTHER_VARIABLES, about, default_of, type_words, variable_of

GENERATED = "<!-- Made by `make docs` from the code. Change the code, not this page. -->\n\n"


def pages() -> dict[str, str]:
    """Every generated page: its file's name, and its text."""
    return {name: GENERATED + make() for name, make in PAGES.items()}


def write(folder: Path) -> None:
    """Write the pages into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


def settings_page() -> str:
    """Every setting, its variable, default and meaning."""
    rows = [
        (
            f"`{name}`" + (" ◆◆" if about(name).live else " ◆" if about(name).group else ""),
            f"`{variable_of(name)}`",
            type_words(name) + (f", in {about(name).unit}" if about(name).unit else ""),
            "(empty)" if default_of(name) == "" else f"`{_default_text(default_of(name))}`",
            about(name).help + (" Never printed." if about(name).secret else ""),
        )
        for name in NAMES
    ]
    others = [(f"`{name}`", meaning) for name, meaning in OTHER_VARIABLES.items()]
    return (
        "# Settings\n\n"
        "A flag counts before a `HOLDFAST_*` variable, that before `holdfast.toml` in the data directory, that\n"
        "before `holdfast.toml` in the working directory, and that before the default. A name that does not exist\n"
        "is an error, in the file and among the variables alike.\n\n"
        "Those marked ◆ may also be chosen in the console, under *Settings*, where nobody set them otherwise; ◆◆ hold\n"
        "within seconds then, the others after the next start.\n\n"
        '```toml\n# holdfast.toml\nworkspace_name = "Tideline"\ncurrency = "EUR"\ncap_email_per_day = 2\n```\n\n'
        + table(("Setting", "Variable", "Type", "Default", "What it does"), rows)
        + "\nOther variables:\n\n"
        + table(("Variable", "What it does"), others)
    )


def _default_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def command_line_page() -> str:
    """The help of every command."""
    import typer
    from typer.testing import CliRunner

    from holdfast.cli.main import app

    runner = CliRunner()
    parts = ["# Command line\n"]
    for words in _commands(typer.main.get_command(app), None, ()):
        # The width of help is that of the terminal, so it is given: the page must come out the same everywhere.
        said = runner.invoke(app, [*words, "--help"], prog_name="holdfast", terminal_width=100, color=False)
        title = " ".join(("holdfast", *words))
        parts.append(f"{'#' * min(len(words) + 2, 3)} {title}\n\n```text\n{said.output.strip()}\n```\n")
    return "\n".join(parts)


def _commands(command: Any, above: Any, words: tuple[str, ...]) -> Iterable[tuple[str, ...]]:  # noqa: ANN401 - Typer keeps its types.
    yield words
    if hasattr(command, "list_commands"):
        # Asked as `--help` asks: a group may look its commands up only then, as that of the insights does.
        context = command.context_class(command, info_name=words[-1] if words else "holdfast", parent=above)
        for name in command.list_commands(context):
            yield from _commands(command.get_command(context, name), context, (*words, name))


def conditions_page() -> str:
    """Conditions with their fields and examples, and the operators."""
    operators = [_operator(name, each) for name, each in OPERATORS.items()]
    regions = [(f"`{name}`", " ".join(sorted(codes))) for name, codes in REGIONS.items()]
    return (
        "# Conditions and operators\n\n"
        "A segment is one condition. Its JSON form is the same in the API, on the command line, in files and in\n"
        "the console; an unknown field is an error. The same condition counts people over all history, and is asked\n"
        "of one person in a journey.\n\n"
        + "\n".join(_condition(each) for each in declared().values())
        + "\n## Operators\n\n"
        "For traits and for properties of events. A value that is missing or null matches nothing but `is_not_set`.\n"
        'Types do not mix: `"30"` is not `30`, and `true` is not `1`; a text that is no date matches no operator\n'
        "about dates, and a number is no version.\n\n"
        + table(("Operator", "Says", "Takes", "Such as"), operators)
        + "\n### Dates\n\n"
        "A date is a text: a day such as `2026-03-01`, or a moment such as `2026-03-01T08:00:00Z`. A day, and a\n"
        "moment that names no zone, are what the calendar and the clock on the wall say; a moment with a zone lies on\n"
        "the day it is there. *Today* is the day it is in the `time_zone` of a `trait`, and in the workspace's for\n"
        "properties of events and traits of groups. Anniversaries go by the day as it is written.\n"
        "\n### Regions\n\n"
        "Countries are codes of ISO 3166-1 alpha-2. Continents and their parts are those of UN M49.\n\n"
        + table(("Region", "Countries"), regions)
    )


def _operator(name: str, each: Operator) -> tuple[str, str, str, str]:
    says = each.label.rstrip(":,") + (f"; {each.about}" if each.about else "")
    example = "" if each.example is None else f"`{json.dumps(each.example, ensure_ascii=False)}`"
    return f"`{name}`", says, each.takes.value, example


def _condition(each: Declared) -> str:
    rows = list(_condition_rows(each.shape, ""))
    examples = "\n".join(json.dumps(encode_condition(example), ensure_ascii=False) for example in each.examples)
    return (
        f"## `{each.name}`\n\n{_doc(each.shape)}\n\n"
        f"{table(('Field', 'Holds', 'Default'), rows)}\n```json\n{examples}\n```\n"
    )


def _condition_rows(shape: type[Condition | Part], before: str) -> Iterable[tuple[str, str, str]]:
    for field in fields(shape):  # type: ignore[arg-type]  # Conditions and their parts are dataclasses.
        if field.init:
            part = part_of(shape, field.name)
            kind = kind_of(shape, field.name)
            about = _doc(part) if part else kind.about if kind else _OF.get(field.name, "")
            yield f"`{before}{field.name}`", about, _needed(field.default)
            if part is not None:
                yield from _condition_rows(part, f"{before}{field.name}.")


_OF = MappingProxyType(
    {
        "of": "the condition, or the list of conditions",
        "where": "comparisons, all of which must hold: `property`, `operator`, `value`",
        "value": "what to compare with; see the operator",
    }
)


def _needed(default: object) -> str:
    if default is MISSING:
        return "required"
    return "none" if default in (None, ()) else f"`{default}`"


def journeys_page() -> str:
    """Journeys, campaigns, every step, and why a message is withheld."""
    steps = "\n".join(_step(name, each) for name, each in step_types().items())
    reasons = ", ".join(f"`{each}`" for each in Reason.__args__)  # type: ignore[attr-defined]  # A Literal has them.
    return (
        "# Journeys and campaigns\n\n"
        "A journey is JSON: who is let in, which steps follow, and where each exit of a step leads. A campaign is a\n"
        "journey of one message. Both are versioned; publishing again makes a new version, and whoever is under way\n"
        "stays on theirs.\n\n"
        f"## The journey\n\n{_fields_table(Journey)}\n"
        f"## The campaign\n\n{_fields_table(Campaign)}\n"
        f"## `goal`\n\n{_fields_table(Goal)}\n"
        f"## `budget`\n\n{_fields_table(Budget)}\n"
        f"## The steps\n\n{steps}\n"
        "### `template` of `send`\n\nIts parts are those of the channel, as [channels](channels.md) tells. In the "
        f"place of them it may name a saved template:\n\n{_fields_table(SavedTemplate)}\n"
        "## Why a message is withheld\n\n"
        f"Every message passes one gate. If it may not be sent, there is exactly one reason, the first of: {reasons}.\n"
        "A transactional message is held back only by `no_address`, by `too_late`, and by `suppressed` where the "
        "address is dead.\n"
    )


def _step(name: str, each: type[Step]) -> str:
    named = [f"`{exit_name}`" for exit_name in each.exits]
    named += [f"each name in `{each.exits_of}`"] if each.exits_of else []
    exits = ", ".join(named) or "none: the journey ends here"
    return f"### `{name}`\n\n{_doc(each)}\n\nExits: {exits}.\n\n{_fields_table(each)}"


def _fields_table(type_: type[Any]) -> str:
    schema = schema_of(type_)
    properties = cast("Mapping[str, Mapping[str, Any]]", schema["properties"])
    rows = [
        (
            f"`{name}`",
            _kind_words(each),
            f"`{json.dumps(each['default'], ensure_ascii=False)}`" if "default" in each else "required",
            str(each.get("description", "")),
        )
        for name, each in properties.items()
    ]
    return table(("Field", "Holds", "Default", "What it says"), rows) if rows else "It has no fields.\n"


_FORMATS = {
    "condition": "a [condition](conditions.md)",
    "days": "whole days; less than 0 is before",
    "shares": "a share, 0 to 1, for each name",
    "time_of_day": "a time of the day: `09:30`, `18:00:30`",
    "time_zone": "`person`, `workspace` or a time zone such as `Europe/Berlin`",
    "trait_value": "text, a number, true, false or null",
    "weekdays": "a list of weekdays, `monday` to `sunday`",
}
"""What kinds of fields hold that their JSON types do not tell."""


def _kind_words(schema: Mapping[str, Any]) -> str:
    match schema:
        case {"anyOf": [inner, {"type": "null"}]}:
            return f"{_kind_words(inner)}, or null"
        case {"enum": options}:
            return " or ".join(f"`{each}`" for each in options)
        case {"format": str(known)} if known in _FORMATS:
            return _FORMATS[known]
        case {"type": "integer" | "number"}:
            return _number_words(schema)
        case {"type": "string", "pattern": _}:
            return "an id: a–z, 0–9, - and _"
        case {"type": "string"}:
            return "text"
        case {"type": "boolean"}:
            return "true or false"
        case {"type": "array", "items": items}:
            return _list_words(items)
        case _:
            return "an object"


def _number_words(schema: Mapping[str, Any]) -> str:
    match schema:
        case {"format": "seconds", "minimum": least, "maximum": most}:
            return f"whole seconds, {least} to {most}"
        case {"type": "integer", "minimum": least, "maximum": most} if most < 2**53:
            return f"a whole number, {least} to {most}"
        case {"type": "integer"}:
            return "a whole number"
        case _:
            return "a share: 0 or more, less than 1"


def _list_words(items: Mapping[str, Any]) -> str:
    match items:
        case {"properties": parts}:
            return f"a list of objects: {', '.join(f'`{part}`' for part in parts)}"
        case {"type": "string"}:
            return "a list of texts"
        case {"type": "integer", "minimum": least, "maximum": most}:
            return f"a list of whole numbers, {least} to {most}"
        case _:
            return "a list of comparisons: `property`, `operator`, `value`"


def channels_page() -> str:
    """Every channel, what it takes, who carries it, and what providers' answers mean to us."""
    told = "\n".join(_medium(each) for each in media().values())
    return (
        "# Channels\n\n"
        "How something is said. Every text is Liquid. Below each channel are the providers that carry it, with the\n"
        "answers they give and what we make of them: *taken*; *later*, asked again after so long; *refused*, with the\n"
        "address *dead* if it is to be used no more; or *in doubt*, and not repeated.\n\n" + told
    )


def _medium(each: Medium) -> str:
    carried = "\n".join(_provider(provider) for provider in providers().values() if provider.medium == each.name)
    parts = _fields_table(each.content)
    return f"## {each.label}\n\n{each.help} A send step names it `{each.name}`.\n\n{parts}\n{carried}"


def _provider(each: Provider) -> str:
    return (
        f"### {each.label}\n\nA connection names it `{each.name}`. Written down in {each.source}.\n\n"
        f"{_fields_table(each.settings)}\n"
        f"{table(('Answer', 'Means'), [_answer_row(answer) for answer in each.answers]) if each.answers else ''}"
    )


def _answer_row(answer: Answer | HttpAnswer | StatusAnswer) -> tuple[str, str]:
    means = _verdict_words(answer.means)
    if isinstance(answer, StatusAnswer):
        return f"`{answer.status:#04x}` {STATUSES.get(answer.status, '')}".strip(), means
    if isinstance(answer, Answer):
        return f"{answer.stage}: `{answer.reply.code} {' '.join(answer.reply.lines)}`", means
    said = f"`{answer.reply.status}`" + (f" `{answer.reply.said()}`" if answer.reply.body else "")
    return said + (f" {answer.note}" if answer.note else ""), means


def _verdict_words(verdict: Verdict) -> str:
    match verdict:
        case Accepted():
            return "taken"
        case Deferred(after_seconds=seconds):
            return f"later, after {seconds} seconds"
        case Refused(gone=gone):
            return "refused; the address is dead" if gone else "refused"
        case InDoubt():
            return "in doubt"


def errors_page() -> str:
    """Every code a caller can meet, and the tree of errors."""
    classes = [(f"`{each.__name__}`", str(each.status), _first_paragraph(each)) for each in error_classes()]
    codes = [
        (f"`{each.code}`", str(each.status), each.message, each.hint)
        for each in complaints_in(Path(holdfast.__file__).parent)
    ]
    return (
        "# Errors\n\n"
        "Every error you can mend has a stable `code`, a message, the `path` of what is wrong where there is one,\n"
        "and a `hint`. Over HTTP it is the body of the reply, with the status below; on the command line it is a\n"
        "sentence and exit code 2; in Python it is an exception of the class.\n\n"
        "```json\n"
        '{"error": {"code": "out_of_range", "message": "…", "path": "$.of[0].within_days", "hint": "…"}}\n'
        "```\n\n"
        + table(("Class", "Status", "Means"), classes)
        + "\nThe codes, with what is said (… stands for what is yours):\n\n"
        + table(("Code", "Status", "Message", "Hint"), codes)
    )


def _doc(type_: type[Any]) -> str:
    return "\n".join(line.strip() for line in (type_.__doc__ or "").strip().splitlines())


def _first_paragraph(type_: type[Any]) -> str:
    return " ".join(_doc(type_).partition("\n\n")[0].split())


PAGES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "settings.md": settings_page,
        "command-line.md": command_line_page,
        "conditions.md": conditions_page,
        "journeys.md": journeys_page,
        "channels.md": channels_page,
        "templates.md": liquid_page,
        "insights.md": insights_page,
        "kpis.md": kpis_page,
        "sql.md": sql_page,
        "http-api.md": http_page,
        "errors.md": errors_page,
    }
)


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            write(Path("docs/reference"))
        case [folder] if not folder.startswith("-"):
            write(Path(folder))
        case _:
            sys.exit(__doc__)
