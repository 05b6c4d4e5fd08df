# SPDX-License-Identifier: Apache-2.0
"""A look at a table before a budget is opened: for the institution's eyes only.

What is counted here depends on cells without any noise: it is printed where the data are, never
sent, stored in a release or logged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ._column import Column
from ._listed import Nominal, Ordinal
from ._numeric import Numeric
from ._parsing import Cells, as_numbers, as_texts
from ._schema import Schema
from ._source import open_source

__all__ = ["ColumnCheck", "TableCheck", "check_table"]


@dataclass(frozen=True)
class ColumnCheck:
    """What a fit would make of the cells of one column.

    Attributes:
        name: of the column.
        missing: cells that are absent; they become the public ``missing`` value.
        clipped: numbers outside the bounds.
        unknown: cells that say something else than a number or a value of the list; a fit takes
            them as missing.
    """

    name: str
    missing: int
    clipped: int
    unknown: int


@dataclass(frozen=True)
class TableCheck:
    """What a fit would make of a table.

    Attributes:
        rows: how many there are.
        untagged: rows that name no subject; a fit drops them.
        persons: different subjects; rows where each row is one.
        beyond_cap: rows that a fit drops because their subject has more than the cap.
        columns: one for each column of the schema.
    """

    rows: int
    untagged: int
    persons: int
    beyond_cap: int
    columns: tuple[ColumnCheck, ...]


def check_table(source: object, schema: Schema) -> TableCheck:
    """Count what is missing, clipped and unknown.

    Args:
        source: as for `Table.open`.
        schema: the public one.

    Raises:
        TableUnreadable: the source does not fit the schema.

    A decimal comma would make a constant of a column; here it shows:

    >>> schema = Schema([Numeric("bmi", 10, 60)])
    >>> check_table(np.array([["22,5"], ["70"], [""]]), schema).columns
    (ColumnCheck(name='bmi', missing=1, clipped=1, unknown=1),)
    """
    rows = 0
    found = np.zeros((len(schema.columns), 3), dtype=np.int64)
    persons: dict[str | None, int] = {}
    for columns in open_source(source, schema.names).chunks():
        rows += len(columns[0])
        pairs = zip(schema.columns, columns, strict=False)
        found += [_judged(column, cells) for column, cells in pairs]
        if schema.subject is not None:
            for tag in as_texts(columns[-1]):
                persons[tag] = persons.get(tag, 0) + 1
    untagged = persons.pop(None, 0)
    beyond = sum(max(count - schema.rows_per_unit, 0) for count in persons.values())
    counts = zip(schema.columns, found.tolist(), strict=True)
    checks = tuple(ColumnCheck(column.name, *numbers) for column, numbers in counts)
    people = rows if schema.subject is None else len(persons)
    return TableCheck(rows, untagged, people, beyond, checks)


def _judged(column: Column, cells: Cells) -> tuple[int, int, int]:
    """Missing, clipped and unknown cells."""
    if isinstance(column, Numeric):
        numbers = as_numbers(cells)
        outside = (numbers < column.lower) | (numbers > column.upper)
        absent = sum(_is_absent(cells[at]) for at in np.flatnonzero(np.isnan(numbers)).tolist())
        return absent, int(outside.sum()), int(np.isnan(numbers).sum()) - absent
    texts = as_texts(cells)
    absent = texts.count(None)
    assert isinstance(column, Ordinal | Nominal)
    allowed = set(column.values)
    return absent, 0, len(texts) - absent - sum(text in allowed for text in texts)


def _is_absent(cell: object) -> bool:
    if isinstance(cell, str):
        return not cell.strip() or cell.strip().lower() == "nan"
    return cell is None or not isinstance(cell, float | np.floating) or math.isnan(cell)
