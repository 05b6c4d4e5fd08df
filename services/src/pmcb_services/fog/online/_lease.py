# SPDX-License-Identifier: Apache-2.0
"""How long orders that have started are their workers', by the monotonic clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["BEAT_S", "LEASE_S", "Leases"]

LEASE_S = 3.0
BEAT_S = 1.0


@dataclass
class _Lease:
    epoch: int
    ends: float


class Leases:
    """Of all started orders. They are in memory only: a gateway that starts gives each a fresh one.

    A worker counts its lease from when it asked, this from when it was asked: it never gives an
    order away that a worker still holds to be its own.

    Args:
        clock: monotonic seconds.
        lease_s: seconds that a claim or a beat holds.

    >>> now = 0.0
    >>> leases = Leases(clock=lambda: now)
    >>> leases.give("o", 1)
    >>> now = 2.0
    >>> leases.renew("o", 1), leases.renew("o", 2)
    (True, False)
    >>> now = 5.0
    >>> leases.ended(), leases.ended()
    ([('o', 1)], [])
    """

    def __init__(self, *, clock: Callable[[], float], lease_s: float = LEASE_S) -> None:
        self._now, self.lease_s = clock, lease_s
        self._leases: dict[str, _Lease] = {}

    def give(self, order: str, epoch: int) -> None:
        """A fresh lease."""
        self._leases[order] = _Lease(epoch, self._now() + self.lease_s)

    def renew(self, order: str, epoch: int) -> bool:
        """Whether the lease held still, and does so longer now."""
        lease = self._leases.get(order)
        if lease is None or lease.epoch != epoch or lease.ends <= self._now():
            return False
        lease.ends = self._now() + self.lease_s
        return True

    def end(self, order: str) -> None:
        """The order is over."""
        self._leases.pop(order, None)

    def ended(self) -> list[tuple[str, int]]:
        """Orders, with their epochs, whose leases ran out since the last call."""
        now = self._now()
        found = [(order, each.epoch) for order, each in self._leases.items() if each.ends <= now]
        for order, _ in found:
            del self._leases[order]
        return found
