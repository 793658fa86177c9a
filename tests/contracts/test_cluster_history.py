"""The contract of the history on a cluster's tables: `Distributed` over one shard."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from holdfast.ports.history import History
from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.clickhouse.history import ChdbHistory
from tests.contracts.cluster_contract import made, nodes
from tests.contracts.history_contract import PATIENT, chdb_history
from tests.contracts.test_discovery import (  # noqa: F401 - Run here: properties are counted as they come in.
    test_another_workspace_is_not_told_of,
    test_counts_are_those_of_the_events,
    test_typing_finds_what_begins_so_first,
    test_values_beyond_those_at_hand_are_looked_up,
)
from tests.contracts.test_history import (  # noqa: F401 - Run here, with the fixtures below.
    test_a_chosen_trait_that_none_of_them_has_is_text,
    test_a_slice_of_a_table_is_only_that_slice,
    test_a_table_is_added_once_whatever_its_token,
    test_a_table_of_columns_says_what_one_of_json_says,
    test_a_table_says_what_add_says,
    test_a_timeline_can_be_of_one_name,
    test_a_timeline_is_newest_first_and_pages_lose_nothing,
    test_a_timeline_says_whose_and_from_where,
    test_activity_has_every_bucket,
    test_all_that_is_stored_of_somebody_comes_in_the_order_it_was_received,
    test_an_empty_history_has_answers,
    test_chosen_traits_are_columns_of_the_type_they_have,
    test_event_names_are_values_not_sql,
    test_export_gives_everything_oldest_first_in_batches,
    test_finding_looks_at_ids_and_text_whatever_the_case,
    test_joining_and_parting_identities_shows_at_once,
    test_known_hashes_are_those_in_the_window,
    test_moments_at_which_something_came_late,
    test_moments_far_apart_are_kept_to_the_millisecond,
    test_names_are_counted,
    test_never_doers_count_as_zero,
    test_no_trait_chosen_is_none_told,
    test_outcomes_count_people_by_their_first_arm_and_orders_in_their_window,
    test_outcomes_follow_people_through_the_map,
    test_outcomes_leave_out_who_entered_before,
    test_outcomes_tell_of_the_global_holdout_apart,
    test_people_come_in_order_and_in_pages,
    test_properties_are_discovered_with_their_commonest_type_and_examples,
    test_recent_goes_by_when_events_were_received,
    test_revenue_is_the_same_by_both_ways_in,
    test_text_that_needs_escaping_is_compared_exactly,
    test_the_newest_version_of_a_person_counts_and_those_gone_do_not,
    test_the_same_token_twice_adds_once,
    test_the_table_of_people_has_all_of_them,
    test_the_type_of_a_chosen_trait_goes_by_the_people_asked_about,
    test_what_was_sent_is_read_back_as_json_means_it,
    test_windows_leave_out_their_start_and_take_in_now,
)


@pytest.fixture(scope="module", name="engine")
def cluster_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with nodes(tmp_path_factory.mktemp("solo"), "solo", 1) as url:
        made(url, "solo", "events_of_all")
        first = asyncio.run(ChdbHistory.open_server(url, database="events_of_all", cluster="solo", limits=PATIENT))
        yield first._engine
        asyncio.run(first.close())


@pytest.fixture(name="history")
def cluster_history(engine: Engine) -> History:
    return chdb_history(engine)
