# SPDX-License-Identifier: Apache-2.0
import pickle
from math import comb
from typing import TYPE_CHECKING, cast

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pmcb_clustering import (
    Estimate,
    LevelAssignment,
    LevelClustering,
    ParameterError,
    ResultError,
    Sharing,
    SocialGraph,
    gang_leakage,
    generated_graph,
    leakage_scenarios,
    pool_leakage,
    worst_placement,
)

if TYPE_CHECKING:
    from pmcb_clustering import Quality


def levels_of(graph, level):
    """A result as if somebody had made these levels from the graph, users in canonical order."""
    return LevelAssignment(
        users=graph.canonical().users,
        level=np.array(level),
        levels=max(level),
        mode="balanced",
        seed=0,
        graph_hash=graph.graph_hash,
        params={},
        influence=(),
        quality=cast("Quality", {}),
    )


def all_gangs(graph, gang, growth="members"):
    """Every connected gang and its probability, by following all ways to grow."""
    parts = [part for part in nx.connected_components(graph) if len(part) >= gang]
    founders = [user for part in parts for user in part]
    found = {frozenset([user]): 1.0 / len(founders) for user in founders}
    for _ in range(gang - 1):
        larger: dict[frozenset[int], float] = {}
        for members, chance in found.items():
            friends = {user: set(graph[user]) - members for user in members}
            able = sum(map(bool, friends.values()))
            ties = sum(map(len, friends.values()))
            for others in friends.values():
                for friend in others:
                    joined = members | {friend}
                    part = 1.0 / ties if growth == "ties" else 1.0 / (able * len(others))
                    larger[joined] = larger.get(joined, 0.0) + chance * part
        found = larger
    return found


def near(estimate, truth):
    """Within 1.8 half intervals, 3.5 standard errors: by chance it is not once in 2,000 times."""
    half = 1.8 * (estimate.high - estimate.low) / 2.0 + 1e-12
    return abs(estimate.value - truth) <= half


@pytest.fixture(scope="module")
def village():
    """Eleven users, one pair of them apart, in three levels; and the levels."""
    ties = [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 6), (6, 3), (6, 7), (1, 8), (9, 10)]
    social = SocialGraph.from_edges([(str(u), str(v)) for u, v in ties])
    return nx.Graph(ties), social, levels_of(social, [1, 2, 1, 3, 2, 1, 3, 2, 3, 1, 2])


@pytest.fixture(scope="module")
def town():
    """A few hundred users in three levels."""
    graph = generated_graph(300, 2400, random_state=5)
    return graph, LevelClustering(3).fit(graph).assignment_


def test_levels_of_another_graph_are_refused(village, town):
    """Naming both."""
    _, _, assignment = village
    graph, _ = town
    with pytest.raises(ResultError, match=f"of graph {assignment.graph_hash}, this") as caught:
        gang_leakage(assignment, graph, 3, Sharing.majority(1, 3))
    assert graph.graph_hash in str(caught.value)


@pytest.mark.parametrize(
    ("gang", "sharing", "options", "complaint"),
    [
        (0, Sharing.majority(1, 3), {}, "gang is 0; it must be from 1 to 1,000"),
        (1001, Sharing.majority(1, 3), {}, "gang is 1001"),
        (10, Sharing.majority(1, 3), {}, "gang is 10; the largest connected part .* has 9 users"),
        (3, Sharing.majority(1, 2), {}, "shared over 2 levels; there are 3"),
        (3, Sharing.majority(4, 3), {}, "level 3 has 3 receivers; 4 cannot be drawn"),
        (3, Sharing.majority(1, 3), {"trials": 99}, "trials is 99; .* from 100 to 10,000,000"),
        (3, Sharing.majority(1, 3), {"random_state": -1}, "random_state is -1"),
        (3, Sharing.majority(1, 3), {"growth": "walk"}, "must be one of members, ties"),
    ],
)
def test_parameters_out_of_range_are_refused(village, gang, sharing, options, complaint):
    """With the range."""
    _, social, assignment = village
    with pytest.raises(ParameterError, match=complaint):
        gang_leakage(assignment, social, gang, sharing, **options)


@pytest.mark.parametrize(("hits", "trials"), [(-1, 5), (6, 5), (0, 0)])
def test_an_impossible_share_is_refused(hits, trials):
    """More hits than trials, or none at all."""
    with pytest.raises(ParameterError, match="at least 1 trial is needed"):
        Estimate.proportion(hits, trials)


@pytest.mark.parametrize("growth", ["members", "ties"])
@pytest.mark.parametrize("gang", [1, 2, 4, 6, 9])
def test_gangs_against_all_ways_to_grow(village, gang, growth):
    """Coverage, levels reached and opening, for gangs of any size up to all users."""
    graph, social, assignment = village
    sharing = Sharing((2, 2, 2), (1, 2, 1))
    found = gang_leakage(
        assignment, social, gang, sharing, growth=growth, trials=20_000, random_state=3
    )
    reached, opening = np.zeros(3), 0.0
    for members, chance in all_gangs(graph, gang, growth).items():
        held = np.bincount(assignment.level[list(members)] - 1, minlength=3)
        reached[(held > 0).sum() - 1] += chance
        opening += chance * pool_leakage(held.tolist(), [4, 4, 3], sharing).task
    assert near(found.coverage, reached[-1])
    assert near(found.opening, opening)
    assert found.reached == pytest.approx(reached, abs=0.015)
    assert found.opening.high <= 1.1 * found.opening.low


def test_intervals_of_the_opening_hold_the_truth_as_often_as_they_say(village):
    """200 seeds: 95 % of them. Less than 90 % or more than 99 % is seen once in 1,000 times."""
    graph, social, assignment = village
    sharing = Sharing((3, 3, 3), (2, 2, 1))
    truth = sum(
        chance
        * pool_leakage(
            np.bincount(assignment.level[list(members)] - 1, minlength=3).tolist(),
            [4, 4, 3],
            sharing,
        ).task
        for members, chance in all_gangs(graph, 5).items()
    )
    found = [
        gang_leakage(assignment, social, 5, sharing, trials=500, random_state=seed, n_jobs=1)
        for seed in range(200)
    ]
    assert 180 <= sum(one.opening.low <= truth <= one.opening.high for one in found) <= 198
    assert np.mean([one.opening.value for one in found]) == pytest.approx(truth, rel=0.02)


def test_small_probabilities_have_useful_errors(town):
    """Three of five shares in each of three levels: 40 trials in a million would have met it."""
    graph, assignment = town
    found = gang_leakage(assignment, graph, 12, Sharing.majority(5, 3), trials=20_000)
    assert 0.0 < found.opening.value < 1e-4
    assert found.opening.high / found.opening.low < 1.2
    assert found.opening.effective > 1_000
    other = gang_leakage(assignment, graph, 12, Sharing.majority(5, 3), random_state=1)
    assert other.opening.low < found.opening.high
    assert found.opening.low < other.opening.high


def test_preferring_needed_levels_pays(town):
    """With the same number of gangs, plain ones alone would leave a wider interval."""
    graph, assignment = town
    sharing = Sharing.majority(7, 3)
    sizes = np.bincount(assignment.level)[1:]
    plain = gang_leakage(assignment, graph, 15, sharing, trials=20_000).opening
    assert plain.effective > 200
    bound = pool_leakage(worst_placement(15, sizes.tolist(), sharing), sizes.tolist(), sharing)
    assert plain.high <= bound.task


def test_a_gang_too_small_for_the_shares_opens_nothing(town):
    """Exactly 0, however many trials."""
    graph, assignment = town
    opening = gang_leakage(assignment, graph, 14, Sharing.majority(9, 3), trials=100).opening
    assert (opening.value, opening.low, opening.high, opening.trials) == (0.0, 0.0, 0.0, 0)


def test_what_was_not_met_is_bounded():
    """A path of 4,000 in two levels, halved: a pair reaches both in the middle only, 1 in 4,000."""
    social = SocialGraph.from_networkx(nx.path_graph(4000))
    assignment = levels_of(social, [1] * 2000 + [2] * 2000)
    found = gang_leakage(assignment, social, 2, Sharing.majority(1, 2), trials=100)
    assert found.coverage.value == 0.0
    assert 1 / 4000 < found.coverage.high < 0.05
    assert 0.0 == found.opening.value < 1 / 4000 / 2000**2 < found.opening.high


def test_the_same_seed_gives_the_same_numbers(town):
    """On one thread and on two, and whatever the order of the nodes."""
    graph, assignment = town
    sharing = Sharing.majority(3, 3)
    shuffled = SocialGraph.from_arrays(
        graph.users[::-1],
        graph.n_users
        - 1
        - np.column_stack([np.repeat(np.arange(graph.n_users), graph.degrees), graph.indices]),
    )
    first = gang_leakage(assignment, graph, 8, sharing, trials=1_700, n_jobs=1)
    assert gang_leakage(assignment, graph, 8, sharing, trials=1_700, n_jobs=2) == first
    assert gang_leakage(assignment, shuffled, 8, sharing, trials=1_700) == first
    other = gang_leakage(assignment, graph, 8, sharing, trials=1_700, random_state=1)
    assert other != first


class Elsewhere:
    """An executor in another process: what it is given and gives back goes through pickle."""

    def map(self, function, /, *iterables):
        for arguments in zip(*iterables, strict=True):
            there, given = pickle.loads(pickle.dumps((function, arguments)))
            yield pickle.loads(pickle.dumps(there(*given)))


def test_gangs_grow_in_any_executor(town):
    """The numbers are those of our threads."""
    graph, assignment = town
    sharing = Sharing.majority(3, 3)
    here = gang_leakage(assignment, graph, 8, sharing, trials=1_200)
    there = gang_leakage(assignment, graph, 8, sharing, trials=1_200, executor=Elsewhere())
    assert there == here


def test_progress_ends_at_one(town):
    """It never falls."""
    graph, assignment = town
    told: list[float] = []
    gang_leakage(assignment, graph, 5, Sharing.copies(3, 3), trials=1_200, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


@given(st.integers(1, 10_000), st.data())
def test_wilsons_interval_against_scipy(trials, data):
    """SciPy's own."""
    hits = data.draw(st.integers(0, trials))
    found = Estimate.proportion(hits, trials)
    expected = stats.binomtest(hits, trials).proportion_ci(0.95, method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_connected_colluders_differ_from_colluders_anywhere(town):
    """Scenarios come in order: exact ones, then for each gang anywhere, connected, worst."""
    graph, assignment = town
    told: list[tuple[str, float]] = []
    found = leakage_scenarios(
        (0.1, 0.2, 0.3), 3, assignment=assignment, graph=graph, gangs=(6, 9), trials=2_000,
        progress=lambda step, done: told.append((step, done)),
    )  # fmt: skip
    assert [one.who for one in found] == [
        "each receiver by itself", "a fixed share of each level",
        "6 anywhere", "6 who are connected", "6 placed for the worst",
        "9 anywhere", "9 who are connected", "9 placed for the worst",
    ]  # fmt: skip
    for anywhere, connected, worst in (found[2:5], found[5:8]):
        assert connected.coverage is not None
        assert sum(connected.reached) == pytest.approx(1.0)
        assert anywhere.shared.value <= worst.shared.value
        assert connected.shared.value <= worst.shared.value
        assert connected.shared.value < connected.copies.value
    assert {step for step, _ in told} == {"gangs of 6", "gangs of 9"}
    assert [done for _, done in told] == sorted(done for _, done in told)
    assert told[-1] == ("gangs of 9", 1.0)


def test_losses_of_other_levels_are_refused(town):
    """One probability for each level."""
    graph, assignment = town
    with pytest.raises(ParameterError, match="2 losses are given; there are 3 levels"):
        leakage_scenarios((0.1, 0.2), 3, assignment=assignment, graph=graph)


def test_one_of_each_level_by_hand():
    """A complete graph of six in two levels of three: any two are connected.

    A pair is in both levels 9 times out of 15, and then a receiver of each is met 1 in 9 times.
    """
    social = SocialGraph.from_networkx(nx.complete_graph(6))
    assignment = levels_of(social, [1, 2, 1, 2, 1, 2])
    found = gang_leakage(assignment, social, 2, Sharing.majority(1, 2), trials=50_000)
    assert found.coverage.value == pytest.approx(9 / comb(6, 2), abs=0.01)
    assert found.opening.value == pytest.approx(9 / 15 / 9, rel=0.02)
