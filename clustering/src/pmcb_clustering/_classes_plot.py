# SPDX-License-Identifier: Apache-2.0
"""Fig. 6: the classes of receivers, in the social graph and in the plane of their metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pmcb_clustering._features import mid_ranks
from pmcb_clustering._plots import bare, level_colours
from pmcb_clustering.errors import ResultError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from pmcb_clustering._layout import Layout
    from pmcb_clustering._result import LevelAssignment

__all__ = ["plot_classes"]

DOTS = 20_000  # more hide each other, and take their time


def plot_classes(assignment: LevelAssignment, layout: Layout | None = None) -> Figure:
    """Fig. 6: where the classes of receivers lie, and how well influence keeps them apart.

    In the social graph (where a layout is given), in the plane of degree and clustering
    coefficient with the dot's area growing with betweenness, and over influence.

    Args:
        assignment: a result with metrics.
        layout: of the same graph.

    Raises:
        ResultError: the assignment carries no metrics.
    """
    if assignment.metrics is None:
        raise ResultError("the result carries no metrics; classify the graph again to draw it")
    if layout is None:
        figure = Figure(figsize=(11.0, 5.0), layout="constrained")
        plane, spread = figure.subplots(1, 2, width_ratios=(1.7, 1.0))
        figure.suptitle(_title(assignment))
    else:
        figure = Figure(figsize=(12.6, 7.6), layout="constrained")
        grid = figure.add_gridspec(2, 2, width_ratios=(1.95, 1.0))
        _draw_graph(figure.add_subplot(grid[:, 0]), assignment, layout)
        plane, spread = figure.add_subplot(grid[0, 1]), figure.add_subplot(grid[1, 1])
    _draw_plane(plane, assignment, assignment.metrics)
    _draw_spread(spread, assignment, assignment.metrics)
    return figure


def _title(assignment: LevelAssignment) -> str:
    return f"{len(assignment.users):,} receivers in {assignment.levels} security levels"


def _draw_graph(axes: Axes, assignment: LevelAssignment, layout: Layout) -> None:
    position, n = layout.position, len(layout.shown)
    colours = np.array(level_colours(assignment.levels))
    faint = float(np.clip(14.0 / np.sqrt(max(1, len(layout.ties))), 0.035, 0.6))
    axes.add_collection(
        LineCollection(
            list(position[layout.ties]), colors="0.35", linewidths=0.35, alpha=faint, zorder=1
        )
    )
    degree = np.bincount(layout.ties.ravel(), minlength=n)
    least = float(np.clip(32_000.0 / n, 6.0, 60.0))
    area = least * (1.0 + 9.0 * degree / max(1, int(degree.max())))
    order = np.random.default_rng(1).permutation(n)  # no level hides the others
    level = assignment.level[layout.shown]
    axes.scatter(
        position[order, 0], position[order, 1], area[order], colours[level - 1][order],
        linewidths=0.15, edgecolors="white", zorder=2,
    )  # fmt: skip
    axes.set_aspect("equal")
    axes.margins(0.02)
    axes.set_axis_off()
    sizes = np.bincount(assignment.level)[1:]
    handles = [
        Line2D([], [], linestyle="", marker="o", markersize=8, color=colour,
               label=f"level {t}: {size:,}")
        for t, (colour, size) in enumerate(zip(colours, sizes.tolist(), strict=True), start=1)
    ]  # fmt: skip
    axes.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.0), frameon=False,
        ncols=min(5, assignment.levels), handletextpad=0.1, columnspacing=1.2,
    )  # fmt: skip
    title = _title(assignment)
    if layout.is_sample:
        title += f"\na sample of {n:,} of them and the ties among these"
    axes.set_title(title)


def _draw_plane(axes: Axes, assignment: LevelAssignment, metrics: NDArray[np.float64]) -> None:
    degree, between, clustering, _ = metrics.T
    colours = np.array(level_colours(assignment.levels))
    area = 6.0 + 120.0 * np.sqrt(between / max(float(between.max()), 1e-300))
    jitter = np.random.default_rng(0).uniform(-0.25, 0.25, len(degree))
    order = np.random.default_rng(1).permutation(len(degree))[:DOTS]  # no level hides the others
    axes.scatter(
        np.maximum(degree + jitter, 0.5)[order], clustering[order], area[order],
        colours[assignment.level - 1][order], alpha=0.65, linewidths=0,
    )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlabel("degree (log scale)")
    axes.set_ylabel("local clustering coefficient")
    part = f" ({len(order):,} of them)" if len(order) < len(degree) else ""
    axes.set_title(f"By metrics{part}; dot area: betweenness", fontsize="medium")
    bare(axes, "both")


def _draw_spread(axes: Axes, assignment: LevelAssignment, metrics: NDArray[np.float64]) -> None:
    scores = mid_ranks(metrics).mean(axis=1)
    sizes = np.bincount(assignment.level)[1:]
    bins = np.linspace(0.0, 1.0, 61)
    for level, colour in enumerate(level_colours(assignment.levels), start=1):
        density, _ = np.histogram(scores[assignment.level == level], bins)
        ridge = level + 0.9 * density / max(1, density.max())
        axes.fill_between(bins[:-1], level, ridge, step="post", color=colour, alpha=0.85)
        axes.axhline(level, color="0.6", linewidth=0.6)
    names = [f"level {t}\nn = {n:,}" for t, n in enumerate(sizes.tolist(), start=1)]
    axes.set_yticks(range(1, assignment.levels + 1), names)
    axes.set_xlim(0.0, 1.0)
    axes.set_xlabel("influence of a receiver (mean mid-rank)")
    axes.set_title("Influence within each level", fontsize="medium")
    bare(axes, "x")
