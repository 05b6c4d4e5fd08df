# SPDX-License-Identifier: Apache-2.0
"""Who works while something is measured: our processes, and all others of the machine."""

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Work:
    """Processor seconds during a span, by name, and what others took of all cores, 0..1."""

    cpu_s: Mapping[str, float]
    other_load: float


class Watch:
    """From its making until ``seen``; who is watched must live as long. We are ``client``.

    Children count where they are watched themselves.
    """

    def __init__(self, watched: Mapping[str, psutil.Process]) -> None:
        self._watched = {**watched, "client": psutil.Process()}
        self._began = time.perf_counter()
        self._ours = self._used()
        self._busy = _busy_s()

    def seen(self, **more: float) -> Work:
        """What was used until now; ``more`` are seconds of ours that nobody could watch."""
        took = time.perf_counter() - self._began
        cpu_s = {name: used - self._ours[name] for name, used in self._used().items()}
        cpu_s |= more
        others = _busy_s() - self._busy - sum(cpu_s.values())
        cores = os.cpu_count() or 1
        return Work(cpu_s, max(0.0, others / (took * cores)))

    def _used(self) -> dict[str, float]:
        return {name: _cpu_s(process) for name, process in self._watched.items()}


def total(work: Work, names: Iterable[str]) -> float:
    """The processor seconds of several."""
    return sum(work.cpu_s[name] for name in names)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _busy_s() -> float:
    """Of all cores, since the machine's start; time that a hypervisor took counts as busy."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    # Linux counts the guests' time in user time already.
    twice = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    return float(sum(times) - idle - twice)
