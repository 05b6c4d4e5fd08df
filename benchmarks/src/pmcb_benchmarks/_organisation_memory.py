# SPDX-License-Identifier: Apache-2.0
"""How much memory an organisation's processes hold, service by service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

import psutil

__all__ = ["memory"]


def memory(pids_by_service: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Of each service with all processes that it started, and ``total``, now [bytes].

    ``rss`` counts a page in every process that has it mapped; ``pss`` divides it by how many have,
    also of others on this machine. So the sum of ``rss`` is an upper bound of what the processes
    hold together, and that of ``pss`` what the machine is short of through them. Linux only.

    Args:
        pids_by_service: a process of each. What is below it is the service's, too, unless it is
            listed itself: a supervisor does not hold what it supervises.

    Returns:
        by service and for ``total``: ``processes`` (a count), ``rss`` and ``pss``.

    Raises:
        psutil.NoSuchProcess: a service has ended.
    """
    listed = {*pids_by_service.values()}
    found = {
        name: _sum(_family(psutil.Process(pid), listed)) for name, pid in pids_by_service.items()
    }
    keys = ("processes", "rss", "pss")
    return {**found, "total": {key: sum(each[key] for each in found.values()) for key in keys}}


def _family(process: psutil.Process, listed: set[int]) -> Iterator[psutil.Process]:
    yield process
    with suppress(psutil.NoSuchProcess):
        for child in process.children():
            if child.pid not in listed:
                yield from _family(child, listed)


def _sum(family: Iterator[psutil.Process]) -> dict[str, int]:
    root = next(family).memory_full_info()
    held = [root]
    for process in family:
        with suppress(psutil.NoSuchProcess):  # it ended since
            held.append(process.memory_full_info())
    return {
        "processes": len(held),
        "rss": sum(each.rss for each in held),
        "pss": sum(each.pss for each in held),
    }
