# SPDX-License-Identifier: Apache-2.0
"""Somebody joins after the classification."""

import networkx as nx
import numpy as np
import pytest

from pmcb_clustering import LevelClustering, ParameterError, receiver_metrics
from pmcb_clustering._newcomers import Electorate, with_newcomer


@pytest.mark.parametrize(
    ("neighbours", "complaint"),
    [([], "nobody is named"), (["0", "nemo"], "'nemo' is no user of the graph")],
)
def test_a_newcomer_without_known_neighbours_is_refused(small, neighbours, complaint):
    """With who is unknown."""
    with pytest.raises(ParameterError, match=complaint):
        LevelClustering().fit(small).predict_newcomer(neighbours)


def test_a_newcomer_who_is_like_the_middle_of_a_level_gets_that_level(small):
    """Somebody with exactly the friends of an inner user is as that user."""
    clustering = LevelClustering(3).fit(small)
    degree = small.degrees
    for level in (1, 3):
        members = np.flatnonzero(clustering.levels_ == level)
        extreme = members[np.argmax(degree[members] * (1 if level == 3 else -1))]
        friends = small.indices[small.indptr[extreme] : small.indptr[extreme + 1]]
        assert clustering.predict_newcomer(small.users[f] for f in friends) == level


def test_the_vote_is_by_ranks_and_ties_go_down():
    """Six of ten decide; five against five give the lower level."""
    column = np.arange(10.0)
    metrics = np.column_stack([10.0**column, column, column, column])
    mostly = Electorate(metrics, np.array([1, 1, 1, 1, 2, 2, 2, 2, 2, 2]))
    halves = Electorate(metrics, np.array([2, 2, 2, 2, 2, 1, 1, 1, 1, 1]))
    assert mostly.vote(np.array([1.0, 0, 0, 0])) == 2
    assert halves.vote(np.array([1.0, 0, 0, 0])) == 1


def test_the_nearest_ten_vote_and_nobody_else():
    """Thirty far users of another level change nothing."""
    column = np.arange(40.0)
    metrics = np.tile(column[:, None], (1, 4))
    levels = np.where(column < 10, 2, 1)
    assert Electorate(metrics, levels).vote(np.full(4, 2.0)) == 2
    assert Electorate(metrics, levels).vote(np.full(4, 35.0)) == 1


def test_the_newcomers_metrics_are_those_in_the_graph_with_its_ties(small):
    """A neighbour named twice counts once."""
    grown = with_newcomer(small, ["3", "4", "3"])
    assert grown.n_users == 301
    assert grown.degrees[-1] == 2
    assert grown.n_ties == small.n_ties + 2
    plain = nx.Graph([(0, 1), (1, 2), (0, 2)])
    fitted = LevelClustering(2).fit(plain)
    whole = receiver_metrics(with_newcomer(fitted._graph, ["0", "1", "2"]))
    assert whole[-1].round(6).tolist() == [3.0, 0.0, 1.0, round(float(np.log(4)), 6)]


def test_newcomers_get_mostly_the_level_a_new_classification_gives(social):
    """Every fortieth user leaves, joins again, and is voted on: at T = 3 four of five agree."""
    fitted = LevelClustering(3, betweenness="pivots").fit(social)
    voters = Electorate(fitted._metrics, fitted.assignment_.level)
    chosen = range(0, social.n_users, 40)
    agreed = [
        voters.vote(fitted._metrics[user]) == fitted.assignment_.level[user] for user in chosen
    ]
    assert np.mean(agreed) >= 0.8
