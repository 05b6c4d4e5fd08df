# SPDX-License-Identifier: Apache-2.0
"""What goes wrong with servers, and how it stretches their work."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Failure", "stretched"]


@dataclass(frozen=True)
class Failure:
    """From ``at`` until ``until`` [s] something is wrong with a server.

    Attributes:
        server: its id.
        kind: ``crash`` (it is gone, with what it ran), ``slow`` (everything takes ``factor``
            times as long) or ``partition`` (it works on, and nobody hears of it).
    """

    at: float
    until: float
    server: str
    kind: str
    factor: float = 1.0

    @property
    def is_away(self) -> bool:
        """Whether nobody hears of the server."""
        return self.kind != "slow"


def stretched(failures: Sequence[Failure], start: float, seconds: float) -> float:
    """When work of so many seconds ends that begins at ``start`` on a server.

    Args:
        failures: of this server; those that are not ``slow`` do not count, and where several
            overlap the slowest does.
        start: [s].
        seconds: that it takes where all is well.

    Two seconds of work, of which one falls into a time when all takes three times as long:

    >>> stretched([Failure(1.0, 10.0, "a", "slow", 3.0)], 0.0, 2.0)
    4.0
    """
    slow = [each for each in failures if each.kind == "slow"]
    edges = sorted({edge for each in slow for edge in (each.at, each.until) if edge > start})
    now, left = start, seconds
    for edge in [*edges, math.inf]:
        factor = max((each.factor for each in slow if each.at <= now < each.until), default=1.0)
        if left * factor <= edge - now:
            return now + left * factor
        left -= (edge - now) / factor
        now = edge
    raise AssertionError("the last edge lies at infinity")
