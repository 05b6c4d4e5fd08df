# SPDX-License-Identifier: Apache-2.0
"""Where the cells of the two partitions lie: around the middle, then where persons are."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ._coreset import Coreset
from ._kmeans import squares_to, weighted_kmeans
from ._moments import Moments
from ._noise_law import sd

__all__ = ["cell_columns", "first_cells", "second_cells"]

PERSONS_PER_CELL = 4
"""Expected persons of a cell, in deviations of its noise."""

LEAST_CELLS = 8
MOST_FIRST = 400
MOST_SECOND = 600
FEW_CELLS = 32
DRAWS_PER_CELL = 50
LEFT_OUT = 0.7
"""The part of a column's variance that clusters lose if cells do not know it."""

SPREAD = 1.2
FAR_SPREAD = 4.0
LEAST_REACH, MOST_REACH = 0.05, 2.0
SHORT_STARTS = 3

Floats = NDArray[np.float64]


def cell_columns(moments: Moments, share: Fraction) -> tuple[int, ...]:
    """The columns cells live in: of largest deviation, as many as pay for their noise.

    a minimises .7·Σ_{not A} σ² + Σ_A σ²·min(1, (2·8·sd(a+1, share)/n)²).

    Args:
        moments: of the table.
        share: what a partition costs.
    """
    order = np.argsort(-moments.deviation, kind="stable")
    squares = moments.deviation[order] ** 2
    inside = np.cumsum(squares)
    sizes = range(1, len(order) + 1)
    noise = np.array([2 * 8 * sd(a + 1, share) / moments.persons for a in sizes])
    loss = LEFT_OUT * (inside[-1] - inside) + inside * np.minimum(1.0, noise**2)
    return tuple(sorted(int(column) for column in order[: int(loss.argmin()) + 1]))


def _cells(persons: float, dimension: int, share: Fraction, most: int) -> int:
    affordable = persons / (PERSONS_PER_CELL * sd(dimension, share))
    return round(min(max(affordable, LEAST_CELLS), most))


def first_cells(
    moments: Moments, share: Fraction, *, wide: bool, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Centres drawn about the mean and their reach, both of shape (K, a).

    Args:
        moments: of the columns the cells live in.
        share: what the partition costs.
        wide: whether one of four is drawn from far out.
        rng: public randomness.
    """
    columns = len(moments.mean)
    cells = _cells(moments.persons, columns + 1, share, MOST_FIRST)
    drawn = cells * (DRAWS_PER_CELL if cells <= FEW_CELLS else 1)
    spread = np.full((drawn, 1), SPREAD)
    if wide:
        spread[rng.random(drawn) < 0.25] = FAR_SPREAD
    steps = rng.standard_normal((drawn, columns)) * moments.deviation
    centres = np.clip(moments.mean + spread * steps, -1.0, 1.0)
    if drawn > cells:
        even = np.ones(drawn)
        centres = weighted_kmeans(centres, even, cells, rng, starts=SHORT_STARTS).centres
    reach = np.broadcast_to(2.0 * moments.deviation, centres.shape)
    return centres, _reach(centres, reach, 1.0 if wide else 0.0)


def second_cells(
    coreset: Coreset, moments: Moments, share: Fraction, *, wide: bool, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Centres where the first coreset has its weight, and their reach, both of shape (K, a)."""
    columns = len(moments.mean)
    cells = _cells(moments.persons, columns + 1, share, MOST_SECOND)
    found = weighted_kmeans(coreset.points, coreset.weights, cells, rng, starts=SHORT_STARTS)
    narrower: float = min(1.0, (LEAST_CELLS / cells) ** (1 / columns))
    reach = np.broadcast_to(1.5 * moments.deviation * narrower, found.centres.shape)
    return found.centres, _reach(found.centres, reach, 0.7 if wide else 0.0)


def _reach(centres: Floats, reach: Floats, of_gap: float) -> Floats:
    """The reach, raised to that part of the distance to the nearest other centre."""
    if of_gap and len(centres) > 1:
        squares = squares_to(centres, centres)
        np.fill_diagonal(squares, np.inf)
        reach = np.maximum(reach, of_gap * np.sqrt(squares.min(axis=1))[:, None])
    return np.clip(reach, LEAST_REACH, MOST_REACH)
