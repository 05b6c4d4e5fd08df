# SPDX-License-Identifier: Apache-2.0
"""Sign tests compiled by numba: of one bound, of a record, of a leaf, of a pivot."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["dot", "kernel", "passes", "sift", "turns"]

P = ParamSpec("P")
R = TypeVar("R")
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ids = NDArray[np.int32]
Ints = NDArray[np.int64]


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile, and keep the machine code between runs where there is a place for it."""
    try:
        compiled = numba.njit(function, cache=True, fastmath=True)
    except RuntimeError:  # no folder for the cache
        compiled = numba.njit(function, fastmath=True)
    return cast("Callable[P, R]", compiled)


@kernel
def dot(table: Floats, row: int, tokens: Floats, token: int) -> float:
    """The product of a record, or node, with a token."""
    total = 0.0
    for i in range(table.shape[1]):
        total += table[row, i] * tokens[token, i]
    return total


@kernel
def passes(table: Floats, row: int, tokens: Floats, needed: Flags, chain: Ints) -> tuple[bool, int]:
    """Whether a record passes the needed bounds, in the chain's order, and after how many tests."""
    tests = 0
    for j in chain:
        for token in range(2 * j, 2 * j + 2):
            if needed[token]:
                tests += 1
                if dot(table, row, tokens, token) <= 0:
                    return False, tests
    return True, tests


@kernel
def sift(
    rows: Ids,
    table: Floats,
    tokens: Floats,
    needed: Flags,
    chain: Ints,
    found: Ids,
    count: int,
) -> tuple[int, int]:
    """Add the rows that pass to those found; how many there are then, and tests."""
    tests = 0
    for row in rows:
        good, used = passes(table, row, tokens, needed, chain)
        tests += used
        if good:
            found[count] = row
            count += 1
    return count, tests


@kernel
def turns(
    table: Floats, pivot: int, tokens: Floats, j: int, above: bool, below: bool
) -> tuple[bool, bool, int]:
    """Whether to go left, whether to go right, and after how many tests."""
    tests = 0
    ge = above
    if not above:
        tests += 1
        ge = dot(table, pivot, tokens, 2 * j) > 0
    le = below or not ge
    if not le:
        tests += 1
        le = dot(table, pivot, tokens, 2 * j + 1) > 0
    return ge, le, tests
