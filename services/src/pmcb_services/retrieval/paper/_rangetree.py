# SPDX-License-Identifier: Apache-2.0
"""The range tree: a sorted order per attribute, nested, in flat arrays of record numbers.

Who builds it sees plain codes; who walks it sees only arrays of numbers and tests signs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._cost import depth_of

__all__ = ["RangeTree"]

Ints = NDArray[np.int64]
Ids = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class RangeTree:
    """Trees end to end in one pool; every segment longer than a leaf has a tree of the next order.

    A tree holds its records sorted by (code, number); a segment a..b of it is halved at
    (a + b) // 2, whose record is the pivot: left <= pivot <= right, the pivot in the right half.
    Segments are numbered as in a heap: the root is 1, the halves of h are 2h and 2h + 1.

    Attributes:
        dims: the indexed attributes, in order; g of them.
        leaf: B, the longest segment that is not halved.
        pool: record numbers of all trees; the first tree holds every record.
        offset: where each tree begins in the pool.
        length: how many records it holds.
        place: by which of ``dims`` it is sorted.
        nested_at: where its row of ``nested`` begins; -1 without one.
        nested: by heap number, the tree of the segment's records in the next order; -1 if none.
    """

    dims: tuple[int, ...]
    leaf: int
    pool: Ids
    offset: Ints
    length: Ints
    place: Ints
    nested_at: Ints
    nested: Ids

    @property
    def size_bytes(self) -> int:
        """What a cloud keeps besides the encrypted records."""
        arrays = (self.pool, self.offset, self.length, self.place, self.nested_at, self.nested)
        return sum(array.nbytes for array in arrays)

    @classmethod
    def build(
        cls, codes: NDArray[np.integer], ids: Ids, dims: Sequence[int], leaf: int
    ) -> RangeTree:
        """A tree over some records.

        Args:
            codes: shape (N, a), of all records.
            ids: rows of ``codes`` that the tree holds.
            dims: the attributes to index, the most selective first.
            leaf: B, at least 1.

        Four records of one attribute, sorted: numbers 3, 1, 0, 2.

        >>> codes = np.array([[7], [5], [9], [5 - 1]])
        >>> RangeTree.build(codes, np.arange(4, dtype=np.int32), (0,), 1).pool.tolist()
        [3, 1, 0, 2]
        """
        orders = [np.lexsort((ids, codes[ids, j])) for j in dims]
        layers = [_Layer(orders[0], np.array([0]), np.array([len(ids)]))]
        rows, starts, taken = [], [], 0
        for order in orders[1:]:
            below = sum(len(layer.length) for layer in layers)
            layer, nested_at, nested = layers[-1].nest(order, leaf, below)
            rows.append(nested)
            starts.append(np.where(nested_at < 0, -1, nested_at + taken))
            taken += len(nested)
            layers.append(layer)
        starts.append(np.full(len(layers[-1].length), -1))
        pools = np.cumsum([0] + [len(layer.members) for layer in layers])
        return cls(
            dims=tuple(dims),
            leaf=leaf,
            pool=ids[np.concatenate([layer.members for layer in layers])],
            offset=np.concatenate(
                [layer.offset + p for layer, p in zip(layers, pools, strict=False)]
            ),
            length=np.concatenate([layer.length for layer in layers]),
            place=np.repeat(np.arange(len(layers)), [len(layer.length) for layer in layers]),
            nested_at=np.concatenate(starts),
            nested=np.concatenate([*rows, np.empty(0, dtype=np.int32)]).astype(np.int32),
        )


@dataclass(frozen=True, slots=True)
class _Layer:
    """All trees of one attribute, their members as places in the list of ids."""

    members: Ints
    offset: Ints
    length: Ints

    def nest(self, order: Ints, leaf: int, number: int) -> tuple[_Layer, Ints, Ids]:
        """The trees of the next attribute; they are numbered from ``number`` on.

        One sort serves all segments of one depth: by (segment, rank of the next attribute).
        """
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        sizes = np.where(self.length > leaf, 1 << depth_of(self.length, leaf), 0)
        at = np.cumsum(sizes) - sizes
        nested = np.full(int(sizes.sum()), -1, dtype=np.int32)
        members, lengths = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
        tree, low, high = np.arange(len(self.length)), np.zeros_like(self.length), self.length
        heap = np.ones_like(tree)
        while True:
            long = high - low > leaf
            tree, low, high, heap = tree[long], low[long], high[long], heap[long]
            if not len(tree):
                break
            nested[at[tree] + heap] = number + np.arange(len(tree))
            number += len(tree)
            taken = self.members[ranges(self.offset[tree] + low, high - low)]
            key = np.repeat(np.arange(len(tree)), high - low) * len(order) + rank[taken]
            key.sort()
            members.append(order[key % len(order)])
            lengths.append(high - low)
            middle = (low + high) // 2
            tree, heap = np.repeat(tree, 2), np.ravel([2 * heap, 2 * heap + 1], order="F")
            low, high = np.ravel([low, middle], order="F"), np.ravel([middle, high], order="F")
        length = np.concatenate(lengths)
        layer = _Layer(np.concatenate(members), np.cumsum(length) - length, length)
        return layer, np.where(sizes > 0, at, -1), nested


def ranges(start: Ints, length: Ints) -> Ints:
    """start, start + 1, ... for each pair, end to end.

    >>> ranges(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    ends = np.cumsum(length)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) - np.repeat(ends - length - start, length)
