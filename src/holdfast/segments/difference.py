"""What changed between two JSON documents, place by place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from holdfast.events.event import Json

LISTED_MOST = 2_000
"""Elements of a list that are matched with one another; longer ones are told as changed whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place where two documents differ."""

    path: str
    """Where it stands in the newer one, or, for what was removed, stood in the older."""
    kind: Literal["added", "removed", "changed"]
    before: Json = None
    after: Json = None


def differences(before: Json, after: Json, path: str = "$") -> Iterator[Difference]:
    """Every place where they differ, in the order of the newer one; what was removed comes where it stood."""
    match before, after:
        case Mapping(), Mapping():
            yield from _of_objects(before, after, path)
        case list(), list() if max(len(before), len(after)) <= LISTED_MOST:
            yield from _of_lists(before, after, path)
        case _ if _text(before) != _text(after):
            yield Difference(path=path, kind="changed", before=before, after=after)


def _of_objects(before: Mapping[str, Json], after: Mapping[str, Json], path: str) -> Iterator[Difference]:
    for name, value in before.items():
        if name not in after:
            yield Difference(path=f"{path}.{name}", kind="removed", before=value)
    for name, value in after.items():
        if name in before:
            yield from differences(before[name], value, f"{path}.{name}")
        else:
            yield Difference(path=f"{path}.{name}", kind="added", after=value)


def _of_lists(before: Sequence[Json], after: Sequence[Json], path: str) -> Iterator[Difference]:
    matched = SequenceMatcher(None, [_text(each) for each in before], [_text(each) for each in after], autojunk=False)
    for _, first, first_end, second, second_end in (each for each in matched.get_opcodes() if each[0] != "equal"):
        both = min(first_end - first, second_end - second)
        for step in range(both):
            yield from differences(before[first + step], after[second + step], f"{path}[{second + step}]")
        for index in range(first + both, first_end):
            yield Difference(path=f"{path}[{index}]", kind="removed", before=before[index])
        for index in range(second + both, second_end):
            yield Difference(path=f"{path}[{index}]", kind="added", after=after[index])


def _text(value: Json) -> str:
    # As text, since to Python 1 is 1.0 and true.
    return json.dumps(value, sort_keys=True)
