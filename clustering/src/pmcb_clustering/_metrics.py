# SPDX-License-Identifier: Apache-2.0
"""The four metrics of a receiver: degree, betweenness, clustering, neighbourhood entropy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pmcb_clustering import _betweenness
from pmcb_clustering._features import round_significant
from pmcb_clustering._support import local_metrics
from pmcb_clustering.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pmcb_clustering._executors import Executor
    from pmcb_clustering._graph import SocialGraph

__all__ = ["METRICS", "Measured", "measure", "pairs_without", "receiver_metrics"]

METRICS = ("degree", "betweenness", "clustering", "entropy")


def pairs_without(n_users: int) -> float:
    """Pairs of users that a third one can lie between: (n - 1)(n - 2) / 2, at least 1."""
    return max(1.0, (n_users - 1) * (n_users - 2) / 2.0)


def receiver_metrics(
    graph: SocialGraph,
    betweenness: _betweenness.Method = "auto",
    *,
    normalisation: Literal["fraction", "count"] = "fraction",
    alpha: float = 1.0,
    pivots: int = _betweenness.PIVOTS,
    random_state: int = 0,
    n_jobs: int | None = None,
) -> NDArray[np.float64]:
    """Degree D, betweenness BC, local clustering Lc and entropy I_f of every receiver.

    D, Lc and I_f are exact and come from one pass over the triangles:

        Lc(v)     = 2 T_v / (d_v (d_v - 1)),
        I_f(G(v)) = - sum_i p_i ln p_i,   p_i = d_i^alpha / sum_j d_j^alpha,

    where d_i are the degrees inside the closed neighbourhood G(v). A leaf has I_f = ln 2, a user
    of a cycle 1.5 ln 2, of a complete graph ln n, the centre of a star ln 2 + ln(k) / 2.

    Args:
        graph: n users.
        betweenness: ``exact``, ``pivots``, or ``auto``: exact up to 20,000 users.
        normalisation: betweenness as a fraction of the (n - 1)(n - 2) / 2 pairs, or as a count.
        alpha: exponent of the degrees in the entropy, greater than 0; 1 in the paper.
        pivots: sources of the betweenness sample, at least 2.
        random_state: seed of the sample.
        n_jobs: threads, None for one per processor; the result does not depend on it.

    Returns:
        shape (n, 4), float64, rows in node order.

    Raises:
        ParameterError: a parameter is out of its range.

    >>> from pmcb_clustering import SocialGraph
    >>> star = SocialGraph.from_edges([("0", "1"), ("0", "2"), ("0", "3"), ("0", "4")])
    >>> receiver_metrics(star).round(3).tolist()[:2]
    [[4.0, 1.0, 0.0, 1.386], [1.0, 0.0, 0.0, 0.693]]
    """
    if not 0.0 < alpha < np.inf:
        raise ParameterError(f"alpha is {alpha}; it must be greater than 0")
    if normalisation not in {"fraction", "count"}:
        raise ParameterError(f"normalisation is {normalisation!r}; use 'fraction' or 'count'")
    between = _betweenness.betweenness(
        graph, betweenness, pivots=pivots, random_state=random_state, n_jobs=n_jobs
    )
    metrics = np.empty((graph.n_users, 4), np.float64)
    metrics[:, [0, 2, 3]] = local_metrics(graph.indptr, graph.indices, alpha)
    share = pairs_without(graph.n_users) if normalisation == "fraction" else 1.0
    metrics[:, 1] = between.counts / share
    return metrics


@dataclass(frozen=True, eq=False)
class Measured:
    """The metrics of all users as the classification takes them.

    Attributes:
        between: how betweenness was obtained.
        metrics: shape (n, 4); as `receiver_metrics`, betweenness as a count, all rounded to nine
            significant digits, so that the order of a sum decides no tie.
    """

    between: _betweenness.Betweenness
    metrics: NDArray[np.float64]

    @property
    def fractions(self) -> NDArray[np.float64]:
        """Shape (n, 4): the same with betweenness as a fraction of all pairs."""
        return self.metrics / [1.0, pairs_without(len(self.metrics)), 1.0, 1.0]


def measure(
    graph: SocialGraph,
    method: _betweenness.Method,
    *,
    pivots: int,
    random_state: int,
    n_jobs: int | None,
    executor: Executor | None,
    progress: Callable[[float], None],
) -> Measured:
    """All four metrics; the parameters are those of `betweenness`."""
    between = _betweenness.betweenness(
        graph,
        method,
        pivots=pivots,
        random_state=random_state,
        n_jobs=n_jobs,
        executor=executor,
        progress=progress,
    )
    metrics = np.empty((graph.n_users, 4), np.float64)
    metrics[:, [0, 2, 3]] = local_metrics(graph.indptr, graph.indices, 1.0)
    metrics[:, 1] = between.counts
    return Measured(between, round_significant(metrics))
