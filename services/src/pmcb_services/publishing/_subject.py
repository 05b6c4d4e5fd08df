# SPDX-License-Identifier: Apache-2.0
"""Persons with several rows: weights that sum to at most one unit for each of them."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ._lattice import UNIT
from ._parsing import Cells, as_texts

__all__ = ["Unit", "Weights", "weigh"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Keys = NDArray[np.bytes_]
Rows = Callable[[], Iterable[tuple[Floats, Cells]]]
"""Lattice rows, shape (m, d), and their tags."""

KEY_BYTES = 16
RANK_BYTES = 8
MERGE = 2**18
"""Keys that wait to be merged."""

HELD = 2**20
"""Ranks of rows that are held at once while rows are chosen."""


@dataclass(frozen=True)
class Unit:
    """How rows of one person are weighed.

    Attributes:
        alike: each kept row weighs U // cap; otherwise one of m kept rows weighs U // m.
        cap: rows that are kept of one person.
        salt: public, at most 64 bytes; a person's rows are kept in the order of their hashes.
    """

    alike: bool
    cap: int
    salt: bytes

    def weights(self, rows: Integers) -> Integers:
        """Of a row of persons who have so many rows.

        >>> Unit(alike=False, cap=4, salt=b"").weights(np.array([1, 2, 9])).tolist()
        [1048576, 524288, 262144]
        """
        return UNIT // (np.full_like(rows, self.cap) if self.alike else np.minimum(rows, self.cap))


@dataclass(frozen=True)
class Weights:
    """How many rows each person has, and which of them are kept.

    Attributes:
        unit: how rows are weighed.
        keys: hashes of the tags, sorted, shape (s,).
        rows: of each person, shape (s,).
        limits: for whom has more than the cap: the highest rank that is kept, and how many rows of
            exactly this rank.
    """

    unit: Unit
    keys: Keys
    rows: Integers
    limits: dict[int, tuple[int, int]] = field(default_factory=dict)

    def chooser(self) -> Callable[[Floats, Cells], tuple[Integers, Integers]]:
        """For one reading of the table: which rows of a chunk are kept, and their weights."""
        left = {person: equal for person, (_, equal) in self.limits.items()}

        def choose(x: Floats, tags: Cells) -> tuple[Integers, Integers]:
            places, persons = self.find(tags)
            keep = np.ones(len(places), dtype=bool)
            for at, rank in self.ranks(x, places, persons, left):
                person = persons[at]
                limit = self.limits[person][0]
                keep[at] = rank < limit or (rank == limit and left[person] > 0)
                left[person] -= rank == limit
            return places[keep], self.unit.weights(self.rows[persons[keep]])

        return choose

    def find(self, tags: Cells) -> tuple[Integers, Integers]:
        """Places of the rows whose tag was counted, and the persons' numbers."""
        places, keys = _keys(tags)
        persons = np.searchsorted(self.keys, keys).astype(np.int64)
        counted = np.flatnonzero(persons < len(self.keys))
        counted = counted[self.keys[persons[counted]] == keys[counted]]
        return places[counted], persons[counted]

    def ranks(
        self, x: Floats, places: Integers, persons: Integers, among: Iterable[int]
    ) -> Iterator[tuple[int, int]]:
        """Where in ``persons`` rows of some persons are, and the rank of each."""
        wanted = np.fromiter(among, dtype=np.int64)
        for at in np.flatnonzero(np.isin(persons, wanted)).tolist():
            yield at, _rank(x[places[at]], self.unit.salt)


def weigh(tags: Iterable[Cells], rows: Rows, unit: Unit) -> Weights:
    """Count each person's rows, and choose among those of persons above the cap.

    Memory is bounded by 24 bytes for each person and 2^20 ranks: persons above the cap are taken in
    groups, each with one reading of the table.

    Args:
        tags: of all rows; a row without one is dropped.
        rows: gives the rows; called only where somebody is above the cap.
        unit: how rows are weighed.
    """
    weights = Weights(unit, *_counted(tags))
    above = np.flatnonzero(weights.rows > unit.cap).tolist()
    group = max(HELD // unit.cap, 1)
    for start in range(0, len(above), group):
        weights.limits.update(_limits(weights, above[start : start + group], rows()))
    return weights


def _limits(
    weights: Weights, group: list[int], rows: Iterable[tuple[Floats, Cells]]
) -> dict[int, tuple[int, int]]:
    lowest: dict[int, list[int]] = {person: [] for person in group}
    for x, tags in rows:
        places, persons = weights.find(tags)
        for at, rank in weights.ranks(x, places, persons, group):
            heap = lowest[int(persons[at])]  # of negative ranks: its head is the highest
            if len(heap) < weights.unit.cap:
                heapq.heappush(heap, -rank)
            else:
                heapq.heappushpop(heap, -rank)
    return {person: (-heap[0], heap.count(heap[0])) for person, heap in lowest.items()}


def _counted(tags: Iterable[Cells]) -> tuple[Keys, Integers]:
    """Keys, sorted, and how often each occurs."""
    keys, counts = np.empty(0, dtype=f"S{KEY_BYTES}"), np.empty(0, dtype=np.int64)
    waiting: list[Keys] = []
    waits = 0
    for chunk in tags:
        waiting.append(_keys(chunk)[1])
        waits += len(waiting[-1])
        if waits >= max(MERGE, len(keys)):
            keys, counts = _merged(keys, counts, waiting)
            waiting, waits = [], 0
    return _merged(keys, counts, waiting)


def _merged(keys: Keys, counts: Integers, waiting: list[Keys]) -> tuple[Keys, Integers]:
    fresh, often = np.unique(np.concatenate([keys[:0], *waiting]), return_counts=True)
    both, places = np.unique(np.concatenate([keys, fresh]), return_inverse=True)
    merged = np.zeros(len(both), dtype=np.int64)
    np.add.at(merged, places, np.concatenate([counts, often]))
    return both, merged


def _keys(tags: Cells) -> tuple[Integers, Keys]:
    """Places of the rows with a tag, and the hashes of the tags."""
    texts = as_texts(tags)
    places = [place for place, text in enumerate(texts) if text is not None]
    known = {text: _key(text) for text in set(texts) if text is not None}
    keys = [known[text] for text in texts if text is not None]
    return np.array(places, dtype=np.int64), np.array(keys, dtype=f"S{KEY_BYTES}")


def _key(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=KEY_BYTES).digest()


def _rank(row: Floats, salt: bytes) -> int:
    data = row.astype("<i4").tobytes()
    return int.from_bytes(hashlib.blake2b(data, digest_size=RANK_BYTES, key=salt).digest())
