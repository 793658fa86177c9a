"""What a caller can be told, read from the source: every error that is raised with a code of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from holdfast.kernel.errors import Exposed


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Complaint:
    """One way a caller is told that something is wrong."""

    code: str
    status: int
    message: str
    """As it is said; … stands for what comes from the caller."""
    hint: str


def error_classes() -> list[type[Exposed]]:
    """The classes of errors a caller can mend, the tree's order."""
    return [Exposed, *_below(Exposed)]


def _below(parent: type[Exposed]) -> Iterator[type[Exposed]]:
    for each in parent.__subclasses__():
        if each.__module__ == "holdfast.kernel.errors":
            yield each
            yield from _below(each)


def complaints_in(folder: Path) -> list[Complaint]:
    """Every complaint the source under the folder makes, in order of code."""
    classes = {each.__name__: each for each in error_classes()}
    found: set[Complaint] = set()
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in classes:
                found.update(_complaint(node, classes[node.func.id]))
    return sorted(found)


def _complaint(call: ast.Call, kind: type[Exposed]) -> Iterator[Complaint]:
    given: Mapping[str | None, ast.expr] = {each.arg: each.value for each in call.keywords}
    message = _words(call.args[0] if call.args else given.get("message"))
    own_code = _words(given.get("code"))
    code = own_code or kind.default_code
    # A place that hands on what another one said has neither words nor a code of its own.
    if "…" not in code and (own_code or message.strip(" …")):
        yield Complaint(code=code, status=kind.status, message=message, hint=_words(given.get("hint")))


def _words(node: ast.expr | None) -> str:
    """The text an expression makes, as far as it is written there."""
    match node:
        case None:
            return ""
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_words(each) for each in values)
        case ast.BinOp(left=left, right=right):
            return _words(left) + _words(right)
        case _:
            return "…"
