# SPDX-License-Identifier: Apache-2.0
"""Four attacks on the reproduction. None needs a key; all of them work.

====================  ===========================================  =============================
attack                what the attacker has                        what it gets
====================  ===========================================  =============================
``linear``            some known records, index with rho = 1       every record
``projective``        the same with random rho                     every record
``one_query``         one query's scores, three known records      every value of the attribute
``order``             the sorted list, statistics of other people  nearly every value
====================  ===========================================  =============================

Hidden bases keep linear relations: that two vectors p and q are only seen through E(p).E(q) does
not hide p once enough p are known (Yao, Li, Xiao: Secure Nearest Neighbor Revisited, 2013).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["linear", "one_query", "order", "projective"]

Floats = NDArray[np.float64]
Codes = NDArray[np.integer]
_SAMPLE = 2048  # records that show which dimensions there are
_REACH = 3  # steps around the bounds first found
_RANK = 1e-11  # of the greatest singular value: what is below is rounding


def linear(table: Floats, known: NDArray[np.integer], values: Codes) -> NDArray[np.int64]:
    """Codes of all records from known ones, where vectors are not scaled (rho = 1).

    Each x_j is a linear function of E(x): least squares finds it.

    Args:
        table: encrypted records, shape (N, 2l).
        known: rows whose records are known, at least the rank of the table (l plus the number of
            ones in S).
        values: their codes, shape (k, a).

    Returns:
        Shape (N, a).
    """
    basis = _basis(table)
    weights, *_ = np.linalg.lstsq(basis[known], values.astype(np.float64), rcond=None)
    return _rounded(basis @ weights)


def projective(table: Floats, known: NDArray[np.integer], values: Codes) -> NDArray[np.int64]:
    """Codes of all records from known ones, where each vector has a secret factor rho.

    L_0.E(x) = rho and L_j.E(x) = rho x_j for some vectors L, so that x_j (L_0.E) - L_j.E = 0 for
    every known record: one homogeneous system, whose null space is L.

    Args:
        table: encrypted records, shape (N, 2l).
        known: rows whose records are known.
        values: their codes, shape (k, a).

    Returns:
        Shape (N, a).
    """
    basis = _basis(table)
    unit = basis[known] / np.linalg.norm(basis[known], axis=1, keepdims=True)
    k, rank = unit.shape
    a = values.shape[1]
    scale = np.maximum(values.max(axis=0), 1)
    system = np.zeros((a, k, a + 1, rank))
    for j in range(a):
        system[j, :, 0] = unit * (values[:, j] / scale[j])[:, None]
        system[j, :, 1 + j] = -unit
    _, _, vectors = np.linalg.svd(system.reshape(a * k, (a + 1) * rank))
    found = basis @ vectors[-1].reshape(a + 1, rank).T
    return _rounded(scale * found[:, 1:] / found[:, :1])


def one_query(
    lower: Floats, upper: Floats, known: NDArray[np.integer], values: NDArray[np.integer]
) -> NDArray[np.int64]:
    """One attribute of all records from what the cloud computes for a single query.

    The ratio of a record's two scores is free of rho: y = kappa (x - b1) / (b2 - x). Known records
    give b1, b2 and kappa by y b2 - kappa x + kappa b1 = y x; then x = (y b2 + kappa b1) / (y +
    kappa). Dummies blur that, but bounds lie half a step beside codes: of those near, the ones are
    taken that make most values whole.

    Args:
        lower: scores of the token of the lower bound, shape (N,).
        upper: scores of that of the upper bound, shape (N,).
        known: rows whose value is known: three of different values, or more.
        values: their codes, shape (k,).

    Returns:
        Shape (N,).
    """
    ratio = lower / upper
    y, x = ratio[known], values.astype(np.float64)
    high, kappa, product = _least(np.column_stack([y, -x, np.ones(len(x))]), y * x)
    guesses = [
        _bounded(ratio, known, x, np.floor(product / kappa) + 0.5 + i, np.floor(high) + 0.5 + k)
        for i in range(-_REACH, _REACH + 1)
        for k in range(-_REACH, _REACH + 1)
    ]
    return _rounded(min(guesses, key=lambda each: _unlikely(each, known, x)))


def _bounded(
    ratio: Floats, known: NDArray[np.integer], x: Floats, low: float, high: float
) -> Floats:
    """Every value, if these are the bounds: kappa follows from the known ones."""
    weight = x - low
    kappa = (weight * ratio[known] * (high - x)).sum() / (weight**2).sum()
    return np.asarray((ratio * high + kappa * low) / (ratio + kappa))


def _unlikely(found: Floats, known: NDArray[np.integer], x: Floats) -> tuple[float, float]:
    """Wrong bounds miss known values, or make others lie between whole numbers."""
    missed = np.abs(_rounded(found[known]) - x).sum()
    return float(missed), float(np.median(np.abs(found - np.rint(found))))


def order(ranked: NDArray[np.integer], others: NDArray[np.integer]) -> NDArray[np.int64]:
    """One attribute of all records from their order and the values of other people.

    The record of rank i of N has about the i/N quantile of the population.

    Args:
        ranked: record numbers sorted by the attribute, as trees show them, shape (N,).
        others: codes of other persons, shape (m,).

    Returns:
        Shape (N,), by record number.
    """
    n = len(ranked)
    guessed = np.empty(n, dtype=np.int64)
    places = ((np.arange(n) + 0.5) * len(others) / n).astype(np.int64)
    guessed[ranked] = np.sort(others)[places]
    return guessed


def _basis(table: Floats) -> Floats:
    """The table in its own row space, whitened, shape (N, rank).

    Splitting leaves fewer than 2l dimensions, and dummies are small against values.
    """
    _, sizes, vectors = np.linalg.svd(table[:_SAMPLE], full_matrices=False)
    rank = int((sizes > _RANK * sizes[0]).sum())
    return np.asarray(table @ (vectors[:rank] / sizes[:rank, None]).T)


def _least(matrix: Floats, wanted: Floats) -> Floats:
    found, *_ = np.linalg.lstsq(matrix, wanted, rcond=None)
    return np.asarray(found)


def _rounded(values: Floats) -> NDArray[np.int64]:
    return np.rint(values).astype(np.int64)
