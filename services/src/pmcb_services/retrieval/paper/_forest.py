# SPDX-License-Identifier: Apache-2.0
"""Range trees side by side: one over the first attributes, or one for each pair of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ._aspe import Trapdoor
from ._cost import index_bytes
from ._found import Found
from ._rangetree import RangeTree
from ._scan import scan
from ._walks import search_range_tree

__all__ = ["Forest", "ForestPlan"]

_SCAN_ABOVE = 0.25  # of the records, expected as candidates

Dims = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class ForestPlan:
    """Which trees there are; known to the institution, the fog and the cloud.

    Attributes:
        dims: the attributes of each tree.
        leaf: B.
    """

    dims: Dims
    leaf: int

    @classmethod
    def prefix(cls, attributes: int, indexed: int, leaf: int) -> ForestPlan:
        """One tree over the first attributes."""
        return cls((tuple(range(min(indexed, attributes))),), leaf)

    @classmethod
    def pairs(cls, attributes: int, leaf: int) -> ForestPlan:
        """A tree for each pair of attributes.

        >>> ForestPlan.pairs(3, 64).dims
        ((0, 1), (0, 2), (1, 2))
        """
        return cls(tuple(combinations(range(attributes), 2)) or ((0,),), leaf)

    def index_bytes(self, n: int) -> int:
        """Bytes of record numbers over n records.

        >>> ForestPlan.pairs(5, 64).index_bytes(100_000) // 100_000
        480
        """
        return sum(index_bytes(n, len(dims), self.leaf) for dims in self.dims)

    def choose(self, ranged: NDArray[np.bool_], shares: NDArray[np.float64]) -> int | None:
        """The tree that covers most ranged attributes, then the least product of their shares.

        Args:
            ranged: shape (a,).
            shares: of the records within each attribute's range, shape (a,).

        Returns:
            Its place in ``dims``; None where a scan costs less, above N/4 expected candidates. One
            tree alone is always taken, as published.
        """
        if len(self.dims) == 1:
            return 0
        best = min(
            range(len(self.dims)),
            key=lambda at: (-ranged[list(self.dims[at])].sum(), shares[list(self.dims[at])].prod()),
        )
        return None if shares[list(self.dims[best])].prod() > _SCAN_ABOVE else best


@dataclass(frozen=True, slots=True)
class Forest:
    """The trees of a plan over one set of records, as a cloud holds them."""

    ids: NDArray[np.int32]
    trees: Sequence[RangeTree]

    @classmethod
    def build(cls, codes: NDArray[np.integer], ids: NDArray[np.int32], plan: ForestPlan) -> Forest:
        """The trees over some rows of the codes, shape (N, a)."""
        trees = [RangeTree.build(codes, ids, dims, plan.leaf) for dims in plan.dims]
        return cls(ids, trees)

    @property
    def size_bytes(self) -> int:
        """What a cloud keeps besides the encrypted records."""
        return sum(tree.size_bytes for tree in self.trees)

    def search(self, table: NDArray[np.float64], door: Trapdoor, tree: int | None) -> Found:
        """Records inside the box, by the chosen tree or by a scan."""
        if tree is None:
            return scan(table, self.ids, door)
        return search_range_tree(self.trees[tree], table, door)
