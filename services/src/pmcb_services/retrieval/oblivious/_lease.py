# SPDX-License-Identifier: Apache-2.0
"""The lease of the single writer, renewed as it is used."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import suppress

from pmcb_services.retrieval.cloud._cloud import Cloud
from pmcb_services.retrieval.errors import CloudUnavailable, StaleWriter

__all__ = ["Writer"]

LEASE_S = 10.0
RENEW_S = 3.0


class Writer:
    """Takes the lease of a store, and says by which fence it writes.

    Every request renews a lease older than 3 s. Once 10 s have passed by the writer's own clock it
    must have renewed before it goes on; it may go on if nobody took the lease in the meantime,
    which the fence tells: each take-over adds one.

    Raises:
        StaleWriter: somebody else holds the lease.
    """

    def __init__(
        self, cloud: Cloud, store: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._cloud, self._store, self._clock = cloud, store, clock
        self._holder = secrets.token_hex(16)
        self._since = clock()
        self._fence = cloud.lease(store, self._holder, LEASE_S).fence

    def fence(self) -> int:
        """The fence of the lease, which is held now.

        Raises:
            StaleWriter: somebody else took it.
            CloudUnavailable: it ran out, and the cloud does not answer.
        """
        age = self._clock() - self._since
        if age >= RENEW_S:
            self._renew(has_run_out=age >= LEASE_S)
        return self._fence

    def release(self) -> None:
        """Give the lease back; where the cloud does not answer it runs out by itself."""
        with suppress(CloudUnavailable):
            self._cloud.release(self._store, self._fence)

    def _renew(self, *, has_run_out: bool) -> None:
        since = self._clock()  # before asking: the cloud counts from its answer, which is later
        try:
            fence = self._cloud.lease(self._store, self._holder, LEASE_S).fence
        except CloudUnavailable:
            if has_run_out:
                raise
            return
        if fence > self._fence + 1:
            raise StaleWriter("Another writer held the store's lease in the meantime.")
        self._fence, self._since = fence, since
