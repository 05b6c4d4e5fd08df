# SPDX-License-Identifier: Apache-2.0
"""What analysts may buy: how well released centres fit the table itself, for an epsilon."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ._lattice import LATTICE, UNIT
from ._measure import Rows, measure_vector
from ._metrics import calinski_harabasz
from ._noise import Bits
from ._noise_law import quantile
from ._partition import Voronoi
from ._sizes import CONFIDENCE

__all__ = ["PaidMetrics", "measure_metrics"]

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class PaidMetrics:
    """One noisy vector Σ (w, w·within/4d, w·total/4d), D = 3, and what follows from it.

    Attributes:
        values: three whole numbers in units of 1/2^20 person.
        share: what they cost.
        k: clusters.
        width: d, the encoded columns; no squared distance is above 4d.

    12 persons, 5 within and 15 in all, in one column: CH = (10/1)/(5/10).

    >>> paid = PaidMetrics((12 * 2**20, 5 * 2**18, 15 * 2**18), Fraction(1), 2, 1)
    >>> paid.persons, paid.cost, paid.calinski_harabasz
    (12.0, 5.0, 20.0)
    """

    values: tuple[int, int, int]
    share: Fraction
    k: int
    width: int

    @property
    def persons(self) -> float:
        """How many."""
        return self.values[0] / UNIT

    @property
    def cost(self) -> float:
        """Σ w·min ‖x - c‖², in squared units of [-1, 1]."""
        return self.values[1] / UNIT * 4 * self.width

    @property
    def total(self) -> float:
        """Σ w·‖x - z‖² about the coreset's mean z, in the same unit."""
        return self.values[2] / UNIT * 4 * self.width

    @property
    def cost_error(self) -> float:
        """The half-width of the cost's 95 % interval; the same for the total."""
        return 4 * self.width * quantile(3, self.share, CONFIDENCE)

    @property
    def calinski_harabasz(self) -> float:
        """CH, the released centres taken for the means of their clusters; NaN if undefined."""
        return calinski_harabasz(self.persons, self.k, self.cost, self.total)


@dataclass(frozen=True)
class _Squares:
    """Squared distances to the nearest centre and to the middle, over 4d."""

    centres: Integers
    middle: Integers

    def __call__(self, x: Integers) -> tuple[Integers, Integers]:
        labels = Voronoi(self.centres).assign(x.astype(np.float64))
        within = ((x - self.centres[labels]) ** 2).sum(axis=1)
        total = ((x - self.middle) ** 2).sum(axis=1)
        most = 4 * x.shape[1] * LATTICE**2
        return np.stack([within, total], axis=1), np.array([most, most])


def measure_metrics(
    table: Rows,
    centres: NDArray[np.float64],
    middle: NDArray[np.float64],
    share: Fraction,
    bits: Bits,
    *,
    executor: Executor | None = None,
) -> PaidMetrics:
    """Buy cost and CH of released centres.

    Args:
        table: of d encoded columns.
        centres: shape (k, d), in [-1, 1], released.
        middle: shape (d,), the mean of the release's coreset.
        share: the epsilon that this costs.
        bits: the source of noise.
        executor: adds up chunks.
    """
    k, width = centres.shape
    squares = _Squares(_lattice(centres), _lattice(middle))
    found = measure_vector(table, squares, 2, share, bits, executor=executor)
    count, within, total = found.tolist()
    return PaidMetrics((count, within, total), share, k, width)


def _lattice(points: NDArray[np.float64]) -> Integers:
    return np.rint(points * LATTICE).astype(np.int64)
