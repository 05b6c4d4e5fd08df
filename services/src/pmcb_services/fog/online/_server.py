# SPDX-License-Identifier: Apache-2.0
"""A server of the fog, and all of them as plain arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["COEFFICIENT", "IDLE", "Fleet", "Server", "watts"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

COEFFICIENT = 1e-8  # b [W/MIPS^3]: 10 W busy at 1000 MIPS, 80 W at 2000
IDLE = 0.6  # phi: idle power over busy power
_MB_PER_GB = 1000


def watts(
    speed: float, *, coefficient: float = COEFFICIENT, idle: float = IDLE
) -> tuple[float, float]:
    """Busy and idle power [W] of a server of this speed [MIPS]: b·s³ and phi·b·s³.

    >>> watts(2000.0)
    (80.0, 48.0)
    """
    busy_w = coefficient * speed**3
    return busy_w, idle * busy_w


@dataclass(frozen=True, kw_only=True)
class Server:
    """One server: what it can do, and what it draws.

    Attributes:
        id: ``[a-z0-9-]{1,32}``.
        speed: [MIPS].
        busy_w, idle_w: [W]; see `watts`.
        bandwidth: [MB/s]; how fast a payload reaches it.
        memory, storage: [MB], [GB]; a payload that exceeds one of them is not for this server.
        kinds: of orders that it can run; ``None``: all.
        sleep_w: [W] asleep; ``None``: it never sleeps.
        sleep_after: idle seconds until it falls asleep.
        wake_s: seconds, at busy power, until it runs what it was woken for.
    """

    id: str
    speed: float
    busy_w: float
    idle_w: float
    bandwidth: float = math.inf
    memory: float = math.inf
    storage: float = math.inf
    kinds: frozenset[str] | None = None
    sleep_w: float | None = None
    sleep_after: float = 0.0
    wake_s: float = 0.0

    def seconds(self, kind: str, length: float, size: float = 0.0) -> float:
        """How long an order takes here: length [MI] / speed + size [MB] / bandwidth.

        Returns:
            ``inf`` where the server lacks the kind, the memory or the storage.

        >>> Server(id="a", speed=500, busy_w=2, idle_w=1, bandwidth=10).seconds("upload", 1000, 5)
        2.5
        """
        lacks = self.kinds is not None and kind not in self.kinds
        if lacks or size > self.memory or size > _MB_PER_GB * self.storage:
            return math.inf
        return length / self.speed + size / self.bandwidth


class Draws(NamedTuple):
    """Of one server: busy and idle power above its least [W], and how it sleeps [s]."""

    rise_w: float
    again_w: float
    sleep_after: float
    wake_s: float


@dataclass(frozen=True)
class Fleet:
    """m servers now: what `choose` and `replan` know of them. The owner keeps the arrays current.

    Attributes:
        servers: in the order of the arrays' entries.
        penalty: pi of the model.
        busy_w, idle_w, sleep_w, floor_w: (m,) watts; sleep is nan for a server that never
            sleeps, floor is the least power of an unoccupied server.
        sleep_after, wake_s: (m,) seconds; ``inf`` after which one that never sleeps would.
        up, draining: (m,) flags; new orders go to servers that are up and not draining.
        ready_at: (m,) seconds; when started work ends or, in the past, has ended.
    """

    servers: tuple[Server, ...]
    penalty: float
    busy_w: Floats
    idle_w: Floats
    sleep_w: Floats
    floor_w: Floats
    sleep_after: Floats
    wake_s: Floats
    up: Flags
    draining: Flags
    ready_at: Floats

    @classmethod
    def of(cls, servers: Sequence[Server], *, penalty: float = 0.5, now: float = 0.0) -> Fleet:
        """All servers up, and idle since ``now``."""
        m = len(servers)
        idle_w = np.array([each.idle_w for each in servers], dtype=np.float64)
        sleep_w = np.array([np.nan if each.sleep_w is None else each.sleep_w for each in servers])
        return cls(
            servers=tuple(servers),
            penalty=penalty,
            busy_w=np.array([each.busy_w for each in servers], dtype=np.float64),
            idle_w=idle_w,
            sleep_w=sleep_w,
            floor_w=np.where(np.isnan(sleep_w), idle_w, sleep_w),
            sleep_after=np.array(
                [math.inf if each.sleep_w is None else each.sleep_after for each in servers]
            ),
            wake_s=np.array([each.wake_s for each in servers], dtype=np.float64),
            up=np.ones(m, dtype=np.bool_),
            draining=np.zeros(m, dtype=np.bool_),
            ready_at=np.full(m, now),
        )

    @cached_property
    def draws(self) -> tuple[Draws, ...]:
        """What `choose` needs of each server's powers, as plain numbers."""
        again_w = self.idle_w - self.floor_w
        rise_w = self.busy_w - self.floor_w
        columns = (rise_w, again_w, self.sleep_after, self.wake_s)
        return tuple(map(Draws._make, zip(*(each.tolist() for each in columns), strict=True)))

    @property
    def open(self) -> Flags:
        """(m,); which servers take new orders."""
        return self.up & ~self.draining

    def row(self, kind: str, length: float, size: float = 0.0) -> Floats:
        """(m,) seconds that an order takes on each server; see `Server.seconds`."""
        return np.array([each.seconds(kind, length, size) for each in self.servers])

    def asleep(self, now: float) -> Flags:
        """(m,); which servers sleep, if nothing is queued for them."""
        return self.ready_at + self.sleep_after <= now
