"""/api/kpis: the KPI tree of the workspace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter

from holdfast.flows.measure.kpis import checked_tree, keep_tree, load_tree, reckon, row_of
from holdfast.http.needs import needs
from holdfast.http.shapes import Properties, moment_text
from holdfast.kernel.moments import to_millis
from holdfast.measures.insight import ColumnType
from holdfast.measures.kpi import Direction, Horizon, NodeKind, Status, encode_tree
from holdfast.wiring import Application


@dataclass(frozen=True, kw_only=True)
class KpiShape:
    """A node of the tree: its figure now and one period ago, and how it and all below it stand.

    Money is in minor units. `change` is relative to `before`; `reason` says why there is no `value`.
    """

    id: str
    name: str
    kind: NodeKind
    parent: str | None
    depth: int
    horizon: Horizon | None
    days: int | None
    value: float | None
    before: float | None
    change: float | None
    target: float | None
    direction: Direction | None
    status: Status
    met: int
    missed: int
    unknown: int
    type: ColumnType | None
    currency: str | None
    people: int | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class KpiAnswer:
    """The tree as it stands, each node before what is below it, and its definition."""

    as_of: str
    nodes: list[KpiShape]
    definition: Properties


@dataclass(frozen=True, kw_only=True)
class KpiKept:
    """How many nodes were kept."""

    status: Literal["kept"]
    nodes: int


def kpi_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/kpis", tags=["Insights"], dependencies=[needs("read")])

    @routes.get("")
    async def kpis() -> KpiAnswer:
        """The KPI tree: every figure now and one period ago, whether its target is met, and how that adds up."""
        async with app.state.view() as view:
            tree = await load_tree(view)
        await app.catch_up()
        as_of_ms = to_millis(app.clock.now())
        judged = await reckon(tree, insights=lambda: app.insights, question_of=app.question, as_of_ms=as_of_ms)
        return KpiAnswer(
            as_of=moment_text(as_of_ms),
            nodes=[KpiShape(**row_of(each)) for each in judged],  # type: ignore[arg-type]  # A row has these very fields.
            definition=encode_tree(tree),
        )

    @routes.put("", dependencies=[needs("analyses:write")])
    async def keep(definition: Properties) -> KpiKept:
        """Keep a KPI tree in place of the one there is."""
        tree = await checked_tree(definition, app.question)
        async with app.state.begin() as transaction:
            await keep_tree(transaction, tree)
        return KpiKept(status="kept", nodes=len(tree.nodes))

    return routes
