# SPDX-License-Identifier: Apache-2.0
"""Runs on both tables of a pair, and what they certify."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from pmcb_services.publishing._fit import Means
from pmcb_services.publishing._noise import SYSTEM, Bits

from ._bound import Event, certified, choose
from ._pairs import Pair

__all__ = ["CONFIDENCE", "SURE", "Finding", "audit"]

CONFIDENCE = 0.95
"""Of the bound that is shown."""

SURE = 0.9999
"""Of the bound that must not exceed epsilon: so that many pairs may be audited often."""

LEAST_RUNS = 4


@dataclass(frozen=True)
class Finding:
    """What the runs of one pair show.

    Attributes:
        pair: its name.
        nominal: what it may show: epsilon, or twice that where a record is replaced.
        certified: the loss is at least this, at a confidence of 95 %.
        sure: the loss is at least this, at a confidence of 99.99 %.
        event: what tells the tables apart.
    """

    pair: str
    nominal: Fraction
    certified: float
    sure: float
    event: Event

    @property
    def exceeds(self) -> bool:
        """Whether a defect is shown: the loss surely is above the nominal one."""
        return self.sure > self.nominal


def audit(
    pair: Pair,
    epsilon: Fraction,
    runs: int,
    *,
    bits: Bits = SYSTEM,
    random_state: int | np.random.Generator | None = None,
    advance: Callable[[], None] = lambda: None,
) -> Finding:
    """Run ``runs`` times on each table; the first half chooses the event, the second certifies.

    Args:
        pair: the tables.
        epsilon: what each run is told to cost, above 0.
        runs: 4 or more; with few, only gross defects show.
        bits: the source of noise.
        random_state: public randomness.
        advance: called after every run.

    Raises:
        ValueError: there are too few runs.

    >>> from pmcb_services.publishing.audit import pairs
    >>> finding = audit(pairs()[1], Fraction(1), 50)
    >>> finding.pair, finding.exceeds
    ('one coordinate', False)
    """
    if runs < LEAST_RUNS:
        raise ValueError(f"runs must be {LEAST_RUNS} or more")
    means = Means(bits, np.random.default_rng(random_state))
    outcomes = np.empty((2, runs), dtype=object)
    for run in range(runs):
        for side in (0, 1):
            outcomes[side, run] = pair.outcome(side, epsilon, means)
            advance()
    first, second = (np.array(each.tolist(), dtype=np.float64) for each in outcomes)
    half = runs // 2
    event = choose((first[:half], second[:half]), confidence=CONFIDENCE)
    on, other = (first, second) if event.first == 0 else (second, first)
    hits, other_hits = event.hits(on[half:]), event.hits(other[half:])
    shown, sure = (
        certified(hits, runs - half, other_hits, runs - half, confidence=confidence)
        for confidence in (CONFIDENCE, SURE)
    )
    return Finding(pair.name, pair.factor * epsilon, shown, sure, event)
