# SPDX-License-Identifier: Apache-2.0
"""Where independent pieces of work run: threads of ours, or whatever executor the user brings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol, TypeVar

__all__ = ["Executor", "executor_or_threads", "processors"]

R = TypeVar("R")


class Executor(Protocol):
    """As much of ``concurrent.futures.Executor`` as is needed: processes and clusters have it.

    Functions given to it are those of modules and picklable, and so are their arguments.
    """

    def map(self, function: Callable[..., R], /, *iterables: Iterable[object]) -> Iterable[R]:
        """Results of ``function`` on the items, in their order."""


def processors() -> int:
    """Processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def executor_or_threads(
    executor: Executor | None = None, n_jobs: int | None = None
) -> Iterator[Executor]:
    """The given executor, which stays its owner's, or threads: ``n_jobs``, or one per processor."""
    if executor is not None:
        yield executor
        return
    with ThreadPoolExecutor(n_jobs or processors()) as pool:
        yield pool
