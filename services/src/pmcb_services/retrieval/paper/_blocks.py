# SPDX-License-Identifier: Apache-2.0
"""The logarithmic method: static forests of doubling size, merged like a binary counter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ._cost import depth_of
from ._forest import Forest
from ._found import NOTHING

__all__ = ["Blocks"]

Ids = NDArray[np.int32]
_WORST_SHARE = 0.5  # of dead records, before all is built anew


class Blocks:
    """Kept by the institution, which knows the order of its records.

    A block of place i holds at most B 2^i records. New ones gather in a buffer of at most B; when
    it runs over, it takes the blocks from place 0 on with it, up to the first free place where all
    of them fit. Tombstones are left out whenever a block is built, and all blocks are built anew
    once half of the records in them are dead.

    Args:
        leaf: B.
        build: a forest over some records.

    Attributes:
        places: the static forests, by place.
        buffer: records in none of them.
    """

    def __init__(self, leaf: int, build: Callable[[Ids], Forest]) -> None:
        self._leaf = leaf
        self._build = build
        self.places: dict[int, Forest] = {}
        self.buffer: Ids = NOTHING.ids

    @property
    def forests(self) -> list[Forest]:
        """The static ones, smallest first."""
        return [self.places[place] for place in sorted(self.places)]

    @property
    def held(self) -> int:
        """Records in the forests, dead ones too."""
        return sum(len(forest.ids) for forest in self.places.values())

    def add(self, ids: Ids, live: NDArray[np.bool_]) -> None:
        """Take new records; ``live`` tells of every record ever put."""
        self.buffer = np.concatenate([self.buffer, ids])
        if len(self.buffer) <= self._leaf:
            return
        carried, place = self.buffer, 0
        while place in self.places or len(carried) > self._leaf << place:
            if place in self.places:
                carried = np.concatenate([carried, self.places.pop(place).ids])
            place += 1
        self._place(carried, live, place)

    def bury(self, live: NDArray[np.bool_]) -> None:
        """Drop dead records from the buffer, and from the blocks if half of them are dead."""
        self.buffer = self.buffer[live[self.buffer]]
        ids = np.concatenate([NOTHING.ids, *(forest.ids for forest in self.places.values())])
        if len(ids) and np.count_nonzero(~live[ids]) >= _WORST_SHARE * len(ids):
            self.places.clear()
            every = np.concatenate([ids, self.buffer])
            self._place(every, live, int(depth_of(np.array([len(every)]), self._leaf)[0]))

    def _place(self, ids: Ids, live: NDArray[np.bool_], place: int) -> None:
        kept = np.sort(ids[live[ids]])
        self.buffer = NOTHING.ids
        if len(kept) <= self._leaf:
            self.buffer = kept
        else:
            self.places[place] = self._build(kept)
