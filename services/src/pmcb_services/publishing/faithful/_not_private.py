# SPDX-License-Identifier: Apache-2.0
"""What the algorithms share that publish raw records with noise: they run, and may not publish."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from fractions import Fraction
from typing import NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from pmcb_services.publishing import NotPrivate, RequestError, Schema, Table
from pmcb_services.publishing._kmeans import nearest
from pmcb_services.publishing._lattice import LATTICE

from ._parameters import ROUNDS, checked_epsilon, whole

__all__ = ["KMedoids", "Noise"]

MOST_ROUNDS = 1000

Floats = NDArray[np.float64]


class Noise(StrEnum):
    """How large the Laplace noise is that is added to a medoid's coordinates, [-1, 1] wide."""

    PUBLISHED = "published"
    CALIBRATED = "calibrated"

    def scale(self, epsilon: Fraction, width: int, rounds: int) -> float:
        """b: 2/ε as published, in every round; calibrated 2dT/ε, for the whole run.

        Calibrated noise would do for T rounds of medoids, not for the raw start.

        >>> Noise.PUBLISHED.scale(Fraction(1, 2), 6, 5), Noise.CALIBRATED.scale(Fraction(1), 6, 5)
        (4.0, 60.0)
        """
        factor = 1 if self is Noise.PUBLISHED else width * rounds
        return float(2 * factor / epsilon)


class KMedoids(ABC):
    """T times: assign the records, choose a record for each cluster, add noise to its coordinates.

    Not differentially private, whatever the noise: it begins with raw records. For experiments
    within the institution; `release` refuses.

    Args:
        schema: the public columns and bounds.
        epsilon: a decimal or a ratio "p/q".
        n_clusters: k, 1 to 64.
        rounds: T.
        noise: ``published`` or ``calibrated``.
        random_state: seeds starts, samples and noise, which is ordinary floats.

    Attributes:
        centres_: shape (k, d), within [-1, 1].
    """

    def __init__(
        self,
        *,
        schema: Schema,
        epsilon: str | int | Fraction,
        n_clusters: int,
        rounds: int = ROUNDS,
        noise: str = Noise.PUBLISHED,
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        self.schema = schema
        self.epsilon = epsilon
        self.n_clusters = n_clusters
        self.rounds = rounds
        self.noise = noise
        self.random_state = random_state

    def fit(self, X: object, y: None = None) -> Self:  # noqa: N803  # scikit-learn's name
        """Cluster a table; weights of subjects are not regarded.

        Args:
            X: whatever `Table.open` takes, or a table.
            y: not used.

        Raises:
            RequestError: a parameter is out of range.
            TableUnreadable: the table or its header does not fit the schema.
        """
        del y
        epsilon = checked_epsilon(self.schema, self.epsilon, self.n_clusters)
        whole("rounds", self.rounds, MOST_ROUNDS)
        if self.noise not in set(Noise):
            raise RequestError(f"noise must be one of {', '.join(Noise)}.", field="noise")
        table = X if isinstance(X, Table) else Table.open(X, self.schema)
        empty = np.empty((0, self.schema.width))
        rows = np.vstack([empty, *(x for x, _ in table.chunks())]) / LATTICE
        scale = Noise(self.noise).scale(epsilon, self.schema.width, self.rounds)
        self.centres_ = self._run(rows, scale, np.random.default_rng(self.random_state))
        return self

    def release(self) -> NoReturn:
        """Refuses.

        Raises:
            NotPrivate: always.
        """
        raise NotPrivate(
            f"{type(self).__name__} begins with raw records, which no later noise hides."
        )

    @abstractmethod
    def _start(self, rows: Floats, rng: np.random.Generator) -> Floats:
        """Raw records to begin with, shape (k, d)."""

    @abstractmethod
    def _chosen(self, own: Floats, centre: Floats, rng: np.random.Generator) -> Floats:
        """What stands for a cluster's rows, shape (d,)."""

    def _run(self, rows: Floats, scale: float, rng: np.random.Generator) -> Floats:
        centres = self._start(rows, rng)
        for _ in range(self.rounds):
            labels, _ = nearest(rows, centres)
            for j in np.unique(labels):
                centres[j] = self._chosen(rows[labels == j], centres[j], rng)
            # Outside the public box lies nothing: what the noise carries there is brought back.
            centres = np.clip(centres + rng.laplace(0.0, scale, centres.shape), -1, 1)
        return centres
