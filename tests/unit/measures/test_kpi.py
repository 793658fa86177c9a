"""The KPI tree: what cannot be, numbers out of tables, and how figures add up."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.cli.reference_kpis import EXAMPLE
from holdfast.kernel.errors import Exposed
from holdfast.measures.insight import Answer, Cell, Column
from holdfast.measures.insight_catalogue import decode_question
from holdfast.measures.kpi import Figures, KpiNode, Read, Unread, decode_tree, encode_tree, judge, read

COMPANY = {"id": "shop", "name": "The shop", "kind": "company"}
CARE = {"id": "care", "name": "Care", "kind": "department", "parent": "shop"}
ORDERS: dict[str, Any] = {
    "id": "orders",
    "name": "Orders",
    "kind": "kpi",
    "parent": "care",
    "insight": "trend",
    "question": {"event": "Order Completed"},
    "column": "value",
    "of": "sum",
    "target": 100,
}


def tree_of(*nodes: dict[str, Any]) -> dict[str, object]:
    return {"nodes": list(nodes)}


def node(**fields: Any) -> KpiNode:
    return decode_tree(tree_of({**ORDERS, "parent": None, **fields})).nodes[0]


def test_a_tree_is_read_back_as_it_was_written() -> None:
    tree = decode_tree(tree_of(ORDERS, CARE, COMPANY))
    assert decode_tree(encode_tree(tree)) == tree
    assert [(depth, each.id) for depth, each in tree.in_order()] == [(0, "shop"), (1, "care"), (2, "orders")]
    assert decode_tree({"nodes": []}).in_order() == []


@pytest.mark.parametrize(
    ("nodes", "path", "code"),
    [
        ([{**COMPANY, "id": "The Shop"}], "$.nodes[0].id", "bad_id"),
        ([COMPANY, COMPANY], "$.nodes[1].id", "twice"),
        ([{**CARE, "parent": "shoop"}, COMPANY], "$.nodes[0].parent", "unknown_choice"),
        ([{**CARE, "parent": None}], "$.nodes[0].parent", "missing_field"),
        ([COMPANY, {**CARE, "kind": "company"}], "$.nodes[1].parent", "contradiction"),
        ([COMPANY, {**CARE, "target": 5}], "$.nodes[1].target", "contradiction"),
        ([COMPANY, {**CARE, "insight": "trend"}], "$.nodes[1].insight", "contradiction"),
        (
            [{**CARE, "id": "a", "parent": "b"}, {**CARE, "id": "b", "parent": "a"}],
            "$.nodes[0].parent",
            "cycle",
        ),
        ([{**CARE, "parent": "care"}], "$.nodes[0].parent", "cycle"),
        ([COMPANY, CARE, {**ORDERS, "insight": "trends"}], "$.nodes[2].insight", "unknown_insight"),
        ([COMPANY, CARE, {**ORDERS, "insight": None}], "$.nodes[2].insight", "missing_field"),
        ([COMPANY, CARE, {**ORDERS, "question": {"event": 3}}], "$.nodes[2].question.event", "wrong_type"),
        (
            [COMPANY, CARE, {**ORDERS, "question": {"event": "A", "since": "2026-01-01"}}],
            "$.nodes[2].question.since",
            "contradiction",
        ),
        ([COMPANY, CARE, {**ORDERS, "column": "valu"}], "$.nodes[2].column", "unknown_choice"),
        ([COMPANY, CARE, {**ORDERS, "column": "part"}], "$.nodes[2].column", "wrong_type"),
        ([COMPANY, CARE, {**ORDERS, "rows": {"where": 1}}], "$.nodes[2].rows.where", "unknown_choice"),
        ([COMPANY, CARE, {**ORDERS, "cell": {"stop": 1}}], "$.nodes[2].cell.stop", "unknown_field"),
        ([COMPANY, CARE, {**ORDERS, "traget": 1}], "$.nodes[2].traget", "unknown_field"),
    ],
)
def test_what_cannot_be_is_refused_with_its_path(nodes: list[dict[str, Any]], path: str, code: str) -> None:
    with pytest.raises(Exposed) as refused:
        decode_tree(tree_of(*nodes))
    assert (refused.value.path, refused.value.code) == (path, code)
    assert refused.value.hint


def test_it_asks_about_the_days_up_to_now() -> None:
    now_ms = 1_780_000_000_000
    asked = decode_question("trend", node(days=7).asked(now_ms))
    assert asked.span(now_ms, days=999) == (now_ms - 7 * 86_400_000, now_ms + 1)


COLUMNS = (
    Column(name="breakdown", type="text", about=""),
    Column(name="events", type="whole", about=""),
    Column(name="value", type="money", about=""),
)


def answer(*rows: tuple[Cell, ...]) -> Answer:
    return Answer(columns=COLUMNS, rows=rows, time_zone="UTC", currency="EUR")


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"of": "sum"}, 8.0),
        ({"of": "average"}, 4.0),
        ({"of": "first"}, 5.0),
        ({"of": "last"}, None),
        ({"of": "only"}, None),
        ({"of": "only", "rows": {"breakdown": "b"}}, 3.0),
        ({"of": "only", "rows": {"breakdown": None}}, None),
        ({"of": "sum", "rows": {"breakdown": "c"}}, None),
        ({"of": "only", "rows": {"events": True}}, None),
        ({"of": "only", "rows": {"events": 1}}, 5.0),
        ({"of": "only", "rows": {"part": "value"}}, None),
    ],
)
def test_a_number_is_taken_from_the_table(fields: dict[str, Any], wanted: float | None) -> None:
    found = read(node(**fields), answer(("a", 1, 5), ("b", 2, 3), (None, 0, None)))
    if wanted is None:
        assert isinstance(found, Unread)
        assert found.reason
    else:
        assert found == Read(value=wanted, type="money", currency="EUR")


def figures(now: float | None, before: float | None = None) -> Figures:
    return Figures(now=figure(now), before=figure(before), people=None)


def figure(value: float | None) -> Read | Unread:
    return Unread(reason="none") if value is None else Read(value=value, type="number", currency="")


@pytest.mark.parametrize(
    ("direction", "value", "status"),
    [
        ("up", 100, "met"),
        ("up", 99.9, "missed"),
        ("down", 100, "met"),
        ("down", 100.1, "missed"),
        ("up", None, "unknown"),
    ],
)
def test_a_target_is_met_from_its_own_side(direction: str, value: float | None, status: str) -> None:
    (found,) = judge(
        decode_tree(tree_of({**ORDERS, "parent": None, "direction": direction})), {"orders": figures(value)}
    )
    assert found.status == status
    assert (found.met, found.missed, found.unknown) == tuple(status == each for each in ("met", "missed", "unknown"))


def test_what_is_missed_below_is_missed_above() -> None:
    kpis = [{**ORDERS, "id": name} for name in ("one", "two", "three")] + [{**ORDERS, "id": "free", "target": None}]
    sales = {**CARE, "id": "sales"}
    tree = decode_tree(tree_of(COMPANY, CARE, sales, *kpis, {**ORDERS, "id": "four", "parent": "sales"}))
    known = {"one": figures(150, 100), "two": figures(50, -100), "three": figures(None, 5), "free": figures(1, 0)}
    known["four"] = figures(200)
    found = {each.node.id: each for each in judge(tree, known)}
    assert {name: each.status for name, each in found.items()} == {
        "shop": "missed", "care": "missed", "one": "met", "two": "missed", "three": "unknown", "free": "unknown",
        "sales": "met", "four": "met",
    }  # fmt: skip
    assert (found["shop"].met, found["shop"].missed, found["shop"].unknown) == (2, 1, 2)
    assert [found[name].change for name in ("one", "two", "three", "free")] == [0.5, 1.5, None, None]


def test_the_example_of_the_reference_is_a_tree() -> None:
    assert len(decode_tree(EXAMPLE).nodes) == 4
