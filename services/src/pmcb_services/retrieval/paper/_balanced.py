# SPDX-License-Identifier: Apache-2.0
"""A balanced tree whose nodes are encrypted maxima (after Xia et al., 2016)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._aspe import AspeKey
from ._cost import depth_of
from ._rangetree import ranges

__all__ = ["BalancedTree"]


@dataclass(frozen=True, slots=True)
class BalancedTree:
    """Segments of a given order, halved down to single records; a node is their maximum.

    A maximum rules a segment out by lower bounds only, whatever the upper ones are. For the best
    by score, a node's score bounds those below it: all vectors need rho = 1.

    Attributes:
        ids: record numbers in the order of the leaves.
        maxima: encrypted elementwise maxima by heap number, shape (2^L, 2l).
    """

    ids: NDArray[np.int32]
    maxima: NDArray[np.float64]

    @property
    def size_bytes(self) -> int:
        """What a cloud keeps besides the encrypted records."""
        return self.ids.nbytes + self.maxima.nbytes

    @classmethod
    def build(
        cls,
        codes: NDArray[np.integer],
        order: NDArray[np.integer],
        key: AspeKey,
        rng: np.random.Generator,
    ) -> BalancedTree:
        """The tree of the records in this order of the leaves, codes of shape (n, a)."""
        n = len(order)
        tops = np.zeros((1 << int(depth_of(np.array([n]), 1)[0]), codes.shape[1]), dtype=np.int64)
        low, high, heap = np.array([0]), np.array([n]), np.array([1])
        while True:
            long = high - low > 1
            low, high, heap = low[long], high[long], heap[long]
            if not len(low):
                return cls(order.astype(np.int32), key.encrypt(tops, rng, scaled=False))
            held = codes[order[ranges(low, high - low)]].astype(np.int64)
            tops[heap] = np.maximum.reduceat(held, np.cumsum(high - low) - (high - low))
            middle = (low + high) // 2
            heap = np.ravel([2 * heap, 2 * heap + 1], order="F")
            low, high = np.ravel([low, middle], order="F"), np.ravel([middle, high], order="F")
