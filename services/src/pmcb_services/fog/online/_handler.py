# SPDX-License-Identifier: Apache-2.0
"""What runs an order: the interface that handlers implement."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Protocol

from ._order import OnUnknown

__all__ = [
    "EFFECT_S",
    "Handler",
    "LeaseShort",
    "OrderFailed",
    "OutcomeUnknown",
    "Task",
    "Tenure",
    "boot_s",
]

EFFECT_S = 0.5
"""Seconds that must be left of a lease where an effect begins."""


class OrderFailed(Exception):
    """The order ends as FAILED; ``code`` tells the submitter why, and holds no data of anybody."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class OutcomeUnknown(Exception):
    """Nobody knows whether the effect took place: the order runs again, or is held."""


class LeaseShort(Exception):
    """Too little of the lease is left to begin; the effect did not take place."""


def boot_s() -> float:
    """Seconds since the machine started, the same in all its processes; it runs on in standby."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


class Tenure:
    """How long an order is this worker's own; each beat that is answered extends it."""

    def __init__(self, until_s: float) -> None:
        self._until_s = until_s
        self._ended = False
        self._changed = threading.Condition()

    @property
    def left_s(self) -> float:
        """Seconds left; negative once it is over."""
        return self._until_s - boot_s()

    def extend(self, until_s: float) -> None:
        """It holds until then, on the clock of `boot_s`."""
        with self._changed:
            self._until_s = max(self._until_s, until_s)
            self._changed.notify_all()

    def end(self) -> None:
        """The order has ended before it."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def outlived(self) -> bool:
        """Wait for its end; whether the order has not ended before."""
        with self._changed:
            while not self._ended and (left := self.left_s) > 0:
                self._changed.wait(left)
            return not self._ended


@dataclass(frozen=True, kw_only=True)
class Task:
    """An order to run, once.

    Attributes:
        order: its id; the same in every attempt, so that whoever takes the effect can drop repeats.
        epoch: of this attempt; a greater one is a later attempt.
        kind: names the handler.
        subject, command: what it is about, as in a device and what it is to do.
        payload: as it was submitted.
        predicted_s: seconds that it is to take.
        deadline_ms: milliseconds UTC; 0 for none.
        attempt: 1 for the first start; of an earlier one nobody knows whether it had its effect.
        on_unknown: ``rerun`` or ``hold``.
        tenure: how long it may run.
    """

    order: str
    epoch: int
    kind: str
    subject: str
    command: str
    payload: bytes = field(repr=False)
    predicted_s: float
    deadline_ms: int
    attempt: int
    on_unknown: OnUnknown
    tenure: Tenure

    def begin(self) -> None:
        """Call it right before the effect, and again before each repeat.

        Raises:
            LeaseShort: less than half a second of the lease is left; let it pass.
        """
        if self.tenure.left_s < EFFECT_S:
            raise LeaseShort


class Handler(Protocol):
    """Runs orders of one kind, one after the other, in a process that may be killed anywhere.

    ::

        class Lamp:
            def run(self, task: Task) -> bytes:
                task.begin()
                return switch(task.subject, order=task.order, epoch=task.epoch)
    """

    def run(self, task: Task) -> bytes:
        """What the submitter is told, 8 MiB at most.

        Raises:
            OrderFailed: it did not work; another attempt would fail alike.
            OutcomeUnknown: it may have worked, or may not.
        """
        ...
