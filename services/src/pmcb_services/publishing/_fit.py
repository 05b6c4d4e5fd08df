# SPDX-License-Identifier: Apache-2.0
"""One fit of ``mpdp-k``: the stages that touch the table, in the order of the plan."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._cells import cell_columns, first_cells, second_cells
from ._clusters import cells_of, clusters
from ._grid import axis_parts, grid_centres, grid_cuts, local_cells
from ._lattice import LATTICE, UNIT
from ._marginals import measure_marginals
from ._measure import Rows, measure, measure_counts, measure_vector
from ._measurements import Measurements, Probe, Stage, Step
from ._moments import moment_features
from ._noise import Bits
from ._plan import Plan, Route
from ._schema import Schema

__all__ = ["Means", "measure_all", "measure_size"]

NOTHING: NDArray[np.int64] = np.empty((1, 0), dtype=np.int64)


class Means(NamedTuple):
    """What a fit works with.

    Attributes:
        bits: the source of noise.
        rng: public randomness.
        executor: adds up chunks; None for this thread.
    """

    bits: Bits
    rng: np.random.Generator
    executor: Executor | None = None


def measure_size(table: Rows, share: Fraction, means: Means) -> Stage:
    """The noisy number of persons."""
    count = measure_counts(table, None, share, means.bits, executor=means.executor)
    return Stage(Step.SIZE, share, count[:, None], NOTHING, NOTHING)


def measure_all(
    table: Rows,
    schema: Schema,
    plan: Plan,
    means: Means,
    *,
    n_clusters: int | None = None,
    probe: Probe | None = None,
) -> Measurements:
    """Measure what the plan says; its shares sum to the plan's epsilon, whatever the route.

    Args:
        table: of the schema.
        schema: the public one.
        plan: made for the same schema, number of clusters and probe.
        means: sources of randomness.
        n_clusters: clusters to be counted; None if the plan counts none.
        probe: the number of persons, where the plan says that it is known.

    Raises:
        NotEnoughData: the table is too small for the plan's epsilon.
    """
    stages = () if probe else (measure_size(table, plan.for_size, means),)
    persons = float(stages[0].counts[0]) if stages else (probe.count if probe else 0) / UNIT
    nominal = any(column.width > 1 for column in schema.columns)
    route = plan.route(persons, nominal=nominal)
    found = Measurements(plan.epsilon, schema.width, route, stages, probe)
    work = _Work(table, schema, plan, means)
    found = work.grid(found) if route is Route.GRID else work.cells(found)
    if n_clusters is not None:
        found = found.and_then(work.count(found, n_clusters))
    if plan.for_rows:
        trees = measure_marginals(table, schema, plan.for_rows, means.bits, means.executor)
        found = found.and_then(*trees)
    assert sum(stage.share for stage in found.stages) == plan.epsilon
    return found


@dataclass(frozen=True)
class _Work:
    table: Rows
    schema: Schema
    plan: Plan
    means: Means

    def cells(self, found: Measurements) -> Measurements:
        """Moments, and one partition or two around what is known by then."""
        signal = self.plan.signal(found.persons[0])
        wide, rng = self.plan.is_wide(signal), self.means.rng
        found = found.and_then(self._moments(self.plan.for_moments(signal)))
        first, *second = self.plan.for_partitions(signal)
        columns = cell_columns(found.moments, first)
        near = found.moments.of(columns)
        centres, reach = first_cells(near, first, wide=wide, rng=rng)
        stage = self._cells(Step.FIRST, centres, reach, first, columns)
        found = found.and_then(stage)
        for share in second:
            centres, reach = second_cells(cells_of(stage), near, share, wide=wide, rng=rng)
            found = found.and_then(self._cells(Step.SECOND, centres, reach, share, columns))
        return found

    def grid(self, found: Measurements) -> Measurements:
        """A grid, and cells where it is full."""
        of_grid, of_cells = self.plan.for_grid()
        persons = found.persons[0]
        parts = axis_parts(persons, of_grid, self.schema.columns)
        counts = measure_counts(
            self.table,
            grid_cuts(parts, self.schema.columns),
            of_grid,
            self.means.bits,
            executor=self.means.executor,
        )
        centres = grid_centres(parts, self.schema.columns)
        nothing = np.empty((len(centres), 0), dtype=np.int64)
        everything = tuple(range(self.schema.width))
        boxes = Stage(Step.GRID, of_grid, counts[:, None], centres, nothing, everything)
        around, reach = local_cells(boxes, parts, persons, of_cells, self.means.rng)
        return found.and_then(boxes, self._cells(Step.LOCAL, around, reach, of_cells, everything))

    def count(self, found: Measurements, k: int) -> Stage:
        """Persons in the Voronoi cells of the k centres that are published."""
        centres = np.rint(clusters(found, k).centres * LATTICE).astype(np.int64)
        share = self.plan.for_sizes
        counts = measure_counts(
            self.table, centres, share, self.means.bits, executor=self.means.executor
        )
        nothing = np.empty((k, 0), dtype=np.int64)
        everything = tuple(range(self.schema.width))
        return Stage(Step.CLUSTERS, share, counts[:, None], centres, nothing, everything)

    def _moments(self, share: Fraction) -> Stage:
        values = measure_vector(
            self.table,
            moment_features,
            2 * self.schema.width,
            share,
            self.means.bits,
            executor=self.means.executor,
        )
        return Stage(Step.MOMENTS, share, values[None], NOTHING, NOTHING)

    def _cells(
        self,
        step: Step,
        centres: NDArray[np.float64],
        reach: NDArray[np.float64],
        share: Fraction,
        columns: tuple[int, ...],
    ) -> Stage:
        found = measure(
            self.table,
            np.rint(centres * LATTICE).astype(np.int64),
            np.rint(reach * LATTICE).astype(np.int64),
            share,
            self.means.bits,
            columns=columns,
            executor=self.means.executor,
        )
        return Stage(step, share, found.values, found.centres, found.reach, columns)
