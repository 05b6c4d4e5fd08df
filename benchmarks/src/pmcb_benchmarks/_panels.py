# SPDX-License-Identifier: Apache-2.0
"""The sweep as the publication shows it: rate and latency over the offered rate, level by level."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Of Figs. 7 and 9 the text states these ranges only; single points are not given.
PUBLISHED_TPS = (74.0, 109.0)
PUBLISHED_S = (3.0, 10.4)
_BAND = {"color": "0.85", "label": "published range (Fabric 1.2, 2 CPUs)"}


def draw(document: Mapping[str, Any], path: Path) -> None:
    """Two rows of panels, one column for each number of levels; the yardstick has one column.

    Figures of an embedded network never stand beside the published ones.
    """
    beside = document["network"].get("kind") != "embedded"
    runs: Sequence[Mapping[str, Any]] = document["runs"]
    columns = sorted({run.get("levels", 0) for run in runs})
    figure = Figure(figsize=(4.2 * len(columns), 7.0), layout="constrained")
    axes = figure.subplots(2, len(columns), sharex=True, sharey="row", squeeze=False)
    for column, levels in enumerate(columns):
        upper, lower = axes[0][column], axes[1][column]
        upper.set_title(f"T = {levels}" if levels else document["contract"])
        if beside:
            upper.axhspan(*PUBLISHED_TPS, **_BAND)
            lower.axhspan(*PUBLISHED_S, **_BAND)
        chosen = [run for run in runs if run.get("levels", 0) == levels and run["asked"]]
        for count in sorted({run["count"] for run in chosen}):
            _lines(upper, lower, [run for run in chosen if run["count"] == count], count)
        lower.set_xlabel("offered, transactions/s")
    axes[0][0].set_ylabel("committed, transactions/s")
    axes[1][0].set_ylabel("mean latency, s")
    for axis in axes[:, 0]:
        axis.set_ylim(bottom=0)
    axes[1][0].legend(fontsize="small")
    figure.savefig(path, dpi=120, metadata={"Date": None} if path.suffix == ".svg" else None)


def _lines(upper: "Axes", lower: "Axes", runs: Sequence[Mapping[str, Any]], count: int) -> None:
    runs = sorted(runs, key=lambda run: float(run["asked"]))
    asked = [run["asked"] for run in runs]
    label = f"{count:,} transactions"
    upper.plot(asked, [run["achieved"] for run in runs], marker="o", label=label)
    waits = [run["latency_ms"].get("mean", float("nan")) / 1000 for run in runs]
    lower.plot(asked, waits, marker="o", label=label)
