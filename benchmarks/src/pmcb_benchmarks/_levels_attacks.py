# SPDX-License-Identifier: Apache-2.0
"""People who game the levels: gangs of friends, and crowds of made-up accounts."""

from typing import TYPE_CHECKING

import numpy as np

from ._levels_graphs import Figures

if TYPE_CHECKING:
    from pmcb_clustering import SocialGraph

GANG, GANG_LEVELS = 10, 5
RECEIVERS = 9  # of a subtask; how many does not matter to who is in which level
WEIGHTS = (0.0, 1.0)
FAKES, TRUSTED, SYBIL_LEVELS = 50, 40, 3
ATTACK_TIES = (5, 10, 25, 50, 100)


def gangs(graph: "SocialGraph", trials: int, seed: int) -> list[Figures]:
    """How often ten connected users cover all five levels, without and with social_weight."""
    from pmcb_clustering import LevelClustering, Sharing, gang_leakage

    rows: list[Figures] = []
    for weight in WEIGHTS:
        levels = LevelClustering(GANG_LEVELS, social_weight=weight, random_state=seed).fit(graph)
        found = gang_leakage(
            levels.assignment_,
            graph,
            GANG,
            Sharing.majority(RECEIVERS, GANG_LEVELS),
            trials=trials,
            random_state=seed,
        )
        influence = list(levels.assignment_.influence)
        rows.append(
            {
                "social_weight": weight,
                "gang": GANG,
                "levels": GANG_LEVELS,
                "trials": trials,
                "coverage": found.coverage.value,
                "low": found.coverage.low,
                "high": found.coverage.high,
                "balance": levels.quality_["balance"],
                "ratio_cut": levels.quality_["ratio_cut"],
                "ordered": influence == sorted(influence),
            }
        )
    return rows


def infiltrated(graph: "SocialGraph", attack_ties: int, seed: int) -> "SocialGraph":
    """The graph, a clique of made-up accounts behind its users, and ties between the two.

    There are ``attack_ties`` different ones, their ends drawn at random.
    """
    from pmcb_clustering import SocialGraph

    n = graph.n_users
    clique = n + np.column_stack(np.triu_indices(FAKES, 1))
    pairs = np.random.default_rng(seed).permutation(n * FAKES)[:attack_ties]
    attack = np.column_stack([pairs // FAKES, n + pairs % FAKES])
    users = [*graph.users, *(f"fake {number}" for number in range(FAKES))]
    return SocialGraph.from_arrays(users, np.concatenate([graph.ties, clique, attack]))


def sybils(graph: "SocialGraph", seed: int) -> list[Figures]:
    """Share of the made-up accounts on the top level, without the gate and with it.

    The trusted are spread over the graph. ``honest_held_back`` is the share of the real users
    whom the gate suspects.
    """
    from pmcb_clustering import LevelClustering
    from pmcb_clustering._sybil import suspects, sybil_rank, trusted_places

    n = graph.n_users
    trusted = graph.users[min(50, n // 6) :: max(1, n // TRUSTED)]
    rows: list[Figures] = []
    for attack_ties in ATTACK_TIES:
        joined = infiltrated(graph, attack_ties, seed)
        suspected = suspects(sybil_rank(joined, trusted_places(joined.users, trusted)))
        free = LevelClustering(SYBIL_LEVELS, random_state=seed).fit(joined)
        gated = LevelClustering(SYBIL_LEVELS, random_state=seed, trusted=trusted).fit(joined)
        rows.append(
            {
                "levels": SYBIL_LEVELS,
                "fakes": FAKES,
                "attack_ties": attack_ties,
                "trusted": len(trusted),
                "top_without": float((free.levels_[n:] == SYBIL_LEVELS).mean()),
                "top_with": float((gated.levels_[n:] == SYBIL_LEVELS).mean()),
                "fakes_held_back": float(suspected[n:].mean()),
                "honest_held_back": float(suspected[:n].mean()),
            }
        )
    return rows
