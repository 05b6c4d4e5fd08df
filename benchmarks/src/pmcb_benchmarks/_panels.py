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


RATE, WAIT = "rate", "wait"


def draw(document: Mapping[str, Any], path: Path) -> None:
    """Rate and wait into a file, by its suffix."""
    figure = panels(document)
    figure.savefig(path, dpi=120, metadata={"Date": None} if path.suffix == ".svg" else None)


def panels(document: Mapping[str, Any], shown: Sequence[str] = (RATE, WAIT)) -> Figure:
    """A row of panels for each of rate and wait, one column for each number of levels.

    The yardstick has one column. Figures of an embedded network never stand beside the published
    ones.
    """
    beside = document["network"].get("kind") != "embedded"
    runs: Sequence[Mapping[str, Any]] = document["runs"]
    columns = sorted({run.get("levels", 0) for run in runs})
    figure = Figure(figsize=(4.2 * len(columns), 3.5 * len(shown)), layout="constrained")
    axes = figure.subplots(len(shown), len(columns), sharex=True, sharey="row", squeeze=False)
    for column, levels in enumerate(columns):
        axes[0][column].set_title(f"T = {levels}" if levels else document["contract"])
        axes[-1][column].set_xlabel("offered, transactions/s")
        chosen = [run for run in runs if run.get("levels", 0) == levels and run["asked"]]
        for place, what in zip(axes[:, column], shown, strict=True):
            if beside:
                place.axhspan(*(PUBLISHED_TPS if what == RATE else PUBLISHED_S), **_BAND)
            for count in sorted({run["count"] for run in chosen}):
                _line(place, [run for run in chosen if run["count"] == count], count, what)
    for place, what in zip(axes[:, 0], shown, strict=True):
        place.set_ylabel("committed, transactions/s" if what == RATE else "mean latency, s")
        place.set_ylim(bottom=0)
    axes[-1][0].legend(fontsize="small")
    return figure


def _line(axes: "Axes", runs: Sequence[Mapping[str, Any]], count: int, what: str) -> None:
    runs = sorted(runs, key=lambda run: float(run["asked"]))
    waits = [run["latency_ms"].get("mean", float("nan")) / 1000 for run in runs]
    values = [run["achieved"] for run in runs] if what == RATE else waits
    label = f"{count:,} transactions"
    axes.plot([run["asked"] for run in runs], values, marker="o", label=label)
