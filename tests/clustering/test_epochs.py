# SPDX-License-Identifier: Apache-2.0
"""From one epoch to the next."""

import networkx as nx
import numpy as np
import pytest
from tests.clustering.oracle import to_networkx

from pmcb_clustering import LevelClustering, ParameterError, SocialGraph
from pmcb_clustering._assignment import size_bounds
from pmcb_clustering._epochs import previous_levels, share_kept, warm_labels


def churned(graph: SocialGraph, share: float, seed: int = 0) -> SocialGraph:
    """Other ties in place of a share of them, between the same users."""
    rng = np.random.default_rng(seed)
    ties = graph.ties
    gone = rng.random(len(ties)) < share
    fresh = rng.integers(0, graph.n_users, (int(gone.sum()), 2))
    return SocialGraph.from_arrays(graph.users, np.concatenate([ties[~gone], fresh]))


def test_another_number_of_levels_is_refused(small):
    """With what to do instead."""
    before = LevelClustering(3).fit(small).assignment_
    with pytest.raises(ParameterError, match="has 3 levels, 4 were asked for") as caught:
        LevelClustering(4).fit(small, previous=before)
    assert "keep its number of levels" in str(caught.value.next_step)


def test_a_result_of_other_people_is_refused(small):
    """Nobody in common leaves nothing to start from."""
    before = LevelClustering(3).fit(small).assignment_
    strangers = nx.relabel_nodes(to_networkx(small), lambda node: f"other{node}")
    with pytest.raises(ParameterError, match="has none of these users left"):
        LevelClustering(3).fit(strangers, previous=before)


def test_the_published_method_takes_no_previous_result(small):
    """It is reproduced as it is."""
    before = LevelClustering(3).fit(small).assignment_
    with pytest.raises(ParameterError, match="mode 'paper' takes no previous result"):
        LevelClustering(3, "paper").fit(small, previous=before)


@pytest.mark.parametrize("margin", [-0.1, 1.5])
def test_a_margin_out_of_range_is_refused(small, margin):
    """It is a share."""
    with pytest.raises(ParameterError, match=r"order_margin is .*; it must be from 0 to 1"):
        LevelClustering(order_margin=margin).fit(small)


def test_the_same_graph_again_changes_nobody(small):
    """The last result is where the search already ended."""
    for t in (3, 5):
        before = LevelClustering(t).fit(small).assignment_
        again = LevelClustering(t).fit(small, previous=before)
        assert again.quality_["kept"] == 1.0
        assert again.assignment_.level.tolist() == before.level.tolist()
        assert again.assignment_.result_hash != before.result_hash  # it says where it comes from
        assert again.assignment_.params["previous"] == before.result_hash


@pytest.mark.parametrize("t", [3, 5])
def test_a_warm_start_keeps_more_levels_than_a_cold_one(social, t):
    """One tie in a hundred is another one; sizes stay within bounds."""
    before = LevelClustering(t).fit(social)
    later = churned(social, 0.01)
    warm = LevelClustering(t).fit(later, previous=before.assignment_)
    cold = LevelClustering(t).fit(later)
    kept_cold = share_kept(before.levels_, cold.levels_)
    assert warm.quality_["kept"] == share_kept(before.levels_, warm.levels_)
    assert (warm.quality_["kept"] or 0.0) >= max(kept_cold, 0.9)
    low, high = size_bounds(social.n_users, t)
    assert low <= min(warm.quality_["sizes"]) <= max(warm.quality_["sizes"]) <= high


def test_people_come_and_go(small):
    """Who is new gets a level; who left is not missed; who stayed is counted."""
    before = LevelClustering(3).fit(small).assignment_
    graph = to_networkx(small)
    graph.remove_nodes_from(range(40, 50))
    graph.add_edges_from((900 + i, 60 + j) for i in range(12) for j in range(i + 1))
    after = LevelClustering(3).fit(graph, previous=before)
    low, high = size_bounds(302, 3)
    assert len(after.levels_) == 302
    assert low <= min(after.quality_["sizes"]) <= max(after.quality_["sizes"]) <= high
    assert 0.8 <= (after.quality_["kept"] or 0.0) < 1.0


def test_the_order_of_levels_stands_unless_influence_contradicts_it_clearly(small):
    """Exchanged levels are put right with a small margin, and kept with a great one."""
    before = LevelClustering(3).fit(small).assignment_
    names = np.array([0, 2, 1, 3])
    exchanged = type(before)(**{**vars(before), "level": names[before.level]})
    kept = LevelClustering(3, order_margin=1.0).fit(small, previous=exchanged).assignment_
    mended = LevelClustering(3, order_margin=0.02).fit(small, previous=exchanged).assignment_
    assert share_kept(exchanged.level, kept.level) > 0.95
    assert share_kept(before.level, mended.level) > 0.95
    assert list(mended.influence) == sorted(mended.influence)
    assert list(kept.influence) != sorted(kept.influence)


def test_who_was_in_no_epoch_has_no_level_to_start_from(small):
    """By name, whatever the order."""
    before = LevelClustering(3).fit(small).assignment_
    users = (*reversed(before.users), "stranger")
    levels = previous_levels(before, users, 3)
    assert levels[-1] == 0
    assert levels[:-1].tolist() == before.level[::-1].tolist()


def test_only_those_move_who_must():
    """Four of level 1 are one too many: the one nearest to the other level goes."""
    line = np.array([[0.0], [1.0], [2.0], [3.0], [9.0], [9.5]])
    labels = warm_labels(line, np.array([1, 1, 1, 1, 2, 2]), 2, (3, 3), np.arange(6))
    assert labels.tolist() == [0, 0, 0, 1, 1, 1]
