# SPDX-License-Identifier: Apache-2.0
"""Each column's own distribution, as a tree of noisy counts that grows where persons are."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ._column import Column
from ._lattice import LATTICE
from ._measure import Rows, measure_each
from ._measurements import Stage, Step
from ._noise import Bits
from ._partition import Cells
from ._schema import Schema

__all__ = ["Leaf", "leaves", "measure_marginals", "shares_of"]

BRANCHES = 8
KEEP = 1.5
SPLIT = 6.0
"""In deviations: a node with less is dropped, with more is split further."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Leaf:
    """Values next to each other, all equally likely.

    Attributes:
        first, stop: places among the column's values, from the first up to before the last.
        mass: the part of all persons.
    """

    first: int
    stop: int
    mass: Fraction | float


@dataclass(frozen=True)
class _Intervals:
    """Cells of one coordinate between cuts; a row at a cut falls above it."""

    coordinate: int
    cuts: Integers

    @property
    def size(self) -> int:
        return len(self.cuts) + 1

    def assign(self, x: Floats) -> Integers:
        found = np.searchsorted(self.cuts, x[:, self.coordinate], side="right")
        return np.asarray(found, dtype=np.int64)


@dataclass(frozen=True)
class _Values:
    """Cells of the values of a column without order."""

    span: slice

    @property
    def size(self) -> int:
        return int(self.span.stop - self.span.start)

    def assign(self, x: Floats) -> Integers:
        return np.asarray(x[:, self.span].argmax(axis=1), dtype=np.int64)


def depth(column: Column) -> int:
    """Levels of a column's tree: ⌈log_8 values⌉; without order all values at once."""
    if column.width > 1:
        return 1
    levels, reached = 0, 1
    while reached < column.count:
        levels, reached = levels + 1, reached * BRANCHES
    return levels


def shares_of(schema: Schema, share: Fraction) -> tuple[Fraction, ...]:
    """What each level of each column's tree costs: the same for each column."""
    return tuple(share / len(schema.columns) / depth(column) for column in schema.columns)


def measure_marginals(
    table: Rows, schema: Schema, share: Fraction, bits: Bits, executor: Executor | None
) -> tuple[Stage, ...]:
    """Grow all trees, a level at each reading: a stage for each column and level.

    Args:
        table: of the schema.
        schema: its columns.
        share: the part of epsilon that all this costs.
        bits: the source of noise.
        executor: adds up chunks.
    """
    shares = shares_of(schema, share)
    stages: list[list[Stage]] = [[] for _ in schema.columns]
    for level in range(1, max(map(depth, schema.columns)) + 1):
        places = [place for place, each in enumerate(schema.columns) if depth(each) >= level]
        edges = [_edges(schema.columns[place], stages[place]) for place in places]
        cells = [_cells(schema, place, edge) for place, edge in zip(places, edges, strict=True)]
        costs = [shares[place] for place in places]
        counts = measure_each(table, cells, costs, bits, executor=executor)
        for place, edge, count in zip(places, edges, counts, strict=True):
            stages[place].append(_stage(place, level, edge, count, shares[place]))
    return tuple(stage for own in stages for stage in own)


def _cells(schema: Schema, place: int, edges: Integers) -> Cells:
    column, span = schema.columns[place], schema.spans[place]
    if column.width > 1:
        return _Values(span)
    return _Intervals(span.start, _cuts(column, edges[1:-1]))


def _stage(place: int, level: int, edges: Integers, counts: Integers, share: Fraction) -> Stage:
    nodes = np.stack([edges[:-1], edges[1:]], axis=1)
    nothing = np.empty((len(nodes), 0), dtype=np.int64)
    return Stage(Step.TREE, share, counts[:, None], nodes, nothing, (place,), level)


def leaves(column: Column, stages: Sequence[Stage]) -> tuple[Leaf, ...]:
    """The leaves of a column's tree in their order; their masses sum to 1.

    Args:
        column: of the schema.
        stages: of that column, level by level.
    """
    closed, growing = _grown(column, stages)
    return tuple(sorted([*closed, *growing], key=lambda leaf: leaf.first))


def _grown(column: Column, stages: Sequence[Stage]) -> tuple[list[Leaf], list[Leaf]]:
    """Leaves that stay, and nodes to be split at the next level."""
    closed: list[Leaf] = []
    growing = [Leaf(0, column.count, 1.0)]
    for stage in stages:
        counts = dict(zip(map(tuple, stage.centres.tolist()), stage.counts.tolist(), strict=True))
        parents, growing = growing, []
        for parent in parents:
            children = _children(parent, stage.level if column.width == 1 else 0)
            heavy = [node for node in children if counts[node] > KEEP * stage.noise]
            total = sum(counts[node] for node in heavy)
            for node in heavy:
                leaf = Leaf(*node, parent.mass * counts[node] / total)
                more = counts[node] > SPLIT * stage.noise and leaf.stop - leaf.first > 1
                (growing if more else closed).append(leaf)
            if not heavy:
                closed.append(parent)
    return closed, growing


def _children(parent: Leaf, level: int) -> list[tuple[int, int]]:
    """At most eight parts as equal as can be; at level 0 each value by itself."""
    length = parent.stop - parent.first
    parts = min(length, BRANCHES) if level else length
    edges = [parent.first + length * part // parts for part in range(parts + 1)]
    return list(pairwise(edges))


def _edges(column: Column, stages: Sequence[Stage]) -> Integers:
    """Where the next level's nodes begin and end, and the gaps between them."""
    _, growing = _grown(column, stages)
    level = len(stages) + 1 if column.width == 1 else 0
    nodes = [node for parent in growing for node in _children(parent, level)]
    return np.unique(np.array([0, column.count, *(edge for node in nodes for edge in node)]))


def _cuts(column: Column, edges: Integers) -> Integers:
    """The lattice coordinates at which the values of those places begin."""
    if column.points is None:
        return edges - LATTICE
    return -((-column.points[edges - 1] - column.points[edges]) // 2)
