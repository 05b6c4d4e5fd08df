# SPDX-License-Identifier: Apache-2.0
"""Which cell a row falls into: an exact function of the row and of public cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ._lattice import LATTICE

__all__ = ["Cells", "Grid", "Voronoi", "Whole", "assign"]

ROWS = 64
"""Rows that are multiplied at once, at least."""

ONE_THREAD = 2**18
"""Multiplications up to which OpenBLAS (interface/gemm.c) starts no threads: more of them cost more
than they gain at our sizes, and very much more on a busy machine."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Cells(Protocol):
    """A public partition of the domain: every row falls into exactly one cell."""

    @property
    def size(self) -> int:
        """How many cells there are."""

    def assign(self, x: Floats) -> Integers:
        """The cell of each row, shape (m,), 0 .. size-1; x has shape (m, d), lattice integers."""


def assign(x: Floats, centres: Integers) -> Integers:
    """The nearest centre of each row: argmin_j (‖c_j‖² - 2·x·c_j), the lowest j of equals.

    Rows and centres are whole numbers of at most 2^16 in absolute value, and d is at most 128: all
    partial sums of the product are whole numbers below 2^53. So float64 is exact in whatever order
    and on however many threads the library multiplies, and no row can move another.

    Args:
        x: shape (m, d), float64 with whole values.
        centres: shape (K, d).

    Half way between 0 and 4, the first wins:

    >>> assign(np.array([[2.0], [3.0], [2.0]]), np.array([[0], [4]])).tolist()
    [0, 1, 0]
    """
    return Voronoi(centres).assign(x)


@dataclass(frozen=True)
class Voronoi:
    """The cells around lattice centres, shape (K, d); see `assign`."""

    centres: Integers

    def __post_init__(self) -> None:
        if self.centres.dtype.kind != "i" or self.centres.ndim != 2 or not len(self.centres):
            raise TypeError("centres must be whole numbers of shape (K, d), K at least 1")
        if ((self.centres > LATTICE) | (self.centres < -LATTICE)).any():
            raise ValueError("centres must lie in [-2^16, 2^16]")

    @property
    def size(self) -> int:
        """K."""
        return len(self.centres)

    @cached_property
    def _tiles(self) -> list[tuple[slice, Floats]]:
        """Matrices for (x, 1) of some centres each: the product is ‖c_j‖² - 2·x·c_j."""
        squares = (self.centres**2).sum(axis=1)
        whole = np.vstack([-2 * self.centres.T, squares[None]])
        width = max(ONE_THREAD // (ROWS * len(whole)), 1)
        spans = [slice(start, start + width) for start in range(0, self.size, width)]
        return [(span, whole[:, span].astype(np.float64, order="C")) for span in spans]

    def assign(self, x: Floats) -> Integers:
        """The nearest centre of each row."""
        rows = np.hstack([x, np.ones((len(x), 1))])
        labels = np.empty(len(x), dtype=np.int64)
        block = max(ROWS, ONE_THREAD // (self.size * rows.shape[1]))
        distances = np.empty((min(block, len(x)), self.size))
        for start in range(0, len(x), block):
            part = rows[start : start + block]
            found = distances[: len(part)]
            for span, matrix in self._tiles:
                np.matmul(part, matrix, out=found[:, span])
            np.argmin(found, axis=1, out=labels[start : start + block])
        return labels


@dataclass(frozen=True)
class Grid:
    """The boxes between cuts: an axis with c cuts has c + 1 parts, the last axis varies fastest.

    Attributes:
        cuts: for each of the d coordinates, whole numbers in increasing order; a row at a cut
            falls above it.

    >>> grid = Grid([np.array([0]), np.array([-5, 5])])
    >>> grid.assign(np.array([[0.0, 4.0], [-1.0, 5.0]])).tolist()
    [4, 2]
    """

    cuts: Sequence[Integers]

    @property
    def shape(self) -> tuple[int, ...]:
        """Parts of each axis."""
        return tuple(len(cut) + 1 for cut in self.cuts)

    @property
    def size(self) -> int:
        """How many boxes there are."""
        return int(np.prod(self.shape))

    def assign(self, x: Floats) -> Integers:
        """The box of each row."""
        parts = [
            np.searchsorted(cut, column, side="right")
            for cut, column in zip(self.cuts, x.T, strict=True)
        ]
        return np.asarray(np.ravel_multi_index(tuple(parts), self.shape), dtype=np.int64)


@dataclass(frozen=True)
class Whole:
    """One cell: the whole domain."""

    @property
    def size(self) -> int:
        """One."""
        return 1

    def assign(self, x: Floats) -> Integers:
        """Zeros."""
        return np.zeros(len(x), dtype=np.int64)
