"""Who got which variant: every store answers it from the events as a live profile does."""

from __future__ import annotations

from holdfast.events.event import OWN_SOURCE
from holdfast.kernel.moments import from_millis
from holdfast.ports.history import History, HistoryRow
from holdfast.profiles.profile import EMPTY, learn
from holdfast.profiles.variants import VARIANT_ASSIGNED
from holdfast.segments.builders import variant
from holdfast.segments.condition import Condition, Truth
from holdfast.segments.facts import ProfileFacts
from tests.contracts.history_contract import AT, HOUR, person, put, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.history_contract import history as history  # noqa: PLC0414 - The fixture.

EXPERIMENTS = ("spring", "a'\\ß\0")


def told(
    identity: int, name: str, at_ms: int = AT, *, experiment: str = "spring", source: str = OWN_SOURCE
) -> HistoryRow:
    properties = {"experiment": experiment, "variant": name, "propensity": 0.5}
    message = f"{identity}-{experiment}-{name}-{at_ms}-{source}"
    return row(identity, VARIANT_ASSIGNED, at_ms, properties=properties, source=source, message_id=message)


async def chosen(history: History, condition: Condition, as_of_ms: int = AT + HOUR) -> list[int]:
    return sorted(each.person for each in await history.people(condition, as_of_ms=as_of_ms, limit=100))


async def test_what_somebody_got_first_counts_and_only_what_we_say(history: History) -> None:
    await put(
        history,
        [person(number) for number in range(1, 6)],
        [
            told(1, "bold"),
            told(1, "control", AT + 5),
            told(2, "control", AT + 5),
            told(2, "bold", AT + 6),
            told(3, "bold", experiment="summer"),
            told(4, "bold", source="web"),
            told(5, "zebra"),
            told(5, "bold"),
        ],
    )
    assert await chosen(history, variant("spring", "bold")) == [1, 5], "of two at one moment the first by name"
    assert await chosen(history, variant("spring", "control")) == [2]
    assert await chosen(history, variant("spring")) == [1, 2, 5]
    assert await chosen(history, ~variant("spring", "bold")) == [2, 3, 4]
    assert await chosen(history, variant("spring"), AT + 4) == [1, 5], "Ben took no part yet"
    assert await chosen(history, variant("summer") & ~variant("spring")) == [3]


async def test_sql_says_what_a_live_profile_says(history: History) -> None:
    rows = [
        told(number, name, AT + 1 + (number * 7 + place) % 5, experiment=experiment)
        for number in range(1, 30)
        for place, (name, experiment) in enumerate(
            (name, experiment) for experiment in EXPERIMENTS for name in ("bold", "control", "ß")
        )
        if (number * 31 + place * 17) % 4
    ]
    await put(history, [person(number) for number in range(1, 30)], rows)
    for as_of_ms in (AT, AT + 2, AT + 3, AT + HOUR):
        profiles = dict.fromkeys(range(1, 30), EMPTY)
        for each in rows:
            profiles[each.identity] = learn(profiles[each.identity], each.event)
        for experiment in EXPERIMENTS:
            for name in ("", "bold", "control", "ß"):
                condition = variant(experiment, name)
                live = [
                    number
                    for number, profile in profiles.items()
                    if condition.holds(ProfileFacts(profile), from_millis(as_of_ms)) is Truth.TRUE
                ]
                assert await chosen(history, condition, as_of_ms) == live, (experiment, name, as_of_ms)
