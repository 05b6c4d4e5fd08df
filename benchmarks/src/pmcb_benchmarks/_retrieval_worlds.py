# SPDX-License-Identifier: Apache-2.0
"""Records to search, and boxes just wide enough for so many hits around one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pmcb_services.retrieval import Box, Schema, vitals
from pmcb_services.retrieval.cloud import Cloud, MemoryCloud
from pmcb_services.retrieval.keys import StoreKeys
from pmcb_services.retrieval.oblivious import ObliviousStore

__all__ = ["FEW", "HITS", "Question", "World"]

HITS = (10, 50, 200)
FEW = 50  # up to so many hits the targets on time hold

_NEAR = 1e-9

Floats = NDArray[np.float64]


_held = lru_cache(maxsize=1)(vitals.load)  # a stand-in takes longer than most that is asked of it


@dataclass(frozen=True, eq=False)
class Question:
    """A cube of the scaled space around a record, as every structure asks for it.

    Attributes:
        ranges: for a store.
        box: the same as codes.
        centre: shape (a,), scaled.
        width: half the cube's side.
    """

    ranges: Mapping[str, tuple[float, float]]
    box: Box
    centre: Floats
    width: float


class World:
    """The first records of the vital signs, nothing carried; stand-ins where there are too few.

    Args:
        records: n.
        attributes: a, 1 to 8.
        seed: of the boxes.
    """

    def __init__(self, records: int, attributes: int = 5, seed: int = 0) -> None:
        held = _held(records).narrowed(attributes)
        self.source = held.source
        self.schema: Schema = replace(held.schema, carried=(), patient=None)
        self.codes = held.codes
        self.spans = np.array(self.schema.levels, dtype=np.float64) - 1
        self.rng = np.random.default_rng(seed)

    @cached_property
    def values(self) -> Floats:
        """Shape (n, a), in the attributes' units."""
        return self.schema.decode(self.codes)

    @cached_property
    def tree(self) -> cKDTree:
        """SciPy's tree over the records, each attribute scaled to 0...1."""
        return cKDTree(self.codes / self.spans)

    @property
    def about(self) -> dict[str, object]:
        """What stands beside figures."""
        records, attributes = self.codes.shape
        return {"records": records, "attributes": attributes, "source": self.source}

    def store(self, cloud: Cloud | None = None, layouts: str = "kd+1d") -> ObliviousStore:
        """An oblivious store of the records; in memory where no cloud is given."""
        kept = MemoryCloud() if cloud is None else cloud
        keys = StoreKeys.generate()
        return ObliviousStore.create(kept, self.schema, self.values, keys=keys, layouts=layouts)

    def ask(self, hits: int) -> Question:
        """The least cube around a random record that holds so many; ties may give more."""
        centre = self.codes[self.rng.integers(len(self.codes))] / self.spans
        distances, _ = self.tree.query(centre, k=[min(hits, len(self.codes))], p=np.inf)
        width = float(distances[0]) + _NEAR
        low = np.maximum(np.ceil((centre - width) * self.spans), 0).astype(np.int64)
        high = np.minimum(np.floor((centre + width) * self.spans), self.spans).astype(np.int64)
        ranges = {
            attribute.name: (float(attribute.values[first]), float(attribute.values[last]))
            for attribute, first, last in zip(self.schema.attributes, low, high, strict=True)
        }
        return Question(ranges, self.schema.box(ranges), centre, width)

    def asks(self, hits: int, count: int) -> list[Question]:
        """Several of them."""
        return [self.ask(hits) for _ in range(count)]

    def inside(self, question: Question) -> list[int]:
        """Which records lie inside, by SciPy's tree."""
        return sorted(self.tree.query_ball_point(question.centre, question.width, p=np.inf))
