"""The page of the KPI tree, from its declaration."""

from __future__ import annotations

import json
from collections.abc import Mapping

from holdfast.cli.reference_insights import fields_table
from holdfast.measures.kpi import KpiNode

EXAMPLE: Mapping[str, object] = {
    "nodes": [
        {"id": "shop", "name": "The shop", "kind": "company"},
        {"id": "care", "name": "Care", "kind": "department", "parent": "shop"},
        {
            "id": "buyers",
            "name": "People who buy, in 30 days",
            "kind": "kpi",
            "parent": "care",
            "insight": "revenue",
            "question": {"event": "Order Completed", "view": "total"},
            "column": "buyers",
            "cell": {"who": "buyers"},
            "target": 500,
        },
        {
            "id": "come-back",
            "name": "Buy again in the next month",
            "kind": "kpi",
            "parent": "care",
            "horizon": "long",
            "insight": "retention",
            "question": {"first": "Order Completed", "period": "month"},
            "days": 180,
            "column": "retention",
            "rows": {"period": 1},
            "of": "last",
            "cell": {"period": 1},
            "target": 0.25,
        },
    ]
}

INTRODUCTION = """# KPIs

The company, its departments, and the figures they are held to, each tied to what people do: a number in the table of
an [insight](insights.md). One tree per workspace: `PUT /api/kpis` and `GET /api/kpis`, `holdfast kpi keep FILE` (JSON,
TOML or YAML) and `holdfast kpi show`, `ws.keep_kpis(...)` and `ws.kpis()`.

A KPI is about the `days` up to now; `before` is the same figure reckoned as of `days` ago, by what had happened by
then, so that both have had as much time. `change` is relative to it. It is met when its figure has reached the target,
in its direction; without a target or a figure it is unknown. Whatever has KPIs below it is missed when one of them is,
and met when all of them are of which it is known.

A tree is an object with `nodes`, a list. Each has:
"""


def kpis_page() -> str:
    """What a node of the tree says, and an example."""
    example = json.dumps(EXAMPLE, indent=2, ensure_ascii=False)
    return f"{INTRODUCTION}\n{fields_table(KpiNode)}\n```json\n{example}\n```\n"
