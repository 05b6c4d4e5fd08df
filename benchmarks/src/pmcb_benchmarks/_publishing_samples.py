# SPDX-License-Identifier: Apache-2.0
"""The tables that releases are judged on: those the constants were chosen on, and others."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pmcb_services.publishing import Numeric, Schema, Table
from pmcb_services.publishing._lattice import LATTICE, UNIT
from pmcb_services.publishing.datasets import NAMES, DataSet, StandInWarning, load

from ._publishing_real import adult_words, digits, vitals
from ._publishing_shapes import SHAPES

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sample:
    """A table as the mechanism sees it.

    Attributes:
        data: rows and schema.
        points: shape (n, d), encoded, in [-1, 1].
        weights: shape (n,), the part of a unit that each row counts for.
    """

    data: DataSet
    points: Floats
    weights: Floats

    @property
    def document(self) -> Mapping[str, object]:
        """What results say of it."""
        named = {column.name for column in self.data.schema.columns if column.width > 1}
        return {
            **self.data.document,
            "coordinates": self.data.schema.width,
            "nominal": len(named),
            "units": round(float(self.weights.sum()), 1),
            "weigh": self.data.schema.weigh if self.data.schema.subject else None,
        }


@cache
def sample(name: str, home: Path) -> Sample | None:
    """The table of that name, once in each process; None where its file is not at hand."""
    data = _data(name, home)
    if data is None:
        return None
    chunks = list(Table.open(data.rows, data.schema).chunks())
    points = np.vstack([x for x, _ in chunks]) / LATTICE
    return Sample(data, points, np.concatenate([w for _, w in chunks]) / UNIT)


def _data(name: str, home: Path) -> DataSet | None:
    if name in SHAPES:
        return SHAPES[name]()
    if name in _REAL:
        return _REAL[name](home)
    known, _, change = name.partition(":")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StandInWarning)  # said once, by the command
        data = load(known, home)
    return _CHANGES[change](data) if change else data


_REAL: Mapping[str, Callable[[Path], DataSet | None]] = {
    "adult-words": adult_words,
    "digits": digits,
    "icu-vitals": vitals,
}
OTHERS = (*_REAL, *SHAPES)
"""On which no constant was chosen."""


def _widened(data: DataSet, below: float, above: float) -> DataSet:
    """The bounds moved outwards by so many ranges; values are the same."""
    columns = []
    for column in data.schema.columns:
        assert isinstance(column, Numeric)
        lower, upper = float(column.lower), float(column.upper)
        extent = upper - lower
        columns.append(Numeric(column.name, lower - below * extent, upper + above * extent))
    return replace(data, schema=Schema(columns))


def _reversed(data: DataSet) -> DataSet:
    schema = Schema(tuple(reversed(data.schema.columns)))
    return replace(data, schema=schema, rows=data.rows[:, ::-1].copy())


_CHANGES: Mapping[str, Callable[[DataSet], DataSet]] = {
    "doubled": lambda data: _widened(data, 0.5, 0.5),
    "shifted": lambda data: _widened(data, 0.5, 0.0),
    "reversed": _reversed,
}
CHANGES = tuple(_CHANGES)
"""``adult:doubled`` is Adult with bounds twice as wide, and so on."""

TUNED_ON = NAMES
