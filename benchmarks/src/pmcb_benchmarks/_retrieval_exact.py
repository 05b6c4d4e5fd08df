# SPDX-License-Identifier: Apache-2.0
"""Answers compared with those of plain comparison, record by record, counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval import Answer
from pmcb_services.retrieval.oblivious import ObliviousStore

from ._retrieval_worlds import World

__all__ = ["exactness"]

ATTRIBUTES = range(1, 9)
MINIMA = (0, 0, 10, 200)
RANGED = 0.6
CHANGED, AFTER = 20, 40  # records that come and go, after so many boxes

Floats = NDArray[np.float64]


@dataclass
class _Plain:
    """The records as they are, by id."""

    world: World
    values: Floats = field(init=False)
    live: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.values = self.world.values.copy()
        self.live = np.ones(len(self.values), dtype=np.bool_)

    def change(self, store: ObliviousStore) -> None:
        """Insert some and delete as many."""
        rng = self.world.rng
        rows = self.values[rng.integers(0, len(self.values), CHANGED)]
        gone = rng.choice(np.flatnonzero(self.live), CHANGED, replace=False)
        store.insert(rows)
        store.delete(gone)
        self.values = np.concatenate([self.values, rows])
        self.live = np.concatenate([self.live, np.ones(CHANGED, dtype=np.bool_)])
        self.live[gone] = False

    def box(self) -> dict[str, tuple[float, float]]:
        """A random box: any pattern of wildcards, ends that meet among them."""
        rng, schema = self.world.rng, self.world.schema
        ranged = rng.random(len(schema.names)) < RANGED
        ranged[rng.integers(len(ranged))] = True
        found = {}
        for j in np.flatnonzero(ranged).tolist():
            ends = np.sort(self.values[rng.integers(0, len(self.values), 2), j]).tolist()
            found[schema.names[j]] = (ends[0], ends[0] if rng.random() < 0.1 else ends[1])
        return found

    def is_right(self, ranges: dict[str, tuple[float, float]], minimum: int, got: Answer) -> bool:
        """Hits are exactly those inside; fillers as many as are due, the nearest if certified."""
        gap = np.zeros(len(self.values))
        for name, (low, high) in ranges.items():
            j = self.world.schema.names.index(name)
            attribute = self.world.schema.attributes[j]
            beyond = np.maximum(low - self.values[:, j], self.values[:, j] - high)
            gap = np.maximum(gap, beyond / (attribute.max - attribute.min))
        hits = np.flatnonzero(self.live & (gap <= 0))
        due = max(0, min(minimum, int(self.live.sum())) - len(hits))
        fill = got.ids[~got.in_range]
        is_right = np.array_equal(got.ids[got.in_range], hits) and len(fill) == due
        is_right &= bool(self.live[fill].all() and (gap[fill] > 0).all())
        if got.certified and due:
            nearest = np.sort(gap[self.live & (gap > 0)])[:due]
            is_right &= bool(np.allclose(gap[fill], nearest))
        return is_right and np.array_equal(got.values, self.values[got.ids])


def exactness(records: int, boxes: int, seed: int) -> dict[str, Any]:
    """Random boxes over 1 to 8 attributes, while records come, go and epochs end.

    Args:
        records: n.
        boxes: for each number of attributes.
        seed: of all of it.
    """
    wrong, asked, epochs, certified, filled = 0, 0, 0, 0, 0
    for attributes in ATTRIBUTES:
        world = World(records, attributes, seed)
        plain = _Plain(world)
        with world.store() as store:
            for at in range(boxes):
                if at % AFTER == AFTER - 1:
                    plain.change(store)
                ranges, minimum = plain.box(), MINIMA[at % len(MINIMA)]
                answer = store.query(ranges, minimum)
                asked += 1
                wrong += not plain.is_right(ranges, minimum, answer)
                has_fillers = not answer.in_range.all()
                filled += has_fillers
                certified += has_fillers and answer.certified
            epochs += int(str(store.status()["epoch"]))
    return {
        "records": records,
        "boxes": asked,
        "wrong": wrong,
        "epochs": epochs,
        "with_fillers": filled,
        "certified": certified,
    }
