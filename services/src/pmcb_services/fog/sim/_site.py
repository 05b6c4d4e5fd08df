# SPDX-License-Identifier: Apache-2.0
"""Servers at work on a simulated clock: what each runs, and what each draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pmcb_services.fog.online import Fleet

from ._failure import Failure, stretched
from ._power import Meter, PowerState

__all__ = ["Run", "Site"]


@dataclass(eq=False)
class Run:
    """An attempt at an order on a server.

    Attributes:
        order: its id.
        epoch: of the attempt.
        began: [s], after waking.
        ends: [s].
        expected: seconds, as the order's row has it.
    """

    order: str
    epoch: int
    began: float
    ends: float
    expected: float


class Site:
    """All servers; `alive` ones compute, `reached` ones also hear and are heard."""

    def __init__(self, fleet: Fleet, failures: Sequence[Failure]) -> None:
        self.fleet = fleet
        self.meter = Meter(fleet.servers)
        self.runs: list[Run | None] = [None] * len(fleet.servers)
        self.alive = [True] * len(fleet.servers)
        self.reached = [True] * len(fleet.servers)
        self.wakes = 0
        self.executed_s = 0.0
        self._slow = [
            [each for each in failures if each.server == server.id] for server in fleet.servers
        ]

    def is_free(self, place: int) -> bool:
        """Whether a server can begin something."""
        return self.runs[place] is None and self.alive[place] and self.reached[place]

    def begin(
        self, place: int, order: str, epoch: int, now: float, *, expected: float, actual: float
    ) -> Run:
        """Run an order on a free server, which wakes first if it sleeps."""
        asleep = self.meter.is_asleep(place, now)
        self.wakes += asleep
        self.meter.change(place, now, PowerState.WAKE if asleep else PowerState.BUSY)
        began = now + asleep * float(self.fleet.wake_s[place])
        run = Run(order, epoch, began, stretched(self._slow[place], began, actual), expected)
        self.runs[place] = run
        return run

    def stop(self, place: int, now: float) -> Run | None:
        """What a server ran has ended, or is killed; it is idle from now on."""
        run = self.runs[place]
        if run is not None:
            self.executed_s += max(0.0, now - run.began)
            self.runs[place] = None
            self.meter.change(place, now, PowerState.IDLE)
        return run

    def crash(self, place: int, now: float) -> Run | None:
        """A server is gone, with what it ran."""
        run = self.stop(place, now)
        self.alive[place] = False
        self.meter.change(place, now, PowerState.DOWN)
        return run

    def recover(self, place: int, now: float) -> None:
        """A server that crashed or was cut off is there again."""
        if not self.alive[place]:
            self.alive[place] = True
            self.meter.change(place, now, PowerState.IDLE)
        self.reached[place] = True
        self.fleet.up[place] = True
        if self.runs[place] is None:
            self.fleet.ready_at[place] = now
