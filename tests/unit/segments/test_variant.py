"""What somebody got of an experiment, asked of them: known by their profile, or not known, and never guessed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import to_millis
from holdfast.profiles.profile import Profile
from holdfast.profiles.variants import VARIANT_ASSIGNED, VARIANTS_MOST, Assigned
from holdfast.segments.builders import variant
from holdfast.segments.codec import decode_condition, encode_condition
from holdfast.segments.condition import Truth
from holdfast.segments.depending import depends_on
from holdfast.segments.facts import ChangedFacts, HistoryFacts, ProfileFacts
from holdfast.testing import START

BOLD = ProfileFacts(Profile(variants={"spring": Assigned(to_millis(START), "bold")}))


@pytest.mark.parametrize(("name", "truth"), [("bold", Truth.TRUE), ("control", Truth.FALSE), ("", Truth.TRUE)])
def test_a_profile_says_what_somebody_got(name: str, truth: Truth) -> None:
    assert variant("spring", name).holds(BOLD, START) is truth
    assert variant("summer", name).holds(BOLD, START) is Truth.FALSE
    before = START - timedelta(milliseconds=1)
    assert variant("spring", name).holds(BOLD, before) is Truth.FALSE, "they got nothing yet"


def test_what_was_let_go_of_is_not_guessed() -> None:
    many = {f"e{number:04}": Assigned(0, "a") for number in range(VARIANTS_MOST)}
    crowded = ProfileFacts(Profile(variants=many))
    assert variant("e0007", "a").holds(crowded, START) is Truth.TRUE
    assert variant("zzz", "a").holds(crowded, START) is Truth.UNKNOWN


def test_what_a_step_assigned_is_known_to_the_next() -> None:
    changed = ChangedFacts(BOLD, {}, assigned={"summer": "a"})
    assert variant("summer", "a").holds(changed, START) is Truth.TRUE
    assert variant("spring", "bold").holds(changed, START) is Truth.TRUE


def test_it_depends_on_what_we_tell_and_holds_of_no_newcomer() -> None:
    depends = depends_on(~variant("spring") & variant("summer"), START)
    assert depends.events == {VARIANT_ASSIGNED}
    assert not depends.anybody
    assert variant("spring").holds(HistoryFacts({}, {}), START) is Truth.FALSE


def test_it_is_written_and_read_and_needs_an_experiment() -> None:
    condition = variant("cart-rescue.fork", "mail")
    assert decode_condition(encode_condition(condition)) == condition
    with pytest.raises(Invalid):
        variant("")
