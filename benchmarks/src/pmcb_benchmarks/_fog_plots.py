# SPDX-License-Identifier: Apache-2.0
"""The pictures: sign tests beside milliseconds."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure

from ._fog_rows import pick
from ._fog_size import ALL, FIRST, OFF
from ._fog_structures import NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = Mapping[str, Any]

_COLOURS = dict(zip(NAMES, ("C3", "C1", "C0", "C2", "C4", "C5", "0.4"), strict=True))
_MINIMUM = 10
_UNITS = {"tests": "sign tests", "ms": "ms"}


def draw(document: Mapping[str, Any]) -> Figure:
    """One picture, sign tests with intervals of 95 %; a stand-in says so in its title."""
    told = {"fig7": _width, "fig8": _size, "fig9": _returned}
    figure = Figure(figsize=(11.4, 6.6), layout="constrained")
    told[document["target"]](figure, document)
    source = document["data"]["source"]
    origin = " (STAND-IN DATA)" if source == "stand-in" else ""
    figure.suptitle(
        f"{document['target']}: ICU vitals{origin}, {document['queries']} queries a point"
    )
    return figure


def _width(figure: Figure, document: Mapping[str, Any]) -> None:
    rows = pick(document["rows"], minimum=_MINIMUM)
    panels = figure.subplots(2, 2)
    sizes = dict.fromkeys(row["records"] for row in rows)
    for axes, unit in zip(panels[0], _UNITS, strict=True):
        for n in sizes:
            chosen = pick(rows, records=n)
            _curve(axes, chosen, "width", unit, f"{n:,} records, at least {_MINIMUM} returned")
        axes.set_xlabel("width: plus and minus this share of each scale")
        axes.set_ylabel(_UNITS[unit])
    panels[0][0].legend(fontsize="x-small")
    _few(panels[1][0], rows, list(sizes))
    _bars(panels[1][1], document["noise"])


def _few(axes: "Axes", rows: Sequence[Row], sizes: Sequence[int]) -> None:
    for n in sizes:
        chosen = pick(rows, records=n)
        widths, shares = zip(*[(row["width"], row["few"]) for row in chosen], strict=True)
        axes.semilogx(widths, shares, marker="o", ms=4, label=f"{n:,} records")
    axes.axvspan(0.03, 0.05, color="0.9", label='published as "best"')
    axes.set_xlabel("width")
    axes.set_ylabel("queries with under 10 hits")
    axes.legend(fontsize="x-small")


def _bars(axes: "Axes", noise: Sequence[Row]) -> None:
    places = range(len(noise))
    axes.bar(
        [at - 0.2 for at in places], [row["precision"] for row in noise], 0.4, label="precision"
    )
    axes.bar([at + 0.2 for at in places], [row["recall"] for row in noise], 0.4, label="recall")
    axes.set_xticks(list(places), [row["dummies"] for row in noise])
    axes.set_xlabel("dummies: bounded, integers, or normal with this sigma")
    axes.legend(fontsize="x-small")


def _size(figure: Figure, document: Mapping[str, Any]) -> None:
    panels = figure.subplots(2, 3, sharex=True, sharey="row")
    for line, unit in enumerate(_UNITS):
        for column, pattern in enumerate((FIRST, ALL, OFF)):
            axes = panels[line][column]
            _lines(axes, pick(document["rows"], ranged=pattern), "records", unit)
            axes.set_title(f"ranged: {pattern}" if line == 0 else "", fontsize="medium")
        panels[line][0].set_ylabel(_UNITS[unit])
    for axes in panels[1]:
        axes.set_xlabel("records")
    _legend(figure, panels[0][0])


def _returned(figure: Figure, document: Mapping[str, Any]) -> None:
    sizes = list(dict.fromkeys(row["records"] for row in document["rows"]))
    panels = figure.subplots(2, len(sizes) + 1, sharex=True)
    for line, unit in enumerate(_UNITS):
        for column, n in enumerate(sizes):
            axes = panels[line][column]
            _lines(axes, pick(document["rows"], records=n), "returned", unit)
            axes.set_title(f"by range, {n:,} records" if line == 0 else "", fontsize="medium")
        axes = panels[line][-1]
        _lines(axes, pick(document["ranked"], records=sizes[-1]), "returned", unit)
        axes.set_title(f"the best by a sum, {sizes[-1]:,}" if line == 0 else "", fontsize="medium")
        panels[line][0].set_ylabel(_UNITS[unit])
    for axes in panels[1]:
        axes.set_xlabel("returned")
    _legend(figure, panels[0][0])


def _legend(figure: Figure, axes: "Axes") -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize="small")


def _lines(axes: "Axes", rows: Sequence[Row], along: str, unit: str) -> None:
    for name, colour in _COLOURS.items():
        chosen = pick(rows, structure=name)
        if chosen:
            _curve(axes, chosen, along, unit, name, colour)


def _curve(
    axes: "Axes", rows: Sequence[Row], along: str, unit: str, label: str, colour: str | None = None
) -> None:
    """Both scales logarithmic; counts with their interval, times without."""
    values = [row[unit] for row in rows]
    reach = [
        (
            row[unit] - row.get(f"{unit}_low", row[unit]),
            row.get(f"{unit}_high", row[unit]) - row[unit],
        )
        for row in rows
    ]
    axes.errorbar(
        [row[along] for row in rows], values, yerr=list(zip(*reach, strict=True)), marker="o",
        ms=4, capsize=2, label=label, color=colour,
    )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
