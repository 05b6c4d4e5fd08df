# SPDX-License-Identifier: Apache-2.0
"""What is done to an order gateway, its workers and its broker, one blow at a time."""

from __future__ import annotations

import os
import random
import shutil
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from ._fog_device import Adapter
from ._fog_site import FogSite

__all__ = ["Blow", "Victim", "strike", "strike_alone"]

PAUSE_S = 4.5
"""How long a worker is paused: beyond its lease of 3 s."""

_EFFECT_WITHIN_S = 3.0


class Victim(StrEnum):
    """Of a blow; the weights say how often each comes."""

    WORKER = "worker"  # kill -9
    PLANNER = "planner"  # kill -9
    BROKER = "broker"  # kill -9
    GATEWAY = "gateway"  # kill -9
    FILES = "broker files"  # deleted while the broker runs
    EFFECT = "worker after an effect"  # kill -9 between an effect and its commit
    PAUSE = "paused worker"  # SIGSTOP beyond its lease, then SIGCONT
    ALONE = "worker alone"  # kill -9 of one while the others live and are left


ALONE_S = 5.0
"""For which nothing else is struck then: the lease, a second, and another."""

_READY_S = 60.0

WEIGHTS = {
    Victim.WORKER: 8,
    Victim.PLANNER: 3,
    Victim.BROKER: 3,
    Victim.GATEWAY: 3,
    Victim.FILES: 1,
    Victim.EFFECT: 3,
    Victim.PAUSE: 1,
}


@dataclass(frozen=True)
class Blow:
    """One of them: whom, where, and when (milliseconds UTC)."""

    victim: Victim
    server: str
    at_ms: int


def strike(site: FogSite, adapter: Adapter, victim: Victim, draws: random.Random) -> Blow | None:
    """Do it, and start again what died; None where there was nothing to strike.

    Args:
        site: under load.
        adapter: of its device.
        victim: whom.
        draws: choose the worker.
    """
    server = draws.choice(site.servers)
    at_ms = time.time_ns() // 1_000_000
    match victim:
        case Victim.WORKER:
            site.kill(server)
            site.start_worker(server, adapter.url, wait=False)
        case Victim.PLANNER | Victim.BROKER:
            pid = site.planner() if victim is Victim.PLANNER else site.broker()
            if not pid:
                return None
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            server = ""
        case Victim.GATEWAY:
            site.kill("gateway")
            site.start_gateway()
            server = ""
        case Victim.FILES:
            shutil.rmtree(site.broker_folder / "jetstream", ignore_errors=True)
            server = ""
        case Victim.EFFECT:
            found = _after_effect(site, adapter)
            if found is None:
                return None
            server, at_ms = found
        case Victim.PAUSE:
            pid = site.pid(server)
            if not pid:
                return None
            os.kill(pid, signal.SIGSTOP)
            time.sleep(PAUSE_S)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    return Blow(victim, server, at_ms)


def strike_alone(site: FogSite, adapter: Adapter, draws: random.Random) -> Blow:
    """Kill a worker once all serve, and leave everything alone until its order runs again.

    Raises:
        TimeoutError: a worker does not start.
    """
    _wait_for_all(site)
    server = draws.choice(site.servers)
    blow = Blow(Victim.ALONE, server, time.time_ns() // 1_000_000)
    site.kill(server)
    time.sleep(ALONE_S)
    site.start_worker(server, adapter.url, wait=False)
    return blow


def _wait_for_all(site: FogSite) -> None:
    ends = time.monotonic() + _READY_S
    for server in site.servers:
        while not site.serves(server):
            if time.monotonic() > ends:
                raise TimeoutError(f"{server} has no worker")
            time.sleep(0.05)


def _after_effect(site: FogSite, adapter: Adapter) -> tuple[str, int] | None:
    """Kill the next worker that has an effect, before it hears of it."""
    struck = threading.Event()
    servers: list[tuple[str, int]] = []

    def after(server: str) -> None:
        pid = site.pid(server)
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        servers.append((server, time.time_ns() // 1_000_000))
        struck.set()

    adapter.after = after
    if not struck.wait(_EFFECT_WITHIN_S):
        adapter.after = None
        return None
    server, at_ms = servers[0]
    site.kill(server)
    site.start_worker(server, adapter.url, wait=False)
    return server, at_ms
