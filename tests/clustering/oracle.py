# SPDX-License-Identifier: Apache-2.0
"""Slow and plain versions to check against."""

from itertools import product

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from pmcb_clustering import SimilarityGraph, SocialGraph


@st.composite
def graphs(draw, max_users=14):
    """Random graphs with at least one tie; isolated users occur."""
    n = draw(st.integers(2, max_users))
    pairs = [(u, v) for u in range(n) for v in range(u)]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, unique=True))
    graph: nx.Graph[int] = nx.empty_graph(n)
    graph.add_edges_from(chosen)
    return graph


def to_networkx(graph: SocialGraph) -> "nx.Graph[int]":
    """The same graph for the oracle, nodes numbered in node order."""
    made: nx.Graph[int] = nx.empty_graph(graph.n_users)
    for node in range(graph.n_users):
        row = graph.indices[graph.indptr[node] : graph.indptr[node + 1]]
        made.add_edges_from((node, int(other)) for other in row)
    return made


def entropy(graph: "nx.Graph[int]", node: int, alpha: float = 1.0) -> float:
    """I_f by its definition, on the subgraph of the closed neighbourhood."""
    closed = graph.subgraph([node, *graph[node]])
    masses = np.array([degree**alpha for _, degree in closed.degree() if degree > 0])
    shares = masses / masses.sum() if len(masses) else np.ones(1)
    return float(-(shares * np.log(shares)).sum())


def ratio_cut(graph: SimilarityGraph, labels: np.ndarray) -> float:
    """RatioCut by its definition, on all pairs of users."""
    multiplicity = graph.multiplicity
    unit = graph.weights.toarray() / np.outer(multiplicity, multiplicity)
    np.fill_diagonal(unit, 1.0)
    weights = unit[np.ix_(graph.point_of, graph.point_of)]
    return sum(
        float(weights[np.ix_(labels == label, labels != label)].sum() / (labels == label).sum())
        for label in np.unique(labels)
    )


def least_cost(costs: np.ndarray, low: int, high: int) -> float:
    """The cost of the best bounded assignment, by trying all of them."""
    n, t = costs.shape
    best = np.inf
    for labels in product(range(t), repeat=n):
        sizes = np.bincount(labels, minlength=t)
        if low <= sizes.min() and sizes.max() <= high:
            best = min(best, costs[np.arange(n), list(labels)].sum())
    return float(best)
