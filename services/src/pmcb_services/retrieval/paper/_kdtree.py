# SPDX-License-Identifier: Apache-2.0
"""A balanced kd-tree over encrypted records, as in textbooks or tuned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._cost import depth_of
from ._rangetree import ranges

__all__ = ["KdTree"]

TEXTBOOK_LEAF, TUNED_LEAF = 16, 4


@dataclass(frozen=True, slots=True)
class KdTree:
    """Segments halved by one attribute after the other; numbered as in a heap.

    The textbook's tests pivots, then every bound of each record in a leaf. The tuned one
    remembers which bounds the way down has proven, tests only others, and reports whole segments
    once all are proven.

    Attributes:
        attributes: a; depth d halves by attribute d mod a.
        leaf: the longest segment that is not halved.
        tuned: whether proven bounds are remembered.
        ids: record numbers in the order of the tree.
        pivots: by heap number. A table of its own: halving deeper reorders ``ids``.
    """

    attributes: int
    leaf: int
    tuned: bool
    ids: NDArray[np.int32]
    pivots: NDArray[np.int32]

    @property
    def size_bytes(self) -> int:
        """What a cloud keeps besides the encrypted records."""
        return self.ids.nbytes + self.pivots.nbytes

    @classmethod
    def build(cls, codes: NDArray[np.integer], *, tuned: bool) -> KdTree:
        """The tree of all records, ordered by (code, number), codes of shape (n, a)."""
        leaf = TUNED_LEAF if tuned else TEXTBOOK_LEAF
        n, a = codes.shape
        order = np.arange(n)
        pivots = np.zeros(1 << int(depth_of(np.array([n]), leaf)[0]), dtype=np.int32)
        low, high, heap, depth = np.array([0]), np.array([n]), np.array([1]), 0
        while True:
            long = high - low > leaf
            low, high, heap = low[long], high[long], heap[long]
            if not len(low):
                return cls(a, leaf, tuned, order.astype(np.int32), pivots)
            at = ranges(low, high - low)
            segment = np.repeat(np.arange(len(low)), high - low)
            order[at] = order[at][np.lexsort((order[at], codes[order[at], depth % a], segment))]
            middle = (low + high) // 2
            pivots[heap] = order[middle]
            heap = np.ravel([2 * heap, 2 * heap + 1], order="F")
            low, high = np.ravel([low, middle], order="F"), np.ravel([middle, high], order="F")
            depth += 1
