"""Which segments and lists a condition names: every field that is said to hold one, wherever it stands."""

from __future__ import annotations

import json
from dataclasses import dataclass

from hypothesis import given

from holdfast.segments.codec import encode_condition
from holdfast.segments.condition import Condition, Part, SegmentId
from holdfast.segments.conditions.all_of import All
from holdfast.segments.conditions.in_list import InList
from holdfast.segments.conditions.in_segment import InSegment
from holdfast.segments.conditions.not_of import Not
from holdfast.segments.mentions import Mention, mentions_in
from tests.unit.segments.cases import conditions


def named_in(document: object, path: str = "$") -> list[tuple[str, str, str]]:
    """The same, found in the JSON form alone."""
    found: list[tuple[str, str, str]] = []
    if isinstance(document, dict):
        kinds = (kind for kind in ("segment", "list") if document.get("type") == f"in_{kind}")
        found += [(f"{path}.{kind}", kind, document[kind]) for kind in kinds]
        for name, each in document.items():
            found += named_in(each, f"{path}.{name}")
    elif isinstance(document, list):
        for index, each in enumerate(document):
            found += named_in(each, f"{path}[{index}]")
    return found


@given(condition=conditions(depth=3))
def test_every_segment_and_list_in_the_json_form_is_mentioned_once(condition: Condition) -> None:
    whole = All(of=(condition, Not(of=InSegment(segment="gold")), InList(list="vip")))
    document = json.loads(json.dumps(encode_condition(whole)))
    assert [(each.path, each.kind, each.id) for each in mentions_in(whole)] == named_in(document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair(Part):
    one: SegmentId
    others: tuple[SegmentId, ...] = ()
    note: str = ""

    def words(self) -> str:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd(InSegment):
    pairs: tuple[Pair, ...] = ()
    perhaps: SegmentId | None = None


def test_lists_of_segments_and_parts_are_looked_into() -> None:
    odd = Odd(segment="a", pairs=(Pair(one="b", others=("c", "d"), note="e"), Pair(one="f")))
    assert list(mentions_in(odd, "$.x")) == [
        Mention(path="$.x.segment", kind="segment", id="a"),
        Mention(path="$.x.pairs[0].one", kind="segment", id="b"),
        Mention(path="$.x.pairs[0].others[0]", kind="segment", id="c"),
        Mention(path="$.x.pairs[0].others[1]", kind="segment", id="d"),
        Mention(path="$.x.pairs[1].one", kind="segment", id="f"),
    ]


def test_what_is_bound_to_a_name_is_not_its_own() -> None:
    bound = InSegment(segment="a").bound(InSegment(segment="b"))
    assert [each.id for each in mentions_in(bound)] == ["a"]
