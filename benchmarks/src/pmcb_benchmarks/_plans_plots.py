# SPDX-License-Identifier: Apache-2.0
"""Pictures of Figs. 10 and 11: energy and gap, with intervals of 95 % over seeds."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure

from ._plans_runs import METHODS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Document = Mapping[str, Any]

_COLOURS = dict(zip(METHODS, ("C3", "C1", "C5", "C0", "C9", "C4", "C2"), strict=True))


def picture(document: Document) -> Figure:
    """One picture of a figure."""
    figure = Figure(figsize=(10.8, 6.4 if document["target"] == "fig10" else 4.2),
                    layout="constrained")  # fmt: skip
    if document["target"] == "fig10":
        _iterations(figure, document)
    else:
        _orders(figure, document)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False,
                  fontsize="small")  # fmt: skip
    figure.suptitle(f"{document['target']}: ten generated servers")
    return figure


def _iterations(figure: Figure, document: Document) -> None:
    sizes = list(dict.fromkeys(row["orders"] for row in document["rows"]))
    panels = figure.subplots(2, len(sizes), sharex=True, squeeze=False)
    for column, n in enumerate(sizes):
        for line, (value, label) in enumerate((("energy", "energy, J"), ("gap", "gap, %"))):
            axes = panels[line][column]
            for method in METHODS:
                _line(axes, document, "iteration", value, method, n)
            axes.set_xscale("log")
            axes.set_ylabel(label if column == 0 else "")
        panels[0][column].set_title(f"{n:,} orders", fontsize="medium")
        panels[1][column].set_yscale("log")
        panels[1][column].set_xlabel("iteration")


def _orders(figure: Figure, document: Document) -> None:
    left, right = figure.subplots(1, 2)
    for method in METHODS:
        _line(left, document, "orders", "energy", method)
        _line(right, document, "orders", "gap", method)
    left.set_ylabel("energy, J")
    right.set_ylabel("gap to the bound, %")
    right.set_yscale("log")
    for axes in (left, right):
        axes.set_xlabel("orders")


def _line(
    axes: "Axes", document: Document, along: str, value: str, method: str, n: int | None = None
) -> None:
    rows = [
        row for row in document["rows"] if row["method"] == method and n in {None, row["orders"]}
    ]
    middle = [row[value] for row in rows]
    reach = [
        (row[value] - (row[f"{value}_low"] or row[value]),
         (row[f"{value}_high"] or row[value]) - row[value])
        for row in rows
    ]  # fmt: skip
    axes.errorbar(
        [row[along] for row in rows], middle, yerr=list(zip(*reach, strict=True)), marker="o",
        ms=3, lw=1, capsize=2, color=_COLOURS[method], label=method,
    )  # fmt: skip
