# SPDX-License-Identifier: Apache-2.0
"""Exact noise: whole numbers, fractions and random bits; no float comes near it.

Pr[Z = z] ∝ exp(-(p/q)·max_i |z_i|), the K-norm mechanism of the cube (Hardt, Talwar, "On the
Geometry of Differential Privacy", STOC 2010) on a lattice.
"""

from __future__ import annotations

import math
import secrets
from fractions import Fraction
from typing import Protocol

from ._lattice import UNIT

__all__ = ["SYSTEM", "Bits", "sample"]


class Bits(Protocol):
    """Random numbers: ``secrets.SystemRandom()``, in tests a seeded ``random.Random``."""

    def randrange(self, stop: int, /) -> int:
        """A uniform whole number, 0 up to the bound, without it."""


SYSTEM: Bits = secrets.SystemRandom()
"""The operating system's."""


def sample(dimension: int, epsilon: Fraction, bits: Bits = SYSTEM) -> list[int]:
    """One noise vector: Pr[Z = z] ∝ exp(-(epsilon/U)·max_i |z_i|).

    exp(-a·r) = Σ_{M ≥ r} (1 - e^-a)·e^(-a·M): a mixture of uniform cubes of radius M.

    Args:
        dimension: D, at least 1.
        epsilon: above 0, per unit of weight U = 2^20.
        bits: must not be seeded outside tests.

    Returns:
        D whole numbers, their deviation about U·√((D+1)(D+2)/3)/epsilon.

    >>> len(sample(3, Fraction(1, 2)))
    3
    """
    rate = Fraction(epsilon) / UNIT
    if dimension < 1 or rate <= 0:
        raise ValueError("dimension must be at least 1 and epsilon above 0")
    radius = _radius(dimension, rate.numerator, rate.denominator, bits)
    side = 2 * radius + 1
    return [bits.randrange(side) - radius for _ in range(dimension)]


def _radius(dimension: int, p: int, q: int, bits: Bits) -> int:
    """The radius M of the cube: Pr[M] ∝ (2M+1)^D·exp(-M·p/q), exactly.

    A sum of D+1 geometrics has Pr[M] ∝ Π_{i=1..D} (M+i)·exp(-M·p/q); it is accepted with
    probability Π (2M+1)/(2(M+i)), which is at most 1.
    """
    while True:
        radius = sum(_geometric(p, q, bits) for _ in range(dimension + 1))
        proposed = math.prod(2 * (radius + i) for i in range(1, dimension + 1))
        if bits.randrange(proposed) < (2 * radius + 1) ** dimension:
            return radius


def _geometric(p: int, q: int, bits: Bits) -> int:
    """Pr[g] ∝ exp(-g·p/q), g ≥ 0 (Canonne, Kamath, Steinke 2020, algorithm 2).

    With t = u + q·v, u uniform below q and accepted with exp(-u/q), v a count of successes of
    exp(-1), Pr[t] ∝ exp(-t/q); then g = ⌊t/p⌋.
    """
    u = bits.randrange(q)
    while not _bernoulli_exp(u, q, bits):
        u = bits.randrange(q)
    v = 0
    while _bernoulli_exp(1, 1, bits):
        v += 1
    return (u + q * v) // p


def _bernoulli_exp(a: int, b: int, bits: Bits) -> bool:
    """True with probability exp(-a/b), 0 ≤ a ≤ b (Canonne, Kamath, Steinke 2020, algorithm 1).

    Coins of a/(b·k), k = 1, 2, ..., until one fails: the first to fail is an odd one with
    probability 1 - a/b + (a/b)²/2 - ... = exp(-a/b).
    """
    k = 1
    while bits.randrange(b * k) < a:
        k += 1
    return k % 2 == 1
