"""Names in paths: a person called `a/events` is asked for as `/api/people/a%2Fevents`.

Servers decode a path before it is routed, and then a slash within a name and one between names are the same. So a
slash that was encoded travels through routing as a character no path can hold, and turns back into a slash where a
route takes its names.
"""

from __future__ import annotations

from urllib.parse import unquote

from starlette.convertors import Convertor, register_url_convertor
from starlette.types import Scope

_SLASH = "\udc2f"
"""Half a surrogate pair: decoding a path never gives one."""


def name_of(part: str) -> str:
    """The name that a part of a routed path is, slashes as they were meant."""
    return part.replace(_SLASH, "/")


class NameConvertor(Convertor[str]):
    """`{user_id:name}`: anything, with slashes too, as they came or encoded."""

    regex = "(?s:.*)"  # A name may be of several lines.

    def convert(self, value: str) -> str:
        """The name itself."""
        return name_of(value)

    def to_string(self, value: str) -> str:
        """The name within a path that is routed."""
        return value.replace("/", _SLASH)


register_url_convertor("name", NameConvertor())


def keeping_names(scope: Scope) -> Scope:
    """The scope with a path in which encoded slashes are part of names."""
    raw: bytes = scope.get("raw_path") or b""
    if b"%2f" not in raw.lower():
        return scope
    parts = raw.decode("latin-1").split("/")
    return {**scope, "path": "/".join(unquote(each).replace("/", _SLASH) for each in parts)}
