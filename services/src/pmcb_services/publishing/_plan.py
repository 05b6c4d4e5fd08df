# SPDX-License-Identifier: Apache-2.0
"""What a fit spends on what, decided by public numbers and outputs already paid for.

All shares are exact: whatever the route, the parts sum to epsilon. The thresholds are measured
ones: about where clustering beats one centre, where cells overtake a grid, where more pays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from ._epsilon import LARGEST_EPSILON
from .errors import NotEnoughData

__all__ = ["Plan", "Route", "share"]

ROWS = Fraction(1, 5)
SIZES = Fraction(1, 25)
FEW_COLUMNS = 3
GRID_BELOW = 160
TWO_ABOVE = 60
WIDE_ABOVE = 1000
DIGITS = 3
"""Significant digits of the least epsilon told in a refusal."""


class Route(StrEnum):
    """How the table is divided: by a grid, by cells around drawn centres, or around means."""

    GRID = "grid"
    CELLS = "cells"
    ROUNDS = "rounds"


def share(part: float) -> Fraction:
    """A part of a budget as a fraction of thousandths.

    >>> share(1 / 3)
    Fraction(333, 1000)
    """
    return Fraction(round(1000 * part), 1000)


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


@dataclass(frozen=True)
class Plan:
    """How one fit divides its epsilon.

    Attributes:
        epsilon: all of it, above 0.
        width: d, the encoded columns of the schema.
        rows: whether synthetic rows are made, for 1/5 of epsilon.
        counted: whether clusters of a given k are counted, for 1/25 of epsilon.
        probed: whether the number of persons was paid for before, by a size probe.

    Of 1 with a given k, 24/25 are for the body; 3/100 of these count the persons.

    >>> plan = Plan(Fraction(1), 6, rows=False, counted=True, probed=False)
    >>> plan.body, plan.for_size
    (Fraction(24, 25), Fraction(18, 625))
    """

    epsilon: Fraction
    width: int
    rows: bool
    counted: bool
    probed: bool

    @property
    def _kept(self) -> Fraction:
        """The part of epsilon that is the body's."""
        return 1 - self.rows * ROWS - self.counted * SIZES

    @property
    def body(self) -> Fraction:
        """What the coreset is bought with."""
        return self.epsilon * self._kept

    @property
    def for_rows(self) -> Fraction:
        """What the columns' trees cost."""
        return self.epsilon * self.rows * ROWS

    @property
    def for_sizes(self) -> Fraction:
        """What counting the clusters of the given k costs."""
        return self.epsilon * self.counted * SIZES

    @property
    def for_size(self) -> Fraction:
        """What counting the persons costs: clip(1/(80·epsilon), 3/100, 1/4) of the body."""
        if self.probed:
            return Fraction(0)
        return share(_clip(1 / (80 * float(self.epsilon)), 0.03, 0.25)) * self.body

    def signal(self, persons: float) -> float:
        """The signal, s = persons·body/(d + 2.5): how far the data stand out of the noise."""
        return persons * float(self.body) / (self.width + 2.5)

    @property
    def least_signal(self) -> int:
        """Below it nothing is released: 4 in up to three columns, else 25."""
        return 4 if self.width <= FEW_COLUMNS else 25

    def least_epsilon(self, persons: float) -> Fraction | None:
        """The least epsilon with enough signal, rounded up to three digits; None above 1000.

        100 persons in 1 column: 4·3.5/100.

        >>> Plan(Fraction(1), 1, rows=False, counted=False, probed=True).least_epsilon(100.0)
        Fraction(7, 50)
        """
        if persons <= 0.0:
            return None
        needed = self.least_signal * Fraction(self.width * 2 + 5, 2)
        least = needed / Fraction(persons) / self._kept
        place = Fraction(10) ** (math.floor(math.log10(least)) + 1 - DIGITS)
        rounded = math.ceil(least / place) * place
        return rounded if rounded <= LARGEST_EPSILON else None

    def route(self, persons: float, *, nominal: bool) -> Route:
        """The way to go with so many persons.

        Args:
            persons: their noisy number; paid for.
            nominal: whether any column is nominal.

        Raises:
            NotEnoughData: with the least epsilon that would do, and what counting them has cost.
        """
        signal = self.signal(persons)
        if signal < self.least_signal:
            raise NotEnoughData(self.least_epsilon(persons), spent=self.for_size)
        few = self.width <= FEW_COLUMNS and signal < GRID_BELOW and not nominal
        return Route.GRID if few else Route.CELLS

    def for_moments(self, signal: float) -> Fraction:
        """What means and deviations cost: clip(15/s, 1/10, 35/100) of the body."""
        return share(_clip(15 / signal, 0.1, 0.35)) * self.body

    def for_partitions(self, signal: float) -> tuple[Fraction, ...]:
        """What each partition into cells costs: one, or two above a signal of 60."""
        rest = self.body - self.for_size - self.for_moments(signal)
        return (rest / 2, rest / 2) if signal > TWO_ABOVE else (rest,)

    @staticmethod
    def is_wide(signal: float) -> bool:
        """Whether cells far from the middle pay."""
        return signal > WIDE_ABOVE

    def for_grid(self) -> tuple[Fraction, Fraction]:
        """What the grid's counts and the cells made from them cost: the same each."""
        half = (self.body - self.for_size) / 2
        return half, half
