# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest

from pmcb_clustering import (
    GraphError,
    LevelAssignment,
    LevelClustering,
    ResultError,
    SocialGraph,
    _metrics,
)
from pmcb_clustering._stability import Trial, Trials, kept_share, without_ties


def silent(_step, _done):
    """No progress is shown."""


def path_of(n):
    return SocialGraph.from_networkx(nx.path_graph(n))


def test_the_last_tie_is_not_taken_away():
    """At least one goes; a graph needs one."""
    with pytest.raises(GraphError, match="at least one edge"):
        without_ties(path_of(2), 0.01)


def test_a_share_of_the_ties_is_taken_away(small):
    """Rounded, at least one; all users stay, and no tie is new."""
    assert without_ties(path_of(4), 0.01).n_ties == 2
    thinner = without_ties(small, 0.05, random_state=2)
    assert thinner.users == small.users
    assert thinner.n_ties == small.n_ties - round(0.05 * small.n_ties)

    def ties(graph):
        rows = np.repeat(np.arange(graph.n_users), graph.degrees)
        return set(zip(rows.tolist(), graph.indices.tolist(), strict=True))

    assert ties(thinner) < ties(small)
    assert ties(thinner) == ties(without_ties(small, 0.05, random_state=2))
    assert ties(thinner) != ties(without_ties(small, 0.05, random_state=3))


def test_the_share_of_those_who_keep_their_level_by_hand(small):
    """Of a, b, c, d two keep theirs; who is in one result only does not count."""
    whole = LevelClustering(2).fit(small).assignment_

    def result(users, level):
        return replace(whole, users=tuple(users), level=np.array(level))

    before, after = result("abcd", [1, 1, 2, 2]), result("dcba", [2, 1, 2, 1])
    assert kept_share(before, after) == 0.5
    assert kept_share(before, result("aez", [1, 1, 1])) == 1.0
    assert kept_share(before, before) == 1.0


def test_a_result_that_hides_its_parameters_is_refused(small):
    """What cannot be run again cannot be disturbed."""
    assignment = LevelClustering(2).fit(small).assignment_
    with pytest.raises(ResultError, match="does not tell the parameters"):
        Trials(small, {}).disturb(Trial(replace(assignment, params={})), silent)


def disturbed(graph, **parameters):
    trials = Trials(graph, {})
    return trials, trials.disturb(trials.run(silent, **parameters), silent)


def test_stability_is_that_of_classifications_made_by_hand(small):
    """The same figures as from `LevelClustering` itself, on the same graphs."""
    trials, trial = disturbed(small, n_levels=3)
    first = LevelClustering(3).fit(small).assignment_
    assert trial.assignment.result_hash == first.result_hash

    def kept(clustering, graph, **options):
        after = clustering.fit(graph, **options).assignment_
        return float(np.mean(after.level == first.level))

    twin = without_ties(small, 0.01)
    assert trial.stability is not None
    assert trial.stability.sampled == kept(LevelClustering(3, betweenness="pivots"), small)
    assert trial.stability.cold == kept(LevelClustering(3), twin)
    assert trial.stability.warm == kept(LevelClustering(3), twin, previous=first)
    assert trial.seconds is not None
    assert trials.metrics_seconds is not None


def test_what_says_nothing_is_left_out(small):
    """The published method has no warm start; sampled betweenness is not sampled again."""
    _, published = disturbed(small, n_levels=3, mode="paper")
    assert published.stability is not None
    assert published.stability.warm is None
    assert published.stability.cold is not None
    _, sampled = disturbed(small, n_levels=3, betweenness="pivots", pivots=20)
    assert sampled.stability is not None
    assert sampled.stability.sampled is None
    pair = path_of(2)
    _, alone = disturbed(pair, n_levels=2)
    assert alone.stability is not None
    assert alone.stability.cold is None


def test_a_warm_result_is_disturbed_from_where_it_stands(small):
    """Pivots would compare it with levels made afresh, which says nothing."""
    first = LevelClustering(3).fit(small).assignment_
    second = LevelClustering(3).fit(without_ties(small, 0.02), previous=first).assignment_
    trial = Trials(small, {}).disturb(Trial(second), silent)
    assert trial.stability is not None
    assert trial.stability.sampled is None
    assert trial.stability.warm is not None


def test_metrics_are_measured_once_for_each_graph(small, monkeypatch):
    """Exact, from pivots, and exact on the twin; whatever the number of modes and levels."""
    calls = []
    measure = _metrics.measure

    def counted(*arguments, **options):
        calls.append(arguments[1:2])
        return measure(*arguments, **options)

    monkeypatch.setattr("pmcb_clustering._levels.measure", counted)
    trials = Trials(small, {})
    for mode in ("balanced", "paper"):
        for t in (2, 3):
            trials.disturb(trials.run(silent, n_levels=t, mode=mode), silent)
    assert calls == [("auto",), ("pivots",), ("auto",)]


def test_the_same_result_as_without_sharing(small):
    """Sharing the metrics changes no hash: parameters recorded are those of the caller."""
    found = Trials(small, {"random_state": 4}).run(silent, n_levels=4, mode="spectral").assignment
    assert isinstance(found, LevelAssignment)
    alone = LevelClustering(4, "spectral", random_state=4).fit(small).assignment_
    assert found.as_document() == alone.as_document()
