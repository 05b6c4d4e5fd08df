# SPDX-License-Identifier: Apache-2.0
"""Tables that differ by one record, where a defect would show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pmcb_services.publishing._fit import Means, measure_all, measure_size
from pmcb_services.publishing._lattice import LATTICE
from pmcb_services.publishing._measure import measure
from pmcb_services.publishing._measurements import Probe, Stage, Step
from pmcb_services.publishing._numeric import Numeric
from pmcb_services.publishing._plan import Plan
from pmcb_services.publishing._schema import Schema
from pmcb_services.publishing._table import Table
from pmcb_services.publishing.errors import NotEnoughData
from pmcb_services.publishing.faithful import DPKMeans, IDPKMeans
from pmcb_services.publishing.faithful._lloyd import Lloyd

from ._statistics import Known, known, refused, statistics

__all__ = ["CellPair", "FitPair", "Pair", "RoundsPair", "pairs"]

MANY = 300
"""Rows that six columns need at an epsilon of 1, and some to spare."""

Floats = NDArray[np.float64]


class Pair(Protocol):
    """Two tables and what is run on them.

    Attributes:
        name: what is special about them.
        factor: how many epsilons they may show: 2 where a record is replaced.
    """

    @property
    def name(self) -> str: ...

    @property
    def factor(self) -> int: ...

    def outcome(self, side: int, epsilon: Fraction, means: Means) -> list[float]:
        """One run on table 0 or 1: the statistics of what would be published."""


@dataclass(frozen=True, eq=False)
class _Tables:
    """Two tables of one schema, as arrays in the columns' units.

    Attributes:
        name: what is special about them.
        rows: shapes (n, d) and (n', d); with a subject a column more.
        schema: of both.
        factor: how many epsilons they may show.
    """

    name: str
    rows: tuple[Floats, Floats]
    schema: Schema
    factor: int = 1

    @cached_property
    def tables(self) -> tuple[Table, Table]:
        """Both, opened."""
        return Table.open(self.rows[0], self.schema), Table.open(self.rows[1], self.schema)

    @cached_property
    def known(self) -> tuple[Known, Known]:
        """Both, as an attacker has them."""
        first, second = (known(table, self.schema.width) for table in self.tables)
        return first, second


@dataclass(frozen=True, eq=False)
class CellPair(_Tables):
    """The one mechanism on fixed cells.

    Attributes:
        centres: shape (K, d), on the lattice; None for one cell around the middle.
    """

    centres: NDArray[np.int64] | None = None

    def outcome(self, side: int, epsilon: Fraction, means: Means) -> list[float]:
        """One measurement at all of epsilon."""
        width = self.schema.width
        centres = np.zeros((1, width), np.int64) if self.centres is None else self.centres
        reach = np.full(centres.shape, LATTICE)
        values = measure(self.tables[side], centres, reach, epsilon, means.bits).values
        stage = Stage(Step.FIRST, epsilon, values, centres, reach, tuple(range(width)))
        return statistics([stage], self.known)


@dataclass(frozen=True, eq=False)
class FitPair(_Tables):
    """A whole fit of ``mpdp-k``, refusals included.

    Attributes:
        n_clusters: counted ones.
        with_rows: whether synthetic rows are paid for.
        probed: whether persons are counted before, for a tenth of epsilon; the fit has the rest.
    """

    n_clusters: int = 2
    with_rows: bool = False
    probed: bool = False

    def outcome(self, side: int, epsilon: Fraction, means: Means) -> list[float]:
        """All that one fit measures, and the probe before it."""
        table, k, before, probe = self.tables[side], self.n_clusters, [], None
        if self.probed:
            before = [measure_size(table, epsilon / 10, means)]
            probe = Probe(int(before[0].values[0, 0]), epsilon / 10)
            epsilon -= epsilon / 10
        plan = Plan(
            epsilon, self.schema.width, rows=self.with_rows, counted=True, probed=self.probed
        )
        try:
            found = measure_all(table, self.schema, plan, means, n_clusters=k, probe=probe)
        except NotEnoughData:
            return refused() if probe is None else statistics(before, self.known)
        return statistics([*before, *found.stages], self.known)


@dataclass(frozen=True, eq=False)
class RoundsPair(_Tables):
    """A whole run of an algorithm of the literature that may publish.

    Attributes:
        model: its class.
    """

    model: type[Lloyd] = DPKMeans

    def outcome(self, side: int, epsilon: Fraction, means: Means) -> list[float]:
        """All rounds of one run, of two clusters."""
        model = self.model(
            schema=self.schema,
            epsilon=epsilon,
            n_clusters=2,
            random_state=means.rng,
            bits=means.bits,
        )
        return statistics(model.fit(self.tables[side]).measurements_.stages, self.known)


def pairs() -> tuple[Pair, ...]:
    """All that are audited: the mechanism alone first, then whole fits, then the literature's."""
    return (*_of_cells(), *_of_fits(), *_of_rounds())


def _box(width: int, subject: str | None = None) -> Schema:
    columns = [Numeric(f"x{place}", -1, 1) for place in range(width)]
    return Schema(columns, subject=subject)


def _and(rows: Floats, *more: Sequence[float]) -> tuple[Floats, Floats]:
    return rows, np.vstack([rows, *(np.array([each], dtype=np.float64) for each in more)])


def _of_cells() -> tuple[Pair, ...]:
    empty, halves = np.empty((0, 6)), np.full((10, 6), 0.5)
    two = np.repeat([[-LATTICE // 2], [LATTICE // 2]], 6, axis=1)
    person = np.array([[0.2, 0.1, 0.0]])
    third = [[0.9, -0.9, 1.0]] * 5
    return (
        CellPair("empty and one-record cell", _and(empty, [1.0] * 6), _box(6)),
        CellPair("one coordinate", _and(np.empty((0, 1)), [1.0]), _box(1)),
        CellPair("58 coordinates", _and(np.empty((0, 58)), [1.0] * 58), _box(58)),
        CellPair("on a border of cells", _and(halves, [0.0] * 6), _box(6), centres=two),
        CellPair("out of bounds", _and(halves, [1e300, -1e300, np.inf, -np.inf, 9, -9]), _box(6)),
        CellPair("missing", _and(halves, [np.nan] * 6), _box(6)),
        CellPair("duplicates", _and(halves, [0.5] * 6), _box(6)),
        CellPair("replaced", (-np.ones((1, 6)), np.ones((1, 6))), _box(6), factor=2, centres=two),
        CellPair("five rows of a person", _and(person, *third), _box(2, "who")),
    )


def _of_fits() -> tuple[Pair, ...]:
    middle = np.zeros((MANY, 6))
    heaps = np.repeat([[-0.5], [0.5]], 30, axis=0)
    return (
        FitPair("fit: lone far corner", _and(middle, [1.0] * 6), _box(6)),
        FitPair("fit: nobody and one", _and(np.empty((0, 1)), [1.0]), _box(1)),
        FitPair("fit: at the least size", _and(np.zeros((14, 1)), [0.0]), _box(1)),
        FitPair("fit: fewer than clusters", _and(np.zeros((19, 1)), [1.0]), _box(1), n_clusters=32),
        FitPair("fit: tie of medoids", _and(heaps, [0.0]), _box(1)),
        FitPair("fit: synthetic rows", _and(heaps, [1.0]), _box(1), with_rows=True),
        FitPair("fit: after a probe", _and(np.zeros((14, 1)), [0.0]), _box(1), probed=True),
    )


def _of_rounds() -> tuple[Pair, ...]:
    lone = _and(np.full((10, 2), -0.5), [1.0, 1.0])
    return (
        RoundsPair("dp-kmeans: lone far corner", lone, _box(2)),
        RoundsPair("idp-kmeans: lone far corner", lone, _box(2), model=IDPKMeans),
    )
