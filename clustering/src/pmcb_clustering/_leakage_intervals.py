# SPDX-License-Identifier: Apache-2.0
"""What a simulation knows: estimates with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from typing import TYPE_CHECKING, Self

import numpy as np

from pmcb_clustering.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Estimate"]

Z = 1.959963984540054  # 97.5 % of the standard normal distribution


@dataclass(frozen=True)
class Estimate:
    """A probability, and the interval that holds it in 95 % of all simulations.

    Attributes:
        value: 0 .. 1.
        low: of the interval.
        high: of the interval.
        trials: how many were simulated; 0 where ``value`` is exact.
        effective: how many equally heavy trials would have told as much. An interval from
            fewer than 100 deserves no trust: the heaviest trials may not have been met yet.
    """

    value: float
    low: float
    high: float
    trials: int
    effective: float

    @classmethod
    def exactly(cls, value: float) -> Self:
        """A value that was computed."""
        return cls(value, value, value, 0, float("inf"))

    @classmethod
    def proportion(cls, hits: int, trials: int) -> Self:
        """Of plain trials: the share of hits, with Wilson's interval.

        >>> round(Estimate.proportion(0, 100).high, 4)
        0.037
        """
        if not 0 <= hits <= trials or trials < 1:
            raise ParameterError(f"{hits} hits in {trials} trials: at least 1 trial is needed")
        share = hits / trials
        widened = 1.0 + Z * Z / trials
        middle = (share + Z * Z / (2.0 * trials)) / widened
        half = Z * sqrt(share * (1.0 - share) / trials + Z * Z / (4.0 * trials**2)) / widened
        low = 0.0 if hits == 0 else middle - half
        high = 1.0 if hits == trials else middle + half
        return cls(share, low, high, trials, float(hits))

    @classmethod
    def weighted(cls, strata: list[NDArray[np.float64]], most: float) -> Self:
        """The mean of the strata's means, of weighted trials that are 0 or more.

        The interval is symmetric on the logarithm, where such a mean is nearer to normal:
        value * exp(+-1.96 s / value), s the standard error. Where every trial is 0, it ends at
        the greatest share of trials above 0 that the number of trials allows (Wilson), times
        ``most``.

        Args:
            strata: trials of each stratum, at least 2.
            most: no trial can be worth more.
        """
        trials = sum(map(len, strata))
        value = float(np.mean([part.mean() for part in strata]))
        if value == 0.0:
            return cls(0.0, 0.0, cls.proportion(0, trials).high * most, trials, 0.0)
        spread = sqrt(sum(float(part.var(ddof=1)) / len(part) for part in strata)) / len(strata)
        factor = exp(Z * spread / value)
        total = sum(float(part.sum()) for part in strata)
        squares = sum(float((part * part).sum()) for part in strata)
        effective = total**2 / squares if squares > 0.0 else 0.0
        return cls(value, value / factor, min(most, value * factor), trials, effective)
