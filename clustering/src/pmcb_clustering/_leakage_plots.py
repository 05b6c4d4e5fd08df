# SPDX-License-Identifier: Apache-2.0
"""Figures on leakage: Fig. 8 beside the paper's own sharing, and who could open a task."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pmcb_clustering._plots import bare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from pmcb_clustering._leakage_fig8 import PaperFig8
    from pmcb_clustering._leakage_scenarios import LeakageScenario

__all__ = ["plot_fig8", "plot_leakage"]

SHARED, COPIES = "#0072B2", "#E69F00"  # Okabe and Ito: told apart by everybody
STYLES = {3: ("-", "o", "#440154"), 4: ("--", "s", "#21918c"), 5: (":", "^", "#5ec962")}
"""Line, marker and colour of the paper's numbers of levels."""

LEAST = 1e-30  # probabilities below are drawn at the edge


def plot_fig8(fig8: PaperFig8) -> Figure:
    """The reconstruction of Fig. 8(a), and beside it what the paper's own sharing gives."""
    figure = Figure(figsize=(11.0, 5.2), layout="constrained")
    rising, falling = figure.subplots(1, 2)
    _curves(rising, fig8, fig8.reconstruction)
    _curves(falling, fig8, fig8.sharing)
    for levels, points in sorted(fig8.published.items()):
        places, values = zip(*((n / levels, value) for n, value in sorted(points)), strict=True)
        _, marker, shade = STYLES[levels]
        rising.plot(
            places, values, marker, color=shade, markersize=9, markeredgecolor="black",
            label=f"T = {levels}, published",
        )  # fmt: skip
    rising.legend(frameon=False, loc="lower right")
    falling.legend(frameon=False, loc="upper right")
    rising.set_ylim(0.0, 1.0)
    rising.set_title("Fig. 8(a): reconstruction", fontsize="medium")
    rising.set_ylabel("probability that the task leaks")
    falling.set_yscale("log")
    falling.set_title("the paper's own sharing: more than half of n / T shares", fontsize="medium")
    losses = ", ".join(f"{loss:.3g}" for loss in fig8.losses)
    figure.suptitle(f"Leakage over the number of receivers, losses {losses}")
    lines = [line for note in fig8.notes for line in textwrap.wrap(note, 150)]
    figure.supxlabel("\n".join(lines), fontsize="small", x=0.01, ha="left")
    return figure


def _curves(axes: Axes, fig8: PaperFig8, curves: Mapping[int, tuple[float, ...]]) -> None:
    for levels, values in sorted(curves.items()):
        line, marker, shade = STYLES[levels]
        axes.plot(
            fig8.per_level, values, line, color=shade, marker=marker, markersize=4,
            label=f"T = {levels}",
        )  # fmt: skip
    axes.set_xlabel("receivers of each level, n / T")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    bare(axes, "both")


def plot_leakage(scenarios: Sequence[LeakageScenario]) -> Figure:
    """Who opens a whole task how likely, shared and as copies; intervals where simulated.

    With connected gangs among the scenarios, on the right how many levels they reach.
    """
    gangs = [one for one in scenarios if one.reached]
    width, ratios = (11.0, (1.6, 1.0)) if gangs else (7.5, (1.0,))
    height = 1.8 + 0.42 * max(len(scenarios), 4)
    figure = Figure(figsize=(width, height), layout="constrained")
    panels = figure.subplots(1, len(ratios), width_ratios=ratios, squeeze=False)[0]
    _chances(panels[0], scenarios)
    if gangs:
        _reach(panels[1], gangs)
    figure.suptitle(f"A task over {scenarios[0].levels} levels: who could read all of it")
    return figure


def _chances(axes: Axes, scenarios: Sequence[LeakageScenario]) -> None:
    rows = range(len(scenarios), 0, -1)
    for colour, shift, name in (
        (SHARED, 0.13, "more than half of the shares are needed"),
        (COPIES, -0.13, "every receiver holds a copy"),
    ):
        estimates = [one.shared if colour == SHARED else one.copies for one in scenarios]
        for row, one in zip(rows, estimates, strict=True):
            place = row + shift
            if one.high <= LEAST:
                axes.annotate(
                    "never" if one.high == 0.0 else f"below {LEAST:g}", (0.0, place), (4, 0),
                    xycoords=("axes fraction", "data"), textcoords="offset points",
                    color=colour, va="center", fontsize="small",
                )  # fmt: skip
                continue
            axes.plot([max(one.low, LEAST), one.high], [place] * 2, color=colour, linewidth=2)
            if one.value > 0.0:
                axes.plot(one.value, place, "o", color=colour)
        axes.plot([], [], "o", color=colour, label=name)
    axes.set_xscale("log")
    axes.set_xlim(right=1.5)
    axes.set_yticks(list(rows), [one.who for one in scenarios])
    axes.set_ylim(0.5, len(scenarios) + 0.5)
    axes.set_xlabel("probability that the whole task is opened (log scale)")
    axes.legend(frameon=False, fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0))
    bare(axes, "both")


def _reach(axes: Axes, gangs: Sequence[LeakageScenario]) -> None:
    """Shares of the gangs by the number of levels they have someone in."""
    levels = gangs[0].levels
    shades = colormaps["viridis"](np.linspace(0.9, 0.0, levels))
    names = [one.who.removesuffix(" who are connected") for one in gangs]
    left = np.zeros(len(gangs))
    for count, shade in enumerate(shades, start=1):
        shares = np.array([one.reached[count - 1] for one in gangs])
        label = f"{count}" if count < levels else f"all {levels}"
        axes.barh(range(len(gangs)), shares, 0.6, left, color=shade, label=label)
        left += shares
    axes.set_yticks(range(len(gangs)), [f"gang of {name}" for name in names])
    axes.invert_yaxis()
    axes.set_xlim(0.0, 1.0)
    axes.set_xlabel("share of the connected gangs")
    axes.legend(
        title="levels reached", ncols=min(levels, 8), frameon=False, fontsize="small",
        title_fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0),
    )  # fmt: skip
    bare(axes, "both")
