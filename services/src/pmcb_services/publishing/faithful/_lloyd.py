# SPDX-License-Identifier: Apache-2.0
"""Lloyd's rounds from noisy counts and sums: pure epsilon, with the noise of the literature.

One unit changes the counts and sums of all cells by at most (d+1)·U in the L1 norm, as the cells
partition the domain. Independent two-sided geometric noise at ε_t/((d+1)·U), the lattice's Laplace
Lap((d+1)/ε_t), makes a round ε_t-private; rounds add up, since each follows from earlier ones.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pmcb_services.publishing import Release, Schema, Table
from pmcb_services.publishing._lattice import LATTICE
from pmcb_services.publishing._measure import bounded, noisy_sums, summed, totals
from pmcb_services.publishing._measurements import Measurements, Stage, Step
from pmcb_services.publishing._noise import SYSTEM, Bits
from pmcb_services.publishing._partition import Cells, Voronoi
from pmcb_services.publishing._plan import Route

from ._parameters import ROUNDS, checked_epsilon, whole

__all__ = ["Lloyd", "paid_round"]

MOST_ROUNDS = 100

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def paid_round(step: Step, table: Table, cells: Cells, share: Fraction, bits: Bits) -> Stage:
    """Noisy counts and sums of x of every cell, empty ones too.

    Args:
        step: a round, or the lots before it.
        table: of d coordinates.
        cells: drawn without looking at the data, or from earlier rounds.
        share: the part of epsilon that this costs.
        bits: the source of noise.
    """
    width = table.schema.width
    exact = totals(table, partial(_sums, cells), (cells.size, width + 1), None)
    singly = noisy_sums(exact.reshape(-1, 1), share / (width + 1), bits).reshape(exact.shape)
    nothing = np.empty((cells.size, 0), dtype=np.int64)
    centres = cells.centres if isinstance(cells, Voronoi) else nothing
    return Stage(step, share, singly, centres, nothing, tuple(range(width)))


def _sums(cells: Cells, x: Floats, weights: Integers) -> Integers:
    whole_range = np.full((1, x.shape[1]), LATTICE)
    return summed(bounded(weights, x.astype(np.int64), whole_range), cells.assign(x), cells.size)


class Lloyd(ABC):
    """Noisy means, each round from the cells around the last ones.

    Args:
        schema: the public columns and bounds.
        epsilon: a decimal or a ratio "p/q", above 0, at most 1000; spent once.
        n_clusters: k, 1 to 64.
        rounds: T.
        random_state: seeds public randomness only.
        bits: the source of noise; the operating system's by default, a seeded one in tests only.

    Attributes:
        measurements_: what was paid for, in order; the shares sum to epsilon exactly.
        centres_: shape (k, d), within [-1, 1].
        release_: what may be published: the k clusters, and the folder to keep.
    """

    def __init__(
        self,
        *,
        schema: Schema,
        epsilon: str | int | Fraction,
        n_clusters: int,
        rounds: int = ROUNDS,
        random_state: int | np.random.Generator | None = None,
        bits: Bits | None = None,
    ) -> None:
        self.schema = schema
        self.epsilon = epsilon
        self.n_clusters = n_clusters
        self.rounds = rounds
        self.random_state = random_state
        self.bits = bits

    def fit(self, X: object, y: None = None) -> Self:  # noqa: N803  # scikit-learn's name
        """Spend epsilon on a table.

        Args:
            X: whatever `Table.open` takes, or a table; read once for each round.
            y: not used.

        Raises:
            RequestError: a parameter is out of range.
            TableUnreadable: the table or its header does not fit the schema.
        """
        del y
        epsilon = checked_epsilon(self.schema, self.epsilon, self.n_clusters)
        whole("rounds", self.rounds, MOST_ROUNDS)
        table = X if isinstance(X, Table) else Table.open(X, self.schema)
        bits, found = self.bits or SYSTEM, self._first(table, epsilon)
        share = epsilon / (self.rounds + len(found))
        centres = found[-1].means if found else self._public(table.schema.width)
        for _ in range(self.rounds):
            around = np.rint(centres * LATTICE).astype(np.int64)
            found.append(paid_round(Step.ROUND, table, Voronoi(around), share, bits))
            centres = found[-1].means
        assert sum(each.share for each in found) == epsilon
        width = table.schema.width
        self.measurements_ = Measurements(epsilon, width, Route.ROUNDS, tuple(found))
        self.release_ = Release(table.schema, self.measurements_)
        self.centres_ = centres
        return self

    @abstractmethod
    def _first(self, table: Table, epsilon: Fraction) -> list[Stage]:
        """A paid round to begin with, at epsilon/(T + 1), or none."""

    def _public(self, width: int) -> Floats:
        """Uniform centres in [-1, 1]^d."""
        return np.random.default_rng(self.random_state).uniform(-1, 1, (self.n_clusters, width))
