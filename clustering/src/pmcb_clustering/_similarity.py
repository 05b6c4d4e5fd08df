# SPDX-License-Identifier: Apache-2.0
"""The similarity graph: who resembles whom, in one connected piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from pmcb_clustering._graph import sorted_distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NEIGHBOURS", "SimilarityGraph", "similarity_graph"]

NEIGHBOURS = 10
SCALE_NEIGHBOUR = 7  # Zelnik-Manor, Perona (2004)
SMALLEST_SCALE = 1e-6
BLOCK = 2**18  # pairs that are weighed at a time
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
        unit = _scaled(self.weights, 1.0 / self.multiplicity)
        unit = (unit + sparse.eye_array(len(self.multiplicity), format="csr"))[parent]
        member = sparse.csr_array(
            (np.ones(len(parts)), parent, np.arange(len(parts) + 1)),
            shape=(len(parts), len(self.multiplicity)),
        )
        weights = _without_diagonal(unit @ member.T)
        split = SimilarityGraph(
            point_of=point_of,
            features=self.features[parent],
            multiplicity=multiplicity,
            weights=_scaled(weights, multiplicity.astype(np.float64)),
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
        small = point_labels.astype(np.int8)
        rows = np.repeat(small, np.diff(graph.weights.indptr))
        crossing = rows != small[graph.weights.indices]
        cuts = np.bincount(rows[crossing], weights=graph.weights.data[crossing])
        sizes = np.bincount(labels)
        cuts = np.append(cuts, np.zeros(len(sizes) - len(cuts)))
        return float((cuts / sizes).sum())


def _scaled(matrix: sparse.csr_array, factors: NDArray[np.float64]) -> sparse.csr_array:
    """Every entry (i, j) times factors i and j."""
    data = np.repeat(factors, np.diff(matrix.indptr))
    data *= matrix.data
    data *= factors[matrix.indices]
    return sparse.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _without_diagonal(matrix: sparse.sparray) -> sparse.csr_array:
    whole = sparse.csr_array(matrix)
    rows = np.repeat(np.arange(len(whole.indptr) - 1, dtype=np.int32), np.diff(whole.indptr))
    off = rows != whole.indices
    start = np.zeros_like(whole.indptr)
    np.cumsum(np.bincount(rows[off], minlength=len(start) - 1), out=start[1:])
    result = sparse.csr_array((whole.data[off], whole.indices[off], start), shape=whole.shape)
    result.sort_indices()
    return result


def _distinct_rows(
    features: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The different rows in order, and the place of every row among them.

    As ``np.unique(features, axis=0, return_inverse=True)`` finds them, in a tenth of its time.
    """
    order = np.lexsort(features.T[::-1])
    ranked = features[order]
    first = np.ones(len(ranked), np.bool_)
    first[1:] = (ranked[1:] != ranked[:-1]).any(axis=1)
    kind = np.empty(len(ranked), np.int64)
    kind[order] = np.cumsum(first) - 1
    return ranked[first], kind


def _upper(
    keys: NDArray[np.int64], n_points: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Rows, columns and row starts of the pairs row * n + column, ascending, row < column."""
    low, high = np.divmod(keys, n_points)
    start = np.zeros(n_points + 1, np.int64)
    np.cumsum(np.bincount(low, minlength=n_points), out=start[1:])
    return low.astype(np.int32), high.astype(np.int32), start


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
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
) -> NDArray[np.float64]:
    weights = np.empty(len(rows), np.float64)
    for begin in range(0, len(rows), BLOCK):
        left, right = rows[begin : begin + BLOCK], columns[begin : begin + BLOCK]
        square = ((features[left] - features[right]) ** 2).sum(axis=1)
        weights[begin : begin + BLOCK] = np.exp(-square / (2.0 * scale[left] * scale[right]))
    return np.maximum(weights, SMALLEST_WEIGHT)


def _nearest_pairs(
    points: NDArray[np.float64], neighbours: int, workers: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pairs low * p + high of which one is among the other's nearest; every point's own scale."""
    n_points = len(points)
    reach = min(neighbours, n_points - 1)
    distance, nearest = cKDTree(points).query(points, k=reach + 1, workers=workers)
    distance, nearest = distance.reshape(n_points, -1), nearest.reshape(n_points, -1)
    scale = np.maximum(distance[:, min(SCALE_NEIGHBOUR, reach)], SMALLEST_SCALE)
    del distance
    own = np.arange(n_points)[:, None]
    keys = np.minimum(nearest, own)
    keys *= n_points
    keys += np.maximum(nearest, own)
    return sorted_distinct(keys[nearest != own]), scale


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
    points, kind = _distinct_rows(features)
    multiplicity = np.bincount(kind)
    n_points = len(points)
    keys, scale = _nearest_pairs(points, neighbours, workers)
    if sigma is not None:
        scale = np.full(n_points, sigma)
    low, high, start = _upper(keys, n_points)
    pattern = sparse.csr_array((np.ones(len(high), np.int8), high, start), shape=(n_points,) * 2)
    components, component = connected_components(pattern, directed=False)
    if components > 1:
        left, right = _closest_links(points, component, workers)
        links = np.minimum(left, right) * n_points + np.maximum(left, right)
        low, high, start = _upper(sorted_distinct(np.concatenate([keys, links])), n_points)
    del keys, pattern
    data = _weigh(points, scale, low, high)
    data *= multiplicity[low] * multiplicity[high]
    upper = sparse.csr_array((data, high, start), shape=(n_points, n_points))
    weights = sparse.csr_array(upper + upper.T)
    del low, high, data, upper
    whole = SimilarityGraph(kind, points, multiplicity, weights, n_points, int(components))
    graph, _ = whole.split(_chunks(kind, max(1, len(features) // (4 * n_levels))))
    return graph
