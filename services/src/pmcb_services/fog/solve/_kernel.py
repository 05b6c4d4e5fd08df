# SPDX-License-Identifier: Apache-2.0
"""Compiled loops: infinities keep their meaning, and nothing is random that is not handed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

__all__ = ["kernel"]

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile on first use, and keep the machine code between runs where there is a place."""
    try:
        compiled = numba.njit(function, cache=True, nogil=True, error_model="numpy")
    except RuntimeError:  # no folder for the cache
        compiled = numba.njit(function, nogil=True, error_model="numpy")
    return cast("Callable[P, R]", compiled)
