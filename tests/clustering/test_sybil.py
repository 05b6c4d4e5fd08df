# SPDX-License-Identifier: Apache-2.0
"""Made-up accounts do not rise."""

import networkx as nx
import numpy as np
import pytest
from tests.clustering.oracle import to_networkx

from pmcb_clustering import GraphError, LevelClustering, ParameterError, SocialGraph
from pmcb_clustering._assignment import size_bounds
from pmcb_clustering._sybil import suspects, sybil_rank, two_core

FAKES = 50


def infiltrated(graph: SocialGraph, attack_ties: int, seed: int = 0) -> SocialGraph:
    """The graph, a clique of fifty made-up accounts, and some ties between the two."""
    rng = np.random.default_rng(seed)
    n = graph.n_users
    clique = n + np.column_stack(np.triu_indices(FAKES, 1))
    attack = [n + rng.integers(0, FAKES, attack_ties), rng.integers(0, n, attack_ties)]
    users = [*graph.users, *(f"fake{i}" for i in range(FAKES))]
    return SocialGraph.from_arrays(
        users, np.concatenate([graph.ties, clique, np.column_stack(attack)])
    )


def test_the_trusted_must_be_users(small):
    """The first who is not is named."""
    with pytest.raises(ParameterError, match=r"1 of the 2 trusted are no users.*'nemo'"):
        LevelClustering(trusted=("3", "nemo")).fit(small)


def test_a_forest_has_no_circles(small):
    """The gate looks at people in circles of ties."""
    with pytest.raises(GraphError, match="nobody in this graph is in a circle"):
        LevelClustering(trusted=("0",)).fit(nx.balanced_tree(2, 5))


def test_the_published_method_takes_no_trusted_people(small):
    """It is reproduced as it is."""
    with pytest.raises(ParameterError, match="mode 'paper' takes no trusted people"):
        LevelClustering(3, "paper", trusted=("3",)).fit(small)


def test_trust_on_a_path_by_hand():
    """From the end of a-b-c: one step gives all to b, two give a and c half each."""
    path = SocialGraph.from_edges([("a", "b"), ("b", "c")])
    assert sybil_rank(path, np.array([0]), steps=1).tolist() == [0.0, 1.5, 0.0]
    assert sybil_rank(path, np.array([0]), steps=2).tolist() == [1.5, 0.0, 1.5]


def test_who_is_out_of_reach_is_suspected():
    """No trust at all is always the least."""
    trust = np.array([0.0, 0.0, 0.3, 0.4, 0.5])
    assert suspects(trust).tolist() == [True, True, False, False, False]


def test_the_two_core_against_networkx(small):
    """The same users, and the ties networkx keeps."""
    graph = to_networkx(small)
    graph.add_edges_from([(3, 900), (900, 901), (901, 902), (5, 903)])
    social = SocialGraph.from_networkx(graph)
    core = two_core(social)
    kept = {frozenset(int(core.users[end]) for end in tie) for tie in to_networkx(core).edges}
    assert kept == {frozenset(tie) for tie in nx.k_core(graph, 2).edges}
    assert core.users == social.users


def test_a_clique_of_made_up_accounts_reaches_the_top_only_without_the_gate(social):
    """Forty trusted people, spread over the graph, and ten ties to real users."""
    graph = infiltrated(social, 10)
    trusted = social.users[50 :: social.n_users // 40]
    free = LevelClustering(3, betweenness="pivots", pivots=64).fit(graph)
    gated = LevelClustering(3, betweenness="pivots", pivots=64, trusted=trusted).fit(graph)
    assert (free.levels_[-FAKES:] == 3).mean() >= 0.8
    assert (gated.levels_[-FAKES:] == 3).mean() <= 0.25
    low, high = size_bounds(graph.n_users, 3)
    assert low <= min(gated.quality_["sizes"]) <= max(gated.quality_["sizes"]) <= high
    assert 0.02 <= (gated.quality_["held_back"] or 0) / graph.n_users <= 0.03


def test_with_the_gate_nobody_rises_by_more_than_one_level(small):
    """Whoever was lowest is second at most, newcomers too."""
    before = LevelClustering(4).fit(small).assignment_
    graph = to_networkx(small)
    risers = [int(user) for user in np.array(before.users)[before.level == 1][:6]]
    graph.add_edges_from((a, b) for a in risers for b in range(150))
    after = LevelClustering(4, trusted=("20", "21", "22")).fit(graph, previous=before)
    free = LevelClustering(4).fit(graph)
    place = [after.assignment_.users.index(str(user)) for user in risers]
    assert max(free.assignment_.level[place]) == 4
    assert max(after.assignment_.level[place]) <= 2
    known = dict(zip(before.users, before.level, strict=True))
    rise = [
        level - known[user]
        for user, level in zip(after.assignment_.users, after.assignment_.level, strict=True)
    ]
    assert max(rise) <= 1


def test_the_trusted_are_recorded(small):
    """In an order that does not matter."""
    one = LevelClustering(trusted=("7", "12")).fit(small).assignment_
    other = LevelClustering(trusted=("12", "7")).fit(small).assignment_
    assert one.params["trusted"] == ["12", "7"]
    assert one.result_hash == other.result_hash
