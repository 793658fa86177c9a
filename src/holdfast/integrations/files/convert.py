"""Files into events: each row is an event, or is set aside with the reason why it cannot be one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pyarrow as pa

from holdfast.events.event import LIST_TRAITS, NAMES, OWN_SOURCE, reserved_trait
from holdfast.integrations.files.columns import said_by
from holdfast.integrations.files.mapping import ImportMapping
from holdfast.integrations.files.occurrences import Occurrences
from holdfast.integrations.files.read import Rows, Spoiled, read_rows
from holdfast.kernel.errors import Invalid
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import format_moment, from_millis
from holdfast.ports.files import Batch
from holdfast.ports.state import BadRecord

BATCH_ROWS = 100_000
ID_BYTES_MOST = 4096
MESSAGE_ID_CHARACTERS_MOST = 100
PROPERTIES_BYTES_MOST = 32 * 1024

_REASONS = {
    "no_identity": (
        "The row names nobody: neither a person nor an anonymous id.",
        "$.userId",
        "Add a userId, or leave the row out.",
    ),
    "no_event_name": ("The row does not say what happened.", "$.event", 'Name it, such as "Order Completed".'),
    "no_timestamp": ("The row does not say when it happened.", "$.timestamp", "Add an ISO 8601 timestamp."),
    "bad_timestamp": (
        "The time of the row is none we can read, or lies outside 1970 to 2199.",
        "$.timestamp",
        "Write it as ISO 8601, or import with a time format.",
    ),
    "reserved_trait": (
        f"Only lists themselves say traits that begin with {LIST_TRAITS!r}.",
        "$.traits",
        "Leave them out; `holdfast list add` and PUT /api/lists/{id} put people on a list.",
    ),
    "bad_character": ("A name in the row holds a NUL character.", "$", "Take the NUL out."),
    "too_long": (
        "A name, the message id or the properties of the row are over the limit.",
        "$",
        f"Most are {ID_BYTES_MOST} bytes, {MESSAGE_ID_CHARACTERS_MOST} characters and {PROPERTIES_BYTES_MOST} bytes.",
    ),
}
_NAMES = ("user_id", "anonymous_id", "name")


def batches_of(file: Path, mapping: ImportMapping, *, at_ms: int, batch_rows: int = BATCH_ROWS) -> Iterator[Batch]:
    """The file's rows as events, a batch at a time.

    An event's message id is made of what it says and of how many before it say the same: importing the file again, in
    any order of rows, makes the same events, and rows that are alike are all kept.

    Args:
        file: see `read_rows` for what it may be.
        mapping: what its columns mean.
        at_ms: now; when bad rows are said to have come.
        batch_rows: the most rows in one batch.

    Raises Invalid when the file cannot be read, or has not the columns the mapping names.
    """
    rows = read_rows(file, batch_rows=batch_rows, texts=mapping.id_columns)
    _check_columns(rows, mapping)
    return _converted(rows, Conversion(mapping, file.name, at_ms))


def _converted(rows: Rows, conversion: Conversion) -> Iterator[Batch]:
    told = 0
    for batch in rows.batches:
        spoiled, told = rows.spoiled[told:], len(rows.spoiled)
        yield conversion.batch(batch, spoiled, rows.total)
    if rows.spoiled[told:]:
        yield conversion.batch(None, rows.spoiled[told:], rows.total)


class Conversion:
    """One file on its way in: remembers how far it is and which rows it has seen.

    Where an export tells who we put on which list, we say so again, so that a backup is whole: whoever may import a
    file may change lists, too. Nobody else's row says it.

    Args:
        mapping: what the columns mean.
        name: the file's name, by which its rows are known in the error stream.
        at_ms: now.
    """

    def __init__(self, mapping: ImportMapping, name: str, at_ms: int) -> None:
        self._mapping = mapping
        self._name = name
        self._source = f"file:{name}"  # No write key is called so, and it cannot pass for our own events.
        self._at_ms = at_ms
        self._rows = 0
        self._spoiled = 0
        self._occurrences = Occurrences()

    def batch(self, rows: pa.RecordBatch | None, spoiled: list[Spoiled], total: int | None) -> Batch:
        """The rows as events, those that cannot be and those that are no rows set aside."""
        bad = [self._spoiled_record(each) for each in spoiled]
        if rows is None:
            return Batch(events=_EMPTY, bad=bad, rows=len(spoiled), total=total)
        said = self._said(rows)
        good = said.filter(pl.col("code").is_null())
        set_aside = said.filter(pl.col("code").is_not_null())
        bad += [self._bad_record(row) for row in set_aside.iter_rows(named=True)]
        return Batch(events=self._events(good), bad=bad, rows=rows.num_rows + len(spoiled), total=total)

    def _said(self, rows: pa.RecordBatch) -> pl.DataFrame:
        frame = pl.DataFrame(pa.table(rows))
        said = said_by(frame, self._mapping).with_columns(
            pl.int_range(self._rows + 1, self._rows + 1 + pl.len()).alias("row")
        )
        self._rows += frame.height
        said = said.with_columns(_listing(said))
        return self._with_message_ids(said).with_columns(_code().alias("code"))

    def _with_message_ids(self, said: pl.DataFrame) -> pl.DataFrame:
        content = said.select(
            pl.concat_str(
                pl.col("name", "user_id", "anonymous_id").fill_null("\0"),
                pl.coalesce(pl.col("at_ms").cast(pl.String), pl.col("at_text"), pl.lit("\0")),
                pl.coalesce("properties", "trouble"),
                separator="\x1f",
            ).alias("content")
        )["content"]
        numbers = self._occurrences.number(content.hash().to_numpy())
        made = pl.Series(
            [effect_key(text, number) for text, number in zip(content.to_list(), numbers.tolist(), strict=True)],
            dtype=pl.String,
        )
        return said.with_columns(pl.coalesce(pl.col("message_id"), made).alias("message_id"))

    def _events(self, good: pl.DataFrame) -> pa.Table:
        moment = pl.from_epoch(pl.col("at_ms"), time_unit="ms").dt.replace_time_zone("UTC")
        kind = pl.when(pl.col("kind").is_in(list(NAMES))).then(pl.col("kind")).otherwise(pl.lit("track"))
        previous = pl.when(kind == "alias").then(pl.col("properties").str.json_path_match("$.previous_id"))
        table = good.select(
            "name",
            kind.alias("kind"),
            "user_id",
            "anonymous_id",
            previous.alias("previous_id"),
            "message_id",
            pl.col("properties").fill_null("{}"),
            pl.col("context").fill_null("{}"),
            pl.when(pl.col("listing") == _OURS)
            .then(pl.lit(OWN_SOURCE))
            .otherwise(pl.lit(self._source))
            .alias("source"),
            moment.alias("timestamp"),
        ).to_arrow()
        return table.cast(_EVENTS)

    def _bad_record(self, row: dict[str, object]) -> BadRecord:
        code = str(row["code"])
        message, path, hint = (str(row["trouble"]), "$", "Mend the line.") if code == "bad_json" else _REASONS[code]
        return BadRecord(
            at_ms=self._at_ms,
            source=self._source,
            code=code,
            message=message,
            path=path,
            hint=hint,
            body=_body(row),
            origin=f"{self._name}:{row['row']}#{str(row['message_id'])[:12]}",
        )

    def _spoiled_record(self, spoiled: Spoiled) -> BadRecord:
        self._spoiled += 1
        return BadRecord(
            at_ms=self._at_ms,
            source=self._source,
            code="bad_row",
            message=f"The line has {spoiled.actual} values, the header {spoiled.expected}.",
            path="$",
            hint="Put quotes around values that hold commas or line breaks.",
            body=msgspec.json.encode(spoiled.text).decode(),
            origin=f"{self._name}:line {self._spoiled}#{effect_key(spoiled.text)[:12]}",
        )


_OURS, _RESERVED = "ours", "reserved"


def _listing(said: pl.DataFrame) -> pl.Series:
    """Of each row whether it says who is on a list: `ours` or `reserved`; null where it does not."""
    rows = said.select("kind", "source", "properties").iter_rows()
    return pl.Series("listing", [_says_who_is_listed(*row) for row in rows], dtype=pl.String)


def _says_who_is_listed(kind: str | None, source: str | None, properties: str | None) -> str | None:
    if kind != "identify" or properties is None or (LIST_TRAITS not in properties and "\\" not in properties):
        return None  # A backslash may spell any letter.
    try:
        traits = msgspec.json.decode(properties, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        return None  # It is no row, and complained of as such.
    if reserved_trait(traits) is None:
        return None
    return _OURS if source == OWN_SOURCE and all(name.startswith(LIST_TRAITS) for name in traits) else _RESERVED


def _code() -> pl.Expr:
    """What is wrong with a row; null when nothing is."""
    too_long = pl.any_horizontal(
        *(pl.col(name).str.len_bytes() > ID_BYTES_MOST for name in _NAMES),
        pl.col("message_id").str.len_chars() > MESSAGE_ID_CHARACTERS_MOST,
        pl.col("properties").str.len_bytes() > PROPERTIES_BYTES_MOST,
    ).fill_null(value=False)
    nul = pl.any_horizontal(*(pl.col(name).str.contains("\0", literal=True) for name in _NAMES)).fill_null(value=False)
    return (
        pl.when(pl.col("trouble").is_not_null())
        .then(pl.lit("bad_json"))
        .when(pl.col("user_id").is_null() & pl.col("anonymous_id").is_null())
        .then(pl.lit("no_identity"))
        .when(pl.col("name").is_null())
        .then(pl.lit("no_event_name"))
        .when(pl.col("at_ms").is_null() & pl.col("at_text").is_null())
        .then(pl.lit("no_timestamp"))
        .when(pl.col("at_ms").is_null())
        .then(pl.lit("bad_timestamp"))
        .when(pl.col("listing") == _RESERVED)
        .then(pl.lit("reserved_trait"))
        .when(nul)
        .then(pl.lit("bad_character"))
        .when(too_long)
        .then(pl.lit("too_long"))
    )


def _body(row: dict[str, object]) -> str:
    """The event the row would have been, in the form it can be mended and replayed in."""
    at_ms = row["at_ms"]
    kind = row["kind"] if row["kind"] in NAMES else "track"
    message = {
        "type": kind,
        "messageId": row["message_id"],
        "event": row["name"],
        "userId": row["user_id"],
        "anonymousId": row["anonymous_id"],
        "timestamp": format_moment(from_millis(at_ms)) if isinstance(at_ms, int) else row["at_text"],
        "traits" if kind in ("identify", "group") else "properties": msgspec.Raw(
            str(row["properties"] or "{}").encode()
        ),
    }
    return msgspec.json.encode({name: value for name, value in message.items() if value is not None}).decode()


def _check_columns(rows: Rows, mapping: ImportMapping) -> None:
    if rows.columns is None:
        return
    wanted = [(f"$.{role}", column) for role, column in mapping.roles.items()]
    wanted += [(f"$.properties[{index}]", column) for index, column in enumerate(mapping.properties or ())]
    for path, column in wanted:
        if column not in rows.columns:
            raise Invalid(
                f"the file has no column {column!r}.",
                code="unknown_column",
                path=path,
                hint=f"Its columns are {', '.join(rows.columns)}.",
            )


_TEXTS = ("name", "kind", "user_id", "anonymous_id", "previous_id", "message_id", "properties", "context", "source")
_FIELDS: list[pa.Field[Any]] = [pa.field(name, pa.string()) for name in _TEXTS]
_EVENTS = pa.schema([*_FIELDS, pa.field("timestamp", pa.timestamp("ms", tz="UTC"))])
"""As `Batch.events` is to be."""
_EMPTY = pa.Table.from_batches([], schema=_EVENTS)
"""Made so, and not by `empty_table`: that imports pandas, which nothing else needs before the first answer."""
