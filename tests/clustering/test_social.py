# SPDX-License-Identifier: Apache-2.0
"""Friends in the same level."""

import numpy as np
import pytest
from scipy import sparse

from pmcb_clustering import LevelClustering, ParameterError, SimilarityGraph, SocialGraph
from pmcb_clustering._social import with_ties


def gangs(graph: SocialGraph, size: int, count: int, seed: int = 0) -> list[list[int]]:
    """Connected groups: somebody, then again and again a friend of one of them."""
    rng = np.random.default_rng(seed)
    found: list[list[int]] = []
    while len(found) < count:
        gang = [int(rng.integers(graph.n_users))]
        while len(gang) < size:
            member = gang[int(rng.integers(len(gang)))]
            row = graph.indices[graph.indptr[member] : graph.indptr[member + 1]]
            friends = [int(f) for f in row if f not in gang]
            if not friends:
                break
            gang.append(friends[int(rng.integers(len(friends)))])
        if len(gang) == size:
            found.append(gang)
    return found


@pytest.mark.parametrize("weight", [-0.5, float("nan"), 1e6])
def test_a_weight_out_of_range_is_refused(small, weight):
    """With the range."""
    with pytest.raises(ParameterError, match=r"social_weight is .*; it must be from 0 to 1,000"):
        LevelClustering(social_weight=weight).fit(small)


def test_the_published_method_takes_no_social_weight(small):
    """It is reproduced as it is."""
    with pytest.raises(ParameterError, match="mode 'paper' takes no social_weight"):
        LevelClustering(3, "paper", social_weight=1.0).fit(small)


def test_ties_are_laid_over_resemblance():
    """Three points, one of them two users: ties within a point fall away, others add up."""
    weights = sparse.csr_array(np.array([[0.0, 4.0, 0.0], [4.0, 0.0, 2.0], [0.0, 2.0, 0.0]]))
    similar = SimilarityGraph(
        np.array([0, 1, 1, 2]), np.zeros((3, 4)), np.array([1, 2, 1]), weights, 3, 1
    )
    graph = SocialGraph.from_edges([("0", "1"), ("0", "2"), ("1", "2"), ("0", "3")])
    both = with_ties(similar, graph, 0.5).weights.toarray()
    assert both.tolist() == [[0.0, 7.0, 1.5], [7.0, 0.0, 2.0], [1.5, 2.0, 0.0]]
    assert with_ties(similar, graph, 0.0) is similar


def test_a_connected_gang_covers_fewer_levels(social):
    """Friends share levels; sizes stay balanced, and levels in the order of influence."""
    plain = LevelClustering(5).fit(social)
    friendly = LevelClustering(5, social_weight=1.0).fit(social)
    groups = gangs(social, 10, 2_000)

    def covered(levels: np.ndarray) -> float:
        return float(np.mean([len(np.unique(levels[gang])) == 5 for gang in groups]))

    assert covered(friendly.levels_) < covered(plain.levels_) / 4
    assert friendly.quality_["balance"] <= 1.25
    assert list(friendly.assignment_.influence) == sorted(friendly.assignment_.influence)
