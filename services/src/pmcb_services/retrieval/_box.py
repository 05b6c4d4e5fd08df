# SPDX-License-Identifier: Apache-2.0
"""A query as codes: one interval per attribute."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._numbers import Floats

__all__ = ["Box", "Codes"]

Codes = NDArray[np.uint16]
_TOP = 65_535


@dataclass(frozen=True, eq=False)
class Box:
    """The codes lo...hi of every attribute, both ends included.

    Attributes:
        lo, hi: shape (a,), int32; a wildcard spans 0...65,535, so that it holds absent values.
        ranged: shape (a,), whether the attribute is no wildcard.
        spans: shape (a,), levels - 1: by what gaps are divided.
    """

    lo: NDArray[np.int32]
    hi: NDArray[np.int32]
    ranged: NDArray[np.bool_]
    spans: Floats

    def contains(self, codes: Codes) -> NDArray[np.bool_]:
        """Which records lie inside all ranges; codes of shape (n, a).

        >>> box = Box(np.array([2, 0]), np.array([4, 65535]), np.array([True, False]), np.ones(2))
        >>> box.contains(np.array([[2, 9], [5, 9]], np.uint16)).tolist()
        [True, False]
        """
        inside = np.ones(len(codes), dtype=np.bool_)
        for j in np.flatnonzero(self.ranged).tolist():
            at = codes[:, j]
            if self.lo[j] > 0:
                inside &= at >= np.uint16(self.lo[j])
            if self.hi[j] < _TOP:
                inside &= at <= np.uint16(self.hi[j])
        return inside

    def gap(self, codes: Codes) -> Floats:
        """How far records of shape (n, a) are from the box: 0 inside, else up to 1.

        gap(x) = max over ranged j of max(lo_j - x_j, x_j - hi_j, 0) / (levels_j - 1)
        """
        return self.gap_of_bounds(codes, codes)

    def gap_of_bounds(self, low: Codes, high: Codes) -> Floats:
        """The least gap of any record within bounds of shape (n, a): a lower limit of each."""
        gap = np.zeros(len(low))
        for j in np.flatnonzero(self.ranged).tolist():
            lo, hi = np.uint16(self.lo[j]), np.uint16(self.hi[j])
            below = np.maximum(high[:, j], lo) - high[:, j]  # unsigned: never less than 0
            above = np.maximum(low[:, j], hi) - hi
            np.maximum(gap, np.maximum(below, above) / self.spans[j], out=gap)
        return gap
