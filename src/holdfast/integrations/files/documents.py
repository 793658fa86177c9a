"""One JSON object in a text file, written as JSON, TOML or YAML: each says exactly what JSON can say, and nothing more.

YAML has several readers that do not agree on what `no`, `010` or `12:30` mean. Here a plain word is a number, true,
false or null only where all of them agree; where some would not take a word for text, it must be in quotes.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import tomli_w
import yaml

from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid, TooLarge

DocumentFormat = Literal["json", "toml", "yaml"]
ENDINGS: Mapping[str, DocumentFormat] = MappingProxyType(
    {".json": "json", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml"}
)
CHARACTERS_MOST = 1_000_000
VALUES_MOST = 50_000
"""Values in one document, those an anchor repeats counted each time."""
DEPTH_MOST = 220
"""Objects and lists in one another."""
_LINE_MOST = 1_000_000
"""Columns of a YAML line: longer texts would be broken in the middle of a word."""

Loose: TypeAlias = object
"""What a reader of files gives: JSON, or something JSON cannot say."""


def read_document(text: str, document_format: DocumentFormat, name: str) -> dict[str, Json]:
    """The JSON object the text says.

    Args:
        name: of the file, for complaints: their path begins with it.

    Raises Invalid and TooLarge.
    """
    if len(text) > CHARACTERS_MOST:
        message = f"the file has {len(text):,} characters."
        raise TooLarge(message, path=name, hint=f"{CHARACTERS_MOST:,} are read at most.")
    try:
        read = _READERS[document_format](text, name)
        value = _Checking(name).value(read, "$", 0)
    except RecursionError as error:
        raise _too_deep(f"{name}: $") from error
    if not isinstance(value, dict):
        raise Invalid("the file holds no object.", path=name, hint="Write its fields, such as name; see the how-to.")
    return value


def write_document(document: Mapping[str, Json], document_format: DocumentFormat) -> str:
    """The text of a document; the same document has the same text."""
    match document_format:
        case "json":
            return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        case "toml":
            return tomli_w.dumps(document)
        case "yaml":
            return yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_LINE_MOST)


def _of_json(text: str, name: str) -> Loose:
    def whole(pairs: list[tuple[str, object]]) -> dict[str, object]:
        made: dict[str, object] = {}
        for key, value in pairs:
            if key in made:
                raise ValueError(f"{key!r:.200} is given twice")
            made[key] = value
        return made

    def no_number(constant: str) -> object:
        raise ValueError(f"{constant} is no JSON number")

    try:
        return json.loads(text, object_pairs_hook=whole, parse_constant=no_number)
    except ValueError as error:
        raise _unreadable("JSON", error, name) from error


def _of_toml(text: str, name: str) -> Loose:
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise _unreadable("TOML", error, name) from error


def _of_yaml(text: str, name: str) -> Loose:
    try:
        node = yaml.compose(text, _Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" (at line {mark.line + 1})" if mark else ""
        raise _unreadable("YAML", f"{error.problem or error.context}{where}", name) from error
    except (yaml.YAMLError, ValueError) as error:
        raise _unreadable("YAML", str(error).partition("\n")[0], name) from error
    return None if node is None else node


_READERS: Mapping[DocumentFormat, Callable[[str, str], Loose]] = MappingProxyType(
    {"json": _of_json, "toml": _of_toml, "yaml": _of_yaml}
)


class _Checking:
    """Goes through what was read, and lets through what JSON can say."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._seen = 0
        self._characters = 0

    def value(self, read: Loose, path: str, depth: int) -> Json:
        self._seen += 1
        self._characters += len(read.value) if isinstance(read, yaml.ScalarNode) else 0
        if self._seen > VALUES_MOST or self._characters > CHARACTERS_MOST:
            hint = f"{VALUES_MOST:,} are read at most, those an anchor repeats counted each time."
            raise TooLarge("the file holds too many values.", path=self._name, hint=hint)
        if depth > DEPTH_MOST:
            raise _too_deep(f"{self._name}: {path}")
        match read:
            case yaml.Node():
                return self._of_node(read, path, depth)
            case dict():
                return {name: self.value(each, f"{path}.{name}", depth + 1) for name, each in read.items()}
            case list():
                return [self.value(each, f"{path}[{index}]", depth + 1) for index, each in enumerate(read)]
            case float() if not math.isfinite(read):
                raise self._wrong(path, f"{read} is no number to compare with.", "Write a finite number.")
            case None | bool() | int() | float() | str():
                return read
            case _:
                raise self._wrong(path, f"{read} is a date or a time to TOML.", f'Write it in quotes: "{read}".')

    def _of_node(self, node: yaml.Node, path: str, depth: int) -> Json:
        plain_tag = {yaml.ScalarNode: "str", yaml.SequenceNode: "seq", yaml.MappingNode: "map"}[type(node)]
        if node.tag != f"tag:yaml.org,2002:{plain_tag}":
            line = node.start_mark.line + 1
            raise self._wrong(path, f"the tag {node.tag!r} (line {line}) is not understood.", "Write plain YAML.")
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, path, depth))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        return [self.value(each, f"{path}[{index}]", depth + 1) for index, each in enumerate(node.value)]

    def _pairs(self, node: yaml.MappingNode, path: str, depth: int) -> Iterator[tuple[str, Json]]:
        names: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise self._wrong(path, f"the key in line {line} is no text.", "Write a word, then a colon.")
            if key.value in names:
                raise self._wrong(f"{path}.{key.value}", f"it is given twice (line {line}).", "Take one of them out.")
            names.add(key.value)
            yield key.value, self.value(value, f"{path}.{key.value}", depth + 1)

    def _scalar(self, node: yaml.ScalarNode, path: str) -> Json:
        text: str = node.value
        if node.style is not None:  # It is in quotes, or a block: text.
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _WHOLE.fullmatch(text):
            return self._whole(text, path)
        if _NUMBER.fullmatch(text):
            return self.value(float(text), path, 0)
        if _DISPUTED.fullmatch(text):
            hint = f'Write "{text}" in quotes for the text; else true, false or a plain number.'
            raise self._wrong(path, f"readers of YAML do not agree on what {text} means.", hint)
        return text

    def _whole(self, text: str, path: str) -> int:
        try:
            return int(text)
        except ValueError as error:
            raise self._wrong(path, f"the number has {len(text):,} digits.", "Write it with fewer.") from error

    def _wrong(self, path: str, message: str, hint: str) -> Invalid:
        return Invalid(message, code="bad_document", path=f"{self._name}: {path}", hint=hint)


_WORDS: Mapping[str, Json] = MappingProxyType(
    {"": None, "~": None}
    | dict.fromkeys(("null", "Null", "NULL"))
    | dict.fromkeys(("true", "True", "TRUE"), True)
    | dict.fromkeys(("false", "False", "FALSE"), False)
)
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DISPUTED = re.compile(
    r"(?ix: y|n|yes|no|on|off"  # Truths of YAML 1.1, texts of YAML 1.2.
    r"| [-+]?0[0-9_]+ | [-+]?0[xob][0-9a-f_]+ | [-+]?[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?"  # Octal or not, with _ or not.
    r"| [-+]?0[0-9]*\.[0-9]*(e[-+]?[0-9]+)?"
    r"| [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"  # Sixties: 12:30 is 750 to YAML 1.1.
    r"| [-+]?\.(inf|nan) )"
)


class _Loader(yaml.SafeLoader):
    """Takes every plain word for text: what it means is decided in `_Checking._scalar`."""

    yaml_implicit_resolvers: Mapping[str, object] = MappingProxyType({})  # type: ignore[assignment]  # Never added to.


class _Dumper(yaml.SafeDumper):
    """Puts every text in quotes, and keys that are no plain names, so that no reader takes one for something else."""

    def represent_mapping(self, tag: str, mapping: object, flow_style: bool | None = None) -> yaml.MappingNode:
        node = super().represent_mapping(tag, mapping, flow_style)  # type: ignore[arg-type]  # As the stubs have it.
        for key, _ in node.value:
            if _KEY.fullmatch(key.value) and key.value not in _WORDS and not _DISPUTED.fullmatch(key.value):
                key.style = None
        return node

    def ignore_aliases(self, data: object) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)


_Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def _unreadable(what: str, why: object, name: str) -> Invalid:
    return Invalid(f"is no {what}: {why}.", code="bad_document", path=name, hint=f"Check it as {what}.")


def _too_deep(path: str) -> TooLarge:
    return TooLarge("this lies too deep.", path=path, hint=f"{DEPTH_MOST} objects and lists in one another are read.")
