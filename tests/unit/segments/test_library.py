"""Segments that name one another: made whole, or refused with the way that leads nowhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from holdfast.kernel.errors import Internal, Invalid, TooLarge
from holdfast.segments.builders import all_of, any_of, did, in_list, in_segment, trait
from holdfast.segments.codec import CONDITIONS_MOST, DEPTH_MOST, encode_condition
from holdfast.segments.condition import Condition, Scope, Truth
from holdfast.segments.explain import explain
from holdfast.segments.facts import HistoryFacts
from holdfast.segments.library import Library, conditions_in, inner, is_resolved, refers, resolve, resolve_in

NOW = datetime(2026, 3, 29, 1, tzinfo=UTC)
SCOPE = Scope(workspace=1, as_of_ms=0)
GERMAN = trait("country") == "DE"
GERMANS = HistoryFacts({"country": "DE"}, {})


def library(**saved: Condition) -> Library:
    return Library({name.replace("_", "-"): form(each) for name, each in saved.items()})


def form(condition: Condition) -> bytes:
    return json.dumps(encode_condition(condition)).encode()


def complaint(
    condition: Condition, shelf: Library, saved_as: str | None = None, path: str = "$"
) -> tuple[str, str, str, str]:
    with pytest.raises((Invalid, TooLarge)) as caught:
        resolve(condition, shelf, saved_as=saved_as, path=path)
    said = caught.value
    return said.code, said.path, said.message, said.hint


def test_what_is_bound_is_what_is_asked() -> None:
    shelf = library(german=GERMAN, both=in_segment("german") & trait("x").is_not_set())
    whole = resolve(~in_segment("both"), shelf)
    assert whole.holds(GERMANS, NOW) is Truth.FALSE
    assert whole.holds(HistoryFacts({}, {}), NOW) is Truth.TRUE
    assert whole.sql(SCOPE).render() == (~(GERMAN & trait("x").is_not_set())).sql(SCOPE).render()
    assert whole.not_live() is None
    assert encode_condition(whole) == {"type": "not", "of": {"type": "in_segment", "segment": "both"}}


def test_words_tell_what_it_means() -> None:
    shelf = library(german=GERMAN)
    assert in_segment("german").words() == "are in the segment “german”"
    assert resolve(in_segment("german"), shelf).words() == 'are in the segment “german” (whose country is "DE")'
    assert resolve(~in_segment("german"), shelf).words() == ('are not in the segment “german” (whose country is "DE")')


@pytest.mark.parametrize("ask", ["sql", "holds", "not_live"])
def test_nothing_is_guessed_before_it_is_bound(ask: str) -> None:
    given = {"sql": (SCOPE,), "holds": (GERMANS, NOW), "not_live": ()}[ask]
    with pytest.raises(Internal, match="'german'"):
        getattr(did("Order") | in_segment("german"), ask)(*given)


def test_what_names_nothing_stays_the_very_same() -> None:
    condition = all_of(GERMAN, any_of(did("Order"), ~did("Read")))
    assert resolve(condition, library()) is condition
    assert not refers(condition)
    assert is_resolved(condition)


def test_what_is_bound_once_is_bound_anew() -> None:
    old = resolve(in_segment("german"), library(german=GERMAN))
    new = resolve(old, library(german=~GERMAN))
    assert (old.holds(GERMANS, NOW), new.holds(GERMANS, NOW)) == (Truth.TRUE, Truth.FALSE)
    assert old != new
    assert is_resolved(old)
    assert not is_resolved(in_segment("german"))


def test_a_segment_that_is_not_there_is_told_at_its_place() -> None:
    shelf = library(loyal=did("Order"), lost=did("Read") & in_segment("nowhere"))
    assert complaint(all_of(did("A"), ~in_segment("loyl")), shelf) == (
        "unknown_segment",
        "$.of[1].of.segment",
        "There is no segment 'loyl'.",
        "Did you mean 'loyal'?",
    )
    code, path, message, _ = complaint(any_of(in_segment("lost")), shelf)
    assert (code, path) == ("unknown_segment", "$.of[0].segment")
    assert message == "In the segment 'lost', at $.of[1].segment: There is no segment 'nowhere'."
    assert complaint(in_segment("zzz"), library())[3] == "Save it first."


def test_the_innermost_segment_is_blamed() -> None:
    shelf = library(a=in_segment("b"), b=in_segment("c"), c=in_segment("d"))
    assert complaint(in_segment("a"), shelf)[1:3] == (
        "$.segment",
        "In the segment 'c', at $.segment: There is no segment 'd'.",
    )


def test_a_list_that_is_not_there_is_told_where_lists_are_checked() -> None:
    code, path, _, hint = complaint(did("A") & in_list("vpi"), Library({}, lists=["vip"]))
    assert (code, path, hint) == ("unknown_list", "$.of[1].list", "Did you mean 'vip'?")
    assert resolve(in_list("vpi"), library()) == in_list("vpi")


@pytest.mark.parametrize("wrap", [lambda each: each, lambda each: ~(did("A") & any_of(did("B"), each))])
def test_a_circle_is_spelt_out(wrap: object) -> None:
    assert callable(wrap)
    shelf = library(
        loyal=wrap(in_segment("big-spenders")), big_spenders=wrap(in_segment("loyal")), way_in=wrap(in_segment("loyal"))
    )
    code, _, message, _ = complaint(in_segment("way-in"), shelf)
    assert code == "cycle"
    assert message == "These segments name one another in a circle: loyal → big-spenders → loyal."
    assert complaint(did("A") & in_segment("loyal"), shelf)[1] == "$.of[1].segment"


def test_saving_may_not_close_a_circle() -> None:
    shelf = library(loyal=did("Order"), big_spenders=~in_segment("loyal"))
    closing = did("A") & in_segment("big-spenders")
    assert is_resolved(resolve(closing, shelf))
    code, path, message, _ = complaint(closing, shelf, saved_as="loyal", path="$.definition")
    assert (code, path) == ("cycle", "$.definition.of[1].segment")
    assert message.endswith("loyal → big-spenders → loyal.")
    assert complaint(in_segment("loyal"), shelf, saved_as="loyal")[2].endswith("circle: loyal → loyal.")


def test_naming_one_segment_twice_is_no_circle() -> None:
    shelf = library(a=in_segment("c"), b=in_segment("c"), c=GERMAN)
    assert resolve(in_segment("a") & in_segment("b"), shelf).holds(GERMANS, NOW) is Truth.TRUE


def test_limits_count_what_is_named() -> None:
    chain: dict[str, Condition] = {f"s{n}": in_segment(f"s{n + 1}") for n in range(DEPTH_MOST - 2)} | {
        f"s{DEPTH_MOST - 2}": GERMAN
    }
    resolve(in_segment("s0"), library(**chain))
    code, path, message, _ = complaint(all_of(in_segment("s0")), library(**chain))
    assert (code, path) == ("too_large", "$.of[0].segment")
    assert "too deep" in message
    wide = library(wide=all_of(*[GERMAN] * 98))
    most = all_of(in_segment("wide"), *[GERMAN] * (CONDITIONS_MOST - 101))
    assert sum(1 for _ in conditions_in(resolve(most, wide))) == CONDITIONS_MOST
    assert complaint(most & GERMAN, wide)[0] == "too_large"


def test_segments_that_double_and_double_are_stopped_early() -> None:
    doubling: dict[str, Condition] = {f"s{n}": in_segment(f"s{n + 1}") & in_segment(f"s{n + 1}") for n in range(6)} | {
        "s6": GERMAN
    }
    assert complaint(in_segment("s0"), library(**doubling))[0] == "too_large"


def test_a_segment_that_is_not_valid_is_told_only_to_those_who_name_it() -> None:
    shelf = Library({"odd": b'{"type": "dod"}', "good": form(GERMAN)})
    assert resolve(in_segment("good"), shelf).holds(GERMANS, NOW) is Truth.TRUE
    code, path, message, _ = complaint(in_segment("odd"), shelf)
    assert (code, path) == ("unknown_type", "$.segment")
    assert message.startswith("In the segment 'odd', at $.type:")


def test_the_library_tells_what_lies_behind_a_value() -> None:
    shelf = library(a=in_segment("b"), b=GERMAN, c=in_segment("a"))
    assert [name for name, _ in shelf.behind(in_segment("a") & in_segment("gone"))] == ["a", "b"]
    assert shelf.behind(GERMAN) == ()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A declared value with conditions in it."""

    segment: Condition | None
    several: tuple[Condition, ...] = ()
    named: Mapping[str, Condition] = field(default_factory=dict)
    name: str = "x"


def test_values_with_conditions_in_them_are_made_whole() -> None:
    shelf = library(german=GERMAN)
    asked = Asked(segment=None, several=(GERMAN, ~in_segment("german")))
    whole = resolve_in(asked, shelf)
    assert whole.several[1].holds(GERMANS, NOW) is Truth.FALSE
    assert whole.several[0] is GERMAN
    by_name = resolve_in(Asked(segment=None, named={"a": in_segment("german")}), shelf)
    assert by_name.named["a"].holds(GERMANS, NOW) is Truth.TRUE
    plain = Asked(segment=GERMAN, named={"a": GERMAN})
    assert resolve_in(plain, shelf) is plain
    with pytest.raises(Invalid) as caught:
        resolve_in(Asked(segment=None, several=(GERMAN, in_segment("germn"))), shelf)
    assert caught.value.path == "$.several[1].segment"


def test_a_segment_that_cannot_be_known_at_once_says_so_where_it_is_named() -> None:
    shelf = library(rich=did("Order", at_least=40, within_days=7))
    said = resolve(all_of(GERMAN, in_segment("rich")), shelf).not_live()
    assert said is not None
    assert said.path == "$.of[1].segment"
    assert said.message.startswith("The segment 'rich' cannot be known at once: ")


def test_an_explanation_goes_into_what_is_named() -> None:
    shelf = library(german=GERMAN, both=in_segment("german") & did("Order"))
    whole = resolve(any_of(in_segment("both")), shelf)
    found = {each.path: (each.truth, dict(each.traits)) for each in explain(whole, GERMANS, NOW)}
    inside = "$.of[0] → both: $"
    assert found == {
        "$": (Truth.FALSE, {}),
        "$.of[0]": (Truth.FALSE, {}),
        inside: (Truth.FALSE, {}),
        f"{inside}.of[0]": (Truth.TRUE, {}),
        f"{inside}.of[0] → german: $": (Truth.TRUE, {"country": "DE"}),
        f"{inside}.of[1]": (Truth.FALSE, {}),
    }
    assert [place for place, _ in inner(in_segment("german"))] == []
