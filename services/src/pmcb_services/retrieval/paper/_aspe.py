# SPDX-License-Identifier: Apache-2.0
"""Asymmetric scalar-product-preserving encryption: vectors whose signs a cloud may compare.

Broken: see `attacks`. Kept to reproduce published figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval._box import Box
from pmcb_services.retrieval.errors import PrecisionLimit, SingularKey

__all__ = ["DUMMIES", "AspeKey", "Trapdoor", "generator"]

DUMMIES = 5
"""U: random dimensions of every vector."""
_WORST_CONDITION = 1e3
_TRIES = 1000
_PAIRS = 100
_CLEARANCE = 100.0
_SPREAD = 0.2  # of a step of the finest attribute: |sum of dummies| stays below half a step
_SCALE = 3.0  # a vector is multiplied by e^Uniform(-3, 3)

Floats = NDArray[np.float64]


def generator(random_state: int | np.random.Generator | None) -> np.random.Generator:
    """The source of randomness: the system's own for None, else repeatable."""
    if isinstance(random_state, np.random.Generator):
        return random_state
    return np.random.default_rng(random_state)


@dataclass(frozen=True, slots=True)
class Trapdoor:
    """Two tokens for each ranged attribute; a wildcard has none.

    Attributes:
        tokens: shape (2a, 2l); row 2j is the lower bound of attribute j, 2j + 1 the upper one;
            zeros where j is a wildcard.
        ranged: shape (a,).
    """

    tokens: Floats
    ranged: NDArray[np.bool_]

    @property
    def bounds(self) -> Floats:
        """The tokens there are, shape (2 * ranged attributes, 2l)."""
        return self.tokens[np.repeat(self.ranged, 2)]


@dataclass(frozen=True, eq=False, slots=True)
class AspeKey:
    """The split vector S and the matrices M1, M2 of secure kNN.

    With s_j = levels_j - 1, a record x is p = rho (x_1/s_1 ... x_a/s_a, e_1 ... e_U, 1), a bound of
    attribute j is q = r (+-e_j, v, -+bound), and the sign of p.q says whether it holds: bounds lie
    half a step outside, and dummies never add up to that. p and q are split by S and hidden by
    M1, M2 so that E(p).E(q) = p.q.

    Args:
        levels: of each attribute, at least 2.
        split: S, shape (l,) with l = a + U + 1; not constant.
        first: M1, shape (l, l).
        second: M2, shape (l, l).

    Raises:
        SingularKey: a matrix has no usable inverse, or S is constant.
        ValueError: shapes do not fit.
    """

    levels: tuple[int, ...]
    split: NDArray[np.bool_]
    first: Floats
    second: Floats

    def __post_init__(self) -> None:
        side = self.dimensions
        if self.split.shape != (side,) or {self.first.shape, self.second.shape} != {(side, side)}:
            raise ValueError(f"a key of {len(self.levels)} attributes has {side} dimensions")
        if self.split.all() or not self.split.any():
            raise SingularKey("The split vector is constant, so that it hides nothing.")
        if not all(_usable(matrix) for matrix in (self.first, self.second)):
            raise SingularKey(
                f"A matrix is singular, or its condition is above {_WORST_CONDITION}."
            )

    @property
    def dimensions(self) -> int:
        """Of a vector, l = a + U + 1; an encrypted vector has twice as many."""
        return len(self.levels) + DUMMIES + 1

    @classmethod
    def generate(
        cls, levels: Sequence[int], random_state: int | np.random.Generator | None = None
    ) -> AspeKey:
        """A fresh key: S not constant, M1 and M2 of whole numbers from -10 to 10.

        Raises:
            SingularKey: a thousand draws gave no matrix that can be inverted well.
        """
        rng = generator(random_state)
        side = len(levels) + DUMMIES + 1
        ones = rng.binomial(side - 2, 0.5) + 1
        split = rng.permutation(np.arange(side) < ones)
        return cls(tuple(levels), split, _matrix(side, rng), _matrix(side, rng))

    def points(
        self,
        codes: NDArray[np.integer],
        rng: np.random.Generator,
        *,
        scaled: bool = True,
        dummies: Floats | None = None,
    ) -> Floats:
        """Records before encryption, shape (n, l).

        Args:
            codes: shape (n, a).
            rng: the source of dummies and factors.
            scaled: multiply each by a random rho; without, scores of records compare.
            dummies: shape (n, U), instead of ones that no sign test feels.
        """
        n = len(codes)
        if dummies is None:
            dummies = rng.uniform(-1, 1, (n, DUMMIES)) * (_SPREAD / (DUMMIES * self._steps.max()))
        vectors = np.hstack([codes / self._steps, dummies, np.ones((n, 1))])
        factors = np.exp(rng.uniform(-_SCALE, _SCALE, (n, 1))) if scaled else 1.0
        return np.ascontiguousarray(vectors * factors)

    def queries(self, box: Box, rng: np.random.Generator) -> Floats:
        """Bounds before encryption, two rows for each ranged attribute, shape (2m, l)."""
        chosen = np.flatnonzero(box.ranged)
        m, a = len(chosen), len(self.levels)
        rows = np.zeros((m, 2, self.dimensions))
        pick = np.arange(m)
        rows[pick, 0, chosen], rows[pick, 1, chosen] = 1.0, -1.0
        rows[:, :, a:-1] = _some_dummies(2 * m, rng).reshape(m, 2, DUMMIES)
        rows[:, 0, -1] = -(box.lo[chosen] - 0.5) / self._steps[chosen]
        rows[:, 1, -1] = (box.hi[chosen] + 0.5) / self._steps[chosen]
        factors = np.exp(rng.uniform(-_SCALE, _SCALE, (2 * m, 1)))
        return np.asarray(rows.reshape(2 * m, self.dimensions) * factors)

    def ranking(self, weights: Floats, rng: np.random.Generator) -> Floats:
        """The token that the formula as printed makes: r (sum of w_j x_j + dummies) + t.

        It orders records by a weighted sum of their attributes.

        Args:
            weights: shape (a,).
            rng: the source of r, t and the dummies.
        """
        scale = np.exp(rng.uniform(-_SCALE, _SCALE))
        parts = [scale * weights, scale * _some_dummies(1, rng)[0], rng.standard_normal(1)]
        return np.asarray(self.seal_queries(np.concatenate(parts)[None, :], rng)[0])

    def seal_points(self, points: Floats, rng: np.random.Generator) -> Floats:
        """E(p) = (M1' p', M2' p''), shape (n, 2l): split at random where S is 1."""
        one = np.where(self.split, rng.standard_normal(points.shape), points)
        two = np.where(self.split, points - one, points)
        return np.hstack([one @ self.first, two @ self.second])

    def seal_queries(self, queries: Floats, rng: np.random.Generator) -> Floats:
        """E(q) = (M1^-1 q', M2^-1 q''), shape (t, 2l): split at random where S is 0."""
        one = np.where(self.split, queries, rng.standard_normal(queries.shape))
        two = np.where(self.split, queries, queries - one)
        return np.hstack([one @ np.linalg.inv(self.first).T, two @ np.linalg.inv(self.second).T])

    def encrypt(
        self, codes: NDArray[np.integer], rng: np.random.Generator, *, scaled: bool = True
    ) -> Floats:
        """Encrypted records, shape (n, 2l)."""
        return self.seal_points(self.points(codes, rng, scaled=scaled), rng)

    def trapdoor(self, box: Box, rng: np.random.Generator) -> Trapdoor:
        """The tokens of a box, in one product."""
        tokens = np.zeros((2 * len(self.levels), 2 * self.dimensions))
        tokens[np.repeat(box.ranged, 2)] = self.seal_queries(self.queries(box, rng), rng)
        return Trapdoor(tokens, np.asarray(box.ranged, dtype=np.bool_))

    def check_precision(self, rng: np.random.Generator) -> None:
        """Compare 100 random pairs of record and bound with exact arithmetic's margin.

        Raises:
            PrecisionLimit: rounding comes within a hundredth of what a sign depends on.
        """
        a = len(self.levels)
        codes = rng.integers(0, self.levels, (_PAIRS, a))
        points = self.points(codes, rng)
        bounds = np.sort(rng.integers(0, self.levels, (2, a)), axis=0)
        low, high = bounds.astype(np.int32)
        box = Box(low, high, np.ones(a, dtype=np.bool_), self._steps)
        queries = self.queries(box, rng)
        error = np.abs(
            self.seal_points(points, rng) @ self.seal_queries(queries, rng).T - points @ queries.T
        )
        # rho times r times the least distance of a score from 0
        steps = np.repeat(self._steps, 2)
        factor = np.abs(queries[np.arange(2 * a), np.repeat(np.arange(a), 2)])
        margin = points[:, -1:] * factor * (0.5 - _SPREAD) / steps
        if (error * _CLEARANCE > margin).any():
            raise PrecisionLimit(
                f"Rounding is too near to the margin of {max(self.levels):,} levels."
            )

    @property
    def _steps(self) -> Floats:
        return np.array(self.levels, dtype=np.float64) - 1


def _some_dummies(rows: int, rng: np.random.Generator) -> Floats:
    """v: zeros and floor(U/2) ones in random places, shape (rows, U)."""
    ones = np.tile(np.arange(DUMMIES) < DUMMIES // 2, (rows, 1))
    return rng.permuted(ones, axis=1).astype(np.float64)


def _usable(matrix: Floats) -> bool:
    return bool(np.isfinite(matrix).all() and np.linalg.cond(matrix) <= _WORST_CONDITION)


def _matrix(side: int, rng: np.random.Generator) -> Floats:
    for _ in range(_TRIES):
        matrix = rng.integers(-10, 11, (side, side)).astype(np.float64)
        if _usable(matrix):
            return matrix
    raise SingularKey(f"{_TRIES} random matrices have no inverse of good condition.")
