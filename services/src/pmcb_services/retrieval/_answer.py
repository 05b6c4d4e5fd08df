# SPDX-License-Identifier: Apache-2.0
"""What a query returns."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._numbers import Floats, plain
from ._schema import Schema

__all__ = ["Answer"]


@dataclass(frozen=True, eq=False)
class Answer:
    """Hits by id, then fillers by (gap, id).

    Attributes:
        ids: shape (m,), uint32.
        values: shape (m, a), in the attributes' units; NaN where a value is absent.
        carried: shape (m,), the carried fields.
        in_range: shape (m,), False of fillers, which lie outside the ranges.
        gap: shape (m,), how far outside: 0 of hits, up to 1.
        rounds: requests that the query took.
        certified: whether the fillers are provably the nearest records.
        schema: of the store.
    """

    ids: NDArray[np.uint32]
    values: Floats
    carried: NDArray[np.void]
    in_range: NDArray[np.bool_]
    gap: Floats
    rounds: int
    certified: bool
    schema: Schema

    def __len__(self) -> int:
        return len(self.ids)

    def frame(self) -> dict[str, NDArray[np.generic]]:
        """Columns by name, as ``pandas.DataFrame`` takes them."""
        columns: dict[str, NDArray[np.generic]] = {"id": self.ids}
        columns |= {name: self.values[:, j] for j, name in enumerate(self.schema.names)}
        columns |= {field.name: self.carried[field.name] for field in self.schema.carried}
        return columns | {"in_range": self.in_range, "gap": self.gap}

    def document(self) -> dict[str, object]:
        """The answer for JSON: columns' names and rows; an absent value is null."""
        frame = self.frame()
        rows = zip(*(column.tolist() for column in frame.values()), strict=True)
        return {
            "columns": list(frame),
            "rows": [[_shown(each) for each in row] for row in rows],
            "hits": int(self.in_range.sum()),
            "rounds": self.rounds,
            "certified": self.certified,
        }


def _shown(value: object) -> object:
    if isinstance(value, float):
        return None if math.isnan(value) else plain(value)
    return value
