# SPDX-License-Identifier: Apache-2.0
"""A gate against made-up accounts: trust flows from known people along ties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from pmcb_clustering._assignment import bounded_assignment, costs_of_leaving, size_bounds
from pmcb_clustering._graph import SocialGraph
from pmcb_clustering.errors import GraphError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["apply_gate", "hold_back", "suspects", "sybil_rank", "trusted_places", "two_core"]

STEPS = 12
QUANTILE = 0.02
"""Share of the users, those of least trust, who are held back; see `suspects`."""

ABOVE_CEILING, SUSPECTED = 100.0, 10_000.0
"""Costs a level, against 1 for the dearest move of anybody: whoever must stay low does, unless
the sizes leave no place."""


def trusted_places(users: tuple[str, ...], trusted: Sequence[str]) -> NDArray[np.int64]:
    """Places of the trusted among the users.

    Raises:
        ParameterError: one of them is no user.
    """
    place = {user: index for index, user in enumerate(users)}
    unknown = [user for user in trusted if user not in place]
    if unknown:
        raise ParameterError(
            f"{len(unknown)} of the {len(trusted)} trusted are no users of the graph, "
            f"{unknown[0]!r} for one",
            next_step="Name trusted people as the graph names them.",
        )
    return np.array(sorted({place[user] for user in trusted}), np.int64)


def sybil_rank(
    graph: SocialGraph, seeds: NDArray[np.int64], *, steps: int = STEPS
) -> NDArray[np.float64]:
    """Trust of every user per tie, after a few steps of a random walk from the seeds (SybilRank).

    Trust starts on the seeds alike and flows along ties, each user passing on equal shares
    (Cao, Sirivianos, Yang, Pregueiro 2012). A walk that short has mixed among honest people, but
    few of it crossed the few ties to a crowd of made-up accounts.

    Args:
        graph: n users.
        seeds: places of trusted users, at least one.
        steps: of the walk, about log2(n).

    Returns:
        shape (n,); 0 for who is beyond reach and for who has no tie.
    """
    degree = graph.degrees.astype(np.float64)
    share = np.divide(1.0, degree, out=np.zeros_like(degree), where=degree > 0)
    ties = sparse.csr_array(
        (np.ones(len(graph.indices)), graph.indices, graph.indptr),
        shape=(graph.n_users, graph.n_users),
    )
    trust = np.zeros(graph.n_users)
    trust[seeds] = graph.n_users / len(seeds)
    for _ in range(steps):
        trust = ties @ (trust * share)
    return np.asarray(trust * share, np.float64)


def suspects(trust: NDArray[np.float64], quantile: float = QUANTILE) -> NDArray[np.bool_]:
    """Shape (n,): whether a user's trust is within the least ``quantile``, or nothing at all."""
    return np.asarray(trust <= np.quantile(trust, quantile, method="lower"), np.bool_)


def two_core(graph: SocialGraph) -> SocialGraph:
    """The same users with the ties of the 2-core only: hanging trees lift nobody.

    Raises:
        GraphError: no tie is left, since nobody is in a circle.
    """
    degree = graph.degrees.copy()
    leaves = np.flatnonzero(degree == 1).tolist()
    kept = np.ones(len(graph.indices), np.bool_)
    for leaf in leaves:  # grows while it is walked through
        begin, end = graph.indptr[leaf], graph.indptr[leaf + 1]
        for slot in range(begin, end):
            if not kept[slot]:
                continue
            other = graph.indices[slot]
            row = graph.indices[graph.indptr[other] : graph.indptr[other + 1]]
            back = graph.indptr[other] + np.searchsorted(row, leaf)
            kept[slot] = kept[back] = False
            degree[leaf] -= 1
            degree[other] -= 1
            if degree[other] == 1:
                leaves.append(int(other))
    rows = np.repeat(np.arange(graph.n_users), graph.degrees)[kept]
    columns = graph.indices[kept]
    if not len(rows):
        raise GraphError(
            "nobody in this graph is in a circle of ties, which the gate needs",
            next_step="Classify without trusted people.",
        )
    once = rows < columns
    return SocialGraph.from_arrays(graph.users, np.column_stack([rows, columns])[once])


def hold_back(
    levels: NDArray[np.int64],
    features: NDArray[np.float64],
    suspected: NDArray[np.bool_],
    ceiling: NDArray[np.int64],
    bounds: tuple[int, int],
    ties: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Levels in which suspects stand as low, and others as near below their ceiling, as can be.

    Sizes stay within bounds: for everybody who is sent down somebody else goes up, whoever is
    nearest to the mean of the other level.

    Args:
        levels: shape (n,); 1 .. T, every level carried by a user.
        features: shape (n, d).
        suspected: shape (n,).
        ceiling: shape (n,); the highest level each user may have.
        bounds: least and most users per level.
        ties: shape (n,), a permutation; decides between equal users.

    Returns:
        shape (n,); 1 .. T.
    """
    n_levels = int(levels.max())
    costs = costs_of_leaving(features, levels, n_levels)
    unit = float(costs.max()) or 1.0
    rank = np.arange(1, n_levels + 1)
    costs += ABOVE_CEILING * unit * np.maximum(0, rank - ceiling[:, None])
    costs[suspected] = SUSPECTED * unit * rank
    return bounded_assignment(costs, *bounds, ties=ties) + 1


def apply_gate(
    levels: NDArray[np.int64],
    graph: SocialGraph,
    seeds: NDArray[np.int64],
    features: NDArray[np.float64],
    before: NDArray[np.int64] | None,
    ties: NDArray[np.int64],
) -> tuple[NDArray[np.int64], int]:
    """Levels with suspects held back, and nobody more than one above the last epoch's.

    Args:
        levels: shape (n,); 1 .. T.
        graph: the ties of all users.
        seeds: places of trusted users.
        features: shape (n, d).
        before: shape (n,); levels of the last epoch, 0 for who was not in it; None for no epoch.
        ties: shape (n,), a permutation; decides between equal users.

    Returns:
        shape (n,), and how many are suspected.
    """
    n_levels = int(levels.max())
    ceiling = np.full(len(levels), n_levels) if before is None else before.clip(1) + 1
    suspected = suspects(sybil_rank(graph, seeds))
    bounds = size_bounds(len(levels), n_levels)
    held = hold_back(levels, features, suspected, ceiling, bounds, ties)
    return held, int(suspected.sum())
