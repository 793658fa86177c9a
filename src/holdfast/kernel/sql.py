"""SQL as a value: text from our source only, values only through `bind`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import LiteralString

Value = str | int | float | bool | list[str] | list[int] | list[float]


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL with its bound values.

    Pieces are joined with `+` and `join`; `render` numbers the parameters once the whole is known, so two pieces can
    never claim the same name. Text is a `LiteralString`: mypy refuses a formatted one.
    """

    parts: tuple[str | tuple[str, Value], ...] = field(default=())

    def __add__(self, other: Sql) -> Sql:
        return Sql(self.parts + other.parts)

    def render(self) -> tuple[str, dict[str, Value]]:
        """ClickHouse text with `{p0:Type}` placeholders, and the values they stand for."""
        text: list[str] = []
        params: dict[str, Value] = {}
        for part in self.parts:
            if isinstance(part, str):
                text.append(part)
            else:
                kind, value = part
                name = f"p{len(params)}"
                params[name] = value
                text.append(f"{{{name}:{kind}}}")
        return "".join(text), params


def sql(text: LiteralString) -> Sql:
    """SQL text written in our own source."""
    return Sql((text,))


def bind(kind: LiteralString, value: Value) -> Sql:
    """A value to be sent beside the text, with its ClickHouse type, such as `bind("String", "gold")`."""
    return Sql(((kind, value),))


def join(separator: LiteralString, pieces: Iterable[Sql]) -> Sql:
    """The pieces with the separator between them; the empty piece when there are none."""
    parts: list[str | tuple[str, Value]] = []
    for index, piece in enumerate(pieces):
        if index:
            parts.append(separator)
        parts.extend(piece.parts)
    return Sql(tuple(parts))


def fill(template: LiteralString, pieces: Mapping[str, Sql]) -> Sql:
    """The template with each `[[name]]` replaced by its piece.

    Raises KeyError when the template names a piece that is not given.
    """
    out = Sql()
    for index, chunk in enumerate(template.split("[[")):
        if index == 0:
            out += Sql((chunk,))
            continue
        name, _, rest = chunk.partition("]]")
        out = out + pieces[name] + Sql((rest,))
    return out
