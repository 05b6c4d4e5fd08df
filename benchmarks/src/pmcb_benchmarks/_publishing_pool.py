# SPDX-License-Identifier: Apache-2.0
"""Two processes of one thread each; nothing heavy is imported here, or threads would be set."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

PROCESSES = 2
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Task = TypeVar("Task")
Found = TypeVar("Found")


def one_thread() -> None:
    """Called before numpy is imported: a run has one core, and none waits for another's."""
    os.environ.update(dict.fromkeys(THREADS, "1"))


@contextmanager
def pool() -> Iterator[Executor]:
    """Workers that end with the block; what is still waiting then is never begun."""
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(PROCESSES, mp_context=context, initializer=one_thread)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def each(
    executor: Executor,
    work: Callable[[Task], Found],
    tasks: Sequence[Task],
    advance: Callable[[int], None] = lambda _: None,
) -> list[Found]:
    """What the work finds for every task, in their order; ``advance`` hears how many are done."""
    found = []
    for one in executor.map(work, tasks):
        found.append(one)
        advance(len(found))
    return found
