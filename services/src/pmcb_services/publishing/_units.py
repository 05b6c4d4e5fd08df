# SPDX-License-Identifier: Apache-2.0
"""What a release says in original units: rounded numbers, names, shares of values."""

from __future__ import annotations

import math

import numpy as np

from ._clusters import Clusters
from ._column import Column, Floats, Value
from ._listed import Nominal
from ._numeric import Numeric
from ._schema import Schema
from ._sizes import Size

__all__ = [
    "COARSE",
    "cluster_documents",
    "coordinate_names",
    "in_units",
    "labels",
    "shares_of",
    "size_document",
    "unit_of",
]

FINE = 5
"""Digits of a column's range that a number in it is told with: more would be the lattice's."""

COARSE = 3
"""For reading."""


def in_units(schema: Schema, points: Floats, digits: int = FINE) -> list[list[Value]]:
    """Rows in original units, numbers rounded to so many digits of their column's range.

    Args:
        schema: of the release.
        points: shape (k, d), in [-1, 1].
        digits: `FINE` or `COARSE`.

    >>> schema = Schema([Numeric("weight", 30, 200)])
    >>> in_units(schema, np.array([[1 / 3]])), in_units(schema, np.array([[1 / 3]]), COARSE)
    ([[143.33]], [[143]])
    """
    spans = zip(schema.columns, schema.spans, strict=True)
    columns = [_column(column, points[:, span], digits) for column, span in spans]
    return [list(row) for row in zip(*columns, strict=True)]


def _column(column: Column, points: Floats, digits: int) -> list[Value]:
    """Each different point is decoded once: rows are many, values few."""
    few, places = np.unique(points, axis=0, return_inverse=True)
    values = column.decode(few)
    if isinstance(column, Numeric):
        values = [_rounded(value, column, digits) for value in values]
    return [values[place] for place in places.ravel().tolist()]


def _rounded(value: Value, column: Numeric, digits: int) -> Value:
    if not isinstance(value, float):
        return value
    span = float(column.upper) - float(column.lower)
    decimals = digits - math.ceil(math.log10(span))
    return round(value, decimals) if decimals > 0 else round(value)


def labels(schema: Schema) -> list[str]:
    """A heading for each column: its name, and its unit where it has one.

    >>> labels(Schema([Numeric("age", 0, 99, unit="years"), Nominal("sex", ["f", "m"])]))
    ['age [years]', 'sex']
    """
    units = [each.unit if isinstance(each, Numeric) else "" for each in schema.columns]
    pairs = zip(schema.columns, units, strict=True)
    return [f"{column.name} [{unit}]" if unit else column.name for column, unit in pairs]


def coordinate_names(schema: Schema) -> list[str]:
    """A name for each encoded column: the column's, of a nominal one ``name=value``.

    >>> coordinate_names(Schema([Numeric("age", 0, 99), Nominal("sex", ["f", "m"])]))
    ['age', 'sex=f', 'sex=m']
    """
    names: list[str] = []
    for column in schema.columns:
        if isinstance(column, Nominal):
            names += [f"{column.name}={value}" for value in column.values]
        else:
            names.append(column.name)
    return names


def shares_of(schema: Schema, centre: Floats) -> dict[str, dict[str, float]]:
    """Of each nominal column, what part of a cluster has each value.

    Args:
        schema: of the release.
        centre: shape (d,), in [-1, 1].
    """
    found: dict[str, dict[str, float]] = {}
    for column, span in zip(schema.columns, schema.spans, strict=True):
        if isinstance(column, Nominal):
            parts = np.clip(centre[span], 0.0, None)
            whole = float(parts.sum()) or 1.0
            texts = map(str, column.values)
            found[column.name] = {
                text: round(float(part) / whole, 3) for text, part in zip(texts, parts, strict=True)
            }
    return found


def size_document(size: Size) -> dict[str, int]:
    """A size and its 95 % interval in whole units."""
    return {"estimate": round(size.persons), "low": round(size.low), "high": round(size.high)}


def cluster_documents(schema: Schema, clusters: Clusters) -> list[dict[str, object]]:
    """Clusters for JSON: centre in original units, size, whether noise alone could have made it."""
    found: list[dict[str, object]] = []
    rows = in_units(schema, clusters.centres)
    whole = zip(rows, clusters.centres, clusters.sizes, clusters.supported, strict=True)
    for row, centre, size, supported in whole:
        names = [column.name for column in schema.columns]
        document: dict[str, object] = {"centre": dict(zip(names, row, strict=True))}
        if shares := shares_of(schema, centre):
            document["shares"] = shares
        found.append({**document, "size": size_document(size), "supported": supported})
    return found


def unit_of(schema: Schema) -> tuple[str, str]:
    """What sizes count and epsilon protects: one, and many.

    >>> unit_of(Schema([Numeric("age", 0, 99)], subject="id"))
    ('person', 'persons')
    """
    if schema.subject is None:
        return "row", "rows"
    if schema.weigh == "row":
        return f"share of {schema.cap} rows", f"shares of {schema.cap} rows"
    return "person", "persons"
