# SPDX-License-Identifier: Apache-2.0
"""The one function through which data are seen: bounded integer sums, and noise on every one.

For cells C with centres c, reaches h and a share of epsilon, each cell j, empty ones too, publishes
q_j + Z_j with

    q_j = Σ_{i in cell j} ( w_i , clip(⌊(2·w_i·(x_i - c_j) + h_j)/(2·h_j)⌋, -w_i, w_i) )

and Pr[Z = z] ∝ exp(-(share/U)·max_i |z_i|), independent for each cell. Cells are disjoint and one
unit's weights sum to at most U, so it changes the q_j by vectors whose max-norms sum to at most U:
that is differential privacy at ``share``, whatever the number of cells and of coordinates.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import repeat
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ._noise import SYSTEM, Bits, sample
from ._partition import Cells, Voronoi, Whole

__all__ = [
    "Features",
    "Measurement",
    "Rows",
    "bounded",
    "measure",
    "measure_counts",
    "measure_each",
    "measure_vector",
    "noisy_sums",
    "summed",
    "totals",
]

WINDOW = 8
"""Chunks that wait for the executor at once."""

LARGEST = 2**62
"""Sums with their noise are cut to it, which no table reaches, so that they fit 64 bits."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Features = Callable[[Integers], tuple[Integers, Integers]]
"""Of rows x, shape (m, d), on the lattice: numerators, shape (m, k), and denominators, shape (k,),
above 0, of k public functions with values in [-1, 1]. A row's must follow from that row alone."""


class Rows(Protocol):
    """A table: encoded rows and their weights, as often as there are stages."""

    def chunks(self) -> Iterator[tuple[Floats, Integers]]:
        """Rows, shape (m, d), whole numbers of at most 2^16; weights, shape (m,), 1 to U."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """What was published of each cell.

    Attributes:
        values: shape (K, D), whole numbers in 1/U: a count, then D - 1 sums of (x - c)/h.
        share: the part of epsilon it cost.
        centres: shape (K, D - 1), on the lattice.
        reach: shape (K, D - 1), on the lattice.
    """

    values: Integers
    share: Fraction
    centres: Integers
    reach: Integers

    @property
    def count(self) -> Integers:
        """Shape (K,)."""
        return self.values[:, 0]

    @property
    def sums(self) -> Integers:
        """Shape (K, D - 1)."""
        return self.values[:, 1:]


def measure(
    table: Rows,
    centres: Integers,
    reach: Integers,
    share: Fraction,
    bits: Bits = SYSTEM,
    *,
    columns: Sequence[int] | None = None,
    executor: Executor | None = None,
) -> Measurement:
    """Noisy count and sums of every Voronoi cell.

    Args:
        table: of d coordinates.
        centres: shape (K, a), on the lattice, public.
        reach: shape (K, a), above 0, on the lattice, public.
        share: the part of epsilon that this costs.
        bits: the operating system's source; a seeded one in tests only.
        columns: the a coordinates the cells live in; all by default.
        executor: adds up chunks; the result is the same bytes whatever it is.
    """
    if reach.shape != centres.shape or reach.dtype.kind != "i" or (reach < 1).any():
        raise ValueError("reach must be whole numbers above 0, one for each coordinate of centres")
    chosen = tuple(range(centres.shape[1])) if columns is None else tuple(columns)
    work = partial(_cell_sums, Voronoi(centres), reach, chosen)
    size = (len(centres), centres.shape[1] + 1)
    return Measurement(_published(table, work, size, share, bits, executor), share, centres, reach)


def measure_counts(
    table: Rows,
    cells: Cells | Integers | None,
    share: Fraction,
    bits: Bits = SYSTEM,
    *,
    executor: Executor | None = None,
) -> Integers:
    """Noisy counts of cells, shape (K,): D = 1, two-sided geometric noise.

    Args:
        table: of d coordinates.
        cells: a public partition; an array is the centres of Voronoi cells, None the whole table.
        share: the part of epsilon that this costs.
        bits: the operating system's source; a seeded one in tests only.
        executor: adds up chunks.
    """
    found = Whole() if cells is None else cells
    partition: Cells = Voronoi(found) if isinstance(found, np.ndarray) else found
    work = partial(_count_sums, partition)
    return _published(table, work, (partition.size, 1), share, bits, executor).ravel()


def measure_each(
    table: Rows,
    partitions: Sequence[Cells],
    shares: Sequence[Fraction],
    bits: Bits = SYSTEM,
    *,
    executor: Executor | None = None,
) -> tuple[Integers, ...]:
    """As `measure_counts` of several partitions, each at its own share, in one reading.

    Args:
        table: of d coordinates.
        partitions: public ones.
        shares: what each costs; together they cost the sum.
        bits: the operating system's source; a seeded one in tests only.
        executor: adds up chunks.
    """
    ends = np.cumsum([cells.size for cells in partitions]).tolist()
    work = partial(_counts_of_each, partitions)
    total = totals(table, work, (ends[-1], 1), executor)
    parts = np.split(total, ends[:-1])
    pairs = zip(parts, shares, strict=True)
    return tuple(noisy_sums(part, share, bits)[:, 0] for part, share in pairs)


def measure_vector(
    table: Rows,
    features: Features,
    length: int,
    share: Fraction,
    bits: Bits = SYSTEM,
    *,
    executor: Executor | None = None,
) -> Integers:
    """Noisy count and sums of public functions of each row, in one vector of D = length + 1.

    Args:
        table: of d coordinates.
        features: the functions; what leaves [-1, 1] is clipped.
        length: how many they are.
        share: the part of epsilon that this costs.
        bits: the operating system's source; a seeded one in tests only.
        executor: adds up chunks.
    """
    work = partial(_feature_sums, features)
    return _published(table, work, (1, length + 1), share, bits, executor).ravel()


def _published(
    table: Rows,
    work: Callable[[Floats, Integers], Integers],
    size: tuple[int, int],
    share: Fraction,
    bits: Bits,
    executor: Executor | None,
) -> Integers:
    return noisy_sums(totals(table, work, size, executor), share, bits)


def totals(
    table: Rows,
    work: Callable[[Floats, Integers], Integers],
    size: tuple[int, int],
    executor: Executor | None,
) -> Integers:
    total = np.zeros(size, dtype=np.int64)
    for part in _partial_sums(table, work, executor):
        total += part
    return total


def noisy_sums(total: Integers, share: Fraction, bits: Bits) -> Integers:
    size = total.shape
    noise = (sample(size[1], share, bits) for _ in repeat(None, size[0]))
    noisy = [
        [min(max(q + z, -LARGEST), LARGEST) for q, z in zip(row, vector, strict=True)]
        for row, vector in zip(total.tolist(), noise, strict=True)
    ]
    return np.array(noisy, dtype=np.int64).reshape(size)


def _partial_sums(
    table: Rows, work: Callable[[Floats, Integers], Integers], executor: Executor | None
) -> Iterable[Integers]:
    if executor is None:
        yield from (work(x, weights) for x, weights in table.chunks())
        return
    waiting: deque[Future[Integers]] = deque()
    try:
        for x, weights in table.chunks():
            waiting.append(executor.submit(work, x, weights))
            if len(waiting) >= WINDOW:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:  # a table that ends in an error leaves no work behind
        for future in waiting:
            future.cancel()


def _cell_sums(
    cells: Voronoi, reach: Integers, columns: tuple[int, ...], x: Floats, weights: Integers
) -> Integers:
    chosen = x[:, columns]
    labels = cells.assign(chosen)
    away = chosen.astype(np.int64) - cells.centres[labels]
    return summed(bounded(weights, away, reach[labels]), labels, cells.size)


def _count_sums(cells: Cells, x: Floats, weights: Integers) -> Integers:
    return summed(weights[:, None], cells.assign(x), cells.size)


def _counts_of_each(partitions: Sequence[Cells], x: Floats, weights: Integers) -> Integers:
    return np.concatenate([_count_sums(cells, x, weights) for cells in partitions])


def _feature_sums(features: Features, x: Floats, weights: Integers) -> Integers:
    numerators, denominators = features(x.astype(np.int64))
    labels = np.zeros(len(x), dtype=np.int64)
    return summed(bounded(weights, numerators, denominators), labels, 1)


def bounded(weights: Integers, numerators: Integers, denominators: Integers) -> Integers:
    """(w, clip(⌊(2·w·a + b)/(2·b)⌋, -w, w)): what one row adds, of max-norm w whatever a and b.

    Cutting a to [-b, b] first changes nothing and keeps the product below 2^63 for b ≤ 2^41.
    """
    w = weights[:, None]
    a = np.clip(numerators, -denominators, denominators)
    rounded = (2 * w * a + denominators) // (2 * denominators)
    return np.hstack([w, np.clip(rounded, -w, w)])


def summed(parts: Integers, labels: Integers, size: int) -> Integers:
    """Sums of each cell, shape (size, D), exact: a chunk's are below 2^53."""
    width = parts.shape[1]
    places = labels[:, None] * width + np.arange(width)
    sums = np.bincount(places.ravel(), parts.ravel(), minlength=size * width)
    return sums.astype(np.int64).reshape(size, width)
