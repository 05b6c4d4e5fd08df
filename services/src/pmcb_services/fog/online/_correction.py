# SPDX-License-Identifier: Apache-2.0
"""What orders really take, against what was expected, by class and server."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["Correction"]

Floats = NDArray[np.float64]

_LOW, _HIGH = 0.2, 5.0
_BELIEF = 10  # observations that the first expectation counts as: one order tells little
_MEMORY = 50  # observations after which old ones fade


class Correction:
    """Running means of actual over expected seconds, 1 at first, applied between 0.2 and 5.

    Args:
        m: number of servers.

    >>> learnt = Correction(2)
    >>> for _ in range(10):
    ...     learnt.observe("upload", 0, expected=2.0, actual=6.0)
    >>> learnt.applied("upload", np.array([1.0, 1.0])).tolist()
    [2.0, 1.0]
    """

    def __init__(self, m: int) -> None:
        self._m = m
        self._means: dict[str, tuple[Floats, NDArray[np.int64]]] = {}
        self._squares: dict[str, tuple[float, int]] = {}

    def observe(self, order_class: str, server: int, *, expected: float, actual: float) -> None:
        """An order of this class took ``actual`` seconds on a server."""
        if order_class not in self._means:
            self._means[order_class] = np.ones(self._m), np.full(self._m, _BELIEF)
        means, counts = self._means[order_class]
        ratio = actual / expected
        square, seen = self._squares.get(order_class, (0.0, 1))
        seen = min(seen + 1, _MEMORY)
        off = ratio / means[server] - 1.0
        self._squares[order_class] = square + (off * off - square) / seen, seen
        counts[server] = min(counts[server] + 1, _MEMORY)
        means[server] += (ratio - means[server]) / counts[server]

    def applied(self, order_class: str, row: Floats) -> Floats:
        """(m,) expected seconds, corrected."""
        if order_class not in self._means:
            return row
        factors: Floats = np.clip(self._means[order_class][0], _LOW, _HIGH)
        return row * factors

    def error(self, order_class: str) -> float:
        """How far corrected times of a class were off: root mean square, relative; 0 at first."""
        return math.sqrt(self._squares.get(order_class, (0.0, 1))[0])
