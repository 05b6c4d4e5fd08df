# SPDX-License-Identifier: Apache-2.0
"""Searches compiled by numba (extra ``baselines``), record by record. See `_frontier`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._aspe import Trapdoor
from ._balanced import BalancedTree
from ._found import Found
from ._kdtree import KdTree
from ._rangetree import RangeTree
from ._signs import dot, kernel, passes, sift, turns

__all__ = ["best_in_balanced", "search_balanced", "search_kd", "search_range_tree"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ids = NDArray[np.int32]
Ints = NDArray[np.int64]
Raw = tuple[Ids, int, int]

_DEEPEST = 2048  # of 32 nested trees over 2^32 records


@kernel
def _range_tree(
    pool: Ids,
    offset: Ints,
    length: Ints,
    place: Ints,
    nested_at: Ints,
    nested: Ids,
    leaf: int,
    g: int,
    chain: Ints,
    table: Floats,
    tokens: Floats,
    ranged: Flags,
) -> Raw:
    a = len(ranged)
    later = np.zeros(g, np.bool_)
    for k in range(g):
        for c in range(k + 1, a):
            later[k] |= ranged[chain[c]]
    found = np.empty(length[0], np.int32)
    needed = np.zeros(2 * a, np.bool_)
    stack = np.empty((_DEEPEST, 6), np.int64)
    stack[0] = 0, 0, length[0], 1, 0, 0
    top, count, tests, nodes = 1, 0, 0, 0
    while top:
        top -= 1
        nodes += 1
        t, low, high, heap = stack[top, 0], stack[top, 1], stack[top, 2], stack[top, 3]
        k, base = place[t], offset[t]
        j = chain[k]
        above = stack[top, 4] == 1 or not ranged[j]
        below = stack[top, 5] == 1 or not ranged[j]
        proven = above and below
        if proven and not later[k]:
            found[count : count + high - low] = pool[base + low : base + high]
            count += high - low
            continue
        if high - low <= leaf or (proven and k == g - 1):
            for c in range(a):
                needed[2 * chain[c]] = needed[2 * chain[c] + 1] = c >= k and ranged[chain[c]]
            needed[2 * j] &= not above
            needed[2 * j + 1] &= not below
            rows = pool[base + low : base + high]
            count, used = sift(rows, table, tokens, needed, chain, found, count)
            tests += used
            continue
        if proven:
            inner = np.int64(nested[nested_at[t] + heap])
            stack[top] = inner, 0, length[inner], 1, 0, 0
            top += 1
            continue
        middle = (low + high) // 2
        ge, le, used = turns(table, pool[base + middle], tokens, j, above, below)
        tests += used
        if le:
            stack[top] = t, middle, high, 2 * heap + 1, int(above or ge), int(below)
            top += 1
        if ge:
            stack[top] = t, low, middle, 2 * heap, int(above), int(below or le)
            top += 1
    return found[:count], tests, nodes


@kernel
def _kd(
    ids: Ids, pivots: Ids, leaf: int, tuned: bool, table: Floats, tokens: Floats, ranged: Flags
) -> Raw:
    a = len(ranged)
    chain = np.arange(a)
    wild = 0
    for j in range(a):
        if not ranged[j]:
            wild |= 3 << (2 * j)
    every = -1 if a == 32 else (1 << (2 * a)) - 1
    found = np.empty(len(ids), np.int32)
    needed = np.zeros(2 * a, np.bool_)
    stack = np.empty((_DEEPEST, 5), np.int64)
    stack[0] = 0, len(ids), 1, 0, wild
    top, count, tests, nodes = 1, 0, 0, 0
    while top:
        top -= 1
        nodes += 1
        low, high, heap, depth, mask = stack[top]
        if tuned and mask == every:
            found[count : count + high - low] = ids[low:high]
            count += high - low
            continue
        if high - low <= leaf:
            for token in range(2 * a):
                needed[token] = not (mask >> token) & 1
            rows = ids[low:high]
            count, used = sift(rows, table, tokens, needed, chain, found, count)
            tests += used
            continue
        j = depth % a
        above, below = (mask >> (2 * j)) & 1 == 1, (mask >> (2 * j + 1)) & 1 == 1
        ge, le, used = turns(table, pivots[heap], tokens, j, above, below)
        tests += used
        middle = (low + high) // 2
        if le:
            proven = mask | (1 << (2 * j)) if tuned and ge else mask
            stack[top] = middle, high, 2 * heap + 1, depth + 1, proven
            top += 1
        if ge:
            proven = mask | (1 << (2 * j + 1)) if tuned and le else mask
            stack[top] = low, middle, 2 * heap, depth + 1, proven
            top += 1
    return found[:count], tests, nodes


@kernel
def _balanced(ids: Ids, maxima: Floats, table: Floats, tokens: Floats, ranged: Flags) -> Raw:
    a = len(ranged)
    chain = np.arange(a)
    needed = np.zeros(2 * a, np.bool_)
    lower = np.zeros(2 * a, np.bool_)
    for j in range(a):
        needed[2 * j] = needed[2 * j + 1] = lower[2 * j] = ranged[j]
    found = np.empty(len(ids), np.int32)
    stack = np.empty((_DEEPEST, 3), np.int64)
    stack[0] = 0, len(ids), 1
    top, count, tests, nodes = 1, 0, 0, 0
    while top:
        top -= 1
        nodes += 1
        low, high, heap = stack[top]
        if high - low <= 1:
            rows = ids[low:high]
            count, used = sift(rows, table, tokens, needed, chain, found, count)
            tests += used
            continue
        good, used = passes(maxima, heap, tokens, lower, chain)
        tests += used
        if good:
            middle = (low + high) // 2
            stack[top] = middle, high, 2 * heap + 1
            stack[top + 1] = low, middle, 2 * heap
            top += 2
    return found[:count], tests, nodes


@kernel
def _best(ids: Ids, maxima: Floats, table: Floats, token: Floats, k: int) -> Raw:
    best, scores = np.empty(k, np.int32), np.empty(k, np.float64)
    stack, bounds = np.empty((_DEEPEST, 3), np.int64), np.empty(_DEEPEST, np.float64)
    stack[0] = 0, len(ids), 1
    bounds[0] = np.finfo(np.float64).max
    top, count, tests, nodes = 1, 0, 0, 0
    while top:
        top -= 1
        nodes += 1
        low, high, heap = stack[top]
        score = bounds[top]
        if count == k and score <= scores[k - 1]:
            continue
        if high - low <= 1:
            at = count if count < k else k - 1
            count = min(count + 1, k)
            while at > 0 and scores[at - 1] < score:
                scores[at], best[at] = scores[at - 1], best[at - 1]
                at -= 1
            scores[at], best[at] = score, ids[low]
            continue
        middle = (low + high) // 2
        one, two = 0.0, 0.0
        if middle - low == 1:
            one = dot(table, ids[low], token, 0)
        else:
            one = dot(maxima, 2 * heap, token, 0)
        if high - middle == 1:
            two = dot(table, ids[middle], token, 0)
        else:
            two = dot(maxima, 2 * heap + 1, token, 0)
        tests += 2
        first = top if one <= two else top + 1  # the better half comes off first
        stack[first], bounds[first] = (low, middle, 2 * heap), one
        other = 2 * top + 1 - first
        stack[other], bounds[other] = (middle, high, 2 * heap + 1), two
        top += 2
    return best[:count], tests, nodes


def _sorted(raw: Raw) -> Found:
    return Found(np.sort(raw[0]), int(raw[1]), int(raw[2]))


def search_range_tree(tree: RangeTree, table: Floats, door: Trapdoor) -> Found:
    """Records inside the box."""
    outside = [j for j in range(len(door.ranged)) if j not in tree.dims]
    chain = np.array([*tree.dims, *outside])
    arrays = (tree.pool, tree.offset, tree.length, tree.place, tree.nested_at, tree.nested)
    g = len(tree.dims)
    return _sorted(_range_tree(*arrays, tree.leaf, g, chain, table, door.tokens, door.ranged))


def search_kd(tree: KdTree, table: Floats, door: Trapdoor) -> Found:
    """Records inside the box."""
    numbers = (tree.ids, tree.pivots, tree.leaf, tree.tuned)
    return _sorted(_kd(*numbers, table, door.tokens, door.ranged))


def search_balanced(tree: BalancedTree, table: Floats, door: Trapdoor) -> Found:
    """Records inside the box."""
    return _sorted(_balanced(tree.ids, tree.maxima, table, door.tokens, door.ranged))


def best_in_balanced(tree: BalancedTree, table: Floats, token: Floats, k: int) -> Found:
    """The k records of highest score, best first."""
    raw = _best(tree.ids, tree.maxima, table, token[None, :], min(k, len(tree.ids)))
    return Found(raw[0], int(raw[1]), int(raw[2]))
