from __future__ import annotations

import pytest

from holdfast.decisions.recovery import ServiceHold, decode_holds
from holdfast.kernel.errors import Invalid
from holdfast.profiles.profile import Tally

DAY_MS = 86_400_000
NOW_MS = 100 * DAY_MS
HOLD = ServiceHold(opened="Opened", solved="Solved", most_seconds=14 * 86_400)


def done(**days_ago: tuple[float, ...]) -> dict[str, Tally]:
    moments = {name: sorted(NOW_MS - int(ago * DAY_MS) for ago in when) for name, when in days_ago.items()}
    return {
        name: Tally(count=len(when), first_ms=when[0], recent_ms=tuple(when)) for name, when in moments.items() if when
    }


@pytest.mark.parametrize(
    ("tallies", "held"),
    [
        ({}, False),
        (done(Opened=(1,)), True),
        (done(Opened=(13.99,)), True),
        (done(Opened=(14,)), False),  # Nobody ever said that it was solved: no longer than that.
        (done(Opened=(2,), Solved=(1,)), False),
        (done(Opened=(1,), Solved=(2,)), True),
        (done(Opened=(1,), Solved=(1,)), False),  # By a machine, in the millisecond in which it was opened.
        (done(Opened=(3, 2), Solved=(1,)), True),  # Two troubles, one solved.
        (done(Opened=(3, 2), Solved=(1, 0.5)), False),
        (done(Opened=(20, 2), Solved=(1,)), False),  # The old one is too long ago.
        (done(Opened=(2,), Solved=(3, 4, 5)), True),  # Said to be solved again and again, before.
        (done(Solved=(1,)), False),
    ],
)
def test_who_waits_for_their_trouble_to_be_solved_is_left_in_peace(tallies: dict[str, Tally], held: bool) -> None:
    assert HOLD.holds(tallies, NOW_MS) is held


def test_rules_are_read_as_they_are_written() -> None:
    text = "from Support Ticket Opened until Support Ticket Solved, at most 2 weeks; from A until B, at most 1 day"
    assert decode_holds(text, "service_holds") == (
        ServiceHold(opened="Support Ticket Opened", solved="Support Ticket Solved", most_seconds=14 * 86_400),
        ServiceHold(opened="A", solved="B", most_seconds=86_400),
    )


@pytest.mark.parametrize(
    "text",
    [
        "from Opened until Solved",
        "until Solved, at most 2 days",
        "from A until A, at most 2 days",
        "from A until B, at most 0 days",
        "from A until B, at most 366 days",
        "; ".join(["from A until B, at most 2 days"] * 21),
    ],
)
def test_what_is_no_rule_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode_holds(text, "service_holds")
    assert refused.value.path == "service_holds"
    assert refused.value.hint
