# SPDX-License-Identifier: Apache-2.0
import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.clustering.oracle import entropy, graphs, to_networkx

from pmcb_clustering import ParameterError, SocialGraph, betweenness, receiver_metrics

LN2 = math.log(2)


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"alpha": 0.0}, "alpha is 0.0; it must be greater than 0"),
        ({"alpha": math.nan}, "alpha is nan"),
        ({"betweenness": "fast"}, "must be 'auto', 'exact' or 'pivots'"),
        ({"normalisation": "none"}, "use 'fraction' or 'count'"),
    ],
)
def test_parameters_out_of_range_are_refused(small, parameters, complaint):
    """With the range."""
    with pytest.raises(ParameterError, match=complaint):
        receiver_metrics(small, **parameters)


def metrics_of(graph, **parameters):
    return receiver_metrics(SocialGraph.from_networkx(graph), **parameters)


@pytest.mark.parametrize("n", [4, 5, 9, 40])
def test_a_cycle(n):
    """C_n, n >= 4: two neighbours who do not know each other, entropy 1.5 ln 2."""
    assert np.allclose(metrics_of(nx.cycle_graph(n))[:, [0, 2, 3]], [2, 0, 1.5 * LN2], atol=1e-14)


@pytest.mark.parametrize("n", [2, 3, 7, 30])
def test_a_complete_graph(n):
    """K_n: everybody knows everybody, entropy ln n; nobody lies between."""
    expected = [n - 1, 0, 1 if n > 2 else 0, math.log(n)]
    assert np.allclose(metrics_of(nx.complete_graph(n)), expected, atol=1e-14)


@pytest.mark.parametrize("leaves", [2, 5, 64])
def test_a_star(leaves):
    """The centre lies between all pairs and has ln 2 + ln(k) / 2; a leaf has ln 2."""
    metrics = metrics_of(nx.star_graph(leaves))
    assert np.allclose(metrics[0], [leaves, 1, 0, LN2 + 0.5 * math.log(leaves)], atol=1e-14)
    assert np.allclose(metrics[1:], [1, 0, 0, LN2], atol=1e-14)


def test_an_isolated_user_has_no_metrics():
    """All four are 0."""
    graph = nx.path_graph(3)
    graph.add_node("alone")
    assert metrics_of(graph)[3].tolist() == [0, 0, 0, 0]


@given(graphs(), st.sampled_from([0.5, 1.0, 2.0]))
def test_metrics_are_those_of_networkx(graph, alpha):
    """To 1e-12, on any graph: degree, betweenness, clustering, and entropy by its definition."""
    metrics = metrics_of(graph, alpha=alpha)
    between, clustering = nx.betweenness_centrality(graph), [nx.clustering(graph, v) for v in graph]
    expected = [[graph.degree[v], between[v], clustering[v], entropy(graph, v, alpha)]
                for v in graph]  # fmt: skip
    assert np.abs(metrics - expected).max() < 1e-12


def test_local_metrics_on_a_social_graph(small):
    """Shared neighbours are counted from the side of lower degree: every tie is right."""
    graph = to_networkx(small)
    metrics = receiver_metrics(small)
    clustering = [nx.clustering(graph, v) for v in graph]
    expected = np.array([[graph.degree[v], clustering[v], entropy(graph, v)] for v in graph])
    assert np.abs(metrics[:, [0, 2, 3]] - expected).max() < 1e-12


def test_betweenness_as_a_count_and_as_a_fraction(small):
    """NetworkX knows both."""
    graph = to_networkx(small)
    fractions = list(nx.betweenness_centrality(graph).values())
    counts = list(nx.betweenness_centrality(graph, normalized=False).values())
    assert np.abs(receiver_metrics(small)[:, 1] - fractions).max() < 1e-12
    ours = receiver_metrics(small, normalisation="count")[:, 1]
    assert np.allclose(ours, counts, rtol=1e-11, atol=1e-12)


@given(graphs())
def test_pivots_are_exact_when_everybody_is_one(graph):
    """Linear scaling splits every pair's share between its two ends."""
    social = SocialGraph.from_networkx(graph)
    sampled = betweenness(social, "pivots", pivots=social.n_users)
    assert np.allclose(sampled.counts, betweenness(social, "exact").counts, atol=1e-9)


def test_pivots_are_unbiased(small):
    """The mean of 40 samples of 30 sources lies within four standard errors (p < 1e-4 each)."""
    exact = betweenness(small, "exact").counts
    users = np.argsort(exact)[-5:]
    samples = np.array(
        [betweenness(small, "pivots", pivots=30, random_state=s).counts[users] for s in range(40)]
    )
    error = samples.std(axis=0, ddof=1) / math.sqrt(len(samples))
    assert (np.abs(samples.mean(axis=0) - exact[users]) < 4 * error).all()


def test_auto_is_exact_up_to_the_limit(small):
    """And says which it was, and how well two halves of the sample agree."""
    exact = betweenness(small, exact_limit=small.n_users)
    assert (exact.method, exact.sources, exact.split_half) == ("exact", small.n_users, None)
    sampled = betweenness(small, exact_limit=small.n_users - 1, pivots=64)
    assert (sampled.method, sampled.sources) == ("pivots", 64)
    assert sampled.split_half is not None
    assert 0 < sampled.split_half < 1


@pytest.mark.parametrize("method", ["exact", "pivots"])
def test_betweenness_does_not_depend_on_threads(small, method):
    """Bit for bit."""
    one, two, five = (betweenness(small, method, n_jobs=jobs).counts for jobs in (1, 2, 5))
    assert one.tobytes() == two.tobytes() == five.tobytes()


def test_progress_reaches_the_end(small):
    """It ascends to 1."""
    seen: list[float] = []
    betweenness(small, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
