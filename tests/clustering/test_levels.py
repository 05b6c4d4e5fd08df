# SPDX-License-Identifier: Apache-2.0
import functools
import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import networkx as nx
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from tests.clustering.oracle import to_networkx

from pmcb_clustering import (
    GraphError,
    GraphTooLarge,
    LevelClustering,
    ParameterError,
    SocialGraph,
    generated_graph,
    receiver_metrics,
    scale_features,
    similarity_graph,
)
from pmcb_clustering import _levels as levels_module
from pmcb_clustering._assignment import size_bounds
from pmcb_clustering._landmarks import landmark_graph


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"n_levels": 1}, "1 levels were asked for; T must be from 2 to 16 for 300 users"),
        ({"n_levels": 17}, "T must be from 2 to 16"),
        ({"mode": "fast"}, "must be one of balanced, spectral, paper"),
        ({"influence": "votes"}, "must be one of mean-rank, paper-raw"),
        ({"scaling": "none"}, "must be one of robust"),
        ({"betweenness": "none"}, "must be 'auto', 'exact' or 'pivots'"),
        ({"neighbours": 0}, "neighbours is 0; it must be from 1"),
        ({"pivots": 1}, "pivots is 1; it must be from 2"),
        ({"random_state": -1}, "random_state is -1; it must be from 0"),
        ({"random_state": 2**32}, "it must be from 0 to 4,294,967,295"),
        ({"sigma": 0.0}, "sigma is 0.0; it must be greater than 0"),
    ],
)
def test_parameters_out_of_range_are_refused(small, parameters, complaint):
    """As ValueError, with the range."""
    with pytest.raises(ParameterError, match=complaint):
        LevelClustering(**parameters).fit(small)


def test_more_levels_than_users_are_refused():
    """T is at most n."""
    with pytest.raises(ParameterError, match="must be from 2 to 3 for 3 users"):
        LevelClustering(4).fit(nx.path_graph(3))


@pytest.mark.parametrize("graph", [nx.Graph(), nx.empty_graph(5), nx.DiGraph([(1, 2)])])
def test_graphs_that_cannot_be_used_are_refused(graph):
    """Empty, without ties, directed."""
    with pytest.raises(GraphError, match=r"at least one edge|directed"):
        LevelClustering().fit(graph)


def test_a_memory_estimate_over_the_limit_is_refused_before_work_starts(small):
    """Nothing has been reported as begun."""
    begun: list[str] = []
    with pytest.raises(GraphTooLarge, match="MiB of memory would be needed"):
        LevelClustering(memory_limit_bytes=2**20).fit(
            small, progress=lambda step, _done: begun.append(step)
        )
    assert not begun


@pytest.mark.parametrize("mode", ["spectral", "paper"])
def test_eigenvectors_of_many_points_are_those_of_landmarks(small, monkeypatch, mode):
    """Bounds hold where sizes are bounded, and RatioCut stays of the same kind."""
    whole = LevelClustering(mode=mode).fit(small)
    monkeypatch.setattr(levels_module, "LANDMARKS_ABOVE", 100)
    thinned = functools.partial(landmark_graph, landmarks=100)
    monkeypatch.setattr(levels_module, "landmark_graph", thinned)
    fewer = LevelClustering(mode=mode).fit(small)
    assert len(fewer.quality_["sizes"]) == 3
    if mode == "spectral":
        assert fewer.quality_["ratio_cut"] <= 1.5 * whole.quality_["ratio_cut"]
        assert fewer.quality_["balance"] <= 1.25


def test_an_executor_of_processes_gives_the_same(small):
    """Sources and starts travel; the result is that of threads."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        far = LevelClustering(executor=pool).fit(small).assignment_
    assert far.result_hash == LevelClustering().fit(small).assignment_.result_hash


def test_an_unknown_parameter_is_refused():
    """By name."""
    with pytest.raises(ParameterError, match="no parameter 'levels'"):
        LevelClustering().set_params(levels=3)


SHAPES = {
    "star": nx.star_graph(120),
    "small star": nx.star_graph(8),
    "circulant": nx.circulant_graph(90, [1, 3]),
    "complete": nx.complete_graph(40),
    "cycle": nx.cycle_graph(64),
    "path": nx.path_graph(30),
    "tree": nx.balanced_tree(2, 6),
    "matching": nx.Graph([(2 * i, 2 * i + 1) for i in range(25)]),
    "two stars": nx.disjoint_union(nx.star_graph(30), nx.star_graph(50)),
    "mostly isolated": nx.compose(nx.empty_graph(80), nx.path_graph(6)),
    "lollipop": nx.lollipop_graph(20, 30),
}


@pytest.mark.parametrize("mode", ["balanced", "spectral"])
@pytest.mark.parametrize("name", SHAPES)
def test_every_level_is_within_bounds_on_awkward_graphs(name, mode):
    """Stars and circulants have fewer kinds of user than levels; sizes hold all the same."""
    graph = SHAPES[name]
    for t in range(2, 9):
        low, high = size_bounds(len(graph), t)
        sizes = LevelClustering(t, mode).fit(graph).quality_["sizes"]
        assert len(sizes) == t
        assert low <= min(sizes)
        assert max(sizes) <= high


@pytest.mark.parametrize("name", ["star", "circulant", "complete", "mostly isolated"])
def test_the_papers_way_splits_ties_where_all_users_are_alike(name):
    """k-means has nothing to go by there."""
    assert LevelClustering(4, "paper").fit(SHAPES[name]).quality_["balance"] <= 1.25


def test_every_level_is_within_bounds_on_a_social_graph(small):
    """At most 1.25 between the largest and the smallest level, T = 2 .. 8, two modes."""
    for t in range(2, 9):
        for mode in ("balanced", "spectral"):
            assert LevelClustering(t, mode).fit(small).quality_["balance"] <= 1.25


@pytest.mark.parametrize("t", [2, 3, 4, 5, 8])
def test_balance_and_ratio_cut_on_the_real_graph(social, t):
    """Ego-Facebook where it is at hand: balance, and RatioCut below that of k-means."""
    quality = LevelClustering(t, betweenness="pivots").fit(social).quality_
    assert quality["balance"] <= 1.25
    assert quality["kmeans"] is not None
    assert quality["ratio_cut"] < 0.95 * quality["kmeans"]["ratio_cut"]


def test_the_papers_way_does_not_bound_sizes(social):
    """What the paper calls approximately equal is 2.4 : 1 on ego-Facebook."""
    quality = LevelClustering(3, "paper", betweenness="pivots").fit(social).quality_
    assert quality["balance"] > 1.5
    assert quality["kmeans"] is not None
    assert quality["ratio_cut"] < 0.95 * quality["kmeans"]["ratio_cut"]


def test_spectral_finds_at_most_the_ratio_cut_of_balanced(small):
    """Its portfolio holds it."""
    spectral, balanced = (LevelClustering(4, mode).fit(small) for mode in ("spectral", "balanced"))
    assert spectral.quality_["ratio_cut"] <= balanced.quality_["ratio_cut"] + 1e-12


def test_kmeans_stands_beside_on_the_same_features_and_graph(small):
    """The figures are those of scikit-learn's k-means, measured independently."""
    quality = LevelClustering(3).fit(small).quality_
    features = scale_features(receiver_metrics(small, normalisation="count"))
    labels = KMeans(3, n_init=10, random_state=0).fit_predict(features).astype(np.int64)
    expected = similarity_graph(features, 3).ratio_cut(labels)
    assert quality["kmeans"] is not None
    assert quality["kmeans"]["ratio_cut"] == pytest.approx(expected)
    assert sorted(quality["kmeans"]["sizes"]) == sorted(np.bincount(labels).tolist())
    quotient = quality["ratio_cut"] / expected
    assert quality["ratio_cut_to_kmeans"] == pytest.approx(quotient)


def test_levels_ascend_with_influence(small):
    """By the rule that was chosen; the report has both."""
    for rule in ("mean-rank", "paper-raw"):
        clustering = LevelClustering(5, influence=rule).fit(small)
        assert clustering.quality_["influence"][rule] == sorted(clustering.assignment_.influence)
        means = np.array(clustering.quality_["means"])
        raw = clustering.quality_["influence"]["paper-raw"]
        assert np.allclose(means.sum(axis=1), raw)


def shuffled(graph: SocialGraph, seed: int) -> "nx.Graph[str]":
    rng = np.random.default_rng(seed)
    plain = to_networkx(graph)
    ties = [(graph.users[u], graph.users[v]) for u, v in plain.edges]
    made: nx.Graph[str] = nx.Graph()
    made.add_nodes_from(rng.permutation(graph.users).tolist())
    made.add_edges_from(ties[i] for i in rng.permutation(len(ties)))
    return made


@pytest.mark.parametrize("mode", ["balanced", "spectral", "paper"])
def test_node_order_makes_no_difference(small, mode):
    """The same users get the same levels: ARI 1, the same hash; levels_ is in the graph's order."""
    first = LevelClustering(4, mode).fit(small)
    graph = shuffled(small, 1)
    second = LevelClustering(4, mode).fit(graph)
    place = {user: node for node, user in enumerate(graph)}
    moved = second.levels_[[place[user] for user in small.users]]
    assert adjusted_rand_score(first.levels_, moved) == 1.0
    assert np.array_equal(first.levels_, moved)
    assert first.assignment_.result_hash == second.assignment_.result_hash


HASH = """
from pmcb_clustering import LevelClustering, generated_graph
graph = generated_graph(400, 3000, random_state=2)
for mode in ("balanced", "spectral", "paper"):
    print(LevelClustering(3, mode, n_jobs={jobs}).fit(graph).assignment_.result_hash)
"""


def test_the_hash_is_the_same_for_any_number_of_threads():
    """Ours, and those of BLAS and OpenMP, set as users set them."""
    found = set()
    for threads in ("1", "2"):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
        answer = subprocess.run(
            [sys.executable, "-c", HASH.format(jobs=threads)],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, **dict.fromkeys(names, threads)},
        )
        found.add(answer.stdout)
    assert len(found) == 1


def test_seeds_and_parameters_enter_the_hash_and_threads_do_not(small):
    """What decides the result is recorded."""
    base = LevelClustering(3).fit(small).assignment_
    assert LevelClustering(3, n_jobs=1).fit(small).assignment_.result_hash == base.result_hash
    for other in (LevelClustering(3, random_state=1), LevelClustering(3, neighbours=9)):
        assert other.fit(small).assignment_.params_hash != base.params_hash


def test_pivots_keep_most_users_in_their_level(social):
    """256 sources instead of all: at least 98 of 100 users keep their level."""
    exact, sampled = (
        LevelClustering(3, betweenness=method).fit(social).levels_ for method in ("exact", "pivots")
    )
    assert (exact == sampled).mean() >= 0.98


def test_it_has_the_shape_of_a_scikit_learn_clusterer(small):
    """Parameters in and out, clone, labels from 0, fit returns itself."""
    clustering = LevelClustering(n_levels=4, random_state=3)
    copy = clone(clustering)
    assert copy is not clustering
    assert copy.get_params() == clustering.get_params()
    assert copy.set_params(n_levels=2) is copy
    labels = copy.fit_predict(small)
    assert np.array_equal(labels, copy.labels_)
    assert np.array_equal(copy.levels_, labels + 1)
    assert sorted(set(labels.tolist())) == [0, 1]


def test_one_scale_for_all_stays_selectable(small):
    """Eq. (1) as printed; the levels hold their bounds."""
    quality = (
        LevelClustering(3, sigma=0.05, scaling="logz", weights=(1, 1, 1, 0)).fit(small).quality_
    )
    assert quality["balance"] <= 1.25


def test_larger_graphs_use_pivots_by_themselves():
    """Above 20,000 users; the report says so."""
    graph = generated_graph(21_000, 60_000)
    between = LevelClustering(3, pivots=16).fit(graph).quality_["betweenness"]
    assert between["method"] == "pivots"
    assert between["sources"] == 16
    assert between["split_half"] is not None
    assert -1 <= between["split_half"] <= 1
