# SPDX-License-Identifier: Apache-2.0
"""Every structure over the same encrypted records, and what a search in each of them takes."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import median
from typing import Any

import numpy as np

from pmcb_services.retrieval import Box, Schema
from pmcb_services.retrieval.paper import (
    AspeKey,
    BalancedTree,
    Forest,
    ForestPlan,
    Found,
    Histograms,
    KdTree,
    RangeTree,
    Trapdoor,
    scan,
    search_balanced,
    search_kd,
    search_range_tree,
)

from ._fog_boxes import Codes
from ._intervals import median_interval

RANGE_TREE = "range tree"
PAIRS = "pair forest"
TEXTBOOK = "kd-tree, textbook"
TUNED = "kd-tree, tuned"
BALANCED = "balanced tree"
BALANCED_KD = "balanced tree, kd order"
SCAN = "MRSE scan"
NAMES = (RANGE_TREE, PAIRS, TEXTBOOK, TUNED, BALANCED, BALANCED_KD, SCAN)

INDEXED, LEAF, PAIR_LEAF = 3, 16, 64

Search = Callable[[Trapdoor], Found]


class Structures:
    """One key, one table, seven structures; the table's vectors have rho = 1 for the rankings.

    Args:
        schema: of the records.
        codes: shape (n, a).
        rng: seeds key and encryption.
        names: which structures to build.
    """

    def __init__(
        self,
        schema: Schema,
        codes: Codes,
        rng: np.random.Generator,
        names: Sequence[str] = NAMES,
    ) -> None:
        self.codes, self.rng, self.names = codes, rng, names
        self.key = AspeKey.generate(schema.levels, rng)
        self.table = self.key.encrypt(codes, rng, scaled=False)
        self._histograms = Histograms(codes, schema.levels)
        self._ids = np.arange(len(codes), dtype=np.int32)
        self._made: dict[str, Any] = {name: self._build(name) for name in names}

    def _build(self, name: str) -> Any:
        a = self.codes.shape[1]
        if name == RANGE_TREE:
            return RangeTree.build(self.codes, self._ids, tuple(range(min(INDEXED, a))), LEAF)
        if name == PAIRS:
            self._plan = ForestPlan.pairs(a, PAIR_LEAF)
            return Forest.build(self.codes, self._ids, self._plan)
        if name in {TEXTBOOK, TUNED}:
            return KdTree.build(self.codes, tuned=name == TUNED)
        if name == SCAN:
            return None
        kd = name == BALANCED_KD
        order = KdTree.build(self.codes, tuned=True).ids if kd else self.rng.permutation(self._ids)
        return BalancedTree.build(self.codes, order, self.key, self.rng)

    @property
    def balanced(self) -> BalancedTree:
        """The balanced tree of random order."""
        tree: BalancedTree = self._made[BALANCED]
        return tree

    def bytes_per_record(self, name: str) -> float:
        """Of record numbers and nodes, beside the table."""
        made = self._made[name]
        return 0.0 if made is None else float(made.size_bytes) / len(self.codes)

    def searches(self, box: Box) -> Mapping[str, Search]:
        """A search by each structure; the fog's plan for the pairs is made here."""
        made, table = self._made, self.table
        calls: dict[str, Search] = {}
        for name in self.names:
            tree = made[name]
            if name == PAIRS:
                best = self._plan.choose(box.ranged, self._histograms.selectivity(box))
                calls[name] = partial(tree.search, table, tree=best)
            elif name == SCAN:
                calls[name] = partial(scan, table, None)
            else:
                calls[name] = partial(_WALKS[type(tree)], tree, table)
        return calls


_WALKS: Mapping[type, Callable[[Any, Any, Trapdoor], Found]] = {
    RangeTree: search_range_tree,
    KdTree: search_kd,
    BalancedTree: search_balanced,
}


def counted(tests: Sequence[int]) -> dict[str, float]:
    """The median of sign tests, and its interval of 95 %."""
    low, high = median_interval(tests)
    return {"tests": median(tests), "tests_low": low, "tests_high": high}


class WrongAnswer(AssertionError):
    """A structure found other records than plain comparison."""


def search_all(structures: Structures, boxes: Sequence[Box]) -> list[dict[str, Any]]:
    """A row for each structure: medians over the boxes.

    Every answer is compared with that of plain codes. A search is timed the second time; tokens
    are made before and timed apart.

    Raises:
        WrongAnswer: names the structure.
    """
    told: dict[str, list[tuple[int, int, float]]] = {name: [] for name in structures.names}
    hits, token_ms = [], []
    for box in boxes:
        expected = np.flatnonzero(box.contains(structures.codes))
        hits.append(len(expected))
        start = time.perf_counter()
        door = structures.key.trapdoor(box, structures.rng)
        token_ms.append(1000 * (time.perf_counter() - start))
        for name, search in structures.searches(box).items():
            if not np.array_equal(search(door).ids, expected):
                raise WrongAnswer(name)
            start = time.perf_counter()
            found = search(door)
            told[name].append((found.tests, found.nodes, 1000 * (time.perf_counter() - start)))
    return [
        {
            "structure": name,
            "hits": median(hits),
            **counted([each[0] for each in told[name]]),
            "nodes": median(each[1] for each in told[name]),
            "ms": round(median(each[2] for each in told[name]), 4),
            "tokens_ms": round(median(token_ms), 4),
            "bytes_per_record": round(structures.bytes_per_record(name), 1),
        }
        for name in structures.names
    ]
