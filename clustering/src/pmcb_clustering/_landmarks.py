# SPDX-License-Identifier: Apache-2.0
"""A few thousand weighted landmarks in place of points too many to find eigenvectors for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from pmcb_clustering._similarity import NEIGHBOURS, similarity_graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pmcb_clustering._similarity import SimilarityGraph

__all__ = ["LANDMARKS", "LANDMARKS_ABOVE", "landmark_graph"]

LANDMARKS = 4_000
LANDMARKS_ABOVE = 60_000  # points; 50,000 take a minute to factorise and iterate
ROUNDS = 10


def landmark_graph(
    graph: SimilarityGraph,
    n_levels: int,
    *,
    neighbours: int = NEIGHBOURS,
    sigma: float | None = None,
    random_state: int = 0,
    workers: int = 1,
    landmarks: int = LANDMARKS,
) -> SimilarityGraph:
    """The similarity graph of landmarks that stand for the users around them (KASP).

    Landmarks are the centres that k-means comes to in ten rounds from a seeded draw of points; a
    user belongs to the nearest, and a landmark counts as many users as it has (Yan, Huang, Jordan
    2009). A partition of this graph is one of the users: they take their landmark's label.

    Args:
        graph: p points of n users.
        n_levels: T; landmarks of more than n / (4 T) users are cut, so that ties can be split.
        neighbours: K, as for the graph of the users.
        sigma: one scale for all, or None for the local scale.
        random_state: seed of the draw.
        workers: threads of the neighbour search; the result does not depend on it.
        landmarks: how many; not more than there are points.

    Returns:
        a graph of the same n users, of about ``landmarks`` points.
    """
    points, weight = graph.features, graph.multiplicity.astype(np.float64)
    rng = np.random.default_rng(random_state)
    n_landmarks = min(landmarks, len(points))
    drawn = rng.choice(len(points), n_landmarks, replace=False, p=weight / weight.sum())
    centres = points[np.sort(drawn)]
    owner = _nearest(centres, points, workers)
    for _ in range(ROUNDS):
        _, owner = np.unique(owner, return_inverse=True)  # a centre may have lost all its points
        mass = np.bincount(owner, weights=weight)
        sums = [np.bincount(owner, weights=weight * column) for column in points.T]
        centres = np.column_stack(sums) / mass[:, None]
        owner = _nearest(centres, points, workers)
    stand_ins = centres[owner][graph.point_of]
    return similarity_graph(
        stand_ins, n_levels, neighbours=neighbours, sigma=sigma, workers=workers
    )


def _nearest(
    centres: NDArray[np.float64], points: NDArray[np.float64], workers: int
) -> NDArray[np.int64]:
    _, owner = cKDTree(centres).query(points, workers=workers)
    return np.asarray(owner, np.int64)
