# SPDX-License-Identifier: Apache-2.0
"""Records, boxes and every structure over them, for the tests beside this file."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pmcb_services.retrieval import Box
from pmcb_services.retrieval.paper import (
    AspeKey,
    BalancedTree,
    Forest,
    ForestPlan,
    KdTree,
    RangeTree,
    _frontier,
    _kernels,
    scan,
)

WILD = 65_535


def some_codes(rng, n: int, levels, *, spread: int = 10**6):
    """Records of shape (n, a); a small spread makes ties the normal case."""
    return rng.integers(0, np.minimum(levels, spread), (n, len(levels))).astype(np.uint16)


def box_of(levels, bounds: dict[int, tuple[int, int]]) -> Box:
    """A box from codes by attribute."""
    a = len(levels)
    lo, hi = np.zeros(a, dtype=np.int32), np.full(a, WILD, dtype=np.int32)
    ranged = np.zeros(a, dtype=np.bool_)
    for j, (low, high) in bounds.items():
        lo[j], hi[j], ranged[j] = low, high, True
    return Box(lo, hi, ranged, np.array(levels, dtype=np.float64) - 1)


def some_box(rng, codes, levels) -> Box:
    """Any pattern of wildcards, around a record or anywhere, one level wide or more."""
    bounds = {}
    for j in np.flatnonzero(rng.random(len(levels)) < rng.choice([0.3, 0.6, 1.0])).tolist():
        top = levels[j] - 1
        anywhere = not len(codes) or rng.random() < 0.3
        middle = int(rng.integers(0, top + 1) if anywhere else codes[rng.integers(len(codes)), j])
        width = int(rng.choice([0, 1, top // 8, top]))
        bounds[j] = (max(0, middle - width), min(top, middle + width))
    return box_of(levels, bounds)


@dataclass
class World:
    """One set of records with a key and all structures."""

    codes: np.ndarray
    levels: tuple[int, ...]
    seed: int
    leaf: int = 4
    indexed: int = 3

    def __post_init__(self):
        self.rng = rng = np.random.default_rng(self.seed)
        self.key = AspeKey.generate(self.levels, rng)
        self.table = self.key.encrypt(self.codes, rng)
        self.flat = self.key.encrypt(self.codes, rng, scaled=False)
        n, a = self.codes.shape
        ids = np.arange(n, dtype=np.int32)
        dims = tuple(range(min(self.indexed, a)))
        tree = RangeTree.build(self.codes, ids, dims, self.leaf)
        pairs = Forest.build(self.codes, ids, ForestPlan.pairs(a, self.leaf))
        self.kd = [KdTree.build(self.codes, tuned=tuned) for tuned in (False, True)]
        self.balanced = BalancedTree.build(self.codes, self.kd[1].ids, self.key, rng)
        self.trees = [tree, *pairs.trees]

    def searches(self, module):
        """Every structure's search, by name."""
        found: dict[str, tuple[Any, Any]] = {
            f"range tree {tree.dims}": (module.search_range_tree, tree) for tree in self.trees
        }
        for tree in self.kd:
            found[f"kd-tree, tuned {tree.tuned}"] = (module.search_kd, tree)
        found["balanced tree"] = (module.search_balanced, self.balanced)
        return found

    def check(self, box: Box, *, both: bool = True) -> None:
        """Every structure gives what plain comparison gives; both ways with the same counts."""
        expected = np.flatnonzero(box.contains(self.codes)).tolist()
        door = self.key.trapdoor(box, self.rng)
        assert scan(self.table, None, door).ids.tolist() == expected
        compiled = self.searches(_kernels)
        for name, (search, tree) in compiled.items():
            found = search(tree, self.table, door)
            assert found.ids.tolist() == expected, name
            if both:
                again = self.searches(_frontier)[name][0](tree, self.table, door)
                assert (again.ids.tolist(), again[1:]) == (expected, found[1:]), name
