# SPDX-License-Identifier: Apache-2.0
"""What a cloud holds of a reproduction store, and how it answers tokens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ._aspe import Trapdoor
from ._backtrack import backtrack
from ._forest import Forest
from ._found import NOTHING, Found
from ._scan import scan

__all__ = ["CloudSide"]

Floats = NDArray[np.float64]
Ids = NDArray[np.int32]


class CloudSide:
    """Encrypted vectors, sealed records, and arrays of record numbers that the institution sent.

    Attributes:
        table: E, shape (N, 2l); a row for each record ever put.
        sealed: by record number; b"" of one that is deleted.
        forests: static ones of growing size.
        buffer: records in no forest yet; they are scanned.
        orders: for each attribute the live records sorted by it.
    """

    def __init__(self, width: int, attributes: int) -> None:
        self._rows = np.empty((0, width))
        self._count = 0
        self._live = np.empty(0, dtype=np.bool_)
        self.sealed: list[bytes] = []
        self.forests: Sequence[Forest] = ()
        self.buffer: Ids = NOTHING.ids
        self.orders: list[Ids] = [NOTHING.ids] * attributes

    @property
    def table(self) -> Floats:
        """E, as far as it is filled."""
        return self._rows[: self._count]

    @property
    def size_bytes(self) -> int:
        """Of the record numbers."""
        orders = sum(order.nbytes for order in self.orders)
        return sum(forest.size_bytes for forest in self.forests) + orders + self.buffer.nbytes

    def put(self, vectors: Floats, sealed: Sequence[bytes]) -> None:
        """Add records; their numbers follow the last one's."""
        before, after = self._count, self._count + len(vectors)
        if after > len(self._rows):
            room = np.empty((max(after, 2 * before), self._rows.shape[1]))
            room[:before] = self.table
            self._rows = room
        self._rows[before:after] = vectors
        self._live = np.concatenate([self._live, np.ones(len(vectors), dtype=np.bool_)])
        self._count = after
        self.sealed.extend(sealed)

    def arrange(self, forests: Sequence[Forest], buffer: Ids, orders: list[Ids]) -> None:
        """Take new arrays of record numbers."""
        self.forests, self.buffer, self.orders = forests, buffer, orders

    def bury(self, ids: Ids) -> None:
        """Write tombstones, and forget the sealed records."""
        self._live[ids] = False
        for row in ids.tolist():
            self.sealed[row] = b""

    def search(self, door: Trapdoor, tree: int | None, minimum: int) -> tuple[Found, Found]:
        """Hits, and fillers where they are fewer than the minimum.

        Args:
            door: the tokens.
            tree: which one of every forest to walk; None scans.
            minimum: k, over all forests together.
        """
        table = self.table
        found = scan(table, self.buffer, door)
        for forest in self.forests:
            found = found.beside(forest.search(table, door, tree))
        hits = found._replace(ids=found.ids[self._live[found.ids]])
        return hits, backtrack(table, self.orders, door, hits.ids, minimum)
