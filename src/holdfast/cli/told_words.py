"""Which sentences with values in them the server says, read from its source: `python -m holdfast.cli.told_words`.

A refusal says "there is no segment 'vip'.", and its source says `f"there is no segment {segment_id!r}."`. The console
knows the second as "there is no segment {{1}}.", finds it again in the first, and says it in the reader's
language with what stood in the place. So nothing changes where something is said, and the API says what it always did;
dictionaries are held to this list.

What is read: what errors that are shown to callers are made with; everything given as `message`, `hint` or `reason`, by
name or to an error of ours that takes it in its place; and what is returned by whatever is called `words`. A text is
followed to where it comes from: to names in the same function, to what calls it, to constants, to functions that return
it.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import count, product
from pathlib import Path
from typing import Final

import holdfast
from holdfast.settings import CHOOSABLE, about

ROOT: Final = Path(holdfast.__file__).parent
LEFT_OUT: Final = (
    "cli", "sim", "testing", "workers", "workspace", "wiring", "places.py", "stores/nats", "stores/postgres",
    "stores/sqlite", "stores/memory", "stores/clickhouse/cluster.py", "stores/clickhouse/declared.py",
    "stores/clickhouse/server.py", "http/collect.py", "http/decide.py", "http/inbox.py", "http/inbound.py",
    "http/preferences.py", "messages/person_token.py", "flows/ingest/taking.py", "flows/upkeep/rebuild.py",
    "flows/delivery/inbound.py", "flows/delivery/inbox.py", "integrations/files/folder.py",
    "integrations/files/segment_files.py", "integrations/files/documents.py", "ports/history.py",
    "flows/measure/drawing.py",
)  # fmt: skip
"""Where sentences are for whoever runs servers, writes programs or stands at a terminal; the console shows none."""
WORDLESS: Final = (
    "segments", "measures/insights", "measures/insight.py", "measures/breakdown.py", "measures/attempts.py",
)  # fmt: skip
"""Where `words` are put together of parts that say nothing alone: the console takes those apart by itself."""
OTHERS: Final = (
    "Field required.", "Input should be a valid string.", "Input should be a valid number.",
    "Input should be a valid integer.", "Input should be a valid boolean.", "Input should be a valid list.",
    "Input should be a valid dictionary.", "Input should be an object.", "Extra inputs are not permitted.",
    "Unexpected keyword argument.", "Input should be {{1}}.", "Input should be greater than {{1}}.",
    "Input should be greater than or equal to {{1}}.", "Input should be less than {{1}}.",
    "Input should be less than or equal to {{1}}.", "String should have at least {{1}} characters.",
    "String should have at most {{1}} characters.",
    "List should have at least {{1}} items after validation, not {{2}}.",
    "List should have at most {{1}} items after validation, not {{2}}.", "{{1}}: line {{2}}: {{3}}",
)  # fmt: skip
"""What Pydantic says of a body that is not as the API describes it; and where in a message something is wrong."""
THEIRS: Final = ("FilterArgumentError",)
"""Errors that are not ours, and are made here: what filters of templates say."""
STEPS: Final = "decisions.steps."
GIVEN: Final = frozenset({"message", "hint", "reason"})
"""As what sentences are handed on."""
FINDING: Final = "_finding"
"""What functions are called that return a whole sentence wherever they stand, besides `words` and `…_words`."""
WAYS_MOST: Final = 24
"""In how many ways one text is taken apart; what has more keeps holes."""
DEEP_MOST: Final = 6
"""Through how many names and calls a text is followed."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
HOLE: Final = "{{0}}"
"""Where a value stands, before holes are counted."""
_FIELD = re.compile(r"(?<!\{)\{\w*\}(?!\})")
_ANY_HOLE = re.compile(r"\{\{\d+\}\}")


def told_words() -> list[str]:
    """Every sentence, with `{{1}}`, `{{2}}` where its values stand, in order."""
    # Whoever chooses what a setting cannot be is told what it is for.
    helps = (about(name).help for name in CHOOSABLE)
    return sorted({*OTHERS, *helps, *(text for text in _Reading(_modules()).said() if _is_told(text))})


def told_titles() -> list[str]:
    """What steps are called that say more than their kind, such as "Until {{1}}", in order."""
    reading = _Reading(_modules())
    titles = {
        text for module in _modules().values() if STEPS in module.name for text in reading.called("title", module)
    }
    return sorted(text for text in titles if _ANY_HOLE.sub("", text).strip())


def _is_told(text: str) -> bool:
    """Whether it is more than a word, and more than its values."""
    plain = _ANY_HOLE.sub("", text).strip()
    return " " in text.strip() and sum(letter.isalpha() for letter in plain) > 2  # More than "of" and "to".


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where an expression stands: its module, and the function and class around it."""

    module: _Module
    function: Function | None = None
    owner: str = ""


@dataclass(slots=True, kw_only=True)
class _Module:
    name: str
    """Such as `holdfast.kernel.errors`."""
    tree: ast.Module
    wordy: bool
    """Whether its `words` are sentences."""
    taken: frozenset[str]
    """As what sentences are handed on without a name."""
    constants: dict[str, ast.expr] = field(default_factory=dict)
    functions: dict[str, tuple[Function, str]] = field(default_factory=dict)
    """With the class each is in: the first of a name, by `name` and by `Class.name`."""
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    calls: list[tuple[_Place, ast.Call]] = field(default_factory=list)
    """Every call, with the innermost function around it."""

    def taking(self, name: str) -> list[str]:
        """What a class is made of, in order; nothing of what is no class here."""
        made = self.functions.get(f"{name}.__init__")
        if made is not None:
            return [each.arg for each in made[0].args.args[1:]]
        fields = self.classes[name].body if name in self.classes else []
        return [
            each.target.id for each in fields if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        ]


@cache
def _modules() -> dict[str, _Module]:
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        inside = path.relative_to(ROOT).as_posix()
        name = ".".join(("holdfast", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
        if not _is_among(inside, LEFT_OUT):
            tree = ast.parse(path.read_text("utf-8"))
            # Channels write down there what providers say, which is theirs.
            taken = frozenset() if inside.startswith("channels/") else GIVEN
            found[name] = _indexed(_Module(name=name, tree=tree, wordy=not _is_among(inside, WORDLESS), taken=taken))
    return found


def _is_among(path: str, places: Sequence[str]) -> bool:
    return any(path == each or path.startswith(f"{each}/") for each in places)


def _indexed(module: _Module) -> _Module:
    for node in module.tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                module.constants[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                module.constants[name] = value
    _walk(module.tree, _Place(module=module))
    return module


def _walk(node: ast.AST, place: _Place) -> None:
    """Note what is within a piece of a module."""
    module = place.module
    for each in ast.iter_child_nodes(node):
        inside = place
        match each:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                module.functions.setdefault(each.name, (each, place.owner))
                module.functions.setdefault(f"{place.owner}.{each.name}", (each, place.owner))
                inside = _Place(module=module, function=each, owner=place.owner)
            case ast.ClassDef(name=name):
                module.classes[name] = each
                inside = _Place(module=module, owner=name)
            case ast.Call():
                module.calls.append((place, each))
            case ast.ImportFrom(module=str(where), names=names):
                module.imports |= {name.asname or name.name: (where, name.name) for name in names}
        _walk(each, inside)


class _Reading:
    """Reads everything once, and again whatever hands on what it was given."""

    def __init__(self, modules: dict[str, _Module]) -> None:
        self._modules = modules
        self._errors = self._error_names()
        self._parts: set[str] = set()
        """Texts that stand in others."""
        self._handed: dict[tuple[str, str], set[str]] = {}
        """By module and function the parameters of which what they are given is said."""

    def said(self) -> set[str]:
        """All texts; again until nothing more is found to be handed on."""
        while True:
            before = sum(map(len, self._handed.values()))
            found = {text for module in self._modules.values() for text in self._said_in(module)}
            if sum(map(len, self._handed.values())) == before:
                return found | self._parts

    def called(self, name: str, module: _Module) -> Iterator[str]:
        """What functions of a name return in a module."""
        for known, (function, owner) in module.functions.items():
            if known == f"{owner}.{name}":
                yield from self._returned_by(function, _Place(module=module, owner=owner), 0)

    def _error_names(self) -> set[str]:
        names, before = {"Exposed", *THEIRS}, 0
        classes = [each for module in self._modules.values() for each in module.classes.values()]
        while len(names) > before:
            before = len(names)
            names |= {each.name for each in classes if any(_last_name(base) in names for base in each.bases)}
        return names

    def _said_in(self, module: _Module) -> Iterator[str]:
        for place, call in module.calls:
            for given in self._given(place, call):
                yield from self.texts(given, place)
        for name, (function, owner) in module.functions.items():
            saying = function.name == "words" or function.name.endswith("_words")
            if "." in name and (function.name == FINDING or (saying and module.wordy)):
                place = _Place(module=module, function=function, owner=owner)
                for each in _returned(function):
                    yield from self.texts(each, place)

    def _given(self, place: _Place, call: ast.Call) -> Iterator[ast.expr]:
        """What a call is given to be said."""
        name = _last_name(call.func)
        if name in self._errors and call.args:
            yield call.args[0]
        yield from (each.value for each in call.keywords if each.arg in GIVEN)
        yield from self._given_in_place(place, call)
        found = self._function(call.func, place)
        if found is None:
            return
        function, owner, module = found
        named = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
        wanted = self._handed.get((module.name, function.name), set()) | (set(named) & place.module.taken)
        skipped = 1 if owner and named[:1] in (["self"], ["cls"]) else 0
        for parameter, argument in zip(named[skipped:], call.args, strict=False):
            if parameter in wanted:
                yield argument
        yield from (each.value for each in call.keywords if each.arg in wanted - GIVEN)

    def _given_in_place(self, place: _Place, call: ast.Call) -> Iterator[ast.expr]:
        """What is said by being the first things of a value, such as a verdict, or of an error callers never see."""
        # Outside functions stand examples: what a provider says there is its own.
        if not isinstance(call.func, ast.Name) or place.function is None:
            return
        where, name = place.module.imports.get(call.func.id, (place.module.name, call.func.id))
        there = self._modules.get(where)
        if there is not None and name not in self._errors:
            yield from (given for at, given in zip(there.taking(name), call.args, strict=False) if at in GIVEN)

    def texts(self, expression: ast.expr, place: _Place, deep: int = 0) -> list[str]:
        """The texts an expression may come to, with holes; none where nothing is known of it."""
        if deep > DEEP_MOST:
            return []
        among = _chosen_from(expression)
        if among is not None:
            return [text for each in among for text in self.texts(each, place, deep)]
        match expression:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=parts):
                return self._joined(parts, place, deep)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._product([self._or_hole(left, place, deep), self._or_hole(right, place, deep)])
            case ast.Name(id=name):
                return self._named(name, place, deep)
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                own = place.module.functions.get(f"{place.owner}.{name}")
                return [] if own is None else self._returned_by(own[0], place, deep)
            case ast.Call():
                return self._called(expression, place, deep)
        return []

    def _joined(self, parts: Sequence[ast.expr], place: _Place, deep: int) -> list[str]:
        ways: list[list[str]] = []
        for part in parts:
            if isinstance(part, ast.FormattedValue):
                ways.append(self._part(part.value, place, deep))
            else:
                ways.append(self.texts(part, place, deep))
        return self._product(ways)

    def _part(self, value: ast.expr, place: _Place, deep: int) -> list[str]:
        """What stands in the middle of a text: told apart where it is chosen among few, else a hole."""
        if isinstance(value, ast.IfExp):
            return [text for each in (value.body, value.orelse) for text in self._part(each, place, deep)]
        if isinstance(value, ast.Constant):
            return [str(value.value)]
        if isinstance(value, ast.JoinedStr):
            return self.texts(value, place, deep + 1)
        if isinstance(value, ast.Name) and place.function is not None:
            among = _assigned(place.function, value.id)
            if among and all(_is_plain(each) for each in among):
                return [text for each in among for text in self.texts(each, place, deep + 1)] or [HOLE]
        if place.module.wordy:
            self._parts.update(self.texts(value, place, deep + 1))
        return [HOLE]

    def _or_hole(self, expression: ast.expr, place: _Place, deep: int) -> list[str]:
        return self.texts(expression, place, deep + 1) or [HOLE]

    @staticmethod
    def _product(ways: Sequence[Sequence[str]]) -> list[str]:
        many = 1
        for each in ways:
            many *= len(each)
        if many > WAYS_MOST:
            ways = [each if len(each) == 1 else [HOLE] for each in ways]
        return [_numbered("".join(each)) for each in product(*ways)]

    def _named(self, name: str, place: _Place, deep: int) -> list[str]:
        function = place.function
        if function is not None:
            among = _assigned(function, name)
            if among:
                return [text for each in among for text in self.texts(each, place, deep + 1)]
            given = function.args
            if name in {each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)}:
                self._handed.setdefault((place.module.name, function.name), set()).add(name)
                return []
        if name in place.module.constants:
            return self.texts(place.module.constants[name], _Place(module=place.module), deep + 1)
        if name in place.module.imports:
            where, what = place.module.imports[name]
            module = self._modules.get(where)
            if module is not None and what in module.constants:
                return self.texts(module.constants[what], _Place(module=module), deep + 1)
        return []

    def _called(self, call: ast.Call, place: _Place, deep: int) -> list[str]:
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"strip", "rstrip", "lstrip", "get"}:
            return self.texts(call.func.value, place, deep + 1)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "format":
            return [_numbered(_FIELD.sub(HOLE, text)) for text in self.texts(call.func.value, place, deep + 1)]
        found = self._function(call.func, place)
        if found is None:
            return []
        function, owner, module = found
        return self._returned_by(function, _Place(module=module, owner=owner), deep)

    def _returned_by(self, function: Function, place: _Place, deep: int) -> list[str]:
        if not place.module.wordy and "words" in function.name:
            return []
        inside = _Place(module=place.module, function=function, owner=place.owner)
        return [text for each in _returned(function) for text in self.texts(each, inside, deep + 1)]

    def _function(self, called: ast.expr, place: _Place) -> tuple[Function, str, _Module] | None:
        """What is called, where it is ours and can be told by its name."""
        module = place.module
        match called:
            case ast.Name(id=name) if name in module.imports:
                where, what = module.imports[name]
                there = self._modules.get(where)
                if there is not None and what in there.functions:
                    return *there.functions[what], there
            case ast.Name(id=name) if name in module.functions:
                return *module.functions[name], module
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name) if name in module.functions:
                return *module.functions.get(f"{place.owner}.{name}", module.functions[name]), module
        return None


def _chosen_from(expression: ast.expr) -> Sequence[ast.expr] | None:
    """What an expression is one of, where it is."""
    match expression:
        case ast.IfExp(body=yes, orelse=no):
            return (yes, no)
        case ast.BoolOp(values=among) | ast.Tuple(elts=among) | ast.List(elts=among) | ast.Dict(values=among):
            return among
        case ast.Await(value=inner) | ast.NamedExpr(value=inner) | ast.Subscript(value=inner):
            return (inner,)
    return None


@cache
def _bound(function: Function) -> dict[str, list[ast.expr]]:
    """What each name in a function is set to."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        for name, value in _settings(node):
            found.setdefault(name, []).append(value)
    return found


def _settings(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.Assign(targets=[target], value=value):
            yield from _paired(target, value)
        case ast.AugAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
            yield from _paired(target, value)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from _paired(target, value)
        case ast.For(target=ast.Tuple() as target, iter=ast.Tuple(elts=rows)):
            for row in rows:
                yield from _paired(target, row)


def _paired(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    match target, value:
        case ast.Name(id=name), _:
            yield name, value
        case ast.Tuple(elts=names), ast.Tuple(elts=values):
            yield from ((each.id, of) for each, of in zip(names, values, strict=False) if isinstance(each, ast.Name))


def _assigned(function: Function, name: str) -> list[ast.expr]:
    return _bound(function).get(name, [])


def _returned(function: Function) -> Iterator[ast.expr]:
    """What a function returns, itself and not those within it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
            yield node.value
        if not isinstance(node, Function | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))


def _is_plain(expression: ast.expr) -> bool:
    """Whether it is text that is written out."""
    match expression:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return True
        case ast.IfExp(body=yes, orelse=no):
            return _is_plain(yes) and _is_plain(no)
    return False


def _last_name(expression: ast.expr) -> str:
    match expression:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _numbered(text: str) -> str:
    """Holes by their place, so that a sentence is the same whatever its values are called where it is said."""
    places = count(1)
    return _ANY_HOLE.sub(lambda _: "{{" + str(next(places)) + "}}", text)


if __name__ == "__main__":
    json.dump({"sentences": told_words(), "titles": told_titles()}, sys.stdout, indent=1, ensure_ascii=False)
