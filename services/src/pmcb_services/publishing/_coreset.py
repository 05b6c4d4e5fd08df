# SPDX-License-Identifier: Apache-2.0
"""From noisy counts and sums to weighted points that stand for the table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Coreset", "kept", "shrunk"]

KEEP = 1.5
PRIOR = 0.15
"""How much a cell's mean varies about its centre, as a share of its reach squared."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Coreset:
    """Weighted points in place of rows.

    Attributes:
        points: shape (n, d), coordinates in [-1, 1].
        weights: shape (n,), persons, above 0.
        cells: shape (n,), the cell each comes from.
    """

    points: Floats
    weights: Floats
    cells: NDArray[np.int64]


def kept(counts: Floats, least: float, at_least: int = 1) -> NDArray[np.int64]:
    """The cells worth keeping: those above ``least``, or the largest few if there are too few.

    >>> kept(np.array([1.0, 9.0, 5.0]), 4.0).tolist(), kept(np.array([1.0, 3.0]), 4.0).tolist()
    ([1, 2], [1])
    """
    above = np.flatnonzero(counts > least)
    if len(above) >= at_least:
        return above
    return np.sort(np.argsort(-counts, kind="stable")[:at_least])


def shrunk(centres: Floats, reach: Floats, counts: Floats, sums: Floats, noise: float) -> Floats:
    """Cells' points: c + λ·clip(sum/max(count, 1), -1, 1)·h with λ = .15/(.15 + (noise/count)²).

    λ trusts a cell's mean as far as its count stands out of the noise.

    Args:
        centres: shape (n, d), in [-1, 1].
        reach: shape (n, d), h, in the same unit.
        counts: shape (n,), persons.
        sums: shape (n, d), Σ (x - c)/h of the persons.
        noise: the deviation of each count and sum, persons.

    A count of 100 whose noise is 1 moves nearly all of the way of its mean, .5 of the reach of .2:

    >>> cell = np.array([[0.0]]), np.array([[0.2]]), np.array([100.0]), np.array([[50.0]])
    >>> shrunk(*cell, 1.0).round(4).tolist()
    [[0.0999]]
    """
    trust = PRIOR / (PRIOR + (noise / np.maximum(counts, 1.0)) ** 2)
    means = np.clip(sums / np.maximum(counts, 1.0)[:, None], -1.0, 1.0)
    return np.clip(centres + trust[:, None] * means * reach, -1.0, 1.0)
