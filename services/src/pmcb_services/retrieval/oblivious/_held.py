# SPDX-License-Identifier: Apache-2.0
"""What the single writer of a store holds in memory, and how it speaks to the cloud."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval.cloud._cloud import Cloud, Root
from pmcb_services.retrieval.errors import CloudUnavailable

from ._contents import Contents
from ._hotlog import HotLog
from ._lease import Writer
from ._root import RootSeal, digest_of
from ._rounds import Rounds
from ._state import State

__all__ = ["Held", "new_rounds", "tried"]

TRIES = 3
_Result = TypeVar("_Result")


def tried(call: Callable[[], _Result]) -> _Result:
    """The very same request up to three times.

    Raises:
        CloudUnavailable: none found an answer.
    """
    for _ in range(TRIES - 1):
        try:
            return call()
        except CloudUnavailable:
            continue
    return call()


@dataclass(eq=False)
class Held:
    """The state of an open store.

    Attributes:
        cloud: where the bytes lie.
        state: what is remembered beside it.
        writer: the lease.
        roots: seals roots.
        contents: what the newest root says.
        version, digest: of that root.
        claimed: the last epoch number known to be claimed.
        live: shape (next id,), which ids are alive now; the root's may be older.
        log: what came since the cut.
        rounds: of the epoch; None after a recovery, when touched labels are unknown.
        unsettled: what was sent and found no answer; it is sent again before anything else.
    """

    cloud: Cloud
    state: State
    writer: Writer
    roots: RootSeal
    contents: Contents
    version: int
    digest: bytes
    claimed: int
    live: NDArray[np.bool_]
    log: HotLog
    rounds: Rounds | None
    unsettled: Callable[[], None] | None = None

    @property
    def store(self) -> str:
        """The store's name."""
        return self.contents.build.store

    @property
    def alive(self) -> int:
        """How many records are alive."""
        return int(np.count_nonzero(self.live))

    @property
    def patients(self) -> NDArray[np.generic]:
        """Who had a record at the last epoch change, or got one since, ascending.

        The fog does not know whose records were deleted since; that would take a read more.
        """
        name = self.contents.build.schema.patient
        return np.union1d(self.contents.patients, self.log.inserted["carried"][name])

    def settle(self) -> None:
        """Send what found no answer again.

        Raises:
            CloudUnavailable: it finds none now.
        """
        if self.unsettled is not None:
            tried(self.unsettled)
            self.unsettled = None

    def certainly(self, send: Callable[[], None]) -> None:
        """Send something whose outcome must be known before anything else is sent.

        Raises:
            CloudUnavailable: it is not known now; `settle` goes on with it.
        """
        assert self.unsettled is None
        self.unsettled = send
        self.settle()

    def drop_others(self) -> None:
        """Drop every pool that the newest root does not name: old ones, and parts of new ones."""
        for pool in tried(lambda: self.cloud.pools(self.store)):
            if pool != self.contents.pool:
                tried(lambda pool=pool: self._drop(pool))  # type: ignore[misc]

    def _drop(self, pool: str) -> None:
        self.cloud.drop_pool(self.store, self.writer.fence(), pool)

    def put_root(self, contents: Contents, adopted: Callable[[], None]) -> None:
        """Write the next root; the store changes by it, all at once.

        Args:
            contents: of the root; ``previous`` is set here.
            adopted: what is to change in memory once it stands.
        """
        contents = replace(contents, previous=self.digest)
        root = Root(
            self.version + 1,
            self.roots.seal(contents.document(), self.version + 1, spare=contents.records),
        )

        def send() -> None:
            self.cloud.put_root(self.store, self.writer.fence(), root)
            self.version, self.digest = root.version, digest_of(root.sealed)
            self.contents = contents
            adopted()
            self.state.keep_root(self.version, self.digest)

        self.certainly(send)


def new_rounds(held: Held, contents: Contents) -> Rounds:
    """The rounds of an epoch from which nothing was read yet."""
    pool = contents.whole_pool()
    cloud, store, writer = held.cloud, held.store, held.writer

    def fetch(labels: bytes) -> bytes:
        return tried(lambda: cloud.fetch(store, writer.fence(), contents.pool, labels))

    return Rounds(contents.seal, contents.shape, pool.bucket_bytes, fetch)
