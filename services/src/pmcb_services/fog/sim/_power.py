# SPDX-License-Identifier: Apache-2.0
"""What servers draw, second by second."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from pmcb_services.fog.online import Server

__all__ = ["Draw", "Meter", "PowerState", "integral"]


class PowerState(StrEnum):
    """What a server does."""

    BUSY = "busy"
    IDLE = "idle"
    SLEEP = "sleep"
    WAKE = "wake"  # at busy power
    DOWN = "down"
    END = "end"  # of the record


class Draw(NamedTuple):
    """A step: from ``time`` on the server draws so many watts."""

    time: float
    server: str
    state: PowerState
    watts: float


class Meter:
    """Records every change. By themselves, idle servers fall asleep and waking ones get to work."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self._servers = servers
        self._now = [PowerState.IDLE] * len(servers)
        self._since = [0.0] * len(servers)
        self._steps: list[Draw] = []
        self.seconds: list[dict[PowerState, float]] = [defaultdict(float) for _ in servers]

    def change(self, place: int, time: float, state: PowerState) -> None:
        """From ``time`` on a server is in another state."""
        now, since = self._now[place], self._since[place]
        following, after = self._following(place, now)
        if since + after < time:
            self._spend(place, since, since + after, now)
            now, since = following, since + after
        self._spend(place, since, time, now)
        self._since[place], self._now[place] = time, state

    def is_asleep(self, place: int, time: float) -> bool:
        """Whether an idle server has fallen asleep by then."""
        following, after = self._following(place, self._now[place])
        return following is PowerState.SLEEP and self._since[place] + after <= time

    def _following(self, place: int, state: PowerState) -> tuple[PowerState, float]:
        """What comes after a state by itself, and after how many seconds."""
        server = self._servers[place]
        if state is PowerState.IDLE and server.sleep_w is not None:
            return PowerState.SLEEP, server.sleep_after
        if state is PowerState.WAKE:
            return PowerState.BUSY, server.wake_s
        return state, math.inf

    def steps(self, end: float) -> list[Draw]:
        """The whole record until ``end``, by time."""
        for place, server in enumerate(self._servers):
            self.change(place, end, PowerState.END)
            self._steps.append(Draw(end, server.id, PowerState.END, 0.0))
        return sorted(self._steps, key=lambda step: (step.time, step.state is PowerState.END))

    @property
    def energy(self) -> dict[PowerState, float]:
        """Joules by state."""
        found: dict[PowerState, float] = defaultdict(float)
        for place, spent in enumerate(self.seconds):
            for state, seconds in spent.items():
                found[state] += seconds * self._watts(place, state)
        return found

    def _spend(self, place: int, start: float, end: float, state: PowerState) -> None:
        if end > start:
            watts = self._watts(place, state)
            self._steps.append(Draw(start, self._servers[place].id, state, watts))
            self.seconds[place][state] += end - start

    def _watts(self, place: int, state: PowerState) -> float:
        server = self._servers[place]
        if state in {PowerState.BUSY, PowerState.WAKE}:
            return server.busy_w
        if state is PowerState.SLEEP:
            return server.sleep_w or 0.0
        return server.idle_w if state is PowerState.IDLE else 0.0


def integral(steps: Iterable[Draw]) -> float:
    """Joules under a record of steps, which are in the order of time.

    >>> integral([Draw(0, "a", PowerState.BUSY, 10.0), Draw(2, "a", PowerState.END, 0.0)])
    20.0
    """
    last: dict[str, Draw] = {}
    total = 0.0
    for step in steps:
        before = last.get(step.server)
        if before is not None:
            total += before.watts * (step.time - before.time)
        last[step.server] = step
    return total
