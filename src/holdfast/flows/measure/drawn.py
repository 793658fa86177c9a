"""What is drawn of an answer: its rows by the columns of a picture, and how each thing reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from holdfast.kernel.moments import from_millis
from holdfast.kernel.money import minor_digits
from holdfast.measures.insight import Answer, Cell, ColumnType
from holdfast.measures.picture import Picture

LABEL_MOST = 40
"""Characters of a label."""
OTHERS = ("(other)", "(none)")
NAMELESS = ("start", "name", "row", "column", "value")
"""Columns whose names say less than the title does."""
SECONDS = "_seconds"
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_THOUSANDS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True, slots=True)
class Mark:
    """A point, bar, cell or band: where it stands, of which line, and how much."""

    across: Cell
    by: Cell
    value: float
    layer: int
    complete: bool
    label: str | None


class Drawn:
    """The rows that are drawn, by the picture's columns. Text reads as it is shown: other values as `(other)`."""

    def __init__(self, answer: Answer, picture: Picture) -> None:
        self._columns = {each.name: (index, each.type) for index, each in enumerate(answer.columns)}
        self._picture = picture
        self._zone = ZoneInfo(answer.time_zone)
        self.currency = answer.currency
        self.across_type: ColumnType = self._columns[picture.across][1]
        self.value_type: ColumnType = self._columns[picture.value][1]
        self.by_type: ColumnType | None = None if picture.by is None else self._columns[picture.by][1]
        if picture.also_by is not None:
            self.by_type = "text"
        self.value_name = self._name(picture.value) + (f" ({self.currency})" if self.value_type == "money" else "")
        self.across_name = self._name(picture.across)
        self.by_name = "" if picture.by is None else self._name(picture.by)
        found: dict[tuple[int, Cell, Cell], Mark] = {}
        for row in answer.rows:
            mark = self._mark(row)
            if mark is None:
                continue
            place = (mark.layer, mark.across, mark.by)
            found[place] = mark if place not in found else _added(found[place], mark)
        first = min((each.layer for each in found.values()), default=0)
        self.marks = [
            Mark(each.across, each.by, each.value, each.layer - first, each.complete, each.label)
            for each in found.values()
        ]

    @property
    def acrosses(self) -> list[Cell]:
        """What lies along the bottom: numbers and moments in their order, text as it comes."""
        found = list(dict.fromkeys(each.across for each in self.marks))
        return found if self.across_type == "text" else sorted(found, key=float)  # type: ignore[arg-type]  # Numbers.

    @property
    def bys(self) -> list[Cell]:
        """The lines, as they come; all other values after those that have their own."""
        found = list(dict.fromkeys(each.by for each in self.marks))
        return sorted(found, key=lambda each: (OTHERS.index(str(each)) + 1) if each in OTHERS else 0)

    def of(self, by: Cell) -> dict[Cell, Mark]:
        """The marks of a line, by their place across and in its order."""
        found = {each.across: each for each in self.marks if each.by == by}
        return {each: found[each] for each in self.acrosses if each in found}

    def moment(self, at_ms: Cell) -> datetime:
        """As the clock on the wall shows it: a picture has no time zones."""
        return from_millis(int(at_ms or 0)).astimezone(self._zone).replace(tzinfo=None)

    def across_labels(self) -> list[str]:
        """How each place across reads."""
        return self._labels(self.acrosses, self.across_type, self._picture.across)

    def by_labels(self) -> list[str]:
        """How each line reads."""
        return self._labels(self.bys, self.by_type, self._picture.by or "")

    def value_label(self, value: float, *, short: bool = False) -> str:
        """How much, as it reads; in short, to three digits or so."""
        if self.value_type == "share":
            return f"{value:.1%}" if 0 < abs(value) < 0.01 else f"{value:.0%}"  # A hundredth.
        if short and abs(value) >= 10_000:  # Up to four digits are short.
            size, sign = next(each for each in _THOUSANDS if abs(value) >= each[0])
            return f"{value / size:,.3g}{sign}" if abs(value) < 1e15 else f"{value:.2g}"  # As below.
        if abs(value) >= 1e15:  # Beyond it, digits are noise.
            return f"{value:.4g}"
        if self.value_type == "money":
            return f"{value:,.{0 if short else minor_digits(self.currency)}f}"
        if value == round(value):
            return f"{value:,.0f}"
        return f"{value:,.3g}" if abs(value) < 1 else f"{value:,.0f}" if short else f"{value:,.2f}"

    def _name(self, column: str) -> str:
        return "" if column in NAMELESS else column.removesuffix(SECONDS).replace("_", " ")

    def _mark(self, row: Sequence[Cell]) -> Mark | None:
        """The mark of a row; None where it is not drawn."""
        picture = self._picture
        amount, across = self._cell(row, picture.value), self._text(row, picture.across, first=True)
        left_out = picture.only_null is not None and self._cell(row, picture.only_null) is not None
        if across is None or left_out or self._is_total(row) or not isinstance(amount, (int, float)):
            return None
        value = amount / 10 ** minor_digits(self.currency) if self.value_type == "money" else float(amount)
        by = None if picture.by is None else self._text(row, picture.by)
        if picture.also_by is not None:
            second = self._text(row, picture.also_by)
            by = f"{by}, {picture.null if second is None else second}"
        step = int(self._cell(row, picture.step) or 0) if picture.kind == "flow" and picture.step else 1
        return Mark(
            across=across,
            by=by,
            value=value,
            layer=step if step < 0 else step - 1,  # Step 1 begins where step -1 ends.
            complete=self._cell(row, "complete") is not False,
            label=None if picture.label is None else str(self._cell(row, picture.label)),
        )

    def _text(self, row: Sequence[Cell], column: str, *, first: bool = False) -> Cell:
        """A cell as it is told apart: text as it reads, numbered where the picture says so."""
        picture, cell = self._picture, self._cell(row, column)
        if self._columns[column][1] != "text":
            return cell
        part = next((self._cell(row, name) for name in _parts_of(column) if name in self._columns), None)
        if cell is None and part not in (None, "value"):
            return f"({part})"  # All other values, or none.
        if part == "end" and first:
            return "(start)"  # A path back ends where it begins.
        numbered = picture.across if self.across_type == "text" else picture.by
        if cell is not None and picture.kind != "flow" and picture.step is not None and column == numbered:
            return f"{self._cell(row, picture.step)}. {cell}"
        return cell

    def _cell(self, row: Sequence[Cell], column: str) -> Cell:
        return row[self._columns[column][0]] if column in self._columns else None

    def _is_total(self, row: Sequence[Cell]) -> bool:
        return any(self._cell(row, name) == "total" for name in self._columns if name.endswith("part"))

    def _labels(self, cells: Sequence[Cell], kind: ColumnType | None, column: str) -> list[str]:
        if kind == "moment":
            shown = moment_format([self.moment(each) for each in cells if each is not None])
            return [self._picture.null if each is None else f"{self.moment(each):{shown}}" for each in cells]
        if column.endswith(SECONDS):
            return [duration(float(each or 0)) for each in cells]
        return [self._picture.null if each is None else short_text(each) for each in cells]


def moment_format(moments: Sequence[datetime]) -> str:
    """The shortest way to write them that tells them apart."""
    if any((each.hour, each.minute, each.second, each.microsecond) != (0, 0, 0, 0) for each in moments):
        same_day = len({each.date() for each in moments}) == 1
        return "%H:%M" if same_day else "%Y-%m-%d %H:%M"
    if any(each.day != 1 for each in moments):
        return "%Y-%m-%d"
    return "%Y" if len(moments) > 1 and all(each.month == 1 for each in moments) else "%Y-%m"


def duration(seconds: float) -> str:
    """A length of time in its largest unit: `90 s`, `5 min`, `30 d`."""
    size, sign = next((each for each in _UNITS if seconds >= each[0] and seconds % each[0] == 0), (1, "s"))
    return f"{seconds / size:,g} {sign}"


def short_text(cell: object, most: int = LABEL_MOST) -> str:
    """A cell as a label; no longer than so many characters."""
    # A dollar sign would begin a formula.
    text = "".join(each if each.isprintable() else "\ufffd" for each in str(cell))
    return (text if len(text) <= most else f"{text[: most - 1]}…").replace("$", r"\$")


def _parts_of(column: str) -> tuple[str, ...]:
    """The columns that may say which part of a breakdown a cell is."""
    return f"{column}_part", f"{column.removesuffix('_event')}_part", "part"


def _added(one: Mark, other: Mark) -> Mark:
    """Two that fall together: what they add up to."""
    complete = one.complete and other.complete
    return Mark(one.across, one.by, one.value + other.value, one.layer, complete, one.label)
