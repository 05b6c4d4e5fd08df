# SPDX-License-Identifier: Apache-2.0
"""Reads that are over before a thread would have begun."""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool

from pmcb_services.retrieval.cloud._cloud import Cloud
from pmcb_services.retrieval.cloud._lmdb import LmdbCloud
from pmcb_services.retrieval.cloud._memory import MemoryCloud

__all__ = ["ShortReads"]

LONG_S = 0.002
IN_THREADS = 16  # reads after a long one


class ShortReads:
    """Reads from memory right where they are asked for, and in a thread where that takes long.

    A batch of 32 blobs from a mapped file takes 0.05 ms, its way to a thread and back five times
    that. Where the file's pages come from the disk a read takes long: the next ones go to threads,
    and then one is tried again.

    Args:
        cloud: that is read; a database answers in its own time and always has a thread.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._is_mapped = isinstance(cloud, LmdbCloud | MemoryCloud)
        self._in_threads = 0

    async def __call__(self, read: Callable[[], bytes]) -> bytes:
        """What is read."""
        if self._in_threads or not self._is_mapped:
            self._in_threads -= bool(self._in_threads)
            return await run_in_threadpool(read)
        start = time.perf_counter()
        try:
            return read()
        finally:
            if time.perf_counter() - start > LONG_S:
                self._in_threads = IN_THREADS
