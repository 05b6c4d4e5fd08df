# SPDX-License-Identifier: Apache-2.0
"""DP k-medoids, a baseline: the first cheaper record replaces a centre, Laplace noise follows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._medoids import distance_sums, random_records
from ._not_private import KMedoids

__all__ = ["DPKMedoids"]

Floats = NDArray[np.float64]


class DPKMedoids(KMedoids):
    """k random records; in each round the first cheaper record of a cluster replaces its centre.

    Not private, as `MPDPKMedoids` is not. Parameters and attributes are those of `KMedoids`.
    """

    def _start(self, rows: Floats, rng: np.random.Generator) -> Floats:
        if not len(rows):
            return np.zeros((self.n_clusters, rows.shape[1]))
        return random_records(rows, self.n_clusters, rng)

    def _chosen(self, own: Floats, centre: Floats, rng: np.random.Generator) -> Floats:
        candidates, sums = distance_sums(own, rng, centre[None])
        return np.asarray(candidates[(sums < sums[0]).argmax()])
