# SPDX-License-Identifier: Apache-2.0
"""A table as the mechanism sees it: lattice rows and weights, a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._lattice import UNIT
from ._parsing import Cells
from ._schema import Schema
from ._source import Source, open_source
from ._subject import Unit, Weights, weigh

__all__ = ["Table", "encode"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Table:
    """Rows of a schema, read anew for each stage of a fit.

    Attributes:
        schema: the public one.
        source: gives the raw columns.
        weights: of subjects; None where each row is a unit.

    >>> from pmcb_services.publishing import Numeric
    >>> table = Table.open(np.array([[20.0], [np.nan]]), Schema([Numeric("age", 0, 40)]))
    >>> [(x.tolist(), weights.tolist()) for x, weights in table.chunks()]
    [([[0.0], [0.0]], [1048576, 1048576])]
    """

    schema: Schema
    source: Source
    weights: Weights | None = None

    @classmethod
    def open(cls, source: object, schema: Schema) -> Table:
        """Look at the header, and with subjects read once to count their rows.

        Args:
            source: an array with the schema's columns in their order, and then the subject's; a
                DataFrame, a CSV or Parquet path or a folder of such, with a header; or a callable
                that gives Arrow batches, the same ones whenever it is called.
            schema: the public one.

        Raises:
            TableUnreadable: it is none of these, or a column is not in its header.
        """
        opened = open_source(source, schema.names)
        if schema.subject is None:
            return cls(schema, opened)
        tags = (columns[-1] for columns in opened.chunks())
        unit = Unit(schema.weigh == "row", schema.rows_per_unit, bytes.fromhex(schema.hash))

        def rows() -> Iterator[tuple[Floats, Cells]]:
            return ((encode(schema, columns), columns[-1]) for columns in opened.chunks())

        return cls(schema, opened, weigh(tags, rows, unit))

    def chunks(self) -> Iterator[tuple[Floats, Integers]]:
        """Lattice rows, shape (m, d), and weights, shape (m,): at most 8192 at a time."""
        choose = None if self.weights is None else self.weights.chooser()
        for columns in self.source.chunks():
            x = encode(self.schema, columns)
            if choose is None:
                yield x, np.full(len(x), UNIT, dtype=np.int64)
            else:
                kept, weights = choose(x, columns[-1])
                yield x[kept], weights


def encode(schema: Schema, columns: list[Cells]) -> Floats:
    """Lattice rows of raw columns, shape (m, d); each row follows from its own cells alone."""
    pairs = zip(schema.columns, columns, strict=False)
    return np.hstack([column.encode(cells) for column, cells in pairs])
