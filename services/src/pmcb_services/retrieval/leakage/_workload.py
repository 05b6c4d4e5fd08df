# SPDX-License-Identifier: Apache-2.0
"""Queries to measure leakage by: some come again, and everybody knows what was asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval._box import Codes
from pmcb_services.retrieval._numbers import Floats
from pmcb_services.retrieval._schema import Schema

__all__ = ["Workload"]

Ranges = dict[str, tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Workload:
    """Boxes around records, of two ranged attributes.

    Attributes:
        ranges: one per query.
        asked: shape (m,), equal where queries are.
        middle: shape (m,), the middle of the first attribute's range, in codes.
    """

    ranges: list[Ranges]
    asked: NDArray[np.int64]
    middle: Floats

    @classmethod
    def drawn(
        cls,
        schema: Schema,
        codes: Codes,
        queries: int,
        rng: np.random.Generator,
        *,
        repeats: float = 0.3,
        width: float = 0.05,
    ) -> Workload:
        """So many queries, of which a share repeats an earlier one.

        Args:
            schema: of the records.
            codes: shape (n, a), of the records.
            queries: m.
            rng: draws them.
            repeats: share that comes again, 0 to 1.
            width: of a range to each side, as a share of the scale.
        """
        asked = np.arange(queries)
        for at in range(1, queries):
            if rng.random() < repeats:
                asked[at] = asked[rng.integers(0, at)]
        centres = codes[rng.integers(0, len(codes), queries)].astype(np.int64)
        used = range(min(2, len(schema.attributes)))
        ranges = [
            {schema.names[j]: _around(int(centres[query, j]), schema, j, width) for j in used}
            for query in asked.tolist()
        ]
        return cls(ranges, asked, centres[asked, 0].astype(np.float64))


def _around(code: int, schema: Schema, j: int, width: float) -> tuple[float, float]:
    attribute = schema.attributes[j]
    side = max(1, round(width * attribute.levels))
    low, high = max(0, code - side), min(attribute.levels - 1, code + side)
    return float(attribute.values[low]), float(attribute.values[high])
