"""Conditions, insights and audiences over ClickHouse's HTTP interface: fewer examples of what is proven in process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.segments.catalogue import declared
from holdfast.segments.condition import Condition
from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.clickhouse.server import Server
from tests.contracts import (
    test_history_agrees,
    test_insights_flow,
    test_insights_funnel,
    test_insights_interval,
    test_insights_lifecycle,
    test_insights_pivot,
    test_insights_retention,
    test_insights_revenue,
    test_insights_rfm,
    test_insights_stickiness,
    test_insights_sticky,
    test_insights_trend,
)
from tests.contracts.http_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.test_audiences import (  # noqa: F401 - Run here, with the engine from above.
    test_a_question_that_is_given_up_leaves_nothing_behind,
    test_as_many_sets_as_are_allowed,
    test_sets_are_used_again_until_something_changes,
    test_sets_out_of_date_and_too_many_are_let_go,
    test_traits_are_as_they_were,
    test_true_is_not_one,
    test_what_is_late_and_who_is_joined_changes_the_past_at_once,
)
from tests.contracts.test_history_agrees import (  # noqa: F401 - The same.
    test_a_value_in_two_spellings_is_one_value,
    test_every_operator_agrees_on_every_pair_of_values,
    test_examples_of_each_declaration_can_be_asked,
)
from tests.contracts.test_zones_agree import test_the_largest_segment_can_be_asked  # noqa: F401 - The same.
from tests.unit.segments.cases import conditions, of_declaration

INSIGHTS: dict[str, Callable[..., None]] = {
    "flow": test_insights_flow.test_a_flow_is_what_one_walks_path_by_path,
    "funnel": test_insights_funnel.test_a_funnel_is_what_trying_out_every_attempt_finds,
    "interval": test_insights_interval.test_the_interval_is_what_one_reckons_person_by_person,
    "lifecycle": test_insights_lifecycle.test_the_lifecycle_is_what_one_tells_person_by_person,
    "pivot": test_insights_pivot.test_a_pivot_is_what_one_counts_cell_by_cell,
    "retention": test_insights_retention.test_retention_is_what_one_counts_person_by_person,
    "revenue": test_insights_revenue.test_revenue_is_what_one_counts_person_by_person,
    "rfm": test_insights_rfm.test_rfm_is_what_one_counts_person_by_person,
    "stickiness": test_insights_stickiness.test_stickiness_is_what_one_counts_day_by_day,
    "sticky": test_insights_sticky.test_people_are_counted_one_by_one,
    "trend": test_insights_trend.test_a_trend_is_what_one_counts_by_hand,
}


def _inner(test: Callable[..., None]) -> Callable[..., None]:
    """What a generated test does with one example."""
    inside: Any = test
    found: Callable[..., None] = inside.hypothesis.inner_test
    return found


@pytest.mark.parametrize("kind", INSIGHTS)
def test_an_insight_is_what_one_counts(engine: Engine, kind: str) -> None:
    _inner(INSIGHTS[kind])(engine=engine, seed=len(kind))


@settings(
    max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate)
)
@given(seed=st.integers(0, 2**32), asked=st.lists(conditions(), min_size=20, max_size=40))
def test_sql_and_python_choose_the_same_people(engine: Engine, seed: int, asked: list[Condition]) -> None:
    _inner(test_history_agrees.test_sql_and_python_choose_the_same_people)(engine=engine, seed=seed, asked=asked)


@settings(
    max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate)
)
@given(seed=st.integers(0, 2**32), data=st.data())
def test_each_declaration_is_asked(engine: Engine, seed: int, data: st.DataObject) -> None:
    every = [data.draw(of_declaration(each)) for each in declared().values()]
    _inner(test_history_agrees.test_sql_and_python_choose_the_same_people)(engine=engine, seed=seed, asked=every)


def test_it_is_a_server_that_is_asked(engine: Engine) -> None:
    """Fixtures of the suites are imported with them: those from here must be the ones that count."""
    assert isinstance(engine.way, Server)
