# SPDX-License-Identifier: Apache-2.0
"""What follows from the measurements free of charge: the coreset, clusters, medoids and scores.

Pure functions: the same measurements give the same answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._coreset import KEEP, Coreset, kept, shrunk
from ._grid import KEEP_CELLS, grid_terms, pooled_counts
from ._kmeans import nearest, weighted_kmeans
from ._lattice import LATTICE
from ._measurements import Measurements, Stage, Step
from ._medoid import weighted_kmedians
from ._metrics import calinski_harabasz, cost
from ._schema import Schema
from ._sizes import Size, Term, size_of
from .errors import RequestError

__all__ = [
    "Clusters",
    "Score",
    "cells_of",
    "clusters",
    "coreset",
    "medoids",
    "owners",
    "placed",
    "scores",
]

MOST_CLUSTERS = 64

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Clusters:
    """Centres, and how many persons each has; the largest first.

    Attributes:
        centres: shape (k, d), in [-1, 1], whole numbers of 1/2^16.
        sizes: of each, with intervals.
        supported: of each, whether its interval stays clear of 0 and it repeats no other.
        cost: on the coreset: Σ w·‖x - c‖², of medoids Σ w·‖x - c‖.
    """

    centres: Floats
    sizes: tuple[Size, ...]
    supported: tuple[bool, ...]
    cost: float


@dataclass(frozen=True)
class Score:
    """How well k clusters fit the coreset.

    Attributes:
        k: how many clusters.
        calinski_harabasz: the greater the better; NaN where it has no meaning.
        cost: Σ w·min ‖x - c‖².
        supported: how many of the clusters are.
    """

    k: int
    calinski_harabasz: float
    cost: float
    supported: int


def cells_of(stage: Stage) -> Coreset:
    """The coreset of the cells of one partition, in the columns it was made in."""
    cells = kept(stage.counts, KEEP * stage.noise)
    return _points(stage, cells, stage.counts)


def coreset(measurements: Measurements) -> Coreset:
    """The weighted points that stand for the table, in all encoded columns.

    Columns in which no cells were made take their mean. Of rounds they are the means of the last.
    """
    stage = measurements.last
    if stage.step is Step.ROUND:
        every = np.arange(len(stage.values))
        return Coreset(stage.means, np.maximum(stage.counts, 1.0), every)
    if stage.step is not Step.LOCAL:
        found = cells_of(stage)
        return Coreset(_widened(measurements, found.points), found.weights, found.cells)
    (grid,) = measurements.of(Step.GRID)
    counts, deviations = pooled_counts(grid, stage)
    return _points(stage, kept(counts / deviations, KEEP_CELLS), counts)


def clusters(measurements: Measurements, k: int) -> Clusters:
    """The k means of the coreset, with sizes: counted ones if these k were paid for.

    Args:
        measurements: of a fit.
        k: 1 to 64. With fewer points than that the heaviest repeat, unsupported.

    Raises:
        RequestError: k is out of range.
    """
    _check_k(k)
    points = coreset(measurements)
    rng = np.random.default_rng(measurements.seed)
    found = weighted_kmeans(points.points, points.weights, k, rng)
    centres = _on_lattice(_filled(found.centres, points, k))
    centres = centres[_largest_first(points, centres)]
    counted = [stage for stage in measurements.of(Step.CLUSTERS) if len(stage.values) == k]
    sizes = _counted(counted[0]) if counted else _merged(measurements, centres)
    return _clusters(centres, sizes, cost(points.points, points.weights, centres))


def medoids(measurements: Measurements, schema: Schema, k: int) -> Clusters:
    """The k medians of the coreset, each moved to the nearest value of every column.

    Raises:
        RequestError: k is out of range.
    """
    _check_k(k)
    points = coreset(measurements)
    rng = np.random.default_rng(measurements.seed)
    found = weighted_kmedians(points.points, points.weights, k, rng)
    centres = schema.snap(_filled(found.centres, points, k))
    centres = centres[_largest_first(points, centres)]
    far = np.sqrt(nearest(points.points, centres)[1])
    sizes = _merged(measurements, centres)
    return _clusters(centres, sizes, float(points.weights @ far))


def scores(measurements: Measurements, ks: Sequence[int]) -> tuple[Score, ...]:
    """Calinski and Harabasz's index and the cost on the coreset, to choose k by.

    Raises:
        RequestError: a k is out of range.
    """
    points = coreset(measurements)
    persons = float(points.weights.sum())
    middle = np.average(points.points, axis=0, weights=points.weights)[None]
    total = cost(points.points, points.weights, middle)
    found = []
    for k in ks:
        each = clusters(measurements, k)
        index = calinski_harabasz(persons, k, each.cost, total)
        found.append(Score(k, index, each.cost, sum(each.supported)))
    return tuple(found)


def placed(measurements: Measurements) -> Floats:
    """The centres of all cells of the last stage, in all encoded columns."""
    return _widened(measurements, measurements.last.centres / LATTICE)


def owners(measurements: Measurements, centres: Floats) -> Integers:
    """The cluster that each cell of the last stage counts for, by its point if it has one.

    Args:
        measurements: of a fit.
        centres: shape (k, d), in [-1, 1].
    """
    points, places = coreset(measurements), placed(measurements)
    places[points.cells] = points.points
    return nearest(places, centres)[0]


def _check_k(k: int) -> None:
    if not 1 <= k <= MOST_CLUSTERS:
        raise RequestError(f"k must be from 1 to {MOST_CLUSTERS}.", field="k")


def _points(stage: Stage, cells: Integers, counts: Floats) -> Coreset:
    centres, reach = stage.centres[cells] / LATTICE, stage.reach[cells] / LATTICE
    found = shrunk(centres, reach, counts[cells], stage.sums[cells], stage.noise)
    return Coreset(found, np.maximum(counts[cells], 1.0), cells)


def _widened(measurements: Measurements, points: Floats) -> Floats:
    columns = measurements.last.columns
    if len(columns) == measurements.width:
        return points
    wide = np.tile(measurements.moments.mean, (len(points), 1))
    wide[:, list(columns)] = points
    return wide


def _filled(centres: Floats, points: Coreset, k: int) -> Floats:
    """As many centres as asked for: the heaviest points repeat."""
    heaviest = np.argsort(-points.weights, kind="stable")
    return np.vstack([centres, points.points[np.resize(heaviest, k - len(centres))]])


def _on_lattice(centres: Floats) -> Floats:
    return np.asarray(np.rint(centres * LATTICE) / LATTICE)


def _largest_first(points: Coreset, centres: Floats) -> Integers:
    labels, _ = nearest(points.points, centres)
    return np.argsort(-np.bincount(labels, points.weights, len(centres)), kind="stable")


def _clusters(centres: Floats, sizes: tuple[Size, ...], paid: float) -> Clusters:
    _, firsts = np.unique(centres, axis=0, return_index=True)
    alone = np.isin(np.arange(len(centres)), firsts)
    supported = tuple(
        bool(single and size.is_supported) for single, size in zip(alone, sizes, strict=True)
    )
    return Clusters(centres, sizes, supported, paid)


def _counted(stage: Stage) -> tuple[Size, ...]:
    noise = [Term(*stage.law)]
    return tuple(size_of(float(count), noise) for count in stage.counts)


def _merged(measurements: Measurements, centres: Floats) -> tuple[Size, ...]:
    """Sums over all cells of the last stage, those dropped too: leaving them out would bias."""
    stage = measurements.last
    owner = owners(measurements, centres)
    if stage.step is Step.LOCAL:
        (grid,) = measurements.of(Step.GRID)
        counts, _ = pooled_counts(grid, stage)
        return tuple(
            size_of(float(counts[owner == j].sum()), grid_terms(grid, stage, owner == j))
            for j in range(len(centres))
        )
    return tuple(
        size_of(
            float(stage.counts[owner == j].sum()),
            [Term(*stage.law, number=int((owner == j).sum()))],
        )
        for j in range(len(centres))
    )
