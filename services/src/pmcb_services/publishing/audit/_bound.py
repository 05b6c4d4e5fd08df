# SPDX-License-Identifier: Apache-2.0
"""A certified lower bound of epsilon from two samples of outcomes.

If Pr[E | D] ≤ e^epsilon·Pr[E | D'] for every event E, then no event shows more than epsilon. One
half of the runs chooses the event, the other half, which knows nothing of the choice, certifies it
(Jagielski, Ullman, Oprea, "Auditing Differentially Private Machine Learning", NeurIPS 2020;
Clopper, Pearson, "The Use of Confidence or Fiducial Limits", Biometrika 26, 1934).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

__all__ = ["Event", "certified", "choose"]

THRESHOLDS = 41
"""Places tried for each statistic, at even parts of all outcomes."""

ROUNDING = 1e-9
"""Statistics that differ by less are the same: they are sums of floats."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Event:
    """One statistic of an outcome is on one side of a threshold.

    Attributes:
        statistic: its column.
        sign: 1 for "at least the threshold", -1 for "at most".
        threshold: in the statistic's unit.
        first: the table, 0 or 1, on which it is the likelier.
    """

    statistic: int
    sign: int
    threshold: float
    first: int

    def hits(self, outcomes: Floats) -> int:
        """In how many outcomes, shape (N, s), it happened."""
        away = self.sign * (outcomes[:, self.statistic] - self.threshold)
        return int((away >= -ROUNDING).sum())


def certified(
    hits: int, runs: int, other_hits: int, other_runs: int, *, confidence: float
) -> float:
    """ln(p_low/q_high): epsilon is no less, or an event of 1 - confidence has happened.

    p_low and q_high are Clopper and Pearson's, each wrong with probability (1 - confidence)/2.

    Args:
        hits: runs with the event on one table, 0 to ``runs``.
        runs: at least 1.
        other_hits: runs with it on the other table, 0 to ``other_runs``.
        other_runs: at least 1.
        confidence: between 0 and 1.

    Returns:
        0 or more; 0 says nothing.

    All of 1 run, and none of 1 run, at 90 %: p_low = .05, q_high = .95.

    >>> certified(1, 1, 0, 1, confidence=0.9)
    0.0

    All of 100 runs and none of 100: p_low = .05^(1/100) = .9705, q_high = 1 - p_low.

    >>> round(certified(100, 100, 0, 100, confidence=0.9), 2)
    3.49
    """
    risk = (1.0 - confidence) / 2.0
    low = float(betaincinv(hits, runs - hits + 1, risk)) if hits else 0.0
    all_of_them = other_hits == other_runs
    high = 1.0 if all_of_them else _upper(other_hits, other_runs, risk)
    return max(float(np.log(low / high)), 0.0) if low > 0.0 else 0.0


def _upper(hits: int, runs: int, risk: float) -> float:
    return float(betaincinv(hits + 1, runs - hits, 1.0 - risk))


def choose(outcomes: tuple[Floats, Floats], *, confidence: float) -> Event:
    """The event that would certify most on these outcomes, each of shape (N, s)."""
    events = {
        Event(column, sign, threshold, first)
        for column in range(outcomes[0].shape[1])
        for threshold in _thresholds(np.concatenate([each[:, column] for each in outcomes]))
        for sign, first in product((1, -1), (0, 1))
    }

    def shown(event: Event) -> tuple[float, int, float, int, int]:
        loss = _loss(event, outcomes, confidence)
        return loss, -event.statistic, event.threshold, event.sign, event.first  # no ties

    return max(events, key=shown)


def _thresholds(values: Floats) -> list[float]:
    places = np.quantile(values, np.linspace(0.0, 1.0, THRESHOLDS), method="lower")
    return [float(place) for place in np.unique(places)]


def _loss(event: Event, outcomes: tuple[Floats, Floats], confidence: float) -> float:
    on, other = outcomes[event.first], outcomes[1 - event.first]
    return certified(event.hits(on), len(on), event.hits(other), len(other), confidence=confidence)
