# SPDX-License-Identifier: Apache-2.0
"""Compiled kernels: machine code from annotated Python, kept between runs where possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

__all__ = ["kernel"]

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` without the interpreter lock, so that threads may share the work.

    The machine code is cached beside the source, else in the user's cache folder, else where
    ``NUMBA_CACHE_DIR`` says. Where none of them can be written (a read-only installation run by
    an account without a home), the kernel is compiled afresh in each process.
    """
    try:
        compiled = numba.njit(function, nogil=True, cache=True)
    except RuntimeError:  # numba: "no locator available", nowhere to keep the cache
        compiled = numba.njit(function, nogil=True)
    return cast("Callable[P, R]", compiled)
