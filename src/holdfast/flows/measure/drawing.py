"""Drawing: an answer as a picture, for notebooks and files. The console draws its own, from the same declarations."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.flows.measure.drawing_flow import flow
from holdfast.flows.measure.drawn import OTHERS, Drawn, Mark
from holdfast.kernel.errors import Invalid
from holdfast.measures.insight import Answer
from holdfast.measures.picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (
    "#2d5ed4", "#d17a0f", "#45a383", "#93417f", "#33285f", "#7a1f14",
    "#8fa9ec", "#eab96f", "#9dd3bf", "#cf9cc2", "#9a93b8", "#c08b80",
)  # fmt: skip
MUTED = "#b5b4ab"
HEAT = ("#ffffff", "#5c83dd")
TEXT, LINE, UNFINISHED = "#1b1b19", "#e6e5df", "#8a897f"
SERIES_MOST = len(COLOURS)
"""Lines with a colour of their own; all others are drawn muted."""
LEGEND_WITHIN, LEGEND_MOST = 3, 24
"""Lines whose legend stands within the picture; that of more stands beside it, cut to so many characters."""
BARS_MOST = 40
TICKS_MOST = 16
"""Places across that each have a mark below."""
CELLS_MOST = 400
"""Cells of a grid with their values in them."""
CELLS_ROOMY = 8
"""Columns of a grid in which values are told to the last digit."""
TITLE_WIDTH, TITLE_LINES = 105, 3
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

    def svg(self) -> str:
        """The picture as SVG."""
        return self._bytes("svg").decode()

    def _repr_svg_(self) -> str:
        return self.svg()

    def _bytes(self, kind: str) -> bytes:
        from matplotlib import rc_context  # noqa: PLC0415  # As in `draw`.

        sink = io.BytesIO()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing")  # An emoji the font lacks is a box.
            with rc_context({"svg.fonttype": "none"}):  # Letters stay letters.
                self.figure.savefig(sink, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)
        return sink.getvalue()


def draw(answer: Answer, picture: Picture, title: str) -> Plot:
    """The answer drawn as the picture says. What is not over yet is drawn dashed, or has a “…”."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # Half a second that only those who draw should pay.

    drawn = Drawn(answer, picture)
    figure = Figure(figsize=_inches(drawn, picture), layout="constrained")
    axes = figure.subplots()
    figure.suptitle(_wrapped(title), x=0.01, ha="left", fontsize=10, color=TEXT)
    if any(mark.value > 0 for mark in drawn.marks) or (drawn.marks and picture.kind != "flow"):
        _WAYS[picture.kind](axes, drawn)
    else:
        axes.text(0.5, 0.5, "Nothing to draw.", ha="center", va="center", color=TEXT, transform=axes.transAxes)
        axes.set_axis_off()
    return Plot(figure)


def _inches(drawn: Drawn, picture: Picture) -> tuple[float, float]:
    """Wide and tall enough for a grid's cells and a flow's nodes."""
    width, height = INCHES
    if picture.kind == "grid":
        return max(width, min(20.0, 0.55 * len(drawn.acrosses) + 1.5)), max(height, min(20.0, 0.22 * len(drawn.bys)))
    if picture.kind == "flow":
        layers = 2 + max((each.layer for each in drawn.marks), default=0)
        return max(width, min(24.0, 2.6 * layers)), height
    return INCHES


def _lines(axes: Axes, drawn: Drawn) -> None:
    moments, acrosses = drawn.across_type == "moment", drawn.acrosses
    at = {each: number for number, each in enumerate(acrosses)} if drawn.across_type == "text" else None
    for number, (by, label) in enumerate(zip(drawn.bys, drawn.by_labels(), strict=True)):
        marks = drawn.of(by)
        places = [drawn.moment(each) if moments else each if at is None else at[each] for each in marks]
        over = _finished([*marks.values()])
        style = {"color": _colour_of(number, by), "markersize": 3, "marker": "o" if len(marks) < BARS_MOST else None}
        values = [each.value for each in marks.values()]
        axes.plot(places[:over], values[:over], label=label, **style)  # type: ignore[arg-type]  # What matplotlib takes.
        if over < len(values):
            first = max(0, over - 1)
            unfinished = "_" if over else label  # A name that begins so is not in the legend.
            axes.plot(places[first:], values[first:], ls=":", label=unfinished, **style)  # type: ignore[arg-type]  # As above.
    _frame(axes, drawn)
    if moments and len(acrosses) <= TICKS_MOST:
        axes.set_xticks([drawn.moment(each) for each in acrosses], drawn.across_labels())  # type: ignore[arg-type]  # As above.
    if at is not None:
        every = -(-len(acrosses) // TICKS_MOST)
        axes.set_xticks(range(0, len(acrosses), every), drawn.across_labels()[::every])
    if moments or at is not None:
        for label_text in axes.get_xticklabels():
            label_text.set(rotation=30, ha="right")


def _finished(marks: list[Mark]) -> int:
    """How many of them are before the first that is not over."""
    return next((number for number, each in enumerate(marks) if not each.complete), len(marks))


def _bars(axes: Axes, drawn: Drawn) -> None:
    places, lines = drawn.acrosses[:BARS_MOST], drawn.bys[:SERIES_MOST]
    labels = drawn.by_labels()
    width = 0.8 / len(lines)
    few = len(places) * len(lines) <= BARS_MOST // 2
    for number, by in enumerate(lines):
        marks = drawn.of(by)
        bars = axes.bar(
            [index + (number - (len(lines) - 1) / 2) * width for index in range(len(places))],
            [marks[across].value if across in marks else 0.0 for across in places],
            width,
            color=_colour_of(number, by),
            label=labels[number],
        )
        for bar, across in zip(bars, places, strict=True):
            if across in marks and not marks[across].complete:
                bar.set(alpha=0.5, linestyle=":", edgecolor=TEXT)
        if few:
            short = len(places) * len(lines) > CELLS_ROOMY
            shown = [drawn.value_label(marks[each].value, short=short) if each in marks else "" for each in places]
            axes.bar_label(bars, shown, fontsize=8, color=TEXT)
    axes.set_xticks(range(len(places)), drawn.across_labels()[:BARS_MOST], rotation=20, ha="right")
    _frame(axes, drawn)
    left_out = [
        f"{len(found)} of {everything} {what}"
        for found, everything, what in (
            (places, len(drawn.acrosses), drawn.across_name),
            (lines, len(drawn.bys), drawn.by_name),
        )
        if len(found) < everything
    ]
    if left_out:
        axes.text(0, 1, f"The first {' and '.join(left_out)}.", va="bottom", fontsize=8, transform=axes.transAxes)


def _grid(axes: Axes, drawn: Drawn) -> None:
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415  # As in `draw`.

    columns, rows = drawn.acrosses, drawn.bys
    marks = {(each.by, each.across): each for each in drawn.marks}
    values = [each.value for each in drawn.marks]
    cells = [[marks[by, across].value if (by, across) in marks else float("nan") for across in columns] for by in rows]
    heat = LinearSegmentedColormap.from_list("heat", HEAT)
    axes.imshow(cells, aspect="auto", cmap=heat, vmin=min(0.0, *values), vmax=max(1e-9, *values))
    if len(columns) * len(rows) <= CELLS_MOST:
        for (by, across), mark in marks.items():
            said = drawn.value_label(mark.value, short=len(columns) > CELLS_ROOMY)
            said = f"{said}…" if not mark.complete else said if mark.label is None else f"{mark.label}\n{said}"
            place = (columns.index(across), rows.index(by))
            colour = TEXT if mark.complete else UNFINISHED
            axes.text(*place, said, ha="center", va="center", fontsize=7, color=colour)
    axes.set_xticks(range(len(columns)), drawn.across_labels(), fontsize=8)
    if max(map(len, drawn.across_labels())) * len(columns) > TITLE_WIDTH:
        for label in axes.get_xticklabels():
            label.set(rotation=30, ha="right")
    axes.set_yticks(range(len(rows)), drawn.by_labels(), fontsize=8)
    axes.set_xlabel(drawn.across_name, color=TEXT)
    axes.set_ylabel(drawn.by_name, color=TEXT)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _flow(axes: Axes, drawn: Drawn) -> None:
    flow(axes, drawn, lambda number: _colour(number) if number >= 0 else MUTED, TEXT)


def _colour_of(number: int, by: object) -> str:
    return MUTED if by in OTHERS else _colour(number)


def _colour(number: int) -> str:
    return COLOURS[number] if number < SERIES_MOST else MUTED


def _frame(axes: Axes, drawn: Drawn) -> None:
    axes.yaxis.set_major_formatter(lambda value, _: drawn.value_label(value, short=True))
    axes.set_ylabel(drawn.value_name, color=TEXT)
    axes.set_xlabel(drawn.across_name, color=TEXT)
    axes.grid(axis="y", color=LINE)
    values = [each.value for each in drawn.marks]
    axes.set_ylim(min(0.0, *values) * 1.05, max(1e-9, *values) * 1.08)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0, labelsize=8)
    if 1 < len(drawn.bys) <= LEGEND_WITHIN:
        axes.legend(frameon=False, fontsize=8)
    elif len(drawn.bys) > LEGEND_WITHIN:
        lines, labels = axes.get_legend_handles_labels()
        labels = [each if len(each) <= LEGEND_MOST else f"{each[: LEGEND_MOST - 1]}…" for each in labels]
        axes.legend(lines, labels, frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _wrapped(title: str) -> str:
    lines: list[str] = [""]
    for word in "".join(each if each.isprintable() else " " for each in title).replace("$", r"\$").split():
        if len(lines[-1]) + len(word) > TITLE_WIDTH and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word[:TITLE_WIDTH]}".strip()
    if len(lines) > TITLE_LINES:
        lines[TITLE_LINES - 1] += " …"
    return "\n".join(lines[:TITLE_LINES])


_WAYS: Mapping[str, Callable[[Axes, Drawn], None]] = {"lines": _lines, "bars": _bars, "grid": _grid, "flow": _flow}
