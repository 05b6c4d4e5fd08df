# SPDX-License-Identifier: Apache-2.0
"""How far the noise goes: deviations, tails and quantiles, in persons.

The limit of the lattice's law as the lattice gets finer: radius r of density ∝ r^D·exp(-epsilon·r)
and a uniform point of the cube. It is off by less than 1/U.
"""

from __future__ import annotations

import math
from fractions import Fraction

__all__ = ["quantile", "sd", "tail"]


def sd(dimension: int, epsilon: float | Fraction) -> float:
    """The deviation of each coordinate: √((D+1)(D+2)/3)/epsilon persons.

    >>> round(sd(7, 1), 1)
    4.9
    """
    return math.sqrt((dimension + 1) * (dimension + 2) / 3) / float(epsilon)


def tail(dimension: int, epsilon: float | Fraction, distance: float) -> float:
    """The probability that a coordinate errs by more than ``distance`` persons.

    Q(D+1, x) - (x/D)·Q(D, x) with x = epsilon·distance and Q(m, x) = e^-x Σ_{i<m} x^i/i!, which is
    Σ_{i<D} (1 - i/D)·e^-x·x^i/i!: without differences, so that small tails keep their digits.

    One count alone has the tail e^-x of Laplace noise:

    >>> round(tail(1, 2, 1.5), 6) == round(math.exp(-3), 6)
    True
    """
    x = float(epsilon) * distance
    if x <= 0:
        return 1.0
    logs = (i * math.log(x) - x - math.lgamma(i + 1) for i in range(dimension))
    return min(1.0, sum((1 - i / dimension) * math.exp(log) for i, log in enumerate(logs)))


def quantile(dimension: int, epsilon: float | Fraction, probability: float) -> float:
    """The half-width within which a coordinate errs with this probability, persons.

    Args:
        dimension: D, at least 1.
        epsilon: of the vector.
        probability: 0 up to 1, without 1.

    >>> [round(quantile(dimension, 1, 0.95), 2) for dimension in (1, 7, 59)]
    [3.0, 9.29, 59.23]
    """
    if not 0 <= probability < 1:
        raise ValueError("probability must lie in [0, 1)")
    high = 1.0
    while tail(dimension, 1, high) > 1 - probability:
        high *= 2
    low = 0.0
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (
            (middle, high) if tail(dimension, 1, middle) > 1 - probability else (low, middle)
        )
    return high / float(epsilon)
