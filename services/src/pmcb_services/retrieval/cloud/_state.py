# SPDX-License-Identifier: Apache-2.0
"""The rules that every cloud keeps: who may write, which root follows, where the log ends."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pmcb_services.retrieval.errors import LogConflict, StaleWriter

from ._cloud import Lease, Root

__all__ = ["State"]


@dataclass(frozen=True, slots=True)
class State:
    """What changes of a store beside its bytes.

    Attributes:
        holder: who took the lease last, "" where it was given back.
        fence: of that lease; 0 before the first.
        until: when it runs out, seconds on the cloud's own clock.
        version: of the newest root; 0 before the first.
        oldest: position of the first log item that is kept.
        end: position of the next log item.
    """

    holder: str = ""
    fence: int = 0
    until: float = 0.0
    version: int = 0
    oldest: int = 0
    end: int = 0

    def leased(self, holder: str, seconds: float, now: float) -> tuple[State, Lease]:
        """After somebody took or renewed the lease.

        Raises:
            StaleWriter: somebody else holds it.
        """
        is_held = self.holder != "" and now < self.until
        if is_held and self.holder != holder:
            raise StaleWriter("Another writer holds the store's lease.")
        fence = self.fence if is_held else self.fence + 1
        after = replace(self, holder=holder, fence=fence, until=now + seconds)
        return after, Lease(holder, fence, seconds)

    def released(self, fence: int) -> State:
        """After its holder gave the lease back; any other fence changes nothing."""
        return replace(self, holder="", until=0.0) if fence == self.fence else self

    def check(self, fence: int) -> None:
        """Whether this fence is the newest.

        Raises:
            StaleWriter: it is not.
        """
        if fence != self.fence:
            raise StaleWriter("The fence of this request is not that of the newest lease.")

    def rooted(self, root: Root, present: bytes | None) -> State:
        """After a new root; itself where the very same one is there.

        Raises:
            StaleWriter: the new one does not follow the present one.
        """
        if root.version == self.version and root.sealed == present:
            return self
        if root.version != self.version + 1:
            raise StaleWriter(f"The store's root has version {self.version}: others wrote it.")
        return replace(self, version=root.version)

    def appended(self, first: int, items: int) -> tuple[State, int]:
        """After so many log items, and how many of them, from the first on, are there already.

        Raises:
            LogConflict: they would leave a gap, or begin where the log was trimmed.
        """
        if not self.oldest <= first <= self.end:
            raise LogConflict(f"The log goes on at position {self.end}, not at {first}.")
        after = replace(self, end=max(self.end, first + items))
        return after, min(items, self.end - first)

    def trimmed(self, before: int) -> State:
        """After the log below a position was forgotten."""
        return replace(self, oldest=max(self.oldest, min(before, self.end)))
