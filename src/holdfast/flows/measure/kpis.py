"""The KPI tree: kept in the workspace, and reckoned when it is looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from holdfast.decisions.fields import at, under
from holdfast.events.event import Json
from holdfast.flows.audience.library import load_library
from holdfast.flows.measure.drawing import Plot
from holdfast.flows.measure.drawing_table import draw_table
from holdfast.kernel.errors import Exposed, NotFound
from holdfast.measures.insight import DAY_MS, Question
from holdfast.measures.insight_catalogue import decode_cell, decode_question
from holdfast.measures.kpi import (
    Figure,
    Figures,
    Judged,
    KpiNode,
    KpiTree,
    Read,
    Unread,
    decode_tree,
    encode_tree,
    judge,
    read,
)
from holdfast.ports.insights import Insights
from holdfast.ports.state import Transaction, View
from holdfast.segments.library import resolve_in

if TYPE_CHECKING:
    import polars as pl

_NOTE = "kpi_tree"
"""The note of the workspace that holds the tree, as JSON."""

QuestionOf = Callable[[str, Mapping[str, object]], Awaitable[Question]]
"""The question a JSON object means, ready to be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiReport:
    """The tree as it stands."""

    as_of_ms: int
    nodes: tuple[Judged, ...]
    ask_people: Callable[[KpiNode], pl.DataFrame] | None = None

    @property
    def table(self) -> pl.DataFrame:
        """A row a node, each before what is below it. Money is in minor units of `currency`."""
        import polars as pl  # noqa: PLC0415  # Only tables need it, and a server starts without.

        return pl.DataFrame([row_of(each) for each in self.nodes], schema=_schema())

    def plot(self) -> Plot:
        """Bars: how much of its target each KPI is now, and was one period ago. Those without a target are not there.

        Less is better where the name says so.
        """
        import polars as pl  # noqa: PLC0415  # Only tables need it, and a server starts without.

        rows = [
            (f"{each.node.name} (less is better)" if each.node.direction == "down" else each.node.name, when, share)
            for each in self.nodes
            for when, figure in (("before", each.before), ("now", each.now))
            if (share := _of_target(each.node, figure)) is not None
        ]
        table = pl.DataFrame(rows, schema={"": pl.String, "when": pl.String, "of target": pl.Float64}, orient="row")
        return draw_table(table, "Every KPI by its target.", across="", value="of target", by="when", shares=True)

    def people(self, kpi: str) -> pl.DataFrame:
        """The people behind a KPI, now: those its `cell` names. Raises NotFound where it names none."""
        for each in self.nodes:
            if each.node.id == kpi and each.node.cell is not None and self.ask_people is not None:
                return self.ask_people(each.node)
        named = ", ".join(each.node.id for each in self.nodes if each.node.cell is not None) or "none"
        raise NotFound(
            f"The KPI {kpi!r:.80} names no people.", code="no_people", hint=f"Those that have a `cell` do: {named}."
        )


async def load_tree(view: View) -> KpiTree:
    """The tree of the workspace; one without nodes when none was kept."""
    kept = await view.note(_NOTE)
    return decode_tree(kept) if kept else KpiTree()


async def keep_tree(transaction: Transaction, tree: KpiTree) -> None:
    """Keep it in place of what was there.

    Raises Invalid for a segment or a list it names that is not there: it may have been deleted a moment ago.
    """
    library = await load_library(transaction)
    for path, _, question in kpi_questions(tree):
        resolve_in(question, library, path=path)
    await transaction.set_note(_NOTE, msgspec.json.encode(encode_tree(tree)).decode())


def kpi_questions(tree: KpiTree) -> Iterator[tuple[str, KpiNode, Question]]:
    """The question of each KPI, with where it stands in the tree; the segments it names are not bound to it."""
    for index, node in enumerate(tree.nodes):
        if node.insight is not None:
            path = at(at("$.nodes", index), "question")
            with under(path):
                yield path, node, decode_question(node.insight, node.asked(0))


async def checked_tree(definition: bytes | str | Mapping[str, object], question_of: QuestionOf) -> KpiTree:
    """The tree a definition means, all of whose questions can be asked here.

    Raises Invalid, with the path of what is wrong: a question may name a segment that is not there.
    """
    tree = decode_tree(definition)
    for index, node in enumerate(tree.nodes):
        if node.insight is not None:
            with under(at(at("$.nodes", index), "question")):
                await question_of(node.insight, node.question or {})
    return tree


async def reckon(
    tree: KpiTree, *, insights: Callable[[], Insights], question_of: QuestionOf, as_of_ms: int
) -> list[Judged]:
    """Every node with its figures now and as they stood one period ago."""
    figures: dict[str, Figures] = {}
    for node in tree.nodes:
        if node.kind == "kpi":
            figures[node.id] = await _figures(node, insights(), question_of, as_of_ms)
    return judge(tree, figures)


async def _figures(node: KpiNode, insights: Insights, question_of: QuestionOf, as_of_ms: int) -> Figures:
    before_ms = max(0, as_of_ms - node.days * DAY_MS)
    people = None
    try:
        now = await _figure(node, insights, question_of, as_of_ms)
        before = await _figure(node, insights, question_of, before_ms)
        if node.cell is not None:
            question = await question_of(node.insight or "", node.asked(as_of_ms))
            cell = decode_cell(node.insight or "", node.cell)
            people = await insights.insight_count(question, cell, as_of_ms=as_of_ms)
    except Exposed as complaint:
        # A segment it names may be gone, or the limit on time be met: the other figures are told all the same.
        return Figures(now=Unread(reason=str(complaint)), before=Unread(reason=str(complaint)), people=None)
    return Figures(now=now, before=before, people=people)


async def _figure(node: KpiNode, insights: Insights, question_of: QuestionOf, as_of_ms: int) -> Figure:
    question = await question_of(node.insight or "", node.asked(as_of_ms))
    return read(node, await insights.insight(question, as_of_ms=as_of_ms))


def row_of(each: Judged) -> dict[str, Json]:
    """A node as a row of the table, and as the API says it."""
    node = each.node
    shown = each.now if isinstance(each.now, Read) else each.before if isinstance(each.before, Read) else None
    return {
        "id": node.id,
        "name": node.name,
        "kind": node.kind,
        "parent": node.parent,
        "depth": each.depth,
        "horizon": node.horizon if node.kind == "kpi" else None,
        "days": node.days if node.kind == "kpi" else None,
        "value": _value(each.now),
        "before": _value(each.before),
        "change": each.change,
        "target": node.target,
        "direction": node.direction if node.kind == "kpi" else None,
        "status": each.status,
        "met": each.met,
        "missed": each.missed,
        "unknown": each.unknown,
        "type": shown.type if shown else None,
        "currency": shown.currency or None if shown else None,
        "people": each.people,
        "reason": each.now.reason if isinstance(each.now, Unread) else None,
    }


def _of_target(node: KpiNode, figure: Figure | None) -> float | None:
    return figure.value / node.target if isinstance(figure, Read) and node.target else None


def _value(figure: Figure | None) -> float | None:
    return figure.value if isinstance(figure, Read) else None


def _schema() -> dict[str, pl.DataType]:
    import polars as pl  # noqa: PLC0415  # Only tables need it, and a server starts without.

    return {
        **dict.fromkeys(("id", "name", "kind", "parent"), pl.String()),
        "depth": pl.Int64(),
        "horizon": pl.String(),
        "days": pl.Int64(),
        **dict.fromkeys(("value", "before", "change", "target"), pl.Float64()),
        **dict.fromkeys(("direction", "status"), pl.String()),
        **dict.fromkeys(("met", "missed", "unknown"), pl.Int64()),
        **dict.fromkeys(("type", "currency"), pl.String()),
        "people": pl.Int64(),
        "reason": pl.String(),
    }
