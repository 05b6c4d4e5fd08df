# SPDX-License-Identifier: Apache-2.0
"""How much an algorithm may do."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["Budget"]


class Budget:
    """Proposals or evaluations that may be spent, or seconds; counted from its making.

    An algorithm announces each call before it makes it, and ends with the first that is refused.
    So a budget cuts one fixed sequence of calls, a greater one later: more is never worse.

    Args:
        effort: proposals or evaluations; unbounded if None.
        time_limit: seconds; unbounded if None.
        clock: seconds that only grow.

    >>> budget = Budget(effort=100)
    >>> budget.spend(70), budget.spend(40), budget.spend(20)  # the first refusal ends it
    (True, False, False)
    >>> budget.spent
    70
    """

    def __init__(
        self,
        effort: int | None = None,
        time_limit: float | None = None,
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.spent = 0
        self._effort = effort
        self._clock = clock
        self._end = None if time_limit is None else clock() + time_limit
        self._refused = False

    def spend(self, k: int) -> bool:
        """Whether a call of k proposals may begin; it is counted if so."""
        self._refused = self.expired or (self.left is not None and k > self.left)
        if not self._refused:
            self.spent += k
        return not self._refused

    @property
    def left(self) -> int | None:
        """Proposals that may still be spent; None: any number."""
        return None if self._effort is None else self._effort - self.spent

    @property
    def left_s(self) -> float | None:
        """Seconds until the time limit, at least 0; None: there is none."""
        return None if self._end is None else max(self._end - self._clock(), 0.0)

    @property
    def expired(self) -> bool:
        """Whether a call was refused, or the time is up."""
        return self._refused or self.left_s == 0.0
