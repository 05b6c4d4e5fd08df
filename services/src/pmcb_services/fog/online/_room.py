# SPDX-License-Identifier: Apache-2.0
"""How many orders a gateway takes before it tells submitters to come again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pmcb_services.fog.errors import Overloaded

from ._order import Order

__all__ = ["Held", "Room"]

MOST_MB = 256.0
"""Megabytes of payloads that may be on their way to disk; a single one always may."""


class Room:
    """How many orders may come still, of all submitters together.

    Args:
        open_now: how many are open, by class; it is looked at whenever one comes.
        most: how many of each class may be.
        in_all: and together.
    """

    def __init__(self, open_now: Mapping[str, int], most: dict[str, int], in_all: int) -> None:
        self._open, self._most, self._in_all = open_now, most, in_all
        self._coming: Counter[str] = Counter()
        self._coming_mb = 0.0

    @contextmanager
    def held(self) -> Iterator[Held]:
        """What is taken counts until this ends, and as what is open from then on."""
        made = Held(self)
        try:
            yield made
        finally:
            self._coming.subtract(made.classes)
            self._coming_mb -= made.mb
            if not self._coming.total():
                self._coming_mb = 0.0  # not what rounding left

    def take(self, name: str, mb: float) -> None:
        """One more of a class; see `Held.take`."""
        count = self._open.get(name, 0) + self._coming[name]
        coming = self._coming.total()
        if count >= self._most[name] or sum(self._open.values()) + coming >= self._in_all:
            raise Overloaded(f"{count:,} orders of class {name} are open.", retry_after_s=1.0)
        if coming and self._coming_mb + mb > MOST_MB:
            raise Overloaded(f"{self._coming_mb:,.0f} MB are being written.", retry_after_s=1.0)
        self._coming[name] += 1
        self._coming_mb += mb


class Held:
    """What one submission takes of a room.

    Attributes:
        classes: how many orders of each.
        mb: megabytes of their payloads.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self.classes: Counter[str] = Counter()
        self.mb = 0.0

    def take(self, order: Order, *, known: bool) -> None:
        """One more; a repeat takes none.

        Raises:
            Overloaded: too many of its class are open, too many in all, or too much is written.
        """
        if known:
            return
        self._room.take(order.order_class, order.size)
        self.classes[order.order_class] += 1
        self.mb += order.size
