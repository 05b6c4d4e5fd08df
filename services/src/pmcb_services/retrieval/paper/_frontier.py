# SPDX-License-Identifier: Apache-2.0
"""Searches in NumPy: a whole level of a tree at once. Same ids and counts as `_kernels`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._aspe import Trapdoor
from ._balanced import BalancedTree
from ._found import Found
from ._kdtree import KdTree
from ._rangetree import RangeTree, ranges

__all__ = ["best_in_balanced", "search_balanced", "search_kd", "search_range_tree"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


class _Work:
    """Scalar products done so far, and segments and records found."""

    def __init__(self, table: Floats, door: Trapdoor) -> None:
        self.table, self.door = table, door
        self.tests = self.nodes = 0
        self.found: list[NDArray[np.integer]] = [np.empty(0, dtype=np.int32)]

    def positive(self, vectors: Floats, tokens: NDArray[np.integer]) -> Flags:
        """Signs of pairs."""
        self.tests += len(vectors)
        return np.asarray(np.einsum("ij,ij->i", vectors, self.door.tokens[tokens]) > 0)

    def holds(self, rows: NDArray[np.integer], tokens: Ints, needed: Flags) -> Flags:
        """Which records pass a bound; one that is not needed counts as passed, untested."""
        passed = np.ones(len(rows), dtype=np.bool_)
        passed[needed] = self.positive(self.table[rows[needed]], tokens[needed])
        return passed

    def sift(self, rows: NDArray[np.integer], needed: Flags, chain: Ints) -> None:
        """Keep records that pass every needed bound (shape (m, 2a)), tested in a chain's order."""
        for j in chain.tolist():
            for token in (2 * j, 2 * j + 1):
                if needed[:, token].any():
                    left = self.holds(rows, np.full(len(rows), token), needed[:, token])
                    rows, needed = rows[left], needed[left]
        self.found.append(rows)

    def done(self) -> Found:
        return Found(np.sort(np.concatenate(self.found)).astype(np.int32), self.tests, self.nodes)


def _halved(low: Ints, high: Ints, left: Flags, right: Flags) -> tuple[Ints, Ints]:
    """Ends of the chosen left halves, then of the chosen right ones."""
    middle = (low + high) // 2
    return (
        np.concatenate([low[left], middle[right]]),
        np.concatenate([middle[left], high[right]]),
    )


def search_range_tree(tree: RangeTree, table: Floats, door: Trapdoor) -> Found:
    """Records inside the box, by sign tests alone.

    Args:
        tree: over some rows of ``table``.
        table: encrypted records, shape (N, 2l).
        door: the tokens.
    """
    work = _Work(table, door)
    ranged = door.ranged
    outside = [j for j in range(len(ranged)) if j not in tree.dims]
    chain = np.array([*tree.dims, *outside])
    later = np.array([ranged[chain[k + 1 :]].any() for k in range(len(tree.dims))])
    t, low, high = np.array([0]), np.array([0]), tree.length[:1]
    heap, above, below = np.array([1]), np.array([False]), np.array([False])
    while len(t):
        work.nodes += len(t)
        k, base = tree.place[t], tree.offset[t]
        j = chain[k]
        above, below = above | ~ranged[j], below | ~ranged[j]
        proven, short = above & below, high - low <= tree.leaf
        whole = proven & ~later[k]
        work.found.append(tree.pool[ranges((base + low)[whole], (high - low)[whole])])
        last = k == len(tree.dims) - 1
        leaf = ~whole & (short | (proven & last))
        _sift_leaves(work, tree, (base + low, high - low, k, above, below), leaf, chain)
        nest = proven & ~whole & ~leaf
        inner = tree.nested[tree.nested_at[t[nest]] + heap[nest]].astype(np.int64)
        go = ~proven & ~leaf
        t, low, high, heap = t[go], low[go], high[go], heap[go]
        above, below, j = above[go], below[go], j[go]
        pivots = tree.pool[base[go] + (low + high) // 2]
        ge = work.holds(pivots, 2 * j, ~above)
        le = work.holds(pivots, 2 * j + 1, ge & ~below)
        new = np.zeros(len(inner), dtype=np.int64)
        low, high = _halved(low, high, ge, le)
        low, high = np.concatenate([low, new]), np.concatenate([high, tree.length[inner]])
        t = np.concatenate([t[ge], t[le], inner])
        heap = np.concatenate([2 * heap[ge], 2 * heap[le] + 1, new + 1])
        above, below = (
            np.concatenate([above[ge], (above | ge)[le], new > 0]),
            np.concatenate([(below | le)[ge], below[le], new > 0]),
        )
    return work.done()


def _sift_leaves(
    work: _Work,
    tree: RangeTree,
    state: tuple[Ints, Ints, Ints, Flags, Flags],
    leaf: Flags,
    chain: Ints,
) -> None:
    start, size, k = state[0][leaf], state[1][leaf], state[2][leaf]
    above, below = state[3][leaf], state[4][leaf]
    if not len(start):
        return
    needed = np.repeat(work.door.ranged[None, :], len(start), axis=0)
    for place in range(1, len(tree.dims)):  # earlier attributes were proven on the way
        needed[np.ix_(k >= place, chain[place - 1 : place])] = False
    bounds = np.repeat(needed, 2, axis=1)
    row, j = np.arange(len(start)), chain[k]
    bounds[row, 2 * j] &= ~above
    bounds[row, 2 * j + 1] &= ~below
    work.sift(tree.pool[ranges(start, size)], np.repeat(bounds, size, axis=0), chain)


def search_kd(tree: KdTree, table: Floats, door: Trapdoor) -> Found:
    """Records inside the box; see `search_range_tree`."""
    work = _Work(table, door)
    chain = np.arange(tree.attributes)
    low, high, heap = np.array([0]), np.array([len(tree.ids)]), np.array([1])
    proven = np.repeat(~door.ranged, 2)[None, :]
    depth = 0
    while len(low):
        work.nodes += len(low)
        whole = proven.all(axis=1) if tree.tuned else np.zeros(len(low), dtype=np.bool_)
        work.found.append(tree.ids[ranges(low[whole], (high - low)[whole])])
        leaf = ~whole & (high - low <= tree.leaf)
        rows = tree.ids[ranges(low[leaf], (high - low)[leaf])]
        work.sift(rows, np.repeat(~proven[leaf], (high - low)[leaf], axis=0), chain)
        go = ~whole & ~leaf
        low, high, heap, proven = low[go], high[go], heap[go], proven[go]
        j = depth % tree.attributes
        token = np.full(len(low), 2 * j)
        ge = work.holds(tree.pivots[heap], token, ~proven[:, 2 * j])
        le = work.holds(tree.pivots[heap], token + 1, ge & ~proven[:, 2 * j + 1])
        left, right = proven[ge], proven[le]
        if tree.tuned:
            left[:, 2 * j + 1] |= le[ge]
            right[:, 2 * j] |= ge[le]
        low, high = _halved(low, high, ge, le)
        heap = np.concatenate([2 * heap[ge], 2 * heap[le] + 1])
        proven = np.concatenate([left, right])
        depth += 1
    return work.done()


def search_balanced(tree: BalancedTree, table: Floats, door: Trapdoor) -> Found:
    """Records inside the box; see `search_range_tree`."""
    work = _Work(table, door)
    chain = np.arange(len(door.ranged))
    low, high, heap = np.array([0]), np.array([len(tree.ids)]), np.array([1])
    while len(low):
        work.nodes += len(low)
        leaf = high - low <= 1
        rows = tree.ids[low[leaf & (high > low)]]
        work.sift(rows, np.repeat(np.repeat(door.ranged, 2)[None, :], len(rows), axis=0), chain)
        low, high, heap = low[~leaf], high[~leaf], heap[~leaf]
        for j in np.flatnonzero(door.ranged).tolist():
            left = work.positive(tree.maxima[heap], np.full(len(heap), 2 * j))
            low, high, heap = low[left], high[left], heap[left]
        every = np.ones(len(low), dtype=np.bool_)
        low, high = _halved(low, high, every, every)
        heap = np.concatenate([2 * heap, 2 * heap + 1])
    return work.done()


def best_in_balanced(tree: BalancedTree, table: Floats, token: Floats, k: int) -> Found:
    """The k records of highest score, best first: greedy, depth first, by the k-th score."""
    best: list[tuple[float, int]] = []
    stack = [(np.inf, 0, len(tree.ids), 1)]
    tests = nodes = 0
    while stack:
        score, low, high, heap = stack.pop()
        nodes += 1
        if len(best) == k and score <= best[-1][0]:
            continue
        if high - low <= 1:
            best = sorted([*best, (score, int(tree.ids[low]))], reverse=True)[:k]
            continue
        middle = (low + high) // 2
        halves = []
        for ends, child in (((low, middle), 2 * heap), ((middle, high), 2 * heap + 1)):
            one = ends[1] - ends[0] == 1
            vector = table[tree.ids[ends[0]]] if one else tree.maxima[child]
            halves.append((float(vector @ token), *ends, child))
        tests += 2
        stack.extend(sorted(halves))
    return Found(np.array([row for _, row in best], dtype=np.int32), tests, nodes)
