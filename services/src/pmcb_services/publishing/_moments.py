# SPDX-License-Identifier: Apache-2.0
"""How many persons there are, and each column's mean and deviation, out of one noisy vector."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._lattice import LATTICE

__all__ = ["Moments", "moment_features", "moments", "pooled"]

LEAST_PERSONS = 10.0
LEAST_VARIANCE = 0.001
PRIOR_VARIANCE = 0.1
TRUSTED_NOISE = 0.3
"""Noise of this part of all persons is believed by half."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Moments:
    """What is known of the columns before any cell is drawn.

    Attributes:
        persons: n, 10 or more.
        mean: shape (d,), μ in [-1, 1].
        deviation: shape (d,), in [.03, 1].
    """

    persons: float
    mean: Floats
    deviation: Floats

    def of(self, columns: Iterable[int]) -> Moments:
        """Those of some columns."""
        chosen = list(columns)
        return Moments(self.persons, self.mean[chosen], self.deviation[chosen])


def moment_features(x: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each coordinate x and 2x² - 1, as numerators and denominators on the lattice.

    >>> numerators, denominators = moment_features(np.array([[LATTICE // 2]]))
    >>> (numerators / denominators).tolist()
    [[0.5, -0.5]]
    """
    width = x.shape[1]
    numerators = np.hstack([x, 2 * x**2 - LATTICE**2])
    return numerators, np.repeat(np.array([LATTICE, LATTICE**2]), width)


def pooled(values: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Estimates of one number, each with its deviation, as one: the inverse-variance mean.

    >>> pooled([(10.0, 1.0), (20.0, 2.0)])[0]
    12.0
    """
    found = [(value, 1.0 / deviation**2) for value, deviation in values]
    weight = sum(part for _, part in found)
    return sum(value * part for value, part in found) / weight, float(weight**-0.5)


def moments(persons: float, sums: Floats, noise: float) -> Moments:
    """Mean and deviation of each column, drawn to the middle and to σ² = .1 as noise is greater.

    ω = 1/(1 + (noise/(.3 n))²); μ = ω·clip(Σx/n); σ² = ω·(m2 - μ²) + (1 - ω)/10, where m2 comes
    from Σ(2x² - 1), which uses all of [-1, 1].

    Args:
        persons: n, pooled from all counts.
        sums: shape (2d,): Σx of each column, then Σ(2x² - 1).
        noise: the deviation of each sum, persons.

    Half of 100 persons at .5, half at -.5, and no noise: Σx = 0, Σ(2x² - 1) = -50.

    >>> found = moments(100.0, np.array([0.0, -50.0]), 0.0)
    >>> found.mean.tolist(), found.deviation.tolist()
    ([0.0], [0.5])
    """
    persons = max(persons, LEAST_PERSONS)
    first, second = np.split(sums / persons, 2)
    trust = 1.0 / (1.0 + (noise / (TRUSTED_NOISE * persons)) ** 2)
    mean = trust * np.clip(first, -1.0, 1.0)
    square = np.clip((second + 1.0) / 2.0, 0.0, 1.0)
    variance = trust * np.clip(square - mean**2, LEAST_VARIANCE, 1.0)
    variance = np.clip(variance + (1.0 - trust) * PRIOR_VARIANCE, LEAST_VARIANCE, 1.0)
    return Moments(persons, mean, np.sqrt(variance))
