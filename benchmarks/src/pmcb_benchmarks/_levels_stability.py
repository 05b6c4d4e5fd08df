# SPDX-License-Identifier: Apache-2.0
"""Who keeps the level: ties come and go, threads and node order change, people join."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ._levels_graphs import Figures, Named

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pmcb_clustering import LevelClustering, SocialGraph

LEVELS = (3, 5)  # those the specification has targets for
CHURN = 0.01


def rewired(graph: "SocialGraph", share: float, *, random_state: int) -> "SocialGraph":
    """A share of the ties taken away, and as many new ones between users without one."""
    from pmcb_clustering import SocialGraph
    from pmcb_clustering._stability import without_ties

    thinner, n = without_ties(graph, share, random_state=random_state), graph.n_users
    missing = graph.n_ties - thinner.n_ties
    ties = graph.ties
    taken = set((ties[:, 0] * n + ties[:, 1]).tolist())
    rng, fresh = np.random.default_rng([random_state, 1]), list[tuple[int, int]]()
    while len(fresh) < missing:
        low, high = sorted(rng.integers(0, n, 2).tolist())
        if low != high and low * n + high not in taken:
            taken.add(low * n + high)
            fresh.append((low, high))
    added = np.array(fresh, np.int64).reshape(-1, 2)
    return SocialGraph.from_arrays(graph.users, np.concatenate([thinner.ties, added]))


def churn(graph: "SocialGraph", seeds: Sequence[int]) -> list[Figures]:
    """One percent of the ties gone, or others: who keeps the level, warm and cold.

    Each seed is that of the clustering, and of the choice of ties.
    """
    from pmcb_clustering._stability import Trials, kept_share, without_ties

    rows: list[Figures] = []
    for seed in seeds:
        trials = Trials(graph, {"random_state": seed})
        later = {
            "removed": without_ties(graph, CHURN, random_state=seed),
            "rewired": rewired(graph, CHURN, random_state=seed),
        }
        for t in LEVELS:
            clustering = trials.clustering(n_levels=t)
            before = clustering.fit(graph).assignment_
            for kind, changed in later.items():
                cold = clustering.fit(changed).assignment_
                warm = clustering.fit(changed, previous=before).assignment_
                rows.append(
                    {
                        "levels": t,
                        "seed": seed,
                        "ties": kind,
                        "warm": kept_share(before, warm),
                        "cold": kept_share(before, cold),
                        "balance": warm.quality["balance"],
                    }
                )
    return rows


def determinism(graphs: Iterable[Named], seed: int) -> list[Figures]:
    """Hash on one and two threads, and levels after a shuffle of the nodes."""
    return [_determinism(one, seed) for one in graphs]


def _determinism(one: Named, seed: int) -> Figures:
    from sklearn.metrics import adjusted_rand_score

    from pmcb_clustering import LevelClustering, SocialGraph

    order = np.random.default_rng(seed).permutation(one.graph.n_users)
    place = np.argsort(order)
    users = [one.graph.users[node] for node in order.tolist()]
    shuffled = SocialGraph.from_arrays(users, place[one.graph.ties])
    alone = LevelClustering(3, random_state=seed, n_jobs=1).fit(one.graph)
    pair = LevelClustering(3, random_state=seed, n_jobs=2).fit(one.graph)
    other = LevelClustering(3, random_state=seed).fit(shuffled)
    return {
        "graph": one.document,
        "levels": 3,
        "threads_equal": alone.assignment_.result_hash == pair.assignment_.result_hash,
        "order_equal": alone.assignment_.result_hash == other.assignment_.result_hash,
        "ari": float(adjusted_rand_score(alone.levels_, other.levels_[place])),
    }


def newcomers(graph: "SocialGraph", count: int, seed: int) -> list[Figures]:
    """Users who leave, and are voted on by those who stayed: do they get their level again?

    The level of a user is the one in a classification of the whole graph. ``stayed`` is the
    share of the others who have the same level in both classifications: a vote can hardly be
    right more often.
    """
    from pmcb_clustering import SocialGraph
    from pmcb_clustering._stability import Trials

    n = graph.n_users
    chosen = np.sort(np.random.default_rng(seed).permutation(n)[:count])
    stays = np.ones(n, np.bool_)
    stays[chosen] = False
    place, ties = np.cumsum(stays) - 1, graph.ties
    users = [user for user, left in zip(graph.users, stays, strict=True) if left]
    rest = SocialGraph.from_arrays(users, place[ties[stays[ties].all(axis=1)]])
    trials, rows = Trials(graph, {"random_state": seed}), list[Figures]()
    for t in LEVELS:
        whole = trials.clustering(n_levels=t).fit(graph)
        voters = trials.clustering(n_levels=t).fit(rest)
        agreed = [
            vote == whole.levels_[node]
            for node, vote in ((node, _vote(voters, graph, node, stays)) for node in chosen)
            if vote is not None
        ]
        rows.append(
            {
                "levels": t,
                "voted_on": len(agreed),
                "agreement": float(np.mean(agreed)),
                "stayed": float((whole.levels_[stays] == voters.levels_).mean()),
            }
        )
    return rows


def _vote(
    voters: "LevelClustering", graph: "SocialGraph", node: int, stays: "NDArray[np.bool_]"
) -> int | None:
    """What those who stayed say; None where none of the friends stayed."""
    friends = graph.indices[graph.indptr[node] : graph.indptr[node + 1]]
    known = [graph.users[friend] for friend in friends if stays[friend]]
    return voters.predict_newcomer(known) if known else None
