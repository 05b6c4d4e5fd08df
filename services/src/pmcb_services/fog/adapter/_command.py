# SPDX-License-Identifier: Apache-2.0
"""What a device is told to do, and how that ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from pmcb_services.common.errors import Coded

__all__ = ["Answer", "Command", "Outcome"]


@dataclass(frozen=True)
class Command:
    """One attempt of an order.

    Attributes:
        order: its id; each of its attempts has the same.
        epoch: of the attempt; a later one has a greater.
        device: ``msp/name``.
        name: what to do, as in ``dose``.
        payload: what comes with it.
    """

    order: str
    epoch: int
    device: str
    name: str
    payload: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of all but order and epoch, hex: by it a repeat is told from something else."""
        return sha256(f"{self.device} {self.name} ".encode() + self.payload).hexdigest()


class Outcome(Coded):
    """How a command ended.

    >>> Outcome.UNKNOWN.status
    500
    """

    DONE = "DONE", 200, "It was done."
    NO_DEVICE = "NO_DEVICE", 404, "There is no such device here; nothing was done."
    NO_COMMAND = "NO_COMMAND", 422, "The device takes no such command; nothing was done."
    REFUSED = "REFUSED", 422, "The device refused; nothing was done."
    NOT_STARTED = "NOT_STARTED", 422, "The device's program cannot be started; nothing was done."
    UNKNOWN = "UNKNOWN", 500, "Nobody knows whether it was done: look at the device."


@dataclass(frozen=True)
class Answer:
    """What is answered to every attempt of an order.

    Attributes:
        outcome: how it ended.
        data: what the device said, where it was done.
    """

    outcome: Outcome
    data: bytes = field(default=b"", repr=False)
