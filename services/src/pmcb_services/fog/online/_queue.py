# SPDX-License-Identifier: Apache-2.0
"""What waits for one server, in the order in which it will run."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Precedence", "Queue", "Waiting"]


class Precedence(NamedTuple):
    """Sorts as a server runs its orders: weight descending, deadline, arrival, id."""

    minus_weight: float
    deadline: float
    arrival: float
    id: str


@dataclass(frozen=True)
class Waiting:
    """An order that has not started.

    Attributes:
        id: of the order.
        kind: the class it belongs to.
        row: (m,) seconds on each server of the fleet; ``inf`` where it cannot run.
        weight: of its class; a second of lateness costs `LATENESS` times as much.
        deadline: seconds on the clock of ``now``; ``inf`` where there is none.
        arrival: seconds on the same clock.
        server: index of the server that it is queued for; -1 for none.
        error: relative, of the row; see `Correction`.
    """

    id: str
    kind: str
    row: NDArray[np.float64]
    weight: float
    deadline: float
    arrival: float
    server: int = -1
    error: float = 0.0

    @property
    def precedence(self) -> Precedence:
        """Its place in a queue."""
        return Precedence(-self.weight, self.deadline, self.arrival, self.id)


class Queue:
    """Orders of one server; adding, removing and asking what precedes cost little at any length.

    >>> queue = Queue()
    >>> queue.add(Precedence(-1, 20, 0, "upload"), 8.0)
    >>> queue.add(Precedence(-100, 0.25, 1, "control"), 0.5)
    >>> queue.work, queue.before(10, 1.5), queue.pop()[0].id
    (8.5, 0.5, 'control')
    """

    def __init__(self) -> None:
        self._keys: list[Precedence] = []
        self._seconds: list[float] = []
        self.work = 0.0

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[Precedence]:
        return iter(self._keys)

    def add(self, key: Precedence, seconds: float) -> None:
        """Queue an order that takes so long here."""
        at = bisect_left(self._keys, key)
        self._keys.insert(at, key)
        self._seconds.insert(at, seconds)
        self.work += seconds

    def remove(self, key: Precedence) -> float:
        """Withdraw an order; its seconds.

        Raises:
            KeyError: it is not queued here.
        """
        at = bisect_left(self._keys, key)
        if at == len(self._keys) or self._keys[at] != key:
            raise KeyError(key.id)
        return self._take(at)[1]

    def first(self) -> Precedence | None:
        """The order that runs next; ``None`` where none waits."""
        return self._keys[0] if self._keys else None

    def pop(self) -> tuple[Precedence, float]:
        """Take the order that runs next, with its seconds."""
        return self._take(0)

    def before(self, weight: float, deadline: float) -> float:
        """Seconds of what runs before an order that arrives now."""
        at = bisect_right(self._keys, (-weight, deadline, math.inf, ""))
        if at == len(self._keys):
            return self.work
        if 2 * at <= len(self._keys):
            return sum(self._seconds[:at])
        return self.work - sum(self._seconds[at:])

    def _take(self, at: int) -> tuple[Precedence, float]:
        key, seconds = self._keys.pop(at), self._seconds.pop(at)
        self.work = self.work - seconds if self._keys else 0.0  # rounding does not pile up
        return key, seconds
