# SPDX-License-Identifier: Apache-2.0
"""Ranges around random records: of a given width, or just wide enough for some hits."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval import Box, Schema

Codes = NDArray[np.uint16]
_WILD = 65_535
_NEAR = 1e-9


class Boxes:
    """Makes boxes over one set of records.

    Args:
        schema: of the records.
        codes: shape (n, a).
        rng: chooses the records in the middle.
    """

    def __init__(self, schema: Schema, codes: Codes, rng: np.random.Generator) -> None:
        self._spans = np.array(schema.levels, dtype=np.float64) - 1
        self._values = codes / self._spans
        self._rng = rng

    def of_width(self, width: float, attributes: Sequence[int]) -> Box:
        """The middle plus and minus this share of every scale."""
        return self._box(self._middle(), width, attributes)

    def of_hits(self, hits: int, attributes: Sequence[int]) -> Box:
        """The least width with so many records; ties may give more."""
        middle = self._middle()
        apart = np.abs(self._values[:, attributes] - middle[list(attributes)]).max(axis=1)
        return self._box(middle, float(np.partition(apart, hits - 1)[hits - 1]), attributes)

    def _middle(self) -> NDArray[np.float64]:
        return np.asarray(self._values[self._rng.integers(len(self._values))])

    def _box(self, middle: NDArray[np.float64], width: float, attributes: Sequence[int]) -> Box:
        a = len(self._spans)
        lo, hi = np.zeros(a, dtype=np.int32), np.full(a, _WILD, dtype=np.int32)
        ranged = np.zeros(a, dtype=np.bool_)
        for j in attributes:
            span, ranged[j] = self._spans[j], True
            lo[j] = max(0, np.ceil((middle[j] - width) * span - _NEAR))
            hi[j] = min(span, np.floor((middle[j] + width) * span + _NEAR))
        return Box(lo, hi, ranged, self._spans)
