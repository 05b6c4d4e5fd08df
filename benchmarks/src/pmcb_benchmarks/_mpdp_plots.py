# SPDX-License-Identifier: Apache-2.0
"""The pictures: clusters side by side, figures over epsilon or k, time beside its count."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from pmcb_services.publishing.datasets import DataSet

from ._intervals import half_width
from ._mpdp_methods import centres
from ._mpdp_names import METHODS, NAMES, OURS, PUBLISHED
from ._mpdp_targets import EPSILON, LETTERS, K

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_COLOURS = dict(zip(("k-means", *METHODS), ("0.4", "C3", "C1", "C4", "C0", "C2"), strict=True))


def draw(document: Mapping[str, Any], data: DataSet) -> Figure:
    """One picture with intervals of 95 %; a stand-in says so in its title."""
    figure = Figure(figsize=(10.4, 4.4), layout="constrained")
    kind = document["kind"]
    if kind == "clusters":
        _clusters(figure, document, data)
    elif kind == "time":
        _time(figure, document["rows"])
    else:
        _lines(figure, document)
    origin = " (STAND-IN DATA)" if data.is_stand_in else ""
    where = LETTERS.get(data.name, data.name)
    figure.suptitle(f"{document['target']}: {where}{origin}, {document['runs']} runs")
    return figure


def _lines(figure: Figure, document: Mapping[str, Any]) -> None:
    index = document["kind"] == "index"
    metrics = ("ch", "cost_ratio") if index else ("f_measure", "accuracy")
    titles = {
        "ch": "Calinski-Harabasz index",
        "cost_ratio": "cost over k-means's",
        "f_measure": "F-measure",
        "accuracy": "accuracy",
    }
    rows = document["rows"]
    for axes, metric in zip(figure.subplots(1, 2), metrics, strict=True):
        for method in METHODS:
            chosen = [row for row in rows if row["method"] == method and row[metric] is not None]
            _errors(axes, chosen, "epsilon" if index else "k", metric, method)
        if index:
            axes.axhline(rows[0][metric], color=_COLOURS["k-means"], ls=":", label=NAMES["k-means"])
            axes.set_xscale("log")
            axes.set_yscale("log" if metric == "cost_ratio" else "linear")
        axes.set_xlabel("epsilon" if index else "k")
        axes.set_ylabel(titles[metric])
    axes.legend(fontsize="small")


def _errors(
    axes: "Axes", rows: Sequence[Mapping[str, Any]], axis: str, metric: str, method: str
) -> None:
    axes.errorbar(
        [float(row[axis]) for row in rows],
        [row[metric] for row in rows],
        yerr=[half_width(row[f"{metric}_se"], row["runs"] - row["refused"]) or 0.0 for row in rows],
        marker="o",
        ms=4,
        capsize=2,
        color=_COLOURS[method],
        label=NAMES[method],
    )


def _clusters(figure: Figure, document: Mapping[str, Any], data: DataSet) -> None:
    """First and last column of the rows, which are public, coloured by the nearest centre."""
    from sklearn.cluster import KMeans

    rows = data.encoded
    seed = document["seed"]
    found = {"k-means": KMeans(K, n_init=10, random_state=seed).fit(rows).cluster_centers_}
    for method in dict.fromkeys((document["method"], PUBLISHED, OURS)):
        drawn = centres(method, data, EPSILON, [K], seed)
        if K in drawn:
            found[method] = drawn[K]
    for axes, (method, points) in zip(
        figure.subplots(1, len(found), sharex=True, sharey=True), found.items(), strict=True
    ):
        _scatter(axes, rows, points)
        axes.set_title(NAMES[method], fontsize="medium")
        axes.set_xlabel(data.schema.columns[0].name)
    figure.axes[0].set_ylabel(data.schema.columns[-1].name)


def _scatter(axes: "Axes", rows: "NDArray[np.float64]", points: "NDArray[np.float64]") -> None:
    from pmcb_services.publishing._kmeans import nearest

    labels, _ = nearest(rows, points)
    axes.scatter(rows[:, 0], rows[:, -1], c=labels, cmap="tab10", vmax=9, s=6, alpha=0.6)
    axes.scatter(points[:, 0], points[:, -1], c="black", marker="x", s=60)


def _time(figure: Figure, rows: Sequence[Mapping[str, Any]]) -> None:
    axes = figure.subplots()
    counts = np.array([row["distances"] for row in rows])
    axes.loglog(counts, [row["cpu_s"] for row in rows], "o")
    for row in rows:
        label = f" n {row['n']}, k {row['k']}, m {row['m']}"
        axes.annotate(label, (row["distances"], row["cpu_s"]), fontsize="small")
    axes.set_xlabel("distances counted")
    axes.set_ylabel("CPU, s")
