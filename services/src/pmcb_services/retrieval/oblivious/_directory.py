# SPDX-License-Identifier: Apache-2.0
"""What the fog knows of each bucket: least and greatest code of every attribute, and how many."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval._box import Box, Codes
from pmcb_services.retrieval._numbers import Floats

from ._layout import Rows

__all__ = ["Directory"]

_TOP = 65_535
_PIECE = 1 << 7  # buckets at a time: they stay in the processor's cache
_GROUP = 64
_FEW = 8  # one in so many: gathering is that much slower than running through
_WITHIN = np.arange(_GROUP)
_WIDE = 8  # codes at a time: NumPy gathers 16 bytes, named complex128, as fast as one code


@dataclass(frozen=True, eq=False)
class Directory:
    """Bounds of all real buckets, 4a + 2 bytes each, beside two patients per bucket.

    Attributes:
        low, high: shape (a, NB), codes; an empty bucket has low 65,535 and high 0.
        counts: shape (NB,), records.
        patients: shape (2, buckets of the patients' layout): least and greatest; or (2, 0).
    """

    low: Codes
    high: Codes
    counts: NDArray[np.uint16]
    patients: NDArray[np.generic]

    @classmethod
    def of(
        cls, codes: Codes, slots: Rows, patients: NDArray[np.generic] | None, leaves: int
    ) -> Directory:
        """The directory of rows in slots.

        Args:
            codes: shape (n, a).
            slots: shape (NB, B), rows, -1 where empty.
            patients: shape (n,); None where no layout (the last one) is sorted by them.
            leaves: buckets per layout.
        """
        low, high = _bounds(codes, slots)
        counts = np.count_nonzero(slots >= 0, axis=1).astype(np.uint16)
        ends: NDArray[np.generic] = np.zeros((2, 0), dtype=np.uint32)
        if patients is not None:
            ends = _ends(patients, slots[-leaves:], counts[-leaves:])
        return cls(low, high, counts, ends)

    def overlaps(self, box: Box) -> NDArray[np.intp]:
        """Which buckets may hold records inside the box, ascending: gap 0, and not empty.

        Neighbours hold neighbours: where the box is small, most groups of 64 are left out as a
        whole, and looking at the others is quicker than at each bucket.
        """
        ranged = [
            (j, np.uint16(box.lo[j]), np.uint16(box.hi[j]))
            for j in np.flatnonzero(box.ranged).tolist()
        ]
        groups = np.flatnonzero(_held(*self._groups, ranged))
        if len(groups) * _GROUP * _FEW > len(self.counts):
            return np.flatnonzero(_held(self.low, self.high, ranged) & (self.counts > 0))
        found = (groups[:, np.newaxis] * _GROUP + _WITHIN).ravel()
        found = found[: np.searchsorted(found, len(self.counts))]
        for j, lo, hi in ranged:
            found = found[self.high[j].take(found) >= lo]
            found = found[self.low[j].take(found) <= hi]
        return found[self.counts.take(found) > 0]

    @cached_property
    def _groups(self) -> tuple[Codes, Codes]:
        """Bounds of 64 consecutive buckets each, shape (a, ⌈NB / 64⌉)."""
        starts = np.arange(0, len(self.counts), _GROUP)
        low: Codes = np.minimum.reduceat(self.low, starts, axis=1)
        high: Codes = np.maximum.reduceat(self.high, starts, axis=1)
        return low, high

    def gaps(self, box: Box, buckets: slice) -> Floats:
        """A lower limit of the gap of any record in these buckets; infinite where there is none."""
        gap = box.gap_of_bounds(self.low[:, buckets].T, self.high[:, buckets].T)
        gap[self.counts[buckets] == 0] = np.inf
        return gap

    def of_patient(self, patient: int, buckets: slice) -> NDArray[np.intp]:
        """The buckets of the patients' layout that may hold this patient, ascending."""
        held = (self.patients[0] <= patient) & (self.patients[1] >= patient)
        found: NDArray[np.intp] = np.flatnonzero(held & (self.counts[buckets] > 0))
        return found + np.intp(buckets.start)


def _held(
    low: Codes, high: Codes, ranged: list[tuple[int, np.uint16, np.uint16]]
) -> NDArray[np.bool_]:
    """Which bounds meet the ranges: an attribute, its least and its greatest code."""
    held = np.ones(low.shape[1], dtype=np.bool_)
    for j, lo, hi in ranged:
        held &= high[j] >= lo
        held &= low[j] <= hi
    return held


def _bounds(codes: Codes, slots: Rows) -> tuple[Codes, Codes]:
    """Least and greatest code of each bucket, shape (a, NB) each."""
    low = np.full((codes.shape[1], len(slots)), _TOP, dtype=np.uint16)
    high = np.zeros_like(low)
    filled = np.flatnonzero(slots[:, 0] >= 0)
    for first in range(0, codes.shape[1], _WIDE):
        group = slice(first, min(first + _WIDE, codes.shape[1]))
        width = group.stop - first
        wide = np.zeros((len(codes), _WIDE), dtype=np.uint16)
        wide[:, :width] = codes[:, group]
        records = wide.view(np.complex128).ravel()
        for start in range(0, len(filled), _PIECE):
            buckets = filled[start : start + _PIECE]
            rows = slots[buckets].T.astype(np.intp, order="C")
            rows = np.where(rows < 0, rows[0], rows)  # its first row again changes no bound
            found = records[rows].view(np.uint16).reshape(*rows.shape, _WIDE)
            low[group, buckets] = found.min(axis=0).T[:width]
            high[group, buckets] = found.max(axis=0).T[:width]
    return low, high


def _ends(
    patients: NDArray[np.generic], slots: Rows, counts: NDArray[np.uint16]
) -> NDArray[np.generic]:
    """First and last patient of each bucket; of an empty one, anybody."""
    padded = np.append(patients, np.zeros(1, dtype=patients.dtype))
    last = np.maximum(counts.astype(np.intp), 1) - 1
    found: NDArray[np.generic] = padded[np.stack([slots[:, 0], slots[np.arange(len(slots)), last]])]
    return found
