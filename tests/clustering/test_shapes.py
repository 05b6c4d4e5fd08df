# SPDX-License-Identifier: Apache-2.0
"""Graphs in which many users are alike: sizes, and the same levels whatever the order."""

import networkx as nx
import numpy as np
import pytest

from pmcb_clustering import GraphError, LevelClustering, SocialGraph
from pmcb_clustering._assignment import size_bounds


def cliques(n):
    """Two cliques of ``n``, and a tie between them."""
    graph = nx.disjoint_union(nx.complete_graph(n), nx.complete_graph(n))
    graph.add_edge(0, n)
    return graph


SHAPES = {
    "star": nx.star_graph(700),
    "complete": nx.complete_graph(90),
    "path": nx.path_graph(600),
    "cycle": nx.cycle_graph(600),
    "two cliques": cliques(40),
    "isolated": nx.compose(nx.empty_graph(2_000), nx.path_graph(2)),
}


def as_social(graph, seed=None):
    """With numbers or, where shuffled, in another order; ids stay."""
    nodes, ties = list(map(str, graph)), [(str(u), str(v)) for u, v in graph.edges]
    if seed is not None:
        rng = np.random.default_rng(seed)
        nodes = rng.permutation(nodes).tolist()
        ties = [ties[i][::-1] for i in rng.permutation(len(ties))]
    made: nx.Graph[str] = nx.Graph()
    made.add_nodes_from(nodes)
    made.add_edges_from(ties)
    return SocialGraph.from_networkx(made)


def check(graph, mode, levels):
    """Sizes within bounds; the same hash on one and two threads and in another order."""
    plain, shuffled = as_social(graph), as_social(graph, seed=1)
    for t in levels:
        first = LevelClustering(t, mode, n_jobs=1).fit(plain)
        sizes = first.quality_["sizes"]
        low, high = size_bounds(plain.n_users, t)
        assert low <= min(sizes) <= max(sizes) <= high
        assert first.quality_["balance"] <= 1.25
        second = LevelClustering(t, mode, n_jobs=2).fit(shuffled)
        assert first.assignment_.result_hash == second.assignment_.result_hash
        assert np.array_equal(second.levels_[shuffled.canonical_order], first.levels_)


@pytest.mark.parametrize("mode", ["balanced", "spectral"])
@pytest.mark.parametrize("name", SHAPES)
def test_users_who_are_alike_are_split_the_same_way_in_any_order(name, mode):
    """T = 2 .. 8."""
    check(SHAPES[name], mode, range(2, 9))


def test_users_without_any_tie_are_refused():
    """However many there are."""
    with pytest.raises(GraphError, match="at least one edge is needed"):
        SocialGraph.from_edges([], users=list(map(str, range(100_000))))


@pytest.mark.stress
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "graph",
    [nx.star_graph(100_000), nx.path_graph(50_000), nx.cycle_graph(50_000), cliques(600)],
    ids=["star", "path", "cycle", "two cliques"],
)
def test_large_graphs_of_one_shape(graph):
    """A hundred thousand leaves are alike, and so are all users of a cycle."""
    check(graph, "balanced", (2, 5, 8))


@pytest.mark.stress
@pytest.mark.timeout(600)
def test_a_million_isolated_users_and_one_tie():
    """They are receivers, too: split like ties, by a salted hash of their ids."""
    graph = SocialGraph.from_edges([("5", "7")], users=list(map(str, range(10**6))))
    for t in (2, 8):
        quality = LevelClustering(t, pivots=16).fit(graph).quality_
        assert quality["isolated"] == 10**6 - 2
        assert quality["balance"] <= 1.25
