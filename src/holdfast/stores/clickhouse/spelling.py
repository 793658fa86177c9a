"""Values as the engine reads them, in process and over HTTP alike."""

from __future__ import annotations

import math
import sys

from holdfast.kernel.sql import Sql, Value
from holdfast.ports.analyst import SqlValue


def spelt(value: Value | SqlValue) -> str:
    """A bound value as the engine reads it. It takes bound text to be escaped, so everything but letters and digits is.

    This is the one place where that is done: neither chDB nor the client for HTTP may escape once more.
    """
    match value:
        case None:
            return "\\N"
        case bool():
            return "1" if value else "0"
        case int():
            return str(value)
        case float():
            return repr(value) if math.isfinite(value) else ("inf" if value > 0 else "-inf")
        case str():
            return _escaped(value)
        case list():
            return f"[{','.join(_element(each) for each in value)}]"


def rendered(question: Sql, *, values_most: int = sys.maxsize) -> tuple[str, dict[str, str]]:
    """The text of a question, and its values as they are spelt.

    Args:
        values_most: characters of all values that are sent beside the text. Those beyond are written into it, as the
            engine itself does with a value it is given: an interface may take in long texts, but no long values.
    """
    text: list[str] = []
    values: dict[str, str] = {}
    for part in question.parts:
        if isinstance(part, str):
            text.append(part)
            continue
        kind, value = part
        said = spelt(value)
        values_most -= len(said)
        if values_most >= 0:
            name = f"p{len(values)}"
            values[name] = said
            text.append(f"{{{name}:{kind}}}")
        else:
            text.append(_literal(kind, said))
    return "".join(text), values


def _literal(kind: str, said: str) -> str:
    """A spelt value as it stands in a text. It is made of escapes, letters and digits, so nothing in it ends it."""
    if kind == "String":
        return f"'{said}'"
    escaped = said.replace("\\", "\\\\").replace("'", "\\'")
    return f"CAST('{escaped}' AS {kind})"


def plain(token: str) -> str:
    """The token in letters, digits and a few signs, so that it can stand in a statement."""
    return "".join(
        each if each.isascii() and (each.isalnum() or each in ":-_.") else f"%{ord(each):x}" for each in token
    )


def _element(value: SqlValue) -> str:
    if value is None:
        return "NULL"
    return f"'{_escaped(value)}'" if isinstance(value, str) else spelt(value)


def _escaped(text: str) -> str:
    r"""Every byte that is no letter or digit as `\xHH`; a lone surrogate as the three bytes it would have."""
    if text.isascii() and text.isalnum():
        return text
    raw = text.encode("utf-8", "surrogatepass")
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\x{byte:02X}" for byte in raw)
