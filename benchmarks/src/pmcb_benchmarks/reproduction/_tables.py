# SPDX-License-Identifier: Apache-2.0
"""An item's rows as tables: one series a line along an axis, or column by column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pmcb_benchmarks._intervals import half_width
from pmcb_benchmarks._mpdp_names import NAMES

Row = Mapping[str, Any]

LABELS: Mapping[str, str] = {
    **NAMES,
    "paper": "as published",
    "balanced": "ours: balanced",
    "": "no noise",
}


@dataclass(frozen=True)
class Table:
    """Cells as text; the first ``words`` columns hold words, the others numbers."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1


@dataclass(frozen=True)
class Pivot:
    """A line for each series, a column for each place along an axis.

    Attributes:
        caption: over the table.
        by: columns of the rows that tell series apart.
        along: the axis.
        value: the figure; its interval of 95 % is shown where there is one.
        beside: a second figure in brackets; a time.
        where: values that rows must have.
        part: which list of the document holds the rows.
    """

    caption: str
    by: tuple[str, ...]
    along: str
    value: str
    beside: str = ""
    where: Mapping[str, object] = field(default_factory=dict)
    part: str = "rows"

    def of(self, document: Row) -> Table:
        """The table of a document."""
        rows = _where(document[self.part], self.where)
        places = list(dict.fromkeys(row[self.along] for row in rows))
        series: dict[tuple[object, ...], dict[object, str]] = {}
        for row in rows:
            shown = cell(row, self.value)
            if self.beside:
                shown += f" ({cell(row, self.beside)})"
            series.setdefault(tuple(row[name] for name in self.by), {})[row[self.along]] = shown
        heads = [*(name.replace("_", " ") for name in self.by), *map(number, places)]
        lines = [
            [*map(number, key), *(found.get(place, "") for place in places)]
            for key, found in series.items()
        ]
        caption = f"{self.caption}, over {self.along.replace('_', ' ')}"
        return Table(caption, heads, lines, len(self.by))


@dataclass(frozen=True)
class Flat:
    """Chosen columns of the rows, as they are."""

    caption: str
    columns: tuple[str, ...]
    where: Mapping[str, object] = field(default_factory=dict)
    part: str = "rows"
    words: int = 1

    def of(self, document: Row) -> Table:
        """The table of a document."""
        rows = _where(document[self.part], self.where)
        heads = [name.replace("_", " ") for name in self.columns]
        lines = [[cell(row, name) for name in self.columns] for row in rows]
        return Table(self.caption, heads, lines, self.words)


def cell(row: Row, name: str) -> str:
    """A figure with its interval, from two ends or from a standard error."""
    value = row[name]
    if value is None:
        return "refused" if row.get("refused") else "-"
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    error = row.get(f"{name}_se")
    if error is not None:
        half = half_width(error, row["runs"] - row.get("refused", 0)) or 0.0
        low, high = value - half, value + half
    shown = number(value)
    if low is not None and low != high:
        shown += f" [{number(low)}, {number(high)}]"
    if row.get("refused"):
        shown += f" ({row['runs'] - row['refused']} of {row['runs']} runs)"
    return shown


def number(value: object) -> str:
    """Three digits, thousands apart; words as readers know them.

    >>> [number(each) for each in (12345, 0.01234, 1234.5, "mpdp", [3, 4], 1e-9)]
    ['12,345', '0.0123', '1,234', 'MPDP k-medoids (not private)', '3, 4', '1e-09']
    """
    if isinstance(value, list | tuple):
        return ", ".join(map(number, value))
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if type(value) is int else LABELS.get(str(value), str(value))


def _where(rows: Sequence[Row], wanted: Mapping[str, object]) -> list[Row]:
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]
