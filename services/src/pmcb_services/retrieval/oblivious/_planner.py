# SPDX-License-Identifier: Apache-2.0
"""Which layout answers a query, and in how many rounds: from box and directory alone.

Nothing here sees what is cached. If the number of rounds depended on it, the cloud would learn
which queries overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval._box import Box
from pmcb_services.retrieval._numbers import Floats

from ._directory import Directory
from ._policy import Policy
from ._shape import Shape

__all__ = ["Plan", "nearest", "plan", "plan_patient", "wish"]

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Plan:
    """A layout and R rounds.

    Attributes:
        layout: its number.
        rounds: R.
        overlaps: the layout's buckets of gap 0, ascending.
        gaps: shape (leaves,), of the layout's buckets, infinite of empty ones; None where no
            more than hits are wanted.
    """

    layout: int
    rounds: int
    overlaps: Indices
    gaps: Floats | None


def plan(
    directory: Directory, shape: Shape, layouts: int, box: Box, need: int, policy: Policy
) -> Plan:
    """The layout that takes the fewest rounds; ties go to the largest gap left unread.

    A layout takes R = policy(max(1, ⌈max(c, c') / q⌉)): c of its buckets have gap 0, and c' is
    the shortest prefix, by (gap, index), whose counts reach ``need`` (all, if none does).

    Args:
        directory: of the epoch.
        shape: of the epoch.
        layouts: how many of the layouts, from 0 on, are searched.
        box: the query.
        need: minimum return count and length of the log, or 0 where no minimum was given. The
            whole log counts, not its tombstones alone: R would tell deletes from inserts.
        policy: of the store.

    Raises:
        QueryTooWide: the policy fixes fewer rounds.
    """
    overlaps = directory.overlaps(box)
    ends = np.searchsorted(overlaps, np.arange(layouts + 1) * shape.leaves)
    hit = np.diff(ends)
    by_layout = np.split(overlaps[: ends[-1]], ends[1:-1])
    if need == 0:
        layout = int(hit.argmin())
        rounds = policy.rounds(_requests(int(hit[layout]), shape.batch))
        return Plan(layout, rounds, by_layout[layout], None)
    search = _Search(directory, shape, box, need)
    least = [max(int(c), search.least) for c in hit]
    rounds = policy.rounds(_requests(min(least), shape.batch))
    while True:
        read = rounds * shape.batch
        left = {
            layout: search.left(layout, read)
            for layout, buckets in enumerate(least)
            if buckets <= read and search.suffices(layout, read)
        }
        if left:
            layout = max(left, key=lambda each: (left[each], -each))
            return Plan(layout, rounds, by_layout[layout], search.gaps(layout))
        rounds = policy.rounds(rounds + 1)


def plan_patient(directory: Directory, shape: Shape, patient: int, policy: Policy) -> Plan:
    """The rounds by which one patient's records are read from the layout that is sorted by them.

    Raises:
        QueryTooWide: the policy fixes fewer rounds.
    """
    layout = shape.layouts - 1
    overlaps = directory.of_patient(patient, shape.of_layout(layout))
    return Plan(layout, policy.rounds(_requests(len(overlaps), shape.batch)), overlaps, None)


def wish(made: Plan, shape: Shape, is_cached: NDArray[np.bool_]) -> Indices:
    """The buckets to read, nearest first: at most R q of the layout, none that is cached.

    Args:
        made: the plan.
        shape: of the epoch.
        is_cached: shape (NB,).
    """
    if made.gaps is None:
        return made.overlaps[~is_cached[made.overlaps]]
    span = shape.of_layout(made.layout)
    left = np.where(is_cached[span], np.inf, made.gaps)
    return nearest(left, made.rounds * shape.batch) + np.intp(span.start)


def nearest(gaps: Floats, count: int) -> Indices:
    """The first ``count`` positions by (gap, position), without those of infinite gap.

    >>> nearest(np.array([0.5, 0.0, np.inf, 0.5]), 2).tolist()
    [1, 0]
    """
    held = np.flatnonzero(gaps < np.inf)
    if count < len(held):
        last = np.partition(gaps, count - 1)[count - 1]
        below, ties = np.flatnonzero(gaps < last), np.flatnonzero(gaps == last)
        held = np.concatenate([below, ties[: count - len(below)]])
    return held[np.lexsort((held, gaps[held]))]


class _Search:
    """Gaps of the layouts that come into question, each computed once."""

    def __init__(self, directory: Directory, shape: Shape, box: Box, need: int) -> None:
        self._directory, self._shape, self._box = directory, shape, box
        total = int(directory.counts[shape.of_layout(0)].sum())  # every layout holds every record
        self._need = min(need, total)
        self.least = -(-self._need // shape.bucket)
        self._gaps: dict[int, Floats] = {}

    def gaps(self, layout: int) -> Floats:
        if layout not in self._gaps:
            span = self._shape.of_layout(layout)
            self._gaps[layout] = self._directory.gaps(self._box, span)
        return self._gaps[layout]

    def left(self, layout: int, read: int) -> float:
        """The gap at position ``read``: that of the nearest bucket left unread."""
        gaps = self.gaps(layout)
        return float(np.partition(gaps, read)[read]) if read < len(gaps) else np.inf

    def suffices(self, layout: int, read: int) -> bool:
        """Whether the nearest ``read`` buckets hold as many records as are needed."""
        gaps = self.gaps(layout)
        counts = self._directory.counts[self._shape.of_layout(layout)]
        if read >= len(gaps):
            return True
        last = self.left(layout, read - 1)
        below = gaps < last
        held = int(counts[below].sum(dtype=np.int64))
        if held >= self._need or np.isinf(last):
            return True
        ties = np.flatnonzero(gaps == last)[: read - int(np.count_nonzero(below))]
        return held + int(counts[ties].sum(dtype=np.int64)) >= self._need


def _requests(buckets: int, batch: int) -> int:
    return max(1, -(-buckets // batch))
