"""Drawing: an answer as a picture, for notebooks and files. The console draws its own, from the same declarations."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import from_millis
from holdfast.kernel.money import minor_digits
from holdfast.measures.insight import Answer, Cell, ColumnType
from holdfast.measures.picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.path import Path as Outline

COLOURS = ("#2d5ed4", "#d17a0f", "#45a383", "#93417f", "#33285f", "#7a1f14")
MUTED = "#b5b4ab"
HEAT = ("#ffffff", "#5c83dd")
TEXT, LINE = "#1b1b19", "#e6e5df"
SERIES_MOST = len(COLOURS)
"""Lines with a colour of their own; all others are drawn muted."""
BARS_MOST = 40
LABEL_MOST = 40
"""Characters of a label."""
INCHES = (8.0, 4.5)
FORMATS = ("svg", "png", "pdf")


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture that notebooks show, and `save` writes."""

    figure: Figure

    def save(self, file: Path | str) -> None:
        """Write it; the name's ending says how: .svg, .png or .pdf. Raises Invalid for another."""
        target = Path(file)
        kind = target.suffix.lower().removeprefix(".")
        if kind not in FORMATS:
            hint = f"End the name in one of: {', '.join(FORMATS)}."
            raise Invalid(f"{target.name!r} names no kind of picture.", path="file", hint=hint)
        target.write_bytes(self._bytes(kind))

    def _repr_svg_(self) -> str:
        return self._bytes("svg").decode()

    def _bytes(self, kind: str) -> bytes:
        from matplotlib import rc_context  # noqa: PLC0415  # As in `draw`.

        sink = io.BytesIO()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing")  # An emoji the font lacks is a box.
            with rc_context({"svg.fonttype": "none"}):  # Letters stay letters.
                self.figure.savefig(sink, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)
        return sink.getvalue()


def draw(answer: Answer, picture: Picture, title: str) -> Plot:
    """The answer drawn as the picture says. Rows that have no value or no place across are left out."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # Half a second that only those who draw should pay.

    figure = Figure(figsize=INCHES, layout="constrained")
    axes = figure.subplots()
    drawing = _Drawing(answer, picture)
    axes.set_title(_wrapped(title), loc="left", fontsize=10, color=TEXT)
    if drawing.marks:
        _WAYS[picture.kind](axes, drawing)
    else:
        axes.text(0.5, 0.5, "Nothing to draw.", ha="center", va="center", color=TEXT, transform=axes.transAxes)
        axes.set_axis_off()
    return Plot(figure)


class _Drawing:
    """The rows that are drawn, by the picture's columns."""

    def __init__(self, answer: Answer, picture: Picture) -> None:
        columns = {each.name: (index, each.type) for index, each in enumerate(answer.columns)}
        self._zone = ZoneInfo(answer.time_zone)
        self._currency = answer.currency
        across, self.across_type = columns[picture.across]
        value, self.value_type = columns[picture.value]
        self.by_type: ColumnType | None = None
        by: int | None = None
        if picture.by is not None:
            by, self.by_type = columns[picture.by]
        self.value_name = picture.value.replace("_", " ")
        self.across_name = picture.across.replace("_", " ")
        part, _ = columns.get("part", (None, None))
        step = None if picture.step is None else columns[picture.step][0]
        found: dict[tuple[int, Cell, Cell], float] = {}
        for row in answer.rows:
            amount = row[value]
            if row[across] is None or not isinstance(amount, (int, float)):
                continue
            line = None if by is None else row[by]
            if line is None and part is not None:
                line = f"({row[part]})"  # All other values, or none.
            place = (0 if step is None else _layer_of(row[step]), row[across], line)
            found[place] = found.get(place, 0.0) + self._scaled(amount)
        self.marks: list[tuple[Cell, Cell, float]] = [(at, line, value) for (_, at, line), value in found.items()]
        layers = [layer for layer, _, _ in found]
        self._layers = [layer - min(layers) for layer in layers]

    @property
    def acrosses(self) -> list[Cell]:
        return list(dict.fromkeys(across for across, _, _ in self.marks))

    @property
    def bys(self) -> list[Cell]:
        return list(dict.fromkeys(by for _, by, _ in self.marks))

    @property
    def bands(self) -> list[tuple[int, str, str, float]]:
        """Of a flow: the layer a band begins in, from what, to what, and how wide."""
        return [
            (layer, self.across_label(across), self.by_label(by), value)
            for layer, (across, by, value) in zip(self._layers, self.marks, strict=True)
            if value > 0
        ]

    @property
    def ends(self) -> list[Cell]:
        """Of a flow: everything a band begins or ends in."""
        return list(dict.fromkeys(each for across, by, _ in self.marks for each in (across, by)))

    def of(self, by: Cell) -> dict[Cell, float]:
        """The values of a line, by their place across."""
        return {across: value for across, its, value in self.marks if its == by}

    def place(self, across: Cell) -> Any:  # noqa: ANN401  # What matplotlib takes as a coordinate.
        if self.across_type == "moment":
            return self._moment(across)
        return across if isinstance(across, (int, float)) else _short(across)

    def across_label(self, across: Cell) -> str:
        return self._label(across, self.across_type)

    def by_label(self, by: Cell) -> str:
        return self._label(by, self.by_type)

    def value_label(self, value: float) -> str:
        if self.value_type == "share":
            return f"{value:.0%}"
        if self.value_type == "money":
            return f"{value:,.{minor_digits(self._currency)}f} {self._currency}".strip()
        return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"

    def _scaled(self, amount: float) -> float:
        return amount / 10 ** minor_digits(self._currency) if self.value_type == "money" else float(amount)

    def _moment(self, at_ms: Cell) -> datetime:
        # As the clock on the wall shows it: a picture has no time zones.
        return from_millis(int(at_ms or 0)).astimezone(self._zone).replace(tzinfo=None)

    def _label(self, cell: Cell, kind: ColumnType | None) -> str:
        if cell is None:
            return "all" if kind == "moment" else "(none)"
        return f"{self._moment(cell):%Y-%m-%d}" if kind == "moment" else _short(cell)


def _layer_of(step: Cell) -> int:
    """Where a step's bands begin: step 1 begins where step -1 ends."""
    number = int(step or 0)
    return number if number < 0 else number - 1


def _lines(axes: Axes, drawing: _Drawing) -> None:
    for number, by in enumerate(drawing.bys):
        values = drawing.of(by)
        axes.plot(
            [drawing.place(across) for across in values],
            list(values.values()),
            color=_colour(number),
            marker="o" if len(values) < BARS_MOST else None,
            markersize=3,
            label=drawing.by_label(by),
        )
    _frame(axes, drawing)
    if drawing.across_type == "moment":
        for label in axes.get_xticklabels():
            label.set(rotation=30, ha="right")


def _bars(axes: Axes, drawing: _Drawing) -> None:
    places, lines = drawing.acrosses[:BARS_MOST], drawing.bys[: 2 * SERIES_MOST]
    width = 0.8 / len(lines)
    for number, by in enumerate(lines):
        values = drawing.of(by)
        bars = axes.bar(
            [index + (number - (len(lines) - 1) / 2) * width for index in range(len(places))],
            [values.get(across, 0.0) for across in places],
            width,
            color=_colour(number),
            label=drawing.by_label(by),
        )
        if len(places) * len(lines) <= BARS_MOST // 2:
            axes.bar_label(bars, fmt=drawing.value_label, fontsize=8, color=TEXT)
    axes.set_xticks(range(len(places)), [drawing.across_label(each) for each in places], rotation=20, ha="right")
    _frame(axes, drawing)


def _grid(axes: Axes, drawing: _Drawing) -> None:
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415  # As in `draw`.

    columns, rows = drawing.acrosses, drawing.bys
    values = {(by, across): value for across, by, value in drawing.marks}
    cells = [[values.get((by, across), float("nan")) for across in columns] for by in rows]
    heat = LinearSegmentedColormap.from_list("heat", HEAT)
    axes.imshow(cells, aspect="auto", cmap=heat, vmin=min(0.0, *values.values()), vmax=max(1e-9, *values.values()))
    if len(columns) * len(rows) <= BARS_MOST * 10:
        for (by, across), value in values.items():
            place = (columns.index(across), rows.index(by))
            axes.text(*place, drawing.value_label(value), ha="center", va="center", fontsize=7, color=TEXT)
    axes.set_xticks(range(len(columns)), [drawing.across_label(each) for each in columns], fontsize=8)
    axes.set_yticks(range(len(rows)), [drawing.by_label(each) for each in rows], fontsize=8)
    axes.set_xlabel(drawing.across_name, color=TEXT)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _flow(axes: Axes, drawing: _Drawing) -> None:
    """Bands from left to right, as wide as their value; nodes as tall as the larger of what comes in and goes out."""
    from matplotlib.patches import PathPatch, Rectangle  # noqa: PLC0415  # As in `draw`.

    layers = _layers(drawing.bands)
    used: dict[tuple[int, str, str], float] = {}
    colours = {label: _colour(number) for number, label in enumerate(drawing.by_label(each) for each in drawing.ends)}
    for layer, source, target, value in drawing.bands:
        ends = []
        for node, side in (((layer, source), "out"), ((layer + 1, target), "in")):
            already = used.get((*node, side), 0.0)
            used[*node, side] = already + value
            ends.append(layers[node[0]][node[1]][0] + already)
        band = _band(layer + _NODE, layer + 1 - _NODE, ends[0], ends[1], value)
        axes.add_patch(PathPatch(band, facecolor=colours[source], alpha=0.35, linewidth=0))
    last = len(layers) - 1
    for layer, nodes in enumerate(layers):
        for label, (low, height) in nodes.items():
            axes.add_patch(Rectangle((layer - _NODE, low), 2 * _NODE, height, color=TEXT, linewidth=0))
            side, away = ("right", -2 * _NODE) if layer == 0 and last == 1 else ("left", 2 * _NODE)
            said = f"{label} ({drawing.value_label(height)})"
            axes.text(layer + away, low + height / 2, said, ha=side, va="center", fontsize=8, color=TEXT)
    axes.set_xlim(-0.6 if last == 1 else -0.1, last + 0.6)
    axes.set_ylim(max((low + height for nodes in layers for low, height in nodes.values()), default=1.0) * 1.02, 0.0)
    axes.set_axis_off()


_NODE = 0.012
"""Half the width of a node, where a step is 1."""


def _band(left: float, right: float, low: float, to_low: float, height: float) -> Outline:
    from matplotlib.path import Path as Outline  # noqa: PLC0415  # As in `draw`.

    middle = (left + right) / 2
    there = [(left, low), (middle, low), (middle, to_low), (right, to_low)]
    back = [(x, y + height) for x, y in reversed(there)]
    codes = [Outline.MOVETO, *[Outline.CURVE4] * 3, Outline.LINETO, *[Outline.CURVE4] * 3, Outline.CLOSEPOLY]
    return Outline([*there, *back, there[0]], codes)


def _layers(bands: Sequence[tuple[int, str, str, float]]) -> list[dict[str, tuple[float, float]]]:
    """The nodes of each layer: where they begin, with a gap between two, and how tall they are."""
    sums: dict[int, dict[str, list[float]]] = {0: {}}
    for layer, source, target, value in bands:
        sums.setdefault(layer, {}).setdefault(source, [0.0, 0.0])[1] += value
        sums.setdefault(layer + 1, {}).setdefault(target, [0.0, 0.0])[0] += value
    layers = []
    gap = 0.02 * max(sum(map(max, nodes.values())) for nodes in sums.values()) or 1.0
    for layer in range(max(sums) + 1):
        placed: dict[str, tuple[float, float]] = {}
        at = 0.0
        for label, sides in sums.get(layer, {}).items():
            placed[label] = (at, max(sides))
            at += max(sides) + gap
        layers.append(placed)
    return layers


def _colour(number: int) -> str:
    return COLOURS[number] if number < SERIES_MOST else MUTED


def _frame(axes: Axes, drawing: _Drawing) -> None:
    axes.yaxis.set_major_formatter(lambda value, _: drawing.value_label(value))
    axes.set_ylabel(drawing.value_name, color=TEXT)
    axes.grid(axis="y", color=LINE)
    values = [value for _, _, value in drawing.marks]
    axes.set_ylim(min(0.0, *values) * 1.05, max(1e-9, *values) * 1.08)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0, labelsize=8)
    if len(drawing.bys) > 1:
        axes.legend(frameon=False, fontsize=8)


def _short(cell: Cell) -> str:
    # A dollar sign would begin a formula.
    text = "".join(each if each.isprintable() else "\ufffd" for each in str(cell)).replace("$", r"\$")
    return text if len(text) <= LABEL_MOST else f"{text[: LABEL_MOST - 1]}…"


def _wrapped(title: str, width: int = 100) -> str:
    lines: list[str] = [""]
    for word in "".join(each if each.isprintable() else " " for each in title).replace("$", r"\$").split():
        if len(lines[-1]) + len(word) > width and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word[:width]}".strip()
    return "\n".join(lines[:3])


_WAYS: Mapping[str, Callable[[Axes, _Drawing], None]] = {"lines": _lines, "bars": _bars, "grid": _grid, "flow": _flow}
