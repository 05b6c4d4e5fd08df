# SPDX-License-Identifier: Apache-2.0
"""MPDP k-medoids as published: medoids from a start by multiple partition, Laplace noise."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pmcb_services.publishing import RequestError, Schema

from ._medoids import medoid
from ._mp_init import PARTITIONS, Reading, mp_init
from ._not_private import KMedoids, Noise
from ._parameters import ROUNDS, whole

__all__ = ["MPDPKMedoids"]

MOST_PARTITIONS = 100

Floats = NDArray[np.float64]


class MPDPKMedoids(KMedoids):
    """MPDP k-medoids ("multiple partition differential privacy", 2021). Not private.

    Its proof bounds one centre of one cluster in one round: the start is raw, a medoid can cross
    the domain, and T rounds spend epsilon each.

    Args:
        schema: the public columns and bounds.
        epsilon: a decimal or a ratio "p/q".
        n_clusters: k, 1 to 64.
        partitions: m of the start, 1 to 100.
        reading: of the start, ``subsets`` or ``overlay``; see `mp_init`.
        rounds: T.
        noise: ``published`` or ``calibrated``.
        random_state: seeds starts, samples and noise.

    Attributes:
        centres_: shape (k, d), within [-1, 1].

    >>> from pmcb_services.publishing import NotPrivate, Numeric
    >>> schema = Schema([Numeric("age", 0, 100)])
    >>> model = MPDPKMedoids(schema=schema, epsilon="1", n_clusters=2, random_state=0)
    >>> model.fit(np.array([[20.0], [21.0], [80.0]])).centres_.shape
    (2, 1)
    >>> try:
    ...     model.release()
    ... except NotPrivate as refusal:
    ...     print(refusal)
    MPDPKMedoids begins with raw records, which no later noise hides.
    """

    def __init__(
        self,
        *,
        schema: Schema,
        epsilon: str | int | Fraction,
        n_clusters: int,
        partitions: int = PARTITIONS,
        reading: str = Reading.SUBSETS,
        rounds: int = ROUNDS,
        noise: str = Noise.PUBLISHED,
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        super().__init__(
            schema=schema,
            epsilon=epsilon,
            n_clusters=n_clusters,
            rounds=rounds,
            noise=noise,
            random_state=random_state,
        )
        self.partitions = partitions
        self.reading = reading

    def _start(self, rows: Floats, rng: np.random.Generator) -> Floats:
        whole("partitions", self.partitions, MOST_PARTITIONS)
        if self.reading not in set(Reading):
            raise RequestError(f"reading must be one of {', '.join(Reading)}.", field="reading")
        reading = Reading(self.reading)
        return mp_init(rows, self.n_clusters, rng, partitions=self.partitions, reading=reading)

    def _chosen(self, own: Floats, centre: Floats, rng: np.random.Generator) -> Floats:
        del centre
        return medoid(own, rng)
