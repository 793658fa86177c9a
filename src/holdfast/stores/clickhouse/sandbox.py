"""SQL of analysts, held to the views.

Nothing is decided by a parser of ours. The engine itself writes the query anew as one statement without comments
(`formatQuery`), and tells its syntax tree (`EXPLAIN AST`) without running it; every node of the tree must be of a kind,
and every function of a name, that is known to be harmless. What passes is run between brackets, where neither FORMAT
nor INTO OUTFILE nor a second statement can stand, behind the definitions of the views, in a database that is empty: a
name that is no view means nothing there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TypeVar

import pyarrow as pa

from holdfast.kernel.errors import Internal, Invalid
from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.ports.analyst import QUERY_CHARACTERS_MOST, ROWS_MOST, SavedAudience, SqlAnswer, SqlValue, too_much
from holdfast.ports.columns import Column
from holdfast.segments.condition import Scope
from holdfast.stores.clickhouse import questions
from holdfast.stores.clickhouse.complaints import complaint
from holdfast.stores.clickhouse.engine import Handle, Refusal, spelt
from holdfast.stores.clickhouse.views import VIEWS

T = TypeVar("T")

BYTES_MOST = 512 * 1024**2
"""Bytes of one answer, as the engine holds them."""
COMBINATORS = ("If", "Array", "Map", "Distinct", "OrNull", "OrDefault", "ForEach", "ArgMin", "ArgMax")
"""Endings an aggregate function may have."""
TABLE_FUNCTIONS = frozenset({"numbers", "generate_series", "generateseries", "values", "sqlstandardvalues"})
"""Functions that may stand in the place of a table: they make rows of their arguments."""

_NODES = frozenset(
    {
        "SelectWithUnionQuery", "SelectIntersectExceptQuery", "SelectQuery", "ExpressionList", "Asterisk",
        "QualifiedAsterisk", "ColumnsTransformerList", "ColumnsExceptTransformer", "ColumnsReplaceTransformer",
        "ColumnsReplaceTransformer::Replacement", "ColumnsRegexpMatcher", "ColumnsListMatcher",
        "QualifiedColumnsRegexpMatcher", "QualifiedColumnsListMatcher", "TablesInSelectQuery",
        "TablesInSelectQueryElement", "TableExpression", "TableIdentifier", "TableJoin", "ArrayJoin", "Subquery",
        "WithElement", "Identifier", "Literal", "Function", "OrderByElement", "StorageOrderByElement",
        "InterpolateElement", "SampleRatio", "WindowListElement", "WindowDefinition",
    }
)  # fmt: skip
_BARE = frozenset(
    {
        "database", "schema", "user", "current_database", "currentdatabase", "current_user", "currentuser",
        "session_user", "currenthandler", "currentrequesturl",
    }
)  # fmt: skip
"""Names that call a function of the machine's even without brackets, where no column has them."""
_IN = frozenset({"in", "notin", "nullin", "notnullin"})
_TYPED = frozenset(
    {
        "cast", "_cast", "accuratecast", "accuratecastornull", "jsonextract", "jsonextractcaseinsensitive",
        "jsonextractkeysandvalues", "jsonextractkeysandvaluescaseinsensitive",
    }
)  # fmt: skip
"""Functions whose last argument is a type: it must be written out."""
_TYPES = frozenset(
    {
        "array", "tuple", "map", "nullable", "lowcardinality", "string", "fixedstring", "bool", "boolean", "uuid",
        "ipv4", "ipv6", "date", "date32", "datetime", "datetime32", "datetime64", "time", "time64", "decimal",
        "decimal32", "decimal64", "decimal128", "decimal256", "dec", "numeric", "float", "double", "real", "float32",
        "float64", "int", "integer", "tinyint", "smallint", "bigint", "char", "varchar", "text", "timestamp", "enum",
        "enum8", "enum16", "nothing", "null", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64,
        128, 256)),
    }
)  # fmt: skip
"""What a type may be made of. Left out are states of aggregate functions, whose text form is the engine's own memory,
and types that are decided by their values (JSON, Dynamic, Variant), which the engine has not had for long."""
_IN_TYPE = re.compile(r"'(?:[^'\\]|\\.|'')*'|(?P<name>[A-Za-z_]\w*)(?P<named>\s+(?=[A-Za-z_]))?|[\s\d(),=.-]+")
COPIES_MOST = 1_000
"""How many times what WITH names may be put in the place of its name, all in all."""
_NODE = re.compile(r"(?P<depth> *)(?P<kind>[A-Za-z:]+)(?: (?P<rest>.*))?")
_NAME = re.compile(r"(?P<name>[^\W\d]\w*)(?: \(alias .*\))?(?: \(children \d+\))?")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'|`(?P<name>(?:[^`\\]|\\.|``)*)`", re.DOTALL)
_PARAMETER = re.compile(r"\{\s*(?P<name>\w+)\s*:\s*(?P<type>[^}]*)\}")
_PLAIN = re.compile(r"[\w .:+-]*", re.ASCII)
_THEIRS = re.compile(r"[A-Za-z_]\w{0,99}", re.ASCII)
_OURS = re.compile(r"p\d+")


@dataclass(slots=True)
class Node:
    """A node of the engine's syntax tree."""

    kind: str
    rest: str
    children: list[Node] = field(default_factory=list)

    @property
    def first(self) -> str:
        """Its name, as far as it is a plain word."""
        return re.split(r"[\s(]", self.rest, maxsplit=1)[0]


def ask(
    handle: Handle,
    scope: Scope,
    query: str,
    params: Mapping[str, SqlValue],
    *,
    audiences: Sequence[SavedAudience],
    limit: int,
) -> SqlAnswer:
    """Answer one SELECT over the views. Raises Invalid when it is none, or reaches for anything else."""
    if not 1 <= limit <= ROWS_MOST:
        raise Invalid(f"{limit} rows cannot be asked for.", path="$.limit", hint=f"Ask for 1 to {ROWS_MOST}.")
    text = canonical(handle, query)
    given = bound(text, params)
    used = check(tree(handle, text, given))
    way = handle.way
    database = Sql((way.database,))  # A word: what is not one is refused where the way is made.
    with _members(handle, scope, audiences, wanted="segment_members" in used), handle.within(way.empty_database):
        views = join(", ", (VIEWS[name].definition(scope, audiences, database) for name in sorted(used)))
        table = _told(lambda: handle.analyst_table(_whole(views, text, limit), given, bytes_most=BYTES_MOST))
    if table.nbytes > BYTES_MOST:
        # The engine counts a value that is the same in every row once.
        raise too_much(BYTES_MOST)
    names = table.column_names
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Invalid(f"two columns are called {twice!r:.120}.", path="$.query", hint="Name one otherwise, by AS.")
    return SqlAnswer(table=readable(table.slice(0, limit)), truncated=table.num_rows > limit)


def bound(text: str, params: Mapping[str, SqlValue]) -> dict[str, str]:
    """The parameters of a canonical query, spelt as the engine reads their types. Raises Invalid."""
    types = {found["name"]: found["type"] for found in _PARAMETER.finditer(text)}
    for name in params:
        if not _THEIRS.fullmatch(name) or _OURS.fullmatch(name):
            raise Invalid(
                f"{name!r:.120} is no name for a parameter.",
                path=f"$.params.{name:.120}",
                hint="Use letters, digits and _, starting with a letter; p with a number is taken.",
            )
        if name not in types:
            raise Invalid(
                f"the query has no parameter {name}.",
                path=f"$.params.{name}",
                hint=f"Write {{{name}:String}}, or another type, where it belongs.",
            )
    return {name: _spelt(value, types[name]) for name, value in params.items()}


def _spelt(value: SqlValue, kind: str) -> str:
    """Texts are read escaped; a number, a date or a moment that is given as text is read as it stands."""
    if isinstance(value, str) and "String" not in kind and _PLAIN.fullmatch(value):
        return value
    return spelt(value)


def canonical(handle: Handle, query: str) -> str:
    """The query as the engine writes it: one statement, without comments. Raises Invalid."""
    if len(query) > QUERY_CHARACTERS_MOST:
        raise Invalid(
            f"the query has {len(query)} characters.",
            path="$.query",
            hint=f"At most {QUERY_CHARACTERS_MOST}; long lists go into a parameter.",
        )
    text = _told(lambda: _formatted(handle, query))
    for found in _QUOTED.finditer(text):
        if "\\" in (found["name"] or ""):
            raise _refused("a name with an odd character in it", "Name it in letters, digits and _.")
    for found in _PARAMETER.finditer(text):
        if found["type"].strip().lower() == "identifier":
            raise _refused("a parameter for a name", "Write the name itself; parameters stand for values.")
        check_type(found["type"])
    if "aggregatefunction" in text.lower():
        # Its text form is the engine's own memory, laid out.
        raise _refused("the type AggregateFunction", "Aggregate in the query itself.")
    return text


def tree(handle: Handle, text: str, params: Mapping[str, str]) -> Node:
    """The syntax tree of a canonical query, as the engine tells it. Raises Invalid when it is no SELECT."""
    bracketed = f"SELECT * FROM (\n{text}\n)"
    try:
        # First as a value: what stands between the brackets is then known to end within them.
        _formatted(handle, bracketed)
    except Refusal as refusal:
        raise _refused(
            "anything but one SELECT", "Write SELECT …, without FORMAT, INTO OUTFILE, SETTINGS at the end or EXPLAIN."
        ) from refusal
    lines = _told(lambda: handle.analyst_lines(Sql((f"EXPLAIN AST {bracketed}",)), params))
    return _node(lines)


def check(root: Node) -> set[str]:
    """The views the query names. Raises Invalid when it has anything in it that is not known to be harmless."""
    used: set[str] = set()
    _check_copies(root)
    for parent, node in _walk(root):
        _check_node(parent, node)
        if node.kind in {"TableIdentifier", "Identifier"} and node.first in VIEWS:
            used.add(node.first)
    return used


def _check_node(parent: Node | None, node: Node) -> None:
    match node.kind:
        case "Function":
            _check_function(parent, node)
        case "TableIdentifier":
            if not _NAME.fullmatch(node.rest):
                raise _refused(f"the table {_shown(node)}", f"There are {_listed()}.")
        case "Identifier":
            if node.first.lower() in _BARE:
                raise _refused(f"the name {node.first}", "Another name will do for a column.")
        case "Set":
            raise _refused("SETTINGS", "Leave them out; the limits are the workspace's.")
        case kind if kind not in _NODES:
            raise _refused(f"{kind}", "See docs/reference/sql.md for what there is.")


def _check_copies(root: Node) -> None:
    """Refuse queries that double by being named: the engine puts a subquery in the place of each of its names first.

    The tree does not tell names from each other, so what is counted is the worst that so many could come to.
    """
    kinds = [node.kind for _, node in _walk(root)]
    named, uses = kinds.count("WithElement"), kinds.count("TableIdentifier")
    if named and named * math.log(max(1.0, uses / named)) > math.log(COPIES_MOST):
        raise _refused(f"{named} subqueries by WITH, with {uses} tables", "Say it with fewer; each use is a copy.")


def check_type(text: str) -> None:
    """Raises Invalid when a type, or columns with their types, are made of anything not known to be harmless."""
    place = 0
    while place < len(text):
        found = _IN_TYPE.match(text, place)
        if found is None:
            raise _refused(f"the type {text[:80]}", "Use plain types, such as Array(Nullable(Float64)).")
        name = found["name"]
        # A name that another follows is that of a column, or of a part of a tuple, if it comes first in its place.
        is_type = found["named"] is None or text[:place].rstrip()[-1:] not in ("", "(", ",")
        if name and is_type and name.lower() not in _TYPES:
            raise _refused(f"the type {name[:80]}", "Use plain types, such as Array(Nullable(Float64)).")
        place = found.end()


def _written(node: Node) -> str | None:
    """The text a literal is; None when it is none."""
    said = _shown(node, most=None)
    if node.kind != "Literal" or len(said) < 2 or not (said[0] == said[-1] == "'"):
        return None
    return re.sub(r"\\(.)", r"\1", said[1:-1])


def _check_function(parent: Node | None, node: Node) -> None:
    found = _NAME.fullmatch(node.rest)
    name = found["name"] if found else _shown(node)
    if parent is not None and parent.kind == "TableExpression":
        if name.lower() not in TABLE_FUNCTIONS:
            raise _refused(f"the table function {name}", f"There are {_listed()}, and numbers(…).")
        _check_values(node)
        return
    if not found or not is_allowed(name):
        raise _refused(f"the function {name}", "See docs/reference/sql.md for those there are.")
    arguments = node.children[0].children if node.children else []
    if name.lower() in _IN and any(each.kind == "Identifier" and "." in each.rest for each in arguments[1:]):
        raise _refused(f"IN {_shown(arguments[1])}", "Write IN (SELECT …).")
    if name.lower() in _TYPED and arguments:
        written = _written(arguments[-1])
        if written is None:
            raise _refused(f"{name} to a type that is not written out", "Write the type as text.")
        check_type(written)


def _check_values(node: Node) -> None:
    """The columns that `values` may begin with have types."""
    arguments = node.children[0].children if node.children else []
    if len(arguments) > 1 and (written := _written(arguments[0])) is not None:
        check_type(written)


def is_allowed(name: str) -> bool:
    """Whether a function of that name is known to be harmless."""
    plain, aggregates = known_functions()
    if name.lower() in plain or name.lower() in aggregates:
        return True
    endings = [each for each in COMBINATORS if name.endswith(each) and len(name) > len(each)]
    return any(_combines(name.removesuffix(each), aggregates) for each in endings)


def _combines(name: str, aggregates: frozenset[str]) -> bool:
    if name.lower() in aggregates:
        return True
    endings = [each for each in COMBINATORS if name.endswith(each) and len(name) > len(each)]
    return any(_combines(name.removesuffix(each), aggregates) for each in endings)


@cache
def known_functions() -> tuple[frozenset[str], frozenset[str]]:
    """The plain functions and the aggregate functions, in small letters."""
    text = resources.files("holdfast.stores.clickhouse").joinpath("functions.txt").read_text(encoding="utf-8")
    blocks = [
        frozenset(" ".join(line for line in block.splitlines() if not line.startswith("#")).split())
        for block in text.split("\n\n")
    ]
    plain, aggregates = (each for each in blocks if each)
    return plain, aggregates


def readable(table: pa.Table) -> pa.Table:
    """The table with text that is UTF-8 throughout: what is not becomes replacement signs."""
    try:
        table.validate(full=True)
    except pa.ArrowInvalid:
        return pa.table({name: _mended(table[name].combine_chunks()) for name in table.column_names})
    return table


def _mended(column: Column) -> Column:
    if isinstance(column, pa.ChunkedArray):
        return pa.chunked_array([_mended(each) for each in column.chunks], None if column.num_chunks else column.type)
    kind = column.type
    if pa.types.is_string(kind):
        raw = column.cast(pa.binary()).to_pylist() if column.null_count else column.view(pa.binary()).to_pylist()
        return pa.array([None if each is None else each.decode("utf-8", "replace") for each in raw], pa.string())
    if pa.types.is_map(kind):
        return pa.MapArray.from_arrays(column.offsets, _mended(column.keys), _mended(column.items))
    if pa.types.is_list(kind):
        return pa.ListArray.from_arrays(column.offsets, _mended(column.values))
    if pa.types.is_struct(kind):
        return pa.StructArray.from_arrays([_mended(column.field(n)) for n in range(kind.num_fields)], fields=list(kind))
    return column


def _whole(views: Sql, text: str, limit: int) -> Sql:
    """The checked query behind the views. One row more than is wanted tells whether there are more."""
    # The one place where text that is not our own becomes SQL: it was checked node by node.
    checked = Sql((f"(\n{text}\n)",))
    return fill(
        "[[views]]SELECT * FROM [[checked]] LIMIT [[limit]]",
        {
            "views": sql("WITH ") + views + sql(" ") if views.parts else sql(""),
            "checked": checked,
            "limit": bind("UInt64", limit + 1),
        },
    )


@contextmanager
def _members(handle: Handle, scope: Scope, audiences: Sequence[SavedAudience], *, wanted: bool) -> Iterator[None]:
    """Who is in each saved segment, as a temporary table of this connection for as long as the block lasts."""
    if not wanted:
        yield
        return
    with handle.session():
        handle.command(
            "CREATE TEMPORARY TABLE _members (segment LowCardinality(String), person UInt32) ENGINE = Memory"
        )
        try:
            for each in audiences:
                members = questions.members(scope, each.condition)
                handle.fill_from("_members", sql("SELECT ") + bind("String", each.id) + sql(", person FROM (") + members
                                 + sql(")"))  # fmt: skip
            yield
        finally:
            handle.command("DROP TEMPORARY TABLE _members")


def _formatted(handle: Handle, text: str) -> str:
    return str(handle.rows(sql("SELECT formatQuery(") + bind("String", text) + sql(")"))[0][0])


def _told(work: Callable[[], T]) -> T:
    """The work, with what the engine says of the query said to the one who wrote it."""
    try:
        return work()
    except Refusal as refusal:
        raise complaint(refusal) from refusal


def _refused(what: str, hint: str) -> Invalid:
    return Invalid(f"{what} cannot be used here.", code="not_allowed", path="$.query", hint=hint)


def _listed() -> str:
    return "the views " + ", ".join(VIEWS)


def _shown(node: Node, *, most: int | None = 80) -> str:
    return re.split(r" \((?:alias|children) ", node.rest, maxsplit=1)[0][:most]


def _node(lines: Sequence[str]) -> Node:
    """The tree, from its lines: a child is one space further in than its parent."""
    root = Node("", "")
    open_nodes = [root]
    for line in lines:
        found = _NODE.fullmatch(line)
        depth = len(found["depth"]) + 1 if found else 0
        if not found or depth > len(open_nodes):
            raise _refused("something the engine tells strangely of", "Write it in plainer SQL.")
        node = Node(found["kind"], found["rest"] or "")
        del open_nodes[depth:]
        open_nodes[-1].children.append(node)
        open_nodes.append(node)
    if len(root.children) != 1:
        raise Internal("the engine told of no syntax tree")
    return root.children[0]


def _walk(node: Node, parent: Node | None = None) -> Iterator[tuple[Node | None, Node]]:
    """Every node with its parent."""
    waiting: list[tuple[Node | None, Node]] = [(parent, node)]
    while waiting:
        above, each = waiting.pop()
        yield above, each
        waiting.extend((each, child) for child in each.children)
