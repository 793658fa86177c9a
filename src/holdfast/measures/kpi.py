"""The KPI tree: company, departments, and the figures they are held to, each a number of an insight's table.

Whether a figure is met is said of those that can be reckoned and have a target; of the others it is not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, cast

from holdfast.decisions.fields import (
    Choice,
    Kind,
    Name,
    OrNull,
    Text,
    as_object,
    at,
    decode_fields,
    encode_fields,
    one_of,
    read_object,
    schema_of,
    under,
)
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import format_moment, from_millis
from holdfast.measures.insight import DAY_MS, Answer, ColumnType
from holdfast.measures.insight_catalogue import decode_cell, decode_question, insight_of
from holdfast.measures.insight_fields import Listed, Number, Whole

NODES_MOST = 300
DAYS_MOST = 3_653
TARGET_MOST = 1e15
NodeKind = Literal["company", "department", "kpi"]
Horizon = Literal["near", "long"]
Direction = Literal["up", "down"]
Reading = Literal["only", "first", "last", "sum", "average"]
Status = Literal["met", "missed", "unknown"]
NUMBERS: tuple[ColumnType, ...] = ("whole", "number", "share", "money")
PARENTS: Mapping[NodeKind, tuple[NodeKind, ...]] = {
    "company": (),
    "department": ("company", "department"),
    "kpi": ("company", "department", "kpi"),
}
KPI_FIELDS = ("insight", "question", "column", "rows", "cell", "target")


@dataclass(frozen=True, slots=True)
class ObjectKind(Kind):
    """A JSON object that something else makes sense of."""

    def decode(self, value: object, path: str) -> Mapping[str, object]:
        return dict(as_object(value, path))

    def encode(self, value: object) -> Json:
        return cast("Json", dict(cast("Mapping[str, Json]", value)))

    def schema(self) -> dict[str, Json]:
        return {"type": "object", "format": "JSON object"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiNode:
    """The company, a department, or a KPI: a number of the table that answers a question, and what it should be."""

    id: Annotated[str, Name(), "Its id."]
    name: Annotated[str, Text(most=200), "What people call it."]
    kind: Annotated[NodeKind, Choice(("company", "department", "kpi")), "What it is."]
    parent: Annotated[str | None, OrNull(Name()), "The id of what it is a part of, or of what it drives."] = None
    horizon: Annotated[Horizon, Choice(("near", "long")), "Whether it tells of soon or of later."] = "near"
    insight: Annotated[str | None, OrNull(Text(most=100)), "Of a KPI, the kind of insight, such as `trend`."] = None
    question: Annotated[
        Mapping[str, object] | None, OrNull(ObjectKind()), "The question, without `since` and `until`."
    ] = None
    days: Annotated[int, Whole(1, DAYS_MOST), "How many days up to now it is about."] = 30
    column: Annotated[str | None, OrNull(Text(most=100)), "Which column of the table the number stands in."] = None
    rows: Annotated[
        Mapping[str, object] | None, OrNull(ObjectKind()), "In which rows: what stands in other columns of them."
    ] = None
    of: Annotated[
        Reading,
        Choice(("only", "first", "last", "sum", "average")),
        "What of those rows: the only one, the first, the last, their sum or average.",
    ] = "only"
    cell: Annotated[Mapping[str, object] | None, OrNull(ObjectKind()), "What names the people behind it."] = None
    target: Annotated[
        float | None, OrNull(Number(-TARGET_MOST, TARGET_MOST)), "What it should be; money in minor units."
    ] = None
    direction: Annotated[Direction, Choice(("up", "down")), "Whether more is better, or less."] = "up"

    def __post_init__(self) -> None:
        if self.kind != "kpi":
            for name in KPI_FIELDS:
                if getattr(self, name) is not None:
                    raise Invalid(
                        f"A {self.kind} has no `{name}`.",
                        code="contradiction",
                        path=f"$.{name}",
                        hint="Leave it out, or let the kind be `kpi`.",
                    )
            return
        for name in ("insight", "question", "column"):
            if getattr(self, name) is None:
                raise Invalid(f"A KPI needs `{name}`.", code="missing_field", path=f"$.{name}", hint=f"Add {name!r}.")
        self._check_question()
        self._check_columns()

    def asked(self, as_of_ms: int) -> dict[str, object]:
        """The question about the `days` up to that moment, as JSON."""
        since_ms = max(0, as_of_ms - self.days * DAY_MS)
        return {**(self.question or {}), "since": format_moment(from_millis(since_ms))}

    def _check_question(self) -> None:
        for name in ("since", "until"):
            if name in (self.question or {}):
                raise Invalid(
                    "Every KPI is about the days up to now, and those before.",
                    code="contradiction",
                    path=f"$.question.{name}",
                    hint="Leave it out, and say how many `days`.",
                )
        kind = self.insight or ""
        with under("$.insight"):
            insight_of(kind)
        with under("$.question"):
            decode_question(kind, self.question or {})
        if self.cell is not None:
            decode_cell(kind, self.cell)

    def _check_columns(self) -> None:
        columns = {each.name: each.type for each in insight_of(self.insight or "").columns}
        for path, name in (("$.column", self.column), *((at("$.rows", each), each) for each in self.rows or {})):
            if name not in columns:
                raise Invalid(
                    f"The table has no column {name!r:.100}.",
                    code="unknown_choice",
                    path=path,
                    hint=one_of(name, tuple(columns)),
                )
        if columns[self.column or ""] not in NUMBERS:
            raise Invalid(
                f"The column {self.column!r} holds no numbers.",
                code="wrong_type",
                path="$.column",
                hint=one_of("", tuple(name for name, kind in columns.items() if kind in NUMBERS)),
            )


@dataclass(frozen=True, slots=True)
class NodeField(Kind):
    """A node; what it complains of has its path from the top."""

    def decode(self, value: object, path: str) -> KpiNode:
        with under(path):
            return decode_fields(KpiNode, value, "$")

    def encode(self, value: object) -> Json:
        return {name: each for name, each in encode_fields(value).items() if each is not None}

    def schema(self) -> dict[str, Json]:
        return schema_of(KpiNode)


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiTree:
    """All nodes; parents may come after their children."""

    nodes: Annotated[tuple[KpiNode, ...], Listed(NodeField(), 0, NODES_MOST), "The company, departments and KPIs."] = ()

    def __post_init__(self) -> None:
        known: dict[str, KpiNode] = {}
        for index, each in enumerate(self.nodes):
            if each.id in known:
                raise Invalid(
                    f"There are two nodes {each.id!r}.",
                    code="twice",
                    path=at(at("$.nodes", index), "id"),
                    hint="Give each an id of its own.",
                )
            known[each.id] = each
        for index, each in enumerate(self.nodes):
            _check_parent(each, known, at(at("$.nodes", index), "parent"))

    def children(self, of: str | None) -> tuple[KpiNode, ...]:
        """The nodes right below one, or the topmost, in the order they were written."""
        return tuple(each for each in self.nodes if each.parent == of)

    def in_order(self) -> list[tuple[int, KpiNode]]:
        """Every node with its depth, each before what is below it."""
        found: list[tuple[int, KpiNode]] = []

        def walk(of: str | None, depth: int) -> None:
            for each in self.children(of):
                found.append((depth, each))
                walk(each.id, depth + 1)

        walk(None, 0)
        return found


def decode_tree(data: bytes | str | Mapping[str, object]) -> KpiTree:
    """The tree a JSON object `{"nodes": […]}` means. Raises Invalid, with paths."""
    return decode_fields(KpiTree, read_object(data), "$")


def encode_tree(tree: KpiTree) -> dict[str, Json]:
    """The tree as JSON."""
    return encode_fields(tree)


def _check_parent(node: KpiNode, known: Mapping[str, KpiNode], path: str) -> None:
    if node.parent is None:
        if node.kind == "department":
            raise Invalid(
                "A department is a part of something.", code="missing_field", path=path, hint="Name its parent."
            )
        return
    parent = known.get(node.parent)
    if parent is None:
        raise Invalid(
            f"There is no node {node.parent!r}.",
            code="unknown_choice",
            path=path,
            hint=one_of(node.parent, tuple(known)),
        )
    if parent.kind not in PARENTS[node.kind]:
        raise Invalid(
            f"A {node.kind} cannot be below a {parent.kind}.",
            code="contradiction",
            path=path,
            hint=f"Put it below a {' or a '.join(PARENTS[node.kind])}." if PARENTS[node.kind] else "Leave it out.",
        )
    way = [node.id]
    while parent is not None:
        way.append(parent.id)
        if parent.id == node.id:
            raise Invalid(
                f"These are below one another: {' → '.join(way)}.",
                code="cycle",
                path=path,
                hint="Let one of them have no parent, or another one.",
            )
        parent = known.get(parent.parent) if parent.parent is not None and len(way) <= len(known) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A number of a table."""

    value: float
    type: ColumnType
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """There is no such number, and why."""

    reason: str


Figure: TypeAlias = Read | Unread


def read(node: KpiNode, answer: Answer) -> Figure:
    """The number of a KPI in the table that answers its question."""
    places = {each.name: index for index, each in enumerate(answer.columns)}
    missing = [name for name in (node.column or "", *(node.rows or {})) if name not in places]
    if missing:
        return Unread(reason=f"this question's table has no column {missing[0]!r}")
    there = [
        row[places[node.column or ""]]
        for row in answer.rows
        if all(_same(row[places[name]], wanted) for name, wanted in (node.rows or {}).items())
    ]
    values = [float(each) for each in there if isinstance(each, (int, float))]
    if node.of == "only" and len(there) > 1:
        return Unread(reason=f"{len(there)} rows are meant; say which by `rows`, or what of them by `of`")
    if node.of in ("first", "last") and there and there[0 if node.of == "first" else -1] is None:
        values = []
    if not values:
        return Unread(reason="nothing to reckon with" if there else "no such row")
    value = {
        "sum": sum(values),
        "average": sum(values) / len(values),
        "first": values[0],
        "last": values[-1],
        "only": values[0],
    }[node.of]
    column = answer.columns[places[node.column or ""]]
    return Read(value=value, type=column.type, currency=answer.currency if column.type == "money" else "")


def _same(cell: object, wanted: object) -> bool:
    """Whether a cell is what is wanted: true is not 1."""
    return cell == wanted and isinstance(cell, bool) == isinstance(wanted, bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A node with its figures, and how it stands; of one with others below it, how all of them stand."""

    node: KpiNode
    depth: int
    now: Figure | None
    before: Figure | None
    """As it was `days` ago, known by what had happened by then."""
    people: int | None
    status: Status
    met: int
    """KPIs of it and below that are met."""
    missed: int
    unknown: int

    @property
    def change(self) -> float | None:
        """The relative change since the period before; None where there is none, or it was nothing."""
        if isinstance(self.now, Read) and isinstance(self.before, Read) and self.before.value:
            return (self.now.value - self.before.value) / abs(self.before.value)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is known of one KPI."""

    now: Figure
    before: Figure
    people: int | None


def judge(tree: KpiTree, figures: Mapping[str, Figures]) -> list[Judged]:
    """Every node, each before what is below it.

    A KPI is met when its figure reached its target in its direction, and unknown without a target or a figure. Whatever
    has others below it is missed when one of them is, or itself; met when all of them are that are known, and one is.
    """
    found: list[Judged] = []
    for depth, node in tree.in_order():
        own = figures.get(node.id)
        tally = [_own_status(each, figures) for each in _below(tree, node) if each.kind == "kpi"]
        met, missed, unknown = (tally.count(each) for each in ("met", "missed", "unknown"))
        found.append(
            Judged(
                node=node,
                depth=depth,
                now=own.now if own else None,
                before=own.before if own else None,
                people=own.people if own else None,
                status="missed" if missed else "met" if met else "unknown",
                met=met,
                missed=missed,
                unknown=unknown,
            )
        )
    return found


def _below(tree: KpiTree, node: KpiNode) -> Sequence[KpiNode]:
    """The node and everything below it."""
    return [node, *(each for child in tree.children(node.id) for each in _below(tree, child))]


def _own_status(node: KpiNode, figures: Mapping[str, Figures]) -> Status:
    known = figures.get(node.id)
    if known is None or node.target is None or not isinstance(known.now, Read):
        return "unknown"
    reached = known.now.value >= node.target if node.direction == "up" else known.now.value <= node.target
    return "met" if reached else "missed"
