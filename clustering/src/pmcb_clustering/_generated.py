# SPDX-License-Identifier: Apache-2.0
"""A seeded stand-in for a real social graph, of the shape of ego-Facebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pmcb_clustering._graph import SocialGraph
from pmcb_clustering.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["generated_graph"]

EGO_USERS, EGO_TIES = 4_039, 88_234
"""SNAP, ego-Facebook: users and ties."""

FRIENDS = (1045, 792, 755, 547, 347, 229, 170, 159, 68, 59)
"""How many friends the ten egos of ego-Facebook have; ours share the users in this proportion."""

EGOS = len(FRIENDS)
CIRCLE = 15.0  # typical users of a circle
SPREAD = 1.1  # of the logarithm of a circle's size
TOWN = EGO_USERS
ONE_TOWN = 10 * TOWN
"""Users up to whom there are ten egos; a larger graph is made of towns with ten egos each."""

BETWEEN = 0.05  # share of a large graph's ties that lead from town to town
LONERS = 0.02  # share of an ego's friends who are in no circle: ego-Facebook has 75 leaves


def _circles(
    members: NDArray[np.int64], rng: np.random.Generator
) -> list[tuple[NDArray[np.int64], float]]:
    """Circles of an ego's friends, each with its closeness; most friends are in one or two."""
    sociable = members[rng.random(len(members)) >= LONERS]
    circles: list[tuple[NDArray[np.int64], float]] = []
    for _ in range(2):
        rest = rng.permutation(sociable)
        while len(rest) > 1:
            size = max(2, min(len(rest), int(rng.lognormal(np.log(CIRCLE), SPREAD))))
            circles.append((rest[:size], float(rng.beta(2.0, 2.0))))
            rest = rest[size:]
    return circles


def generated_graph(
    n_users: int = EGO_USERS, n_ties: int = EGO_TIES, *, random_state: int = 0
) -> SocialGraph:
    """A social graph of friends' circles around a few egos, as in ego-Facebook.

    Ten users are egos of very different size, each tied to all its friends; friends of one ego
    form overlapping circles, in which ties are likely; some users know two egos. Above 40,390
    users there are such towns of some four thousand, and one tie in twenty joins two of them;
    ids tell nothing of towns. It is no sample of any real graph: use it where the real one is
    not at hand, and say so.

    Args:
        n_users: at least 20.
        n_ties: from 2 n to a tenth of all pairs.
        random_state: seed, at least 0; the same seed gives the same graph.

    Raises:
        ParameterError: a number is out of its range.

    >>> graph = generated_graph(200, 1500, random_state=1)
    >>> graph.n_users, graph.n_ties
    (200, 1500)
    """
    if n_users < 20:
        raise ParameterError(f"n_users is {n_users}; it must be at least 20")
    if not 2 * n_users <= n_ties <= n_users * (n_users - 1) // 20:
        most = n_users * (n_users - 1) // 20
        raise ParameterError(f"n_ties is {n_ties}; it must be from {2 * n_users} to {most}")
    rng = np.random.default_rng(random_state)
    make = _town if n_users <= ONE_TOWN else _towns
    return SocialGraph.from_arrays(list(map(str, range(n_users))), make(n_users, n_ties, rng))


def _towns(n_users: int, n_ties: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Ties of towns one by one, which bounds the memory, and between them."""
    size = max(TOWN, 40 * n_ties // n_users)  # a town has room for a tenth of all pairs at most
    begin = np.linspace(0, n_users, n_users // size + 1).astype(np.int64)
    share = np.round((1.0 - BETWEEN) * n_ties * begin / n_users).astype(np.int64)
    parts = [
        begin[town] + _town(int(begin[town + 1] - begin[town]), int(ties), rng)
        for town, ties in enumerate(np.diff(share))
    ]
    missing = n_ties - sum(map(len, parts))
    pairs = rng.integers(0, n_users, (2 * missing, 2))
    town = np.searchsorted(begin, pairs, side="right")
    low, high = pairs.min(axis=1), pairs.max(axis=1)
    keys = (low * n_users + high)[town[:, 0] != town[:, 1]]
    _, first = np.unique(keys, return_index=True)
    parts.append(np.column_stack(np.divmod(keys[np.sort(first)[:missing]], n_users)))
    return np.asarray(rng.permutation(n_users)[np.concatenate(parts)], np.int64)


def _town(n_users: int, n_ties: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Ties between friends of ten egos, shape (n_ties, 2)."""
    home = rng.choice(EGOS, n_users, p=np.array(FRIENDS) / sum(FRIENDS))
    home[:EGOS] = np.arange(EGOS)  # the first users are the egos
    second = rng.integers(0, EGOS, n_users)
    bridge = rng.random(n_users) < 0.04
    bridge[: 2 * EGOS] = True
    second[EGOS : 2 * EGOS] = (home[EGOS : 2 * EGOS] + 1) % EGOS
    outward = rng.lognormal(0.0, 0.5, n_users)
    keys: list[NDArray[np.int64]] = [np.arange(n_users) + n_users * home]
    keys.append(np.flatnonzero(bridge) + n_users * second[bridge])
    fixed = sum(map(len, keys))
    waits: list[NDArray[np.float64]] = [np.zeros(fixed)]
    for ego in range(EGOS):
        members = np.flatnonzero((home == ego) | (bridge & (second == ego)))
        for circle, closeness in _circles(members, rng):
            left, right = np.triu_indices(len(circle), 1)
            u, v = circle[left], circle[right]
            keys.append(np.maximum(u, v) + n_users * np.minimum(u, v))
            pull = closeness**3 * outward[u] * outward[v] + 1e-9
            waits.append(rng.exponential(size=len(u)) / pull + 1e-9)
    strays = rng.integers(0, n_users, (2 * n_ties, 2))
    keys.append(strays.max(axis=1) + n_users * strays.min(axis=1))
    waits.append(1e12 + rng.random(2 * n_ties))
    return _first_ties(np.concatenate(keys), np.concatenate(waits), n_users, n_ties)


def _first_ties(
    keys: NDArray[np.int64], waits: NDArray[np.float64], n_users: int, n_ties: int
) -> NDArray[np.int64]:
    """The ``n_ties`` different ties of least waiting time, shape (n_ties, 2)."""
    if len(waits) > 4 * n_ties:  # most are not needed, unless there are many repeats
        soon = waits <= np.partition(waits, 2 * n_ties)[2 * n_ties]
        ends = _first_ties(keys[soon], waits[soon], n_users, n_ties)
        if len(ends) == n_ties:
            return ends
    low, high = np.divmod(keys, n_users)
    keys = np.minimum(low, high) * n_users + np.maximum(low, high)
    order = np.argsort(waits, kind="stable")
    order = order[low[order] != high[order]]
    _, first = np.unique(keys[order], return_index=True)
    chosen = keys[order][np.sort(first)[:n_ties]]
    return np.column_stack(np.divmod(chosen, n_users))
