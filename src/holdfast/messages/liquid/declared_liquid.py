"""What a file of `tags` and `filters` declares: the tag or filter itself, and what its reference page says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from liquid.tag import Tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A template and what comes of it for the person of the reference page; run as a test."""

    source: str
    gives: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredTag:
    """A tag of ours. A file in `messages/tags` assigns it to `TAG`."""

    tag: type[Tag]
    form: str
    """How it is written."""
    about: str
    """What it does, in a sentence or two."""
    options: tuple[tuple[str, str], ...] = ()
    """What can be said in it, with what that means."""
    examples: tuple[Example, ...]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.tag.name


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredFilter:
    """A filter of ours. A file in `messages/filters` assigns it to `FILTER`."""

    name: str
    apply: Callable[..., Any]
    about: str
    options: tuple[tuple[str, str], ...] = ()
    examples: tuple[Example, ...]
