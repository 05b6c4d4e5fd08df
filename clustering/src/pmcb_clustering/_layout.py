# SPDX-License-Identifier: Apache-2.0
"""Where the users of a social graph are drawn: friends near each other, circles apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from pmcb_clustering._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pmcb_clustering._graph import SocialGraph

__all__ = ["DRAWN_LIMIT", "Layout", "graph_layout"]

DRAWN_LIMIT = 20_000
SAMPLE = 5_000
CLIMB = 3  # steps from each user of a sample towards the best tied: hubs hold a drawing together

PIVOTS = 50
STEPS = 300
FIRST_STEP, LAST_STEP = 0.2, 0.002  # the farthest a user moves, of the drawing's natural radius
PULL = 0.5  # of the way to the mean of one's friends
GRAVITY = 0.2  # as a share of the way to the middle: keeps what hardly anything ties together near
FAR = 1.5  # a cell that is so many of its radii away acts as one user
NEAR = 1e-3  # squared distance below which users no longer push harder


@dataclass(frozen=True, eq=False)
class Layout:
    """A drawing of a social graph, or of a part of it.

    Attributes:
        users: how many the graph has.
        shown: shape (k,); which of them are drawn, as places in the canonical order (that of
            `LevelAssignment.users`), ascending.
        position: shape (k, 2); within -1 .. 1, the longer extent horizontal.
        ties: shape (e, 2); all ties between users who are drawn, as places in ``shown``.
    """

    users: int
    shown: NDArray[np.int64] = field(repr=False)
    position: NDArray[np.float64] = field(repr=False)
    ties: NDArray[np.int64] = field(repr=False)

    @property
    def is_sample(self) -> bool:
        """Whether some users are left out."""
        return len(self.shown) < self.users


def graph_layout(
    graph: SocialGraph,
    *,
    limit: int = DRAWN_LIMIT,
    sample: int = SAMPLE,
    random_state: int = 0,
    steps: int = STEPS,
) -> Layout:
    """Places for the users of a graph, by forces: ties pull, everybody pushes.

    Users begin where the distances to 50 pivots, flattened to two dimensions, put them (Brandes,
    Pich 2006). Then, in each step, everybody moves half the way to the mean of the friends, and
    away from all others, the harder the better tied and nearer these are: the balance of
    ForceAtlas2 (Jacomy et al. 2014). Distant users push as cells of equal count, by their mean.

    Of a graph of more than ``limit`` users a sample is drawn: users at random, of each the best
    tied friend, that one's, and so on for at most three steps, and all ties among these.

    Args:
        graph: its node order does not matter.
        limit: draw all users up to so many.
        sample: how many to draw of larger graphs.
        random_state: seed; the same seed gives the same drawing.
        steps: more bring users nearer to the balance.

    >>> from pmcb_clustering import SocialGraph
    >>> drawn = graph_layout(SocialGraph.from_edges([("a", "b"), ("b", "c")]))
    >>> drawn.position.shape, len(drawn.ties)
    ((3, 2), 2)
    """
    known = graph.canonical()
    rng = np.random.default_rng(random_state)
    n = known.n_users
    shown = np.arange(n) if n <= limit else _gather(known, sample, rng)
    ties = _ties_among(known, shown)
    matrix = _adjacency(ties, len(shown))
    with threadpool_limits(1):  # the last bit of an eigenvector would grow into another picture
        position = _from_pivots(matrix, rng)
        _settle(matrix, position, steps)
        return Layout(n, shown, _upright(position), ties)


def _gather(graph: SocialGraph, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Random users, each with the way along best tied friends towards a hub."""
    degree, met = graph.degrees, np.zeros(graph.n_users, np.bool_)
    left = min(size, graph.n_users)
    for start in rng.permutation(graph.n_users):
        user = start
        for _ in range(1 + CLIMB):
            left -= not met[user]
            met[user] = True
            friends = graph.indices[graph.indptr[user] : graph.indptr[user + 1]]
            if not left or not len(friends) or degree[friends].max() <= degree[user]:
                break
            user = friends[degree[friends].argmax()]
        if not left:
            break
    return np.flatnonzero(met)


def _ties_among(graph: SocialGraph, shown: NDArray[np.int64]) -> NDArray[np.int64]:
    place = np.full(graph.n_users, -1)
    place[shown] = np.arange(len(shown))
    rows = place[np.repeat(np.arange(graph.n_users), graph.degrees)]
    columns = place[graph.indices]
    chosen = (rows >= 0) & (rows < columns)
    return np.column_stack([rows[chosen], columns[chosen]])


def _adjacency(ties: NDArray[np.int64], n: int) -> sparse.csr_array:
    ends = np.concatenate([ties, ties[:, ::-1]]).T
    matrix = sparse.csr_array((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(n, n))
    matrix.sort_indices()
    return matrix


def _from_pivots(matrix: sparse.csr_array, rng: np.random.Generator) -> NDArray[np.float64]:
    """The two main directions of the distances to random pivots, shape (n, 2), radius about 1."""
    n = matrix.shape[0]
    pivots = rng.permutation(n)[:PIVOTS]
    distance = csgraph.dijkstra(matrix, directed=True, indices=pivots, unweighted=True).T
    reached = np.isfinite(distance)
    distance[~reached] = distance[reached].max() + 1.0
    square = distance**2
    mean = square.mean(axis=0) + square.mean(axis=1, keepdims=True) - square.mean()
    centred = (mean - square) / 2.0
    _, vectors = np.linalg.eigh(centred.T @ centred)
    position = centred @ vectors[:, :-3:-1]
    spread = np.abs(position).max() or 1.0
    jitter = rng.normal(scale=0.02, size=(n, 2))
    position = position / spread + jitter
    return np.asarray(position, np.float64)


def _cells(position: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Users by cell, and where each cell begins: strips of equal count, cut into equal counts."""
    n = len(position)
    side = max(1, int(np.sqrt(2.0 * np.sqrt(n))))
    strip = np.empty(n, np.int64)
    strip[np.argsort(position[:, 0], kind="stable")] = np.arange(n) * side // n
    order = np.lexsort((position[:, 1], strip))
    count = np.bincount(strip, minlength=side)
    begin = np.cumsum(count) - count
    cuts = begin[:, None] + count[:, None] * np.arange(side) // side
    return order, np.append(cuts.ravel(), n)


@kernel
def _pushes(
    position: NDArray[np.float64],
    mass: NDArray[np.float64],
    order: NDArray[np.int64],
    begin: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Shape (n, 2): what all others push each user, mass over distance."""
    n_cells = len(begin) - 1
    centre = np.zeros((n_cells, 2), np.float64)
    weight = np.zeros(n_cells, np.float64)
    reach = np.zeros(n_cells, np.float64)  # squared radius, times FAR squared
    for cell in range(n_cells):
        for slot in range(begin[cell], begin[cell + 1]):
            user = order[slot]
            weight[cell] += mass[user]
            centre[cell] += mass[user] * position[user]
        centre[cell] /= max(weight[cell], 1e-300)
        for slot in range(begin[cell], begin[cell + 1]):
            x = position[order[slot], 0] - centre[cell, 0]
            y = position[order[slot], 1] - centre[cell, 1]
            reach[cell] = max(reach[cell], FAR * FAR * (x * x + y * y))
    pushed = np.zeros(position.shape, np.float64)
    for user in range(len(position)):
        here_x, here_y = position[user, 0], position[user, 1]
        sum_x, sum_y = 0.0, 0.0
        for cell in range(n_cells):
            x, y = here_x - centre[cell, 0], here_y - centre[cell, 1]
            square = x * x + y * y
            if square > reach[cell]:
                push = weight[cell] / (square + NEAR)
                sum_x += push * x
                sum_y += push * y
                continue
            for slot in range(begin[cell], begin[cell + 1]):
                other = order[slot]
                x, y = here_x - position[other, 0], here_y - position[other, 1]
                push = mass[other] / (x * x + y * y + NEAR)
                sum_x += push * x
                sum_y += push * y
        pushed[user, 0], pushed[user, 1] = sum_x, sum_y
    return pushed


def _settle(matrix: sparse.csr_array, position: NDArray[np.float64], steps: int) -> None:
    """Move everybody, in place, by steps that grow smaller, towards the balance of all forces.

    A user's forces are divided by its ties: a hub moves no faster than a leaf. Pushes are divided
    by their sum, so that the drawing's radius is about 1 whatever its size.
    """
    degree = matrix.sum(axis=1)
    mass = degree + 1.0
    average = sparse.diags_array(1.0 / np.maximum(degree, 1.0)) @ matrix
    tied = (degree > 0)[:, None]
    for step in range(steps):
        order, begin = _cells(position)
        move = _pushes(position, mass, order, begin) / mass.sum()
        move += np.where(tied, average @ position - position, 0.0)
        move = PULL * (move - GRAVITY * position)
        length = np.maximum(np.hypot(*move.T), 1e-300)
        longest = FIRST_STEP * (LAST_STEP / FIRST_STEP) ** (step / steps)
        position += move * np.minimum(1.0, longest / length)[:, None]


def _upright(position: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centred, the main direction horizontal, within -1 .. 1, mirrored in one way always."""
    centred = position - position.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    turned = centred @ axes[:, ::-1]
    turned *= np.where((turned**3).sum(axis=0) < 0, -1.0, 1.0)
    middle = (turned.max(axis=0) + turned.min(axis=0)) / 2.0
    within: NDArray[np.float64] = turned - middle
    return within / (np.abs(within).max() or 1.0)
