"""Drawing flows: bands from left to right, as wide as how many take them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from holdfast.flows.measure.drawn import Drawn, short_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path as Outline

NODE = 0.012
"""Half the width of a node, where a step is 1."""
GAP = 0.03
"""Between two nodes, as a share of the tallest layer: as much as a line of text needs."""
TEXT_ALL = 120
"""Characters of the labels of all layers side by side."""
_LAST = ("(other)", "(start)", "(end)")
Band = tuple[int, str, str, float]
"""The layer it begins in, from what, to what, and how wide."""


def flow(axes: Axes, drawn: Drawn, colour: Callable[[int], str], text: str) -> None:
    """Nodes as tall as the larger of what comes in and goes out, and the bands between them."""
    from matplotlib.patches import PathPatch, Rectangle  # noqa: PLC0415  # As in `draw`.

    bands = _bands(drawn)
    layers = _layers(bands)
    labels = list(dict.fromkeys(label for nodes in layers for label in nodes))
    colours = {label: colour(number) for number, label in enumerate(each for each in labels if each not in _LAST)}
    used: dict[tuple[int, str, str], float] = {}
    # From top to bottom on either side, so that bands cross as little as they must.
    heights = {(layer, label): low for layer, nodes in enumerate(layers) for label, (low, _) in nodes.items()}
    for layer, source, target, value in sorted(
        bands, key=lambda band: (band[0], heights[band[0], band[1]], heights[band[0] + 1, band[2]])
    ):
        ends = []
        for node, side in (((layer, source), "out"), ((layer + 1, target), "in")):
            already = used.get((*node, side), 0.0)
            used[*node, side] = already + value
            ends.append(heights[node] + already)
        band = _band(layer + NODE, layer + 1 - NODE, ends[0], ends[1], value)
        axes.add_patch(PathPatch(band, facecolor=colours.get(source, colour(-1)), alpha=0.4, linewidth=0))
    last = len(layers) - 1
    for layer, nodes in enumerate(layers):
        for label, (low, height) in nodes.items():
            axes.add_patch(Rectangle((layer - NODE, low), 2 * NODE, height, color=text, linewidth=0))
            side, away = ("right", -2 * NODE) if layer == 0 and last == 1 else ("left", 2 * NODE)
            said = f"{short_text(label, TEXT_ALL // len(layers))} ({drawn.value_label(height)})"
            axes.text(layer + away, low + height / 2, said, ha=side, va="center", fontsize=7, color=text)
    axes.set_xlim(-0.6 if last == 1 else -0.05, last + 0.6)
    axes.set_ylim(max(low + height for nodes in layers for low, height in nodes.values()) * 1.02, 0.0)
    axes.set_axis_off()


def _bands(drawn: Drawn) -> list[Band]:
    return [
        (each.layer, str(each.across), "(none)" if each.by is None else str(each.by), each.value)
        for each in drawn.marks
        if each.value > 0
    ]


def _band(left: float, right: float, low: float, to_low: float, height: float) -> Outline:
    from matplotlib.path import Path as Outline  # noqa: PLC0415  # As in `draw`.

    middle = (left + right) / 2
    there = [(left, low), (middle, low), (middle, to_low), (right, to_low)]
    back = [(x, y + height) for x, y in reversed(there)]
    codes = [Outline.MOVETO, *[Outline.CURVE4] * 3, Outline.LINETO, *[Outline.CURVE4] * 3, Outline.CLOSEPOLY]
    return Outline([*there, *back, there[0]], codes)


def _layers(bands: Sequence[Band]) -> list[dict[str, tuple[float, float]]]:
    """The nodes of each layer: where they begin, with a gap between two, and how tall they are."""
    sums: dict[int, dict[str, list[float]]] = {0: {}}
    for layer, source, target, value in bands:
        sums.setdefault(layer, {}).setdefault(source, [0.0, 0.0])[1] += value
        sums.setdefault(layer + 1, {}).setdefault(target, [0.0, 0.0])[0] += value
    layers = []
    gap = GAP * max(sum(map(max, nodes.values())) for nodes in sums.values()) or 1.0
    for layer in range(max(sums) + 1):
        placed: dict[str, tuple[float, float]] = {}
        at = 0.0
        found = sums.get(layer, {})
        for label in sorted(found, key=lambda each: _LAST.index(each) if each in _LAST else -1):
            placed[label] = (at, max(found[label]))
            at += max(found[label]) + gap
        layers.append(placed)
    return layers
