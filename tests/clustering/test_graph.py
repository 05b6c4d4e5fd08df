# SPDX-License-Identifier: Apache-2.0
import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.clustering.oracle import graphs, to_networkx

from pmcb_clustering import ParameterError, SocialGraph, generated_graph


@pytest.mark.parametrize(
    ("n_users", "n_ties"), [(19, 100), (100, 199), (100, 496), (0, 0)], ids=str
)
def test_a_generated_graph_out_of_range_is_refused(n_users, n_ties):
    """The range stands in the message."""
    with pytest.raises(ParameterError, match=r"must be (at least|from)"):
        generated_graph(n_users, n_ties)


@given(graphs(), st.randoms(use_true_random=False))
def test_the_hash_is_stable_under_the_order_of_ties_and_nodes(graph, random):
    """Same users and ties: same hash, however they were listed."""
    nodes, ties = list(graph), [random.choice([(u, v), (v, u)]) for u, v in graph.edges]
    random.shuffle(nodes)
    random.shuffle(ties)
    other = nx.empty_graph(0)
    other.add_nodes_from(nodes)
    other.add_edges_from(ties)
    ours = SocialGraph.from_networkx(other)
    assert ours.users == tuple(map(str, nodes))
    assert ours.graph_hash == SocialGraph.from_networkx(graph).graph_hash


def test_the_hash_tells_graphs_apart():
    """One tie more, one user more, another name: another hash."""
    ties = [("1", "2"), ("2", "3")]
    made = [
        SocialGraph.from_edges(ties),
        SocialGraph.from_edges([*ties, ("1", "3")]),
        SocialGraph.from_edges(ties, users=["4"]),
        SocialGraph.from_edges([("1", "2"), ("2", "4")]),
    ]
    assert len({graph.graph_hash for graph in made}) == len(made)


@given(graphs())
def test_the_rows_are_the_neighbourhoods(graph):
    """Ascending, symmetric, complete."""
    back = to_networkx(SocialGraph.from_networkx(graph))
    assert nx.utils.graphs_equal(back, graph)


def test_canonical_keeps_counts_and_order():
    """Numbers stand by value, before words."""
    graph = SocialGraph.from_networkx(nx.MultiGraph([("b", "10"), ("10", "9"), ("9", "10")]))
    canonical = graph.canonical()
    assert canonical.users == ("9", "10", "b")
    assert canonical.repeats == graph.repeats == 1
    assert [graph.users[node] for node in graph.canonical_order] == list(canonical.users)


def test_the_generated_graph_has_the_shape_of_ego_facebook():
    """Users and ties to the number; a few hubs, many triangles, some leaves."""
    graph = generated_graph()
    assert (graph.n_users, graph.n_ties) == (4039, 88234)
    ranked = np.sort(graph.degrees)[::-1]
    assert 700 < ranked[0] < 1500
    assert ranked[20] < 400
    assert 10 < np.median(ranked) < 50
    assert ranked[-1] == 1
    assert graph.graph_hash == generated_graph().graph_hash
    assert graph.graph_hash != generated_graph(random_state=1).graph_hash
    assert nx.transitivity(to_networkx(graph)) > 0.2
