# SPDX-License-Identifier: Apache-2.0
"""Figures: RatioCut beside that of k-means (Fig. 5), and the classes of receivers (Fig. 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from pmcb_clustering._features import mid_ranks
from pmcb_clustering.errors import ResultError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from pmcb_clustering._quality import PartitionQuality, Quality
    from pmcb_clustering._result import LevelAssignment

__all__ = ["plot_classes", "plot_ratio_cut"]

OURS, PLAIN = "#0072B2", "#E69F00"  # Okabe and Ito: told apart by everybody


def _bare(axes: Axes, grid: Literal["both", "x", "y"]) -> None:
    axes.grid(axis=grid, color="0.9", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)


def _colours(levels: int) -> NDArray[np.float64]:
    """One colour per level, dark to bright: the order shows in grey, too."""
    return np.asarray(colormaps["viridis"](np.linspace(0.0, 0.9, levels)))


def plot_ratio_cut(qualities: Mapping[int, Quality]) -> Figure:
    """Fig. 5: RatioCut of the levels and of k-means on the same features and graph.

    Args:
        qualities: by number of levels T; those without a k-means result show one bar.
    """
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    counts = sorted(qualities)
    for shift, colour, name in ((-0.2, PLAIN, "k-means"), (0.2, OURS, "levels")):
        heights = [_ratio_cut(qualities[t], plain=name == "k-means") for t in counts]
        places = np.arange(len(counts)) + shift
        bars = axes.bar(places, heights, 0.38, color=colour, label=name)
        axes.bar_label(bars, [f"{h:.2f}" if np.isfinite(h) else "" for h in heights], padding=2)
    for place, t in enumerate(counts):
        quotient = qualities[t]["ratio_cut_to_kmeans"]
        if quotient is not None:
            axes.annotate(
                f"{quotient:.2f} x", (place, 0), (0, 6), textcoords="offset points",
                ha="center", color="white", weight="bold",
                bbox={"boxstyle": "round,pad=0.25", "color": "0.25"},
            )  # fmt: skip
    axes.set_xticks(range(len(counts)), [f"T = {t}" for t in counts])
    axes.set_xlabel("number of security levels")
    axes.set_ylabel("RatioCut (less is better)")
    axes.set_title("RatioCut of the receivers' levels and of k-means")
    axes.margins(y=0.12)
    axes.legend(frameon=False)
    _bare(axes, "y")
    return figure


def _ratio_cut(quality: Quality, *, plain: bool) -> float:
    chosen: PartitionQuality | None = quality["kmeans"] if plain else quality
    return float("nan") if chosen is None else chosen["ratio_cut"]


def plot_classes(assignment: LevelAssignment) -> Figure:
    """Fig. 6: where the classes of receivers lie, and how well influence keeps them apart.

    On the left every receiver by degree and clustering coefficient, the dot's area growing with
    betweenness; on the right how the receivers of each level spread over mean mid-rank.

    Raises:
        ResultError: the assignment carries no metrics.
    """
    if assignment.metrics is None:
        raise ResultError("the result carries no metrics; classify the graph again to draw it")
    degree, between, clustering, _ = assignment.metrics.T
    scores = mid_ranks(assignment.metrics).mean(axis=1)
    colours = _colours(assignment.levels)
    figure = Figure(figsize=(11.0, 5.0), layout="constrained")
    plane, spread = figure.subplots(1, 2, width_ratios=(1.7, 1.0))
    area = 6.0 + 120.0 * np.sqrt(between / max(float(between.max()), 1e-300))
    jitter = np.random.default_rng(0).uniform(-0.25, 0.25, len(degree))
    order = np.random.default_rng(1).permutation(len(degree))  # no level hides the others
    plane.scatter(
        np.maximum(degree + jitter, 0.5)[order], clustering[order], area[order],
        colours[assignment.level - 1][order], alpha=0.65, linewidths=0,
    )  # fmt: skip
    plane.set_xscale("log")
    plane.set_xlabel("degree (log scale)")
    plane.set_ylabel("local clustering coefficient")
    sizes = np.bincount(assignment.level)[1:]
    bins = np.linspace(0.0, 1.0, 61)
    for level in range(1, assignment.levels + 1):
        density, _ = np.histogram(scores[assignment.level == level], bins)
        ridge = level + 0.9 * density / max(1, density.max())
        colour = colours[level - 1]
        spread.fill_between(bins[:-1], level, ridge, step="post", color=colour, alpha=0.85)
        spread.axhline(level, color="0.6", linewidth=0.6)
    names = [f"level {t}\nn = {n:,}" for t, n in enumerate(sizes.tolist(), start=1)]
    spread.set_yticks(range(1, assignment.levels + 1), names)
    spread.set_xlim(0.0, 1.0)
    spread.set_xlabel("influence of a receiver (mean mid-rank)")
    spread.set_title("Influence within each level", fontsize="medium")
    plane.set_title("Dot area: betweenness", fontsize="medium")
    _bare(plane, "both")
    _bare(spread, "x")
    figure.suptitle(f"{len(degree):,} receivers in {assignment.levels} security levels")
    return figure
