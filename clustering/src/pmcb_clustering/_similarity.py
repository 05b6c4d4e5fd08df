# SPDX-License-Identifier: Apache-2.0
"""The similarity graph: who resembles whom, in one connected piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NEIGHBOURS", "SimilarityGraph", "similarity_graph"]

NEIGHBOURS = 10
SCALE_NEIGHBOUR = 7  # Zelnik-Manor, Perona (2004)
SMALLEST_SCALE = 1e-6
SMALLEST_WEIGHT = 1e-3  # far pairs must not underflow: the eigensolver needs one piece in fact


@dataclass(frozen=True, eq=False)
class SimilarityGraph:
    """Users with equal features as weighted points, and the weights between them.

    Attributes:
        point_of: shape (n,); the point each user belongs to, 0 .. p - 1.
        features: shape (p, 4).
        multiplicity: shape (p,); users per point, at least 1.
        weights: (p, p), symmetric, no diagonal; w_pq * m_p * m_q, the summed similarity of the
            users of two points.
        distinct: how many different feature rows there are, at most p.
        components: pieces before they were linked.
    """

    point_of: NDArray[np.int64]
    features: NDArray[np.float64]
    multiplicity: NDArray[np.int64]
    weights: sparse.csr_array
    distinct: int
    components: int

    def split(self, labels: NDArray[np.int64]) -> tuple[SimilarityGraph, NDArray[np.int64]]:
        """Split points whose users carry several labels; the graph and one label per point.

        The parts of a point stay similar with weight 1, as users of equal features are.
        """
        n_labels = int(labels.max()) + 1
        parts, point_of = np.unique(self.point_of * n_labels + labels, return_inverse=True)
        parent, label = np.divmod(parts, n_labels)
        if len(parts) == len(self.multiplicity):
            return self, label
        multiplicity = np.bincount(point_of)
        member = sparse.csr_array(
            (np.ones(len(parts)), (np.arange(len(parts)), parent)),
            shape=(len(parts), len(self.multiplicity)),
        )
        per_pair = sparse.diags_array(1.0 / self.multiplicity)
        unit = member @ (per_pair @ self.weights @ per_pair + sparse.eye_array(member.shape[1]))
        weights = _without_diagonal(unit @ member.T)
        scale = sparse.diags_array(multiplicity.astype(np.float64))
        split = SimilarityGraph(
            point_of=point_of,
            features=self.features[parent],
            multiplicity=multiplicity,
            weights=sparse.csr_array(scale @ weights @ scale),
            distinct=self.distinct,
            components=self.components,
        )
        return split, label

    def ratio_cut(self, labels: NDArray[np.int64]) -> float:
        """RatioCut of a partition of the users: sum over levels of cut(A, rest) / |A|.

        Args:
            labels: shape (n,); 0 .. T - 1, every value carried by a user.
        """
        graph, point_labels = self.split(labels)
        rows = np.repeat(point_labels, np.diff(graph.weights.indptr))
        crossing = rows != point_labels[graph.weights.indices]
        cuts = np.bincount(rows[crossing], weights=graph.weights.data[crossing])
        sizes = np.bincount(labels)
        cuts = np.append(cuts, np.zeros(len(sizes) - len(cuts)))
        return float((cuts / sizes).sum())


def _without_diagonal(matrix: sparse.sparray) -> sparse.csr_array:
    triples = sparse.coo_array(matrix)
    off = triples.row != triples.col
    result = sparse.csr_array(
        (triples.data[off], (triples.row[off], triples.col[off])), shape=triples.shape
    )
    result.sort_indices()
    return result


def _chunks(kind: NDArray[np.int64], largest: int) -> NDArray[np.int64]:
    """Number the users of equal features, so that no number holds more than ``largest``."""
    order = np.argsort(kind, kind="stable")
    count = np.bincount(kind)
    within = np.empty(len(kind), np.int64)
    within[order] = np.arange(len(kind)) - np.repeat(np.cumsum(count) - count, count)
    chunks = -(-count // largest)
    return within % chunks[kind]


def _weigh(
    features: NDArray[np.float64],
    scale: NDArray[np.float64],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
) -> NDArray[np.float64]:
    square = ((features[rows] - features[columns]) ** 2).sum(axis=1)
    weights: NDArray[np.float64] = np.exp(-square / (2.0 * scale[rows] * scale[columns]))
    return np.maximum(weights, SMALLEST_WEIGHT)


def _closest_links(
    features: NDArray[np.float64], component: NDArray[np.int64], workers: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """One pair per small component: its closest to the largest component."""
    giant = np.bincount(component).argmax()
    inside = np.flatnonzero(component == giant)
    outside = np.flatnonzero(component != giant)
    distance, nearest = cKDTree(features[inside]).query(features[outside], workers=workers)
    order = np.lexsort((outside, distance, component[outside]))
    _, first = np.unique(component[outside][order], return_index=True)
    chosen = order[first]
    return outside[chosen], inside[nearest[chosen]]


def similarity_graph(
    features: NDArray[np.float64],
    n_levels: int,
    *,
    neighbours: int = NEIGHBOURS,
    sigma: float | None = None,
    workers: int = 1,
) -> SimilarityGraph:
    """Nearest-neighbour graph with Gaussian weights (Peng et al., eq. 1), in one piece.

        w_ij = exp(-|x_i - x_j|^2 / (2 s_i s_j)),

    where s_i is the distance of the 7th neighbour (Zelnik-Manor, Perona 2004). The paper has one
    sigma for all, which underflows where users are sparse and isolates them; it stays selectable.
    Two points are tied if either is among the other's nearest. Components that are left over are
    linked to the largest one by their closest pair.

    Args:
        features: shape (n, 4); scaled.
        n_levels: T; points of more than n / (4 T) users are cut, so that ties can be split.
        neighbours: K, at least 1.
        sigma: one scale for all users, greater than 0, or None for the local scale.
        workers: threads of the neighbour search; the result does not depend on it.
    """
    points, kind = np.unique(features, axis=0, return_inverse=True)
    kind = kind.ravel()
    multiplicity = np.bincount(kind)
    n_points = len(points)
    reach = min(neighbours, n_points - 1)
    distance, nearest = cKDTree(points).query(points, k=reach + 1, workers=workers)
    distance, nearest = distance.reshape(n_points, -1), nearest.reshape(n_points, -1)
    scale = np.maximum(distance[:, min(SCALE_NEIGHBOUR, reach)], SMALLEST_SCALE)
    if sigma is not None:
        scale = np.full(n_points, sigma)
    rows = np.repeat(np.arange(n_points), reach + 1)
    columns = nearest.ravel().astype(np.int64)
    pattern = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(n_points, n_points))
    components, component = connected_components(pattern, directed=False)
    if components > 1:
        left, right = _closest_links(points, component, workers)
        rows, columns = np.concatenate([rows, left]), np.concatenate([columns, right])
    low, high = np.minimum(rows, columns), np.maximum(rows, columns)
    low, high = np.divmod(np.unique((low * n_points + high)[low < high]), n_points)
    pairs = multiplicity[low] * multiplicity[high]
    data = np.tile(_weigh(points, scale, low, high) * pairs, 2)
    ends = (np.concatenate([low, high]), np.concatenate([high, low]))
    weights = sparse.csr_array((data, ends), shape=(n_points, n_points))
    weights.sort_indices()
    whole = SimilarityGraph(kind, points, multiplicity, weights, n_points, int(components))
    graph, _ = whole.split(_chunks(kind, max(1, len(features) // (4 * n_levels))))
    return graph
