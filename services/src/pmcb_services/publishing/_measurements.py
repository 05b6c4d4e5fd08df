# SPDX-License-Identifier: Apache-2.0
"""All that a fit learnt from a table: the noisy integers and what they cost. The rest follows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ._lattice import UNIT
from ._moments import Moments, moments, pooled
from ._noise_law import sd
from ._plan import Route

__all__ = ["Algorithm", "Measurements", "Probe", "Stage", "Step"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Algorithm(StrEnum):
    """What may publish. The last two are the literature's, to compare the first with."""

    MPDP_K = "mpdp-k"
    DP_KMEANS = "dp-kmeans"
    IDP_KMEANS = "idp-kmeans"


class Step(StrEnum):
    """What a stage measures."""

    SIZE = "size"
    MOMENTS = "moments"
    FIRST = "first-cells"
    SECOND = "second-cells"
    GRID = "grid"
    LOCAL = "grid-cells"
    CLUSTERS = "clusters"
    TREE = "tree"
    LOTS = "lots"
    ROUND = "round"


ROUNDS = (Step.LOTS, Step.ROUND)
WHOLE = (Step.SIZE, Step.MOMENTS, *ROUNDS)
"""Whose counts, summed, tell how many there are in all."""


@dataclass(frozen=True, eq=False)
class Stage:
    """The noisy integers of one stage.

    Attributes:
        step: what they measure.
        share: the part of epsilon they cost.
        values: shape (K, D), in units of 1/2^20 person: a count, then D - 1 sums.
        centres: shape (K, a), on the lattice; the public cells. Of a tree, instead, the first place
            and the place after the last of each node among the column's values; of a size and of
            moments shape (1, 0), of lots (K, 0).
        reach: shape (K, a), on the lattice; shape (K, 0) where only counts are measured, and in
            rounds, whose sums are of x itself.
        columns: the encoded columns that ``centres`` are in; of a tree the column of the schema.
        level: of a tree, 1 below the root; else 0.
    """

    step: Step
    share: Fraction
    values: Integers
    centres: Integers
    reach: Integers
    columns: tuple[int, ...] = ()
    level: int = 0

    @property
    def counts(self) -> Floats:
        """Persons of each cell, shape (K,)."""
        return np.asarray(self.values[:, 0] / UNIT)

    @property
    def sums(self) -> Floats:
        """Sums over the persons of each cell, shape (K, D - 1)."""
        return np.asarray(self.values[:, 1:] / UNIT)

    @property
    def means(self) -> Floats:
        """Of a round: sums over counts of at least 1, within [-1, 1], shape (K, D - 1)."""
        return np.clip(self.sums / np.maximum(self.counts, 1.0)[:, None], -1.0, 1.0)

    @property
    def law(self) -> tuple[int, float]:
        """Of the noise of each number: D and epsilon. In rounds each has its own, at a D-th."""
        dimension = self.values.shape[1]
        alone = self.step in ROUNDS
        return (1, float(self.share / dimension)) if alone else (dimension, float(self.share))

    @property
    def noise(self) -> float:
        """The deviation of each count and sum, persons."""
        return sd(*self.law)


@dataclass(frozen=True)
class Probe:
    """A number of persons that was paid for before.

    Attributes:
        count: noisy, in units of 1/2^20 person.
        share: what it cost; not part of this fit's epsilon.
    """

    count: int
    share: Fraction


@dataclass(frozen=True, eq=False)
class Measurements:
    """One fit.

    Attributes:
        epsilon: what it cost; the stages' shares sum to it exactly.
        width: d, the encoded columns.
        route: how the table was divided.
        stages: in the order in which they were measured.
        probe: the number of persons, where it was known before.
    """

    epsilon: Fraction
    width: int
    route: Route
    stages: tuple[Stage, ...]
    probe: Probe | None = field(default=None)

    def and_then(self, *stages: Stage) -> Measurements:
        """These, and what was measured after them."""
        return replace(self, stages=(*self.stages, *stages))

    def of(self, *steps: Step) -> tuple[Stage, ...]:
        """The stages of some steps: one or none of each, but several trees and rounds."""
        return tuple(stage for stage in self.stages if stage.step in steps)

    @property
    def algorithm(self) -> Algorithm:
        """By which all this was measured."""
        if self.of(Step.LOTS):
            return Algorithm.IDP_KMEANS
        return Algorithm.DP_KMEANS if self.of(Step.ROUND) else Algorithm.MPDP_K

    @property
    def last(self) -> Stage:
        """The stage whose cells the coreset is made of."""
        steps = (Step.SECOND, Step.FIRST, Step.LOCAL, Step.ROUND)
        return next(stage for step in steps for stage in reversed(self.of(step)))

    @property
    def persons(self) -> tuple[float, float]:
        """Their number and its deviation: all counts of the whole table, pooled."""
        counts = [
            (float(stage.counts.sum()), stage.noise * len(stage.values) ** 0.5)
            for stage in self.of(*WHOLE)
        ]
        if self.probe is not None:
            counts.append((self.probe.count / UNIT, float(sd(1, self.probe.share))))
        return pooled(counts)

    @property
    def moments(self) -> Moments:
        """Of all encoded columns; on the way of cells only."""
        (stage,) = self.of(Step.MOMENTS)
        return moments(self.persons[0], stage.sums[0], stage.noise)

    @property
    def seed(self) -> int:
        """A seed out of what the coreset is made of: all that follows from it comes out the same.

        What is measured afterwards, clusters and trees, leaves it as it is.
        """
        after = (Step.CLUSTERS, Step.TREE)
        return _digest(stage for stage in self.stages if stage.step not in after)


def _digest(stages: Iterable[Stage]) -> int:
    found = hashlib.sha256()
    for stage in stages:
        found.update(f"{stage.step} {stage.share} {stage.columns}\n".encode())
        for table in (stage.values, stage.centres, stage.reach):
            found.update(f"{table.shape}\n".encode() + table.astype("<i8").tobytes())
    return int.from_bytes(found.digest(), "big")
