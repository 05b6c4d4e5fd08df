# SPDX-License-Identifier: Apache-2.0
"""How much memory a classification will take, before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmcb_clustering._executors import processors
from pmcb_clustering._landmarks import LANDMARKS_ABOVE
from pmcb_clustering._similarity import NEIGHBOURS

if TYPE_CHECKING:
    from pmcb_clustering._graph import SocialGraph
    from pmcb_clustering._levels import LevelClustering

if TYPE_CHECKING:
    from pmcb_clustering._graph import SocialGraph

__all__ = ["fit_bytes", "fit_stages"]

CONSTANT = 64 * 2**20  # a sample's pairwise distances, buffers of threads
PER_TIE = 24  # the graph in canonical order, triangle support
PER_USER = 700  # features, points, the similarity graph's weights
PER_LEVEL = 25  # costs and heaps of the assignment, sums of the local search; per user


def fit_stages(
    n_users: int,
    n_ties: int,
    n_levels: int,
    threads: int,
    *,
    neighbours: int = NEIGHBOURS,
    eigenvectors: bool = False,
    social: bool = False,
) -> dict[str, int]:
    """Bytes that each stage of a classification takes at most, beyond the graph that is there.

    Rounded up from measured peaks of runs on generated graphs of 8,000 to 1,000,000 users
    (790 bytes per user at a million users, five million ties and T = 5).

    Args:
        n_users: n.
        n_ties: m.
        n_levels: T.
        threads: that search paths at a time.
        neighbours: K of the similarity graph.
        eigenvectors: whether the mode needs them.
        social: whether the social graph is laid over the similarity graph.

    >>> max(fit_stages(1_000_000, 5_000_000, 5, threads=2).values()) < 1.5e9
    True
    """
    base = CONSTANT + PER_TIE * n_ties
    factors = 2_000 * min(n_users, LANDMARKS_ABOVE) if eigenvectors else 0
    overlay = 120 * n_ties if social else 0
    return {
        "graph": 80 * n_ties + 16 * n_users,
        "metrics": base + (150 + 50 * threads) * n_users,
        "similarity graph": base + (100 + 75 * (neighbours + 1)) * n_users,
        "partition": base + factors + overlay + (PER_USER + PER_LEVEL * n_levels) * n_users,
        "quality": base + (PER_USER + 150) * n_users,
    }


def fit_bytes(clustering: LevelClustering, graph: SocialGraph) -> int:
    """Peak memory of ``clustering.fit(graph)``, beyond the graph: that of its widest stage."""
    stages = fit_stages(
        graph.n_users,
        graph.n_ties,
        clustering.n_levels,
        neighbours=clustering.neighbours,
        threads=clustering.n_jobs or processors(),
        eigenvectors=clustering.mode != "balanced",
        social=clustering.social_weight > 0,
    )
    return max(stages.values())
