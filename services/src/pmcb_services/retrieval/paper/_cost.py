# SPDX-License-Identifier: Apache-2.0
"""What an index costs before it is built, and which tree a query should take."""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval._box import Box
from pmcb_services.retrieval.errors import IndexBudgetError

__all__ = ["MAX_INDEX_BYTES", "Histograms", "check_budget", "copies", "depth_of", "index_bytes"]

MAX_INDEX_BYTES = 2 << 30

Ints = NDArray[np.int64]


def depth_of(length: Ints, leaf: int) -> Ints:
    """L = ceil(log2(n / B)), 0 for a leaf; exact, without floating point.

    >>> depth_of(np.array([1, 64, 65, 128, 129]), 64).tolist()
    [0, 0, 1, 1, 2]
    """
    blocks = -(-np.maximum(length, 1) // leaf)
    return np.frexp((blocks - 1).astype(np.float64))[1].astype(np.int64)  # bits of blocks - 1


def copies(n: int, g: int, leaf: int) -> int:
    """How often a record number is stored: C(L + g - 1, g - 1).

    >>> [copies(1000, 5, 1), copies(100_000, 5, 1), copies(100_000, 3, 64)]
    [1001, 5985, 78]
    """
    depth = int(depth_of(np.array([n]), leaf)[0])
    return comb(depth + g - 1, g - 1)


def index_bytes(n: int, g: int, leaf: int) -> int:
    """Bytes of record numbers in a range tree of g attributes.

    >>> index_bytes(100_000, 3, 64)
    31200000
    """
    return 4 * n * copies(n, g, leaf)


def check_budget(needed: int, allowed: int) -> None:
    """Refuse an index before memory is spent.

    Raises:
        IndexBudgetError: it needs more than is allowed.
    """
    if needed > allowed:
        raise IndexBudgetError(
            f"The index needs {needed:,} bytes of record numbers; {allowed:,} are allowed."
        )


class Histograms:
    """How many records have each level, kept by the fog to guess what a range selects."""

    def __init__(self, codes: NDArray[np.integer], levels: tuple[int, ...]) -> None:
        self._counts = [np.bincount(codes[:, j], minlength=levels[j]) for j in range(len(levels))]

    def add(self, codes: NDArray[np.integer], sign: int) -> None:
        """Count records in (1) or out (-1)."""
        for j, counts in enumerate(self._counts):
            np.add.at(counts, codes[:, j], sign)

    def selectivity(self, box: Box) -> NDArray[np.float64]:
        """Share of the records inside each attribute's range, shape (a,); 1 for a wildcard."""
        shares = np.ones(len(self._counts))
        for j in np.flatnonzero(box.ranged):
            counts = self._counts[j]
            inside = counts[max(int(box.lo[j]), 0) : int(box.hi[j]) + 1].sum()
            shares[j] = inside / max(int(counts.sum()), 1)
        return shares
