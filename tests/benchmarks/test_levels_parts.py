# SPDX-License-Identifier: Apache-2.0
"""The parts of ``pmcb bench levels``, on graphs whose figures are known by hand."""

import sys

import networkx as nx
import numpy as np
import pytest

from pmcb_benchmarks import _levels_anchors as anchors
from pmcb_benchmarks import _levels_attacks as attacks
from pmcb_benchmarks import _levels_quality as quality
from pmcb_benchmarks import _levels_stability as stability
from pmcb_benchmarks._levels_graphs import QUICK, Named, shapes, to_networkx, write_edges
from pmcb_clustering import (
    LevelAssignment,
    SocialGraph,
    generated_graph,
    read_graph,
)


@pytest.fixture(scope="module")
def small() -> SocialGraph:
    """A few hundred users with circles of friends."""
    return generated_graph(300, 2400, random_state=5)


def pairs(graph):
    """Its ties by user, each once."""
    return {frozenset(graph.users[end] for end in tie) for tie in graph.ties.tolist()}


def test_the_shapes_are_what_they_are_called():
    """Users, ties and greatest degree of each."""
    found = {
        one.name: (one.graph.n_users, one.graph.n_ties, int(one.graph.degrees.max()))
        for one in shapes(QUICK)
    }
    assert found == {
        "star": (60, 59, 59),
        "path": (60, 59, 2),
        "cycle": (60, 60, 2),
        "complete": (40, 780, 39),
        "isolated and one tie": (502, 1, 1),
    }


def test_a_graph_comes_back_from_the_file_it_was_written_to(tmp_path, small):
    """The same users and ties."""
    write_edges(small, tmp_path / "a.txt")
    assert read_graph(tmp_path / "a.txt").graph_hash == small.graph_hash
    assert nx.utils.graphs_equal(to_networkx(small), nx.Graph(small.ties.tolist()))


def test_local_metrics_by_definition_by_hand():
    """On a-b-c and a loner: ends ln 2, the middle 1.5 ln 2, nothing for the loner."""
    graph = nx.path_graph(3)
    graph.add_node(3)
    ln2 = np.log(2)
    expected = [[1, 0, ln2], [2, 0, 1.5 * ln2], [1, 0, ln2], [0, 0, 0]]
    assert np.allclose(anchors.by_definition(graph), expected)


def test_every_library_finds_our_betweenness(small):
    """Where it is installed; NetworkX is timed, not compared."""
    found = anchors.betweenness(small, QUICK)["anchors"]
    assert [each["library"] for each in found] == ["igraph", "rustworkx", "networkit", "networkx"]
    compared = [each for each in found[:3] if "skipped" not in each]
    assert compared[0]["library"] == "igraph"
    assert max(each["max_relative_difference"] for each in compared) <= 1e-9
    assert found[3]["sources"] == 16


def test_a_library_that_is_not_installed_is_left_out(small, monkeypatch):
    """With the reason, and nothing else is."""
    monkeypatch.setitem(sys.modules, "networkit", None)
    found = {each["library"]: each for each in anchors.betweenness(small, QUICK)["anchors"]}
    assert found["networkit"]["skipped"].startswith("not installed: ")
    assert "skipped" not in found["igraph"]


def test_the_whole_way_of_networkx_and_scikit_learn_gives_three_levels():
    """Everybody is in one."""
    found = anchors.whole_way(QUICK, 0)
    assert len(found["anchor_sizes"]) == 3
    assert sum(found["anchor_sizes"]) == 100
    assert found["ratio"] == pytest.approx(found["anchor_cpu_s"] / found["cpu_s"])


def test_the_balance_of_a_complete_graph_by_hand():
    """Forty who are all alike: five a level at T = 8, five or six at T = 7, twenty at T = 2."""
    complete = next(one for one in shapes(QUICK) if one.name == "complete")
    [found] = quality.balances([complete], 0)
    balance = {each["levels"]: each["balance"] for each in found["levels"]}
    assert found["most_alike"] == 40
    assert list(balance) == [2, 3, 4, 5, 6, 7, 8]
    assert (balance[7], balance[8]) == (6 / 5, 1.0)
    assert max(balance.values()) <= 1.25
    assert {each["kmeans_balance"] for each in found["levels"]} == {None}


def test_every_mode_and_seed_is_measured(small):
    """Only the published mode cannot start from a previous result."""
    modes = quality.modes(small, 0)
    assert [(each["mode"], each["levels"]) for each in modes[::3]] == [
        ("balanced", 3),
        ("spectral", 3),
        ("paper", 3),
    ]
    assert [each["kept_warm"] is None for each in modes] == [False] * 6 + [True] * 3
    seeds = quality.seeds(small, (0, 3))
    assert [(each["seed"], each["levels"]) for each in seeds[::3]] == [(0, 3), (3, 3)]
    shared = ("sizes", "ratio_cut", "kept_with_pivots")
    assert [modes[1][name] for name in shared] == [seeds[1][name] for name in shared]
    rows = quality.sampled([Named("small", small)], 0)
    assert [each["kept_with_pivots"] for each in rows] == [
        each["kept_with_pivots"] for each in seeds[:3]
    ]
    assert 0.0 < rows[0]["split_half"] <= 1.0


def test_rewiring_exchanges_a_share_of_the_ties(small):
    """As many others, none of which stood there before; users stay."""
    other = stability.rewired(small, 0.05, random_state=1)
    assert other.users == small.users
    assert other.n_ties == small.n_ties
    assert len(pairs(other) - pairs(small)) == round(0.05 * small.n_ties)
    assert pairs(other) != pairs(stability.rewired(small, 0.05, random_state=2))


def test_churn_tells_of_every_seed_and_kind(small):
    """Ties that went, and others that came; warm and cold."""
    found = stability.churn(small, (0, 1))
    assert [(each["seed"], each["levels"], each["ties"]) for each in found[:4]] == [
        (0, 3, "removed"),
        (0, 3, "rewired"),
        (0, 5, "removed"),
        (0, 5, "rewired"),
    ]
    assert {each["seed"] for each in found} == {0, 1}
    assert all(0.3 < each["cold"] <= 1.0 and 0.8 < each["warm"] <= 1.0 for each in found)


def test_threads_and_node_order_do_not_matter(small, monkeypatch):
    """And if they did, it would be told."""
    [found] = stability.determinism([Named("small", small)], 0)
    assert (found["threads_equal"], found["order_equal"], found["ari"]) == (True, True, 1.0)
    monkeypatch.setattr(LevelAssignment, "result_hash", property(lambda self: str(id(self))))
    [found] = stability.determinism([Named("small", small)], 0)
    assert (found["threads_equal"], found["order_equal"]) == (False, False)


def three_kinds() -> SocialGraph:
    """A clique, a cycle, and pairs: forty users each."""
    two = nx.disjoint_union(nx.complete_graph(40), nx.cycle_graph(40))
    couples = nx.Graph([(2 * pair, 2 * pair + 1) for pair in range(20)])
    return SocialGraph.from_networkx(nx.disjoint_union(two, couples))


def test_newcomers_of_a_clear_kind_get_its_level():
    """Of three kinds every newcomer is voted to the level of its own kind."""
    three, five = stability.newcomers(three_kinds(), 12, 3)
    assert (three["levels"], three["voted_on"], three["agreement"]) == (3, 12, 1.0)
    assert five["levels"] == 5


def test_nobody_votes_on_whose_friends_have_all_left():
    """Half of the users leave, and with some of them their only friend."""
    assert 40 < stability.newcomers(three_kinds(), 60, 0)[0]["voted_on"] < 60


def test_made_up_accounts_are_a_clique_behind_the_users(small):
    """Fifty of them, and so many different ties to real users."""
    joined = attacks.infiltrated(small, 10, 0)
    assert joined.users[:300] == small.users
    assert joined.n_users == 350
    across = [tie for tie in pairs(joined) if len({user[:4] == "fake" for user in tie}) == 2]
    assert len(across) == 10
    assert joined.n_ties == small.n_ties + 50 * 49 // 2 + 10


def test_the_gate_is_measured_with_and_without(small):
    """The fewer ties the accounts have to real users, the fewer rise."""
    found = attacks.sybils(small, 0)
    assert [each["attack_ties"] for each in found] == [5, 10, 25, 50, 100]
    assert all(each["top_with"] <= each["top_without"] for each in found)
    assert found[0]["top_with"] < found[-1]["top_with"]
    assert found[0]["fakes_held_back"] > found[-1]["fakes_held_back"]
    assert all(each["honest_held_back"] <= 0.02 for each in found)


def test_gangs_are_measured_with_and_without_social_weight(small):
    """With it fewer cover all levels, and RatioCut is the price."""
    plain, friendly = attacks.gangs(small, 2_000, 0)
    assert (plain["social_weight"], friendly["social_weight"]) == (0.0, 1.0)
    assert plain["low"] <= plain["coverage"] <= plain["high"]
    assert friendly["coverage"] < plain["coverage"]
    assert friendly["ratio_cut"] > plain["ratio_cut"]
