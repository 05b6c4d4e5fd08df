# SPDX-License-Identifier: Apache-2.0
"""What a fog remembers beside the cloud, so that no cloud can take a store back in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pmcb_services.retrieval.errors import ForkDetected

__all__ = ["MemoryState", "State"]


class State(Protocol):
    """Kept by the fog (and by the ledger, where there is one); it outlives the process."""

    def newest(self) -> tuple[int, bytes] | None:
        """Version and digest of the newest root known, or None."""

    def keep_root(self, version: int, digest: bytes) -> None:
        """A new root stands."""

    def acknowledged(self) -> int:
        """The position after the last item of the log that was acknowledged, 0 at first."""

    def keep_log(self, end: int) -> None:
        """The log up to here was acknowledged."""

    def claimed(self) -> int:
        """The number of the last epoch that anybody claimed, 0 at first."""

    def claim(self, number: int) -> None:
        """Claim an epoch's number, that of the last one known to the claimer plus 1.

        Raises:
            ForkDetected: somebody else has claimed it, or a later one.
        """


@dataclass
class MemoryState:
    """Forgets with the process: guards against nothing that happened before it began."""

    root: tuple[int, bytes] | None = None
    log: int = 0
    epoch: int = 0

    def newest(self) -> tuple[int, bytes] | None:
        """The newest root."""
        return self.root

    def keep_root(self, version: int, digest: bytes) -> None:
        """A new root."""
        self.root = (version, digest)

    def acknowledged(self) -> int:
        """The end of the log."""
        return self.log

    def keep_log(self, end: int) -> None:
        """A new end of the log."""
        self.log = max(self.log, end)

    def claimed(self) -> int:
        """The last epoch claimed."""
        return self.epoch

    def claim(self, number: int) -> None:
        """Claim an epoch."""
        if number <= self.epoch:
            raise ForkDetected(f"Epoch {number} was claimed by another writer.")
        self.epoch = number
