# SPDX-License-Identifier: Apache-2.0
"""Charts: RatioCut beside that of k-means (Fig. 5), and who keeps the level."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from pmcb_clustering._quality import PartitionQuality, Quality
    from pmcb_clustering._stability import Trial

__all__ = ["bare", "encode_png", "level_colours", "plot_ratio_cut", "plot_stability"]

# Okabe and Ito: told apart by everybody
COLOURS = {
    "k-means": "#E69F00",
    "levels": "#0072B2",
    "spectral": "#0072B2",
    "balanced": "#009E73",
    "paper": "#CC79A7",
}
ALIKE = ("spectral", "balanced")  # the modes that share features and similarity graph

SHAKEN = {
    "sampled": ("o", "#E69F00", "256 pivots instead of exact betweenness"),
    "cold": ("s", "#D55E00", "1 % fewer ties, classified afresh"),
    "warm": ("D", "#009E73", "1 % fewer ties, from the levels as they were"),
}
PNG_COLOURS = 255
DPI = 110


def bare(axes: Axes, grid: Literal["both", "x", "y"]) -> None:
    """A light grid behind, no frame at the top and the right."""
    axes.grid(axis=grid, color="0.9", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)


def level_colours(levels: int) -> list[str]:
    """One colour per level, dark to bright: the order shows in grey, too."""
    shades: NDArray[np.float64] = np.asarray(colormaps["viridis"](np.linspace(0.0, 0.9, levels)))
    return [to_hex(shade) for shade in shades]


def encode_png(figure: Figure) -> bytes:
    """The figure in at most 255 colours: a third of the bytes, and no eye sees it."""
    drawn, packed = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DPI)
    with Image.open(drawn) as image:
        small = image.convert("RGB").quantize(PNG_COLOURS, dither=Image.Dither.NONE)
    small.save(packed, format="png", optimize=True)
    return packed.getvalue()


class _Bars(NamedTuple):
    """The RatioCuts of one method by T, and their quotients to k-means where it is another."""

    name: str
    heights: list[float]
    quotients: list[float | None]


def _ours(name: str, qualities: Mapping[int, Quality]) -> _Bars:
    ordered = [qualities[t] for t in sorted(qualities)]
    return _Bars(
        name,
        [quality["ratio_cut"] for quality in ordered],
        [quality["ratio_cut_to_kmeans"] for quality in ordered],
    )


def _plain(qualities: Mapping[int, Quality]) -> _Bars:
    beside: list[PartitionQuality | None] = [qualities[t]["kmeans"] for t in sorted(qualities)]
    heights = [float("nan") if quality is None else quality["ratio_cut"] for quality in beside]
    return _Bars("k-means", heights, [None] * len(heights))


def _draw_bars(axes: Axes, counts: Sequence[int], series: Sequence[_Bars]) -> None:
    width = 0.8 / len(series)
    for place, one in enumerate(series):
        centres = np.arange(len(counts)) + (place - (len(series) - 1) / 2.0) * width
        drawn = axes.bar(centres, one.heights, 0.94 * width, color=COLOURS[one.name],
                         label=one.name)  # fmt: skip
        texts = [f"{height:.2f}" if np.isfinite(height) else "" for height in one.heights]
        axes.bar_label(drawn, texts, padding=2, fontsize="small")
        for centre, quotient in zip(centres, one.quotients, strict=True):
            if quotient is not None:
                axes.annotate(
                    f"{quotient:.2f} x", (centre, 0), (0, 6), textcoords="offset points",
                    ha="center", color="white", weight="bold", fontsize="small",
                )  # fmt: skip
    axes.set_xticks(range(len(counts)), [f"T = {t}" for t in counts])
    axes.set_xlabel("number of security levels")
    axes.margins(y=0.12)
    axes.legend(frameon=False, loc="upper left")
    bare(axes, "y")


def plot_ratio_cut(
    qualities: Mapping[int, Quality], modes: Mapping[str, Mapping[int, Quality]] | None = None
) -> Figure:
    """Fig. 5: RatioCut of the levels and of k-means on the same features and graph.

    A number in a bar is its quotient to k-means.

    Args:
        qualities: by number of levels T; those without a k-means result show one bar.
        modes: by mode and T, all modes of the same graph: then one panel shows those that share
            features and similarity graph with k-means, another the published method.
    """
    counts = sorted(qualities)
    if not modes:
        figure = Figure(figsize=(6.4, 4.0), layout="constrained")
        axes = figure.add_subplot()
        _draw_bars(axes, counts, [_plain(qualities), _ours("levels", qualities)])
        axes.set_title("RatioCut of the receivers' levels and of k-means")
        axes.set_ylabel("RatioCut (less is better)")
        return figure
    figure = Figure(figsize=(11.0, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.35, 1.0))
    shared = [_ours(mode, modes[mode]) for mode in ALIKE]
    _draw_bars(left, counts, [_plain(modes[ALIKE[0]]), *shared])
    _draw_bars(right, counts, [_plain(modes["paper"]), _ours("paper", modes["paper"])])
    left.set_title("Sizes bounded, robust features", fontsize="medium")
    right.set_title("As published: sizes unbounded, features by rank", fontsize="medium")
    left.set_ylabel("RatioCut (less is better)")
    return figure


def plot_stability(trials: Sequence[Trial]) -> Figure:
    """Share of the users who keep their level, by T, mode and what was changed.

    Args:
        trials: those without a stability are left out; at least one has some.
    """
    shown = [trial for trial in trials if trial.stability is not None]
    names = [f"T = {one.assignment.levels}, {one.assignment.mode}" for one in shown]
    figure = Figure(figsize=(9.0, 1.6 + 0.34 * len(shown)), layout="constrained")
    axes = figure.add_subplot()
    least = 1.0
    for attribute, (marker, colour, label) in SHAKEN.items():
        values = [getattr(trial.stability, attribute) for trial in shown]
        places = [(value, row) for row, value in enumerate(values) if value is not None]
        if places:
            axes.scatter([value for value, _ in places], [row for _, row in places], s=48,
                         marker=marker, color=colour,
                         label=label, zorder=3)  # fmt: skip
            least = min(least, *(value for value, _ in places))
    axes.set_yticks(range(len(shown)), names)
    axes.invert_yaxis()
    axes.set_xlim(least - 0.02, 1.005)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("users who keep their level")
    figure.legend(frameon=False, loc="outside upper center", ncols=1, fontsize="small")
    bare(axes, "both")
    return figure
