# SPDX-License-Identifier: Apache-2.0
"""Betweenness centrality: exact, or unbiased from a sample of sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import reverse_cuthill_mckee

from pmcb_clustering._executors import Executor, executor_or_threads
from pmcb_clustering._features import rank_correlation
from pmcb_clustering._jit import kernel
from pmcb_clustering.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pmcb_clustering._graph import SocialGraph

__all__ = ["EXACT_LIMIT", "PIVOTS", "Betweenness", "betweenness"]

EXACT_LIMIT = 20_000
PIVOTS = 256
NEARBY_ABOVE = 50_000  # users whose search no longer fits into a processor's cache
CHUNKS = 32
"""Sources are cut into this many parts whatever the threads, so sums never depend on them."""

Method = Literal["auto", "exact", "pivots"]
Progress = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Betweenness:
    """Betweenness of every user as a count of user pairs, and how it was obtained.

    Attributes:
        counts: shape (n,); number of pairs {s, t} whose shortest paths pass through the user,
            a pair with several shortest paths counted by their share.
        method: ``exact`` or ``pivots``.
        sources: how many single-source passes were made; n if exact.
        split_half: Spearman correlation of two disjoint halves of the pivots; None if exact, or
            where one half is constant.
    """

    counts: NDArray[np.float64]
    method: Literal["exact", "pivots"]
    sources: int
    split_half: float | None


@kernel
def _search_paths(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    source: int,
    distance: NDArray[np.int32],
    paths: NDArray[np.float64],
    queue: NDArray[np.int32],
) -> int:
    """Breadth first from ``source``: distances and numbers of shortest paths; users reached."""
    distance[source] = 0
    paths[source] = 1.0
    queue[0] = source
    head, tail = 0, 1
    while head < tail:
        v = queue[head]
        head += 1
        step = distance[v] + 1
        paths_v = paths[v]
        for slot in range(indptr[v], indptr[v + 1]):
            w = indices[slot]
            if distance[w] < 0:
                distance[w] = step
                queue[tail] = w
                tail += 1
                paths[w] = paths_v
            elif distance[w] == step:
                paths[w] += paths_v
    return tail


@kernel
def _accumulate(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    sources: NDArray[np.int64],
    linear: bool,
) -> NDArray[np.float64]:
    """Sum the dependencies of ``sources`` on every user (Brandes), scaled by distance if asked."""
    n = len(indptr) - 1
    total = np.zeros(n, np.float64)
    distance = np.full(n, -1, np.int32)
    paths = np.zeros(n, np.float64)
    share = np.zeros(n, np.float64)
    queue = np.empty(n, np.int32)
    for source in sources:
        reached = _search_paths(indptr, indices, source, distance, paths, queue)
        for place in range(reached - 1, 0, -1):
            v = queue[place]
            step = distance[v] + 1
            pulled = 0.0
            for slot in range(indptr[v], indptr[v + 1]):
                w = indices[slot]
                if distance[w] == step:
                    pulled += share[w]
            dependency = paths[v] * pulled
            if linear:
                total[v] += distance[v] * dependency
                share[v] = (1.0 / distance[v] + dependency) / paths[v]
            else:
                total[v] += dependency
                share[v] = (1.0 + dependency) / paths[v]
        distance[queue[:reached]] = -1
    return total


@kernel
def _renumbered(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    order: NDArray[np.int32],
    place: NDArray[np.int32],
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The same rows in another order of users; neighbours keep theirs, so sums keep every bit."""
    starts = np.zeros_like(indptr)
    moved = np.empty_like(indices)
    end = 0
    for row in range(len(order)):
        for slot in range(indptr[order[row]], indptr[order[row] + 1]):
            moved[end] = place[indices[slot]]
            end += 1
        starts[row + 1] = end
    return starts, moved


def _nearby(
    graph: SocialGraph,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Rows in which friends lie near each other in memory, and every user's place in them.

    Searches through a million users wait for memory most of the time: half as long in this order
    (reverse Cuthill-McKee).
    """
    n = graph.n_users
    ties = sparse.csr_array(
        (np.ones(len(graph.indices), np.int8), graph.indices, graph.indptr), shape=(n, n)
    )
    order = reverse_cuthill_mckee(ties, symmetric_mode=True)
    place = np.empty(n, np.int32)
    place[order] = np.arange(n, dtype=np.int32)
    indptr, indices = _renumbered(graph.indptr, graph.indices, order, place)
    return indptr, indices, place


def _sum_dependencies(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    sources: NDArray[np.int64],
    linear: bool,
) -> NDArray[np.float64]:
    """What an executor runs: a compiled kernel itself does not travel to every kind of one."""
    return _accumulate(indptr, indices, sources, linear)


def _check_method(method: str, n_users: int, exact_limit: int) -> Literal["exact", "pivots"]:
    if method == "auto":
        return "exact" if n_users <= exact_limit else "pivots"
    if method == "exact":
        return "exact"
    if method == "pivots":
        return "pivots"
    message = f"betweenness is {method!r}; it must be 'auto', 'exact' or 'pivots'"
    raise ParameterError(message)


def betweenness(
    graph: SocialGraph,
    method: Method = "auto",
    *,
    exact_limit: int = EXACT_LIMIT,
    pivots: int = PIVOTS,
    random_state: int = 0,
    n_jobs: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Betweenness:
    """Betweenness of every user: sum over pairs {s, t} of sigma_st(v) / sigma_st.

    Exact values by Brandes (2001). Above ``exact_limit`` users, linear scaling (Geisberger,
    Sanders, Schultes 2008) from a uniform sample of k sources:

        dl_s(v) = sum_{w: v before w} sigma_v / sigma_w (1 / d(s, w) + dl_s(w)),
        BC(v)   = n / k * sum_s d(s, v) dl_s(v),

    unbiased, and exact at k = n. (The paper writes sigma(v) for the number of all shortest
    paths; it must be sigma_st.)

    Args:
        graph: n users.
        method: ``auto`` is exact up to ``exact_limit`` users.
        exact_limit: users, at least 0.
        pivots: sources of the sample, at least 2; more than n are cut to n.
        random_state: seed of the sample, at least 0.
        n_jobs: threads, None for one per processor; the result does not depend on it.
        executor: where the sources are worked off, in 32 parts; None is ``n_jobs`` threads. The
            result does not depend on it either.
        progress: called with the fraction done, 0 .. 1.

    On a path of three users only the middle one lies between the pair of its ends:

    >>> from pmcb_clustering import SocialGraph
    >>> betweenness(SocialGraph.from_edges([("a", "b"), ("b", "c")])).counts.tolist()
    [0.0, 1.0, 0.0]
    """
    n = graph.n_users
    chosen = _check_method(method, n, exact_limit)
    if chosen == "exact":
        sources = np.arange(n)
    else:
        sources = np.random.default_rng(random_state).permutation(n)[: max(2, pivots)]
    halves = np.zeros((2, n), np.float64)
    parts = [sources[start::CHUNKS] for start in range(min(CHUNKS, len(sources)))]
    linear = chosen == "pivots"
    indptr, indices, place = graph.indptr, graph.indices, None
    if n > NEARBY_ABOVE:
        indptr, indices, place = _nearby(graph)
        parts = [place[part].astype(np.int64) for part in parts]
    with executor_or_threads(executor, n_jobs) as pool:
        sums = pool.map(_sum_dependencies, repeat(indptr), repeat(indices), parts, repeat(linear))
        for done, part_sum in enumerate(sums):
            halves[done % 2] += part_sum
            if progress is not None:
                progress((done + 1) / len(parts))
    if place is not None:
        halves = halves[:, place]
    total = halves.sum(axis=0)
    if chosen == "exact":
        return Betweenness(total / 2.0, "exact", n, None)
    agreement = rank_correlation(halves[0], halves[1])
    return Betweenness(total * (n / len(sources)), "pivots", len(sources), agreement)
