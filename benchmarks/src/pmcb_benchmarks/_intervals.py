# SPDX-License-Identifier: Apache-2.0
"""Intervals of 95 % around what was measured several times."""

from collections.abc import Sequence
from math import floor, sqrt


def half_width(error: float | None, runs: int) -> float | None:
    """Half of a mean's interval: Student's quantile times its standard error; None of one run.

    Args:
        error: the standard error of the mean.
        runs: how many values it comes from.

    With three values the quantile is 4.303.

    >>> round(half_width(1.0, 3), 3)
    4.303
    """
    if error is None or runs < 2:
        return None
    from scipy.stats import t

    return float(t.ppf(0.975, runs - 1)) * error


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """An interval for the median from the order of the values (binomial, normal approximation).

    Of n values in order those at n/2 -+ 0.98 sqrt(n); of few values all of them.

    >>> median_interval(list(range(1, 41)))
    (14, 27)
    """
    ordered = sorted(values)
    n = len(ordered)
    low = max(0, floor(n / 2 - 0.98 * sqrt(n)))
    return ordered[low], ordered[n - 1 - low]
