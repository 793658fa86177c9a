"""What a template is given: the one list of variables it may ask for, and the complaint of one that is not in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from holdfast.decisions.fields import one_of
from holdfast.kernel.errors import Invalid
from holdfast.messages.liquid.asked import Asked
from holdfast.messages.liquid.template import Template

Provided: TypeAlias = Mapping[str, "tuple[str, ...] | None"]
"""Names, with what each holds; None where that is the person's to say."""

Texts: TypeAlias = Iterable[tuple[str, Template]]
"""Texts, each with where it stands, as `Content.templates` gives them."""

PROVIDED: Provided = MappingProxyType(
    {
        "person": None,
        "event": ("name", "timestamp", "properties"),
        "run": ("id", "occasion", "not_after"),
        "links": ("unsubscribe", "preferences", "start"),
        "workspace": ("name", "time_zone"),
        "send": ("key", "origin", "step", "created_at"),
    }
)
"""What is given to the words of a step."""
PROVIDED_SAVED: Provided = MappingProxyType({**PROVIDED, "template": ("id", "version", "variant", "language")})
"""What is given to those of a saved template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unprovided:
    """One place that asks for what nothing provides."""

    part: str
    """Where the text stands in its content, such as `buttons[0].label`."""
    asked: Asked
    hint: str

    @property
    def message(self) -> str:
        """What is wrong, but for where."""
        return f"nothing provides {'.'.join(self.asked.name)!r:.120}."


def unprovided_in(texts: Texts, provided: Provided) -> Iterator[Unprovided]:
    """Every place that asks for what nothing provides, with a default or without."""
    for part, template in texts:
        for asked in template.asked():
            hint = _remedy(asked.name, provided)
            if hint is not None:
                yield Unprovided(part=part, asked=asked, hint=hint)


def check_variables(texts: Texts, provided: Provided, *, path: str, alone: bool = True) -> None:
    """Complain of the first variable that nothing provides and no default stands in for: it would come out empty.

    Args:
        alone: False for a piece: what it is put into may give it variables of its own.
    """
    for each in unprovided_in(texts, provided):
        if not each.asked.has_default and (alone or each.asked.name[0] in provided):
            raise Invalid(
                f"line {each.asked.line}: {each.message}",
                code="unknown_variable",
                path=f"{path}.{each.part}",
                hint=each.hint,
            )


def _remedy(name: tuple[str, ...], provided: Provided) -> str | None:
    """What to ask for instead of what nothing provides; None for what something does."""
    if name[0] not in provided:
        return one_of(name[0], tuple(provided))
    inner = provided[name[0]]
    if inner is None or len(name) == 1 or name[1] in inner:
        return None
    if name[0] == "event":
        return f"What came with the event is in event.properties: write event.properties.{'.'.join(name[1:]):.120}."
    return one_of(name[1], inner)
