# SPDX-License-Identifier: Apache-2.0
import networkx as nx
import numpy as np
import pytest

from pmcb_clustering import SocialGraph, generated_graph, graph_layout


def layout_of(graph, **options):
    return graph_layout(SocialGraph.from_networkx(graph), **options)


@pytest.mark.parametrize(
    "graph",
    [
        nx.path_graph(2),
        nx.star_graph(40),
        nx.complete_graph(30),
        nx.cycle_graph(50),
        nx.disjoint_union_all([nx.path_graph(3)] * 20),
        nx.compose(nx.empty_graph(200), nx.path_graph(2)),
    ],
    ids=["pair", "star", "complete", "cycle", "pieces", "mostly isolated"],
)
def test_awkward_graphs_are_drawn_within_the_frame(graph):
    """Finite places, all within -1 .. 1, and nobody on top of another."""
    drawn = layout_of(graph)
    assert drawn.position.shape == (len(graph), 2)
    assert np.abs(drawn.position).max() == pytest.approx(1.0)
    assert len(np.unique(drawn.position.round(9), axis=0)) == len(graph)
    assert len(drawn.ties) == graph.number_of_edges()


def test_two_cliques_stand_apart():
    """Joined by one tie: the gap between them is as wide as the cliques are."""
    drawn = layout_of(nx.barbell_graph(20, 0))
    left, right = drawn.position[:20], drawn.position[20:]
    diameter = max(np.ptp(side, axis=0).max() for side in (left, right))
    gap = np.linalg.norm(left[:, None] - right[None], axis=2).min()
    assert gap > 0.8 * diameter


def test_friends_stand_nearer_than_others(small):
    """On a social graph, a tie is shorter than the way between two users at random."""
    drawn = graph_layout(small)
    ends = drawn.position[drawn.ties]
    strangers = drawn.position[np.random.default_rng(0).permutation(len(drawn.shown))]
    ties = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1)
    assert np.median(ties) < 0.5 * np.median(np.linalg.norm(strangers - drawn.position, axis=1))


def test_the_same_seed_gives_the_same_drawing(small):
    """Bit for bit, and whatever order the nodes come in; another seed gives another."""
    first = graph_layout(small, random_state=3)
    order = np.random.default_rng(1).permutation(small.n_users)
    place = np.empty_like(order)
    place[order] = np.arange(small.n_users)
    rows = np.repeat(np.arange(small.n_users), small.degrees)
    ties = np.column_stack([place[rows], place[small.indices]])
    shuffled = SocialGraph.from_arrays([small.users[node] for node in order], ties)
    second = graph_layout(shuffled, random_state=3)
    assert np.array_equal(first.position, second.position)
    assert np.array_equal(first.ties, second.ties)
    assert not np.array_equal(first.position, graph_layout(small, random_state=4).position)


def test_pushes_by_cells_are_near_those_of_all_pairs():
    """The approximation moves nobody by much else than the sum over everybody would."""
    from pmcb_clustering._layout import _cells, _pushes

    rng = np.random.default_rng(7)
    position = rng.normal(size=(600, 2))
    mass = rng.uniform(1.0, 9.0, 600)
    apart = position[:, None] - position[None]
    square = (apart**2).sum(axis=2, keepdims=True) + 1e-3
    exact = (mass[None, :, None] * apart / square).sum(axis=1)
    near = _pushes(position, mass, *_cells(position))
    error = np.linalg.norm(near - exact, axis=1) / np.linalg.norm(exact, axis=1)
    assert np.median(error) < 0.05


def test_a_large_graph_is_drawn_in_part():
    """A seeded sample with all ties among it: held together, and with its share of loners."""
    graph = generated_graph(2_000, 9_000, random_state=1)
    drawn = graph_layout(graph, limit=1_000, sample=300, random_state=2)
    assert drawn.is_sample
    assert drawn.users == 2_000
    assert len(drawn.shown) == len(drawn.position) == 300
    assert np.array_equal(drawn.shown, np.unique(drawn.shown))
    sub = nx.Graph([(int(u), int(v)) for u, v in drawn.ties])
    whole = nx.Graph(
        [
            (int(node), int(other))
            for node in range(graph.n_users)
            for other in graph.indices[graph.indptr[node] : graph.indptr[node + 1]]
        ]
    ).subgraph(drawn.shown.tolist())
    assert sub.number_of_edges() == whole.number_of_edges()
    assert len(max(nx.connected_components(sub), key=len)) > 250
    assert abs((graph.degrees[drawn.shown] < 4).mean() - (graph.degrees < 4).mean()) < 0.1
    again = graph_layout(graph, limit=1_000, sample=300, random_state=2)
    assert np.array_equal(drawn.shown, again.shown)
    assert not np.array_equal(
        drawn.shown, graph_layout(graph, limit=1_000, sample=300, random_state=9).shown
    )


def test_a_sample_of_people_without_ties_is_a_sample():
    """A million of them would be drawn like that."""
    graph = nx.compose(nx.empty_graph(500), nx.path_graph(2))
    drawn = layout_of(graph, limit=100, sample=50)
    assert (len(drawn.shown), np.isfinite(drawn.position).all()) == (50, True)
