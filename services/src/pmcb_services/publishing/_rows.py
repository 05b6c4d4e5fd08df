# SPDX-License-Identifier: Apache-2.0
"""Synthetic rows: drawn from the coreset, with every column's own distribution restored."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._clusters import coreset
from ._column import Column
from ._lattice import LATTICE
from ._marginals import leaves
from ._measurements import Measurements, Stage, Step
from ._schema import Schema
from .errors import RequestError

__all__ = ["synthetic_rows"]

JITTER = 0.35
RESOLUTION = 5
RAKES = 30
LEAST_CHANCE = 1e-3

Floats = NDArray[np.float64]


def synthetic_rows(measurements: Measurements, schema: Schema) -> Floats:
    """Made-up rows, as many as there are persons, points in [-1, 1] that records can have.

    Points of the coreset are drawn by weight and spread by .35·(5/K)^(1/d) of the columns'
    deviations. Then each column takes the quantiles of its tree at the same ranks: what the columns
    have to do with each other comes from the coreset, what each is alone from its tree.

    Args:
        measurements: of a fit with rows.
        schema: of the same fit.

    Returns:
        shape (n, d); the same whenever it is called.

    Raises:
        RequestError: no rows were paid for.
    """
    trees = measurements.of(Step.TREE)
    if not trees:
        raise RequestError("No rows were paid for.", field="rows")
    rng = np.random.default_rng([measurements.seed, 1])
    points = coreset(measurements)
    number = max(math.ceil(measurements.persons[0]), 1)
    chosen = rng.choice(len(points.points), number, p=points.weights / points.weights.sum())
    rows = points.points[chosen]
    rows = rows + rng.standard_normal(rows.shape) * _spread(measurements)
    for place, (column, span) in enumerate(zip(schema.columns, schema.spans, strict=True)):
        own = [stage for stage in trees if stage.columns == (place,)]
        if column.width > 1:
            rows[:, span] = _drawn(column, own, points.points[chosen][:, span], rng)
        else:
            rows[:, span.start] = _ranked(column, own, rows[:, span.start])
    return rows


def _spread(measurements: Measurements) -> Floats:
    """How far rows lie from their point, shape (d,); on a grid, from its cells' reach."""
    last = measurements.last
    if last.step is Step.LOCAL:
        return np.asarray(JITTER / 2 * last.reach[0] / LATTICE)
    narrower = (RESOLUTION / len(last.values)) ** (1 / measurements.width)
    return np.asarray(JITTER * measurements.moments.deviation * narrower)


def _ranked(column: Column, stages: list[Stage], values: Floats) -> Floats:
    """The tree's quantiles at the ranks of the values, in [-1, 1]."""
    found = leaves(column, stages)
    mass = np.cumsum([float(leaf.mass) for leaf in found])
    firsts = np.array([leaf.first for leaf in found])
    lengths = np.array([leaf.stop - leaf.first for leaf in found])
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = (np.arange(len(values)) + 0.5) / len(values)
    at = np.minimum(np.searchsorted(mass, ranks * mass[-1], side="right"), len(found) - 1)
    within = (mass[at] - ranks * mass[-1]) / np.diff(mass, prepend=0.0)[at]
    steps = np.floor((1.0 - within) * lengths[at]).astype(np.int64)
    places = firsts[at] + np.clip(steps, 0, lengths[at] - 1)
    lattice = places - LATTICE if column.points is None else column.points[places]
    return column.snap((lattice / LATTICE)[:, None])[:, 0]


def _drawn(column: Column, stages: list[Stage], points: Floats, rng: np.random.Generator) -> Floats:
    """Values drawn by the points' coordinates, raked so that all values come out as counted."""
    target = np.zeros(column.count)
    for leaf in leaves(column, stages):
        target[leaf.first : leaf.stop] = float(leaf.mass) / (leaf.stop - leaf.first)
    chances = np.maximum(points, LEAST_CHANCE)
    for _ in range(RAKES):
        chances /= chances.sum(axis=1, keepdims=True)
        chances *= target / np.maximum(chances.mean(axis=0), LEAST_CHANCE**2)
    chances /= chances.sum(axis=1, keepdims=True)
    drawn = (np.cumsum(chances, axis=1) < rng.random((len(points), 1))).sum(axis=1)
    values = np.minimum(drawn, column.count - 1)
    return column.snap(np.eye(column.count)[values])
