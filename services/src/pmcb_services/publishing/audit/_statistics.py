# SPDX-License-Identifier: Apache-2.0
"""What an attacker looks at who knows both tables and asks which one an outcome came from.

The exact sums are computed anew here and share nothing with `measure`. Boxes of a grid are taken
for the cells around their centres: rows at a border may go elsewhere, for a weaker attacker.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pmcb_services.publishing._lattice import LATTICE, UNIT
from pmcb_services.publishing._measure import Rows
from pmcb_services.publishing._measurements import ROUNDS, Stage, Step

__all__ = ["Known", "known", "refused", "statistics"]


Integers = NDArray[np.int64]


class Known(NamedTuple):
    """A table's rows, shape (n, d), on the lattice, and weights, shape (n,)."""

    rows: Integers
    weights: Integers


def known(table: Rows, width: int) -> Known:
    """All of a table that is small."""
    chunks = list(table.chunks())
    rows = np.vstack([np.empty((0, width)), *(x for x, _ in chunks)]).astype(np.int64)
    weights = np.concatenate([np.empty(0, np.int64), *(w for _, w in chunks)])
    return Known(rows, weights)


def refused() -> list[float]:
    """The statistics of a fit that found its table too small."""
    return [1.0, 0.0, 0.0] + 3 * len(Step) * [0.0]


def statistics(stages: Sequence[Stage], tables: tuple[Known, Known]) -> list[float]:
    """Numbers of one outcome, any of which may give away the table.

    Whether it is refused; how many cells it has; the log-likelihood ratio of all of it, which is
    the best there is if the noise is what it should be. Then for each step the ratio alone, how
    far the outcome is from what the first table gives, and how many cells have exactly that.

    Args:
        stages: what was published.
        tables: the two.
    """
    found = {step: [0.0, 0.0, 0.0] for step in Step}
    for stage in stages:
        away, other = (_away(stage, table) for table in tables)
        rate = stage.law[1] / UNIT
        parts = (
            int((other - away).sum()) * rate,
            float(away.sum(dtype=np.float64)) * rate,
            (away == 0).sum(),
        )
        found[stage.step] = [a + float(b) for a, b in zip(found[stage.step], parts, strict=True)]
    cells = float(sum(len(stage.values) for stage in stages))
    ratio = sum(parts[0] for parts in found.values())
    return [0.0, cells, ratio, *(value for parts in found.values() for value in parts)]


def _away(stage: Stage, table: Known) -> Integers:
    """Of each cell the norm of what was published less what is so, shape (K,).

    The norm is the noise's: the largest, in rounds the sum. Who fell into which lot nobody knows,
    so that of lots only the sums of all are looked at.
    """
    values = stage.values.sum(axis=0)[None] if stage.step is Step.LOTS else stage.values
    exact = np.zeros(values.shape, dtype=np.int64)
    if len(table.rows):
        labels, vectors = _vectors(stage, table)
        np.add.at(exact, labels, vectors)
    gaps = np.abs(values - exact)
    away: Integers = gaps.sum(axis=1) if stage.step in ROUNDS else gaps.max(axis=1)
    return away


def _vectors(stage: Stage, table: Known) -> tuple[Integers, Integers]:
    """Each row's cell, shape (n,), and what it adds there, shape (n, D)."""
    rows, weights = table.rows, table.weights[:, None]
    if stage.step is Step.MOMENTS:
        parts = [
            _x(weights, rows),
            _part(weights, 2 * rows**2 - LATTICE**2, LATTICE**2),
        ]
        return np.zeros(len(rows), dtype=np.int64), np.hstack([weights, *parts])
    if stage.step is Step.LOTS:
        return np.zeros(len(rows), dtype=np.int64), np.hstack([weights, _x(weights, rows)])
    centres = stage.centres
    rows = rows[:, list(stage.columns)]
    if stage.step is Step.TREE:  # of a column without steps
        return np.searchsorted(centres[:, 0], rows[:, 0] + LATTICE, side="right") - 1, weights
    distances = ((rows[:, None, :] - centres[None]) ** 2).sum(axis=2).reshape(len(rows), -1)
    labels = distances.argmin(axis=1)
    if stage.step is Step.ROUND:
        return labels, np.hstack([weights, _x(weights, rows)])
    if not stage.reach.shape[1]:
        return labels, weights
    reach = stage.reach[labels]
    return labels, np.hstack([weights, _part(weights, rows - centres[labels], reach)])


def _x(weights: Integers, rows: Integers) -> Integers:
    return _part(weights, rows, LATTICE)


def _part(weights: Integers, numerators: Integers, denominators: Integers | int) -> Integers:
    """The nearest whole number to w·a/b, cut to [-w, w]."""
    rounded = (2 * weights * numerators + denominators) // (2 * denominators)
    cut: Integers = np.minimum(np.maximum(rounded, -weights), weights)
    return cut
