# SPDX-License-Identifier: Apache-2.0
"""Figs. 5 and 6: RatioCut and balance over T, and the classes in the social graph."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from pmcb_clustering import graph_layout
from pmcb_clustering._plots import COLOURS, bare, level_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pmcb_clustering import Layout, LevelAssignment, SocialGraph

_NAMES = {"paper": "as published", "balanced": "ours: balanced"}
_PANELS = {
    "ratio_cut_to_kmeans": "RatioCut over that of k-means",
    "balance": "largest level over smallest",
}


def draw_cuts(document: Mapping[str, Any]) -> Figure:
    """Bars by T with intervals of 95 % over the seeds; the line is k-means, or equal sizes."""
    figure = Figure(figsize=(10.4, 4.0), layout="constrained")
    rows = document["rows"]
    counts = sorted({row["levels"] for row in rows})
    for axes, (name, title) in zip(figure.subplots(1, 2), _PANELS.items(), strict=True):
        for place, (mode, label) in enumerate(_NAMES.items()):
            chosen = [row for row in rows if row["mode"] == mode]
            at = np.arange(len(counts)) + (place - 0.5) * 0.4
            heights = [float("nan") if row[name] is None else row[name] for row in chosen]
            reach = [
                (row[f"{name}_high"] or height) - height
                for row, height in zip(chosen, heights, strict=True)
            ]
            axes.bar(at, heights, 0.38, yerr=reach, capsize=3, color=COLOURS[mode], label=label)
        axes.axhline(1.0, color="0.3", ls=":")
        axes.set_xticks(range(len(counts)), [f"T = {t}" for t in counts])
        axes.set_ylabel(title)
        bare(axes, "y")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    figure.suptitle(f"{document['data']['name']}, {document['runs']} seeds")
    return figure


def draw_classes(
    graph: "SocialGraph", found: "Mapping[tuple[str, int], LevelAssignment]"
) -> Figure:
    """Every dot a receiver, coloured by level, in the same place for every T and mode."""
    layout = graph_layout(graph)
    counts = sorted({t for _, t in found})
    figure = Figure(figsize=(4.0 * len(counts), 6.4), layout="constrained")
    panels = figure.subplots(len(_NAMES), len(counts))
    for line, (mode, label) in enumerate(_NAMES.items()):
        for column, t in enumerate(counts):
            _classes(panels[line][column], layout, found[mode, t])
            sizes = ", ".join(f"{size:,}" for size in found[mode, t].quality["sizes"])
            panels[line][column].set_title(f"{label}, T = {t}\n{sizes}", fontsize="medium")
    figure.suptitle("Levels from 1, the least influential (dark), up; users of each below the name")
    return figure


def _classes(axes: "Axes", layout: "Layout", assignment: "LevelAssignment") -> None:
    colours = np.array(level_colours(assignment.levels))
    ties = LineCollection(list(layout.position[layout.ties]), colors="0.5", linewidths=0.2,
                          alpha=0.05, rasterized=True)  # fmt: skip
    axes.add_collection(ties)
    order = np.random.default_rng(1).permutation(len(layout.shown))  # no level hides the others
    level = assignment.level[layout.shown]
    x, y = layout.position[order].T
    axes.scatter(x, y, 5, list(colours[level - 1][order]), linewidths=0, zorder=2)
    axes.set_aspect("equal")
    axes.set_axis_off()
