# SPDX-License-Identifier: Apache-2.0
"""MP-INIT: initial centres by multiple partition, in two readings of what is left of its text.

Both begin with raw records, so that one person can move all centres: not private.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pmcb_services.publishing._kmeans import nearest, squares_to

from ._medoids import k_medoids, medoid, random_records

__all__ = ["PARTITIONS", "Reading", "mp_init", "overlay", "subsets"]

PARTITIONS = 5

Floats = NDArray[np.float64]


class Reading(StrEnum):
    """How "multiple partition" is understood."""

    OVERLAY = "overlay"
    SUBSETS = "subsets"


def mp_init(
    rows: Floats,
    k: int,
    rng: np.random.Generator,
    *,
    partitions: int = PARTITIONS,
    reading: Reading = Reading.SUBSETS,
) -> Floats:
    """Initial centres, shape (k, d): the origin where there are no rows.

    Args:
        rows: shape (n, d).
        k: centres.
        rng: draws starts, samples and parts.
        partitions: m.
        reading: see `overlay` and `subsets`; the second is what is measured.
    """
    if not len(rows):
        return np.zeros((k, rows.shape[1]))
    chosen = overlay if reading is Reading.OVERLAY else subsets
    return chosen(rows, k, partitions, rng)


def overlay(rows: Floats, k: int, runs: int, rng: np.random.Generator) -> Floats:
    """Rows on which m runs of k-medoids agree form subsets S_i with medoids z_i.

    The k medoids with the largest |S_i|·Σ_j ‖z_i - z_j‖² are the centres; where there are fewer
    subsets, random records follow.
    """
    labels = np.column_stack([k_medoids(rows, k, rng)[1] for _ in range(runs)])
    _, subset, sizes = np.unique(labels, axis=0, return_inverse=True, return_counts=True)
    parts = np.split(np.argsort(subset, kind="stable"), np.cumsum(sizes)[:-1])
    found = np.array([medoid(rows[part], rng) for part in parts])
    best = np.argsort(-sizes * spread(found), kind="stable")[:k]
    return np.vstack([found[best], random_records(rows, k - len(best), rng)])


def subsets(rows: Floats, k: int, parts: int, rng: np.random.Generator) -> Floats:
    """k-medoids of all rows and of m random parts; the best set of them.

    The best has the largest Σ_ij n_i·n_j·‖z_i - z_j‖², n_i being sizes in the whole table.
    """
    drawn = [part for part in np.array_split(rng.permutation(len(rows)), parts) if len(part)]
    sets = [k_medoids(part, k, rng)[0] for part in (rows, *(rows[each] for each in drawn))]
    return max(sets, key=lambda centres: _separation(rows, centres))


def spread(centres: Floats) -> Floats:
    """Σ_j ‖z_i - z_j‖² of each i, shape (k,).

    >>> spread(np.array([[0.0], [1.0], [3.0]])).tolist()
    [10.0, 5.0, 13.0]
    """
    squares = np.einsum("ij,ij->i", centres, centres)
    crossed = centres @ centres.sum(axis=0)
    return np.asarray(len(centres) * squares + squares.sum() - 2 * crossed)


def _separation(rows: Floats, centres: Floats) -> float:
    sizes = np.bincount(nearest(rows, centres)[0], minlength=len(centres)).astype(np.float64)
    return float(sizes @ squares_to(centres, centres) @ sizes)
