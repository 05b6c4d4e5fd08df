# SPDX-License-Identifier: Apache-2.0
"""Every kind of process of a running organisation, each to be killed -9 in its turn."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from pmcb_apps.organisation.errors import NotRunning

from ._organisation_site import Site
from ._soak_chaincode import Chaincode

__all__ = ["CHAINCODE", "SUPERVISOR", "Blow", "Victims"]

CHAINCODE, SUPERVISOR = "chaincode server", "supervisor"
_BACK_WITHIN_S, _GONE_S = 150.0, 10.0
_EARLY, _EARLY_S = 0.25, 4.0  # of the kills, the next one dies, too, within its first seconds
_LOOK_S = 0.5
_SAME = {"ward": "fog worker", "receiver": "receiver"}
_CHILDREN = (("_planner", "planner"), ("online._child", "runner"), ("pump.sh", "program"))
_BROKER = "nats-server"


@dataclass(frozen=True)
class Blow:
    """One of them.

    Attributes:
        kind: of process.
        at_ms: when, milliseconds UTC.
        times: two, where the next one died as it started.
        back_s: seconds until everything was ready again.
        is_back: whether it was, in time.
        waited_for: what was ready last, and what it said before.
    """

    kind: str
    at_ms: int
    times: int
    back_s: float
    is_back: bool
    waited_for: str


class Victims:
    """Draws and kills them; every kind comes before any comes again.

    Args:
        site: under load.
        chaincode: the contract's server, which no supervisor keeps.
        draws: choose.
    """

    def __init__(self, site: Site, chaincode: Chaincode, draws: random.Random) -> None:
        self._site, self._chaincode, self._draws = site, chaincode, draws
        self._struck: set[str] = set()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Wait for nothing any more."""
        self._stopped.set()

    def strike(self) -> Blow:
        """Kill one, and wait until all is ready; the supervisor alone is started by hand."""
        began, at_ms = time.monotonic(), time.time_ns() // 1_000_000
        try:
            found = self.found()
        except NotRunning:
            _, waited_for = self._again(SUPERVISOR)
            took_s = round(time.monotonic() - began, 1)
            own = "supervisor, by itself"
            return Blow(own, at_ms, 0, took_s, is_back=False, waited_for=waited_for)
        if not found.keys() - self._struck:
            self._struck.clear()
        kind = self._draws.choice(sorted(found.keys() - self._struck))
        self._struck.add(kind)
        pid = self._draws.choice(found[kind])
        times = _killed(pid)
        if kind == CHAINCODE:
            self._chaincode.start()
        elif kind != SUPERVISOR and self._draws.random() < _EARLY:
            self._stopped.wait(self._draws.uniform(0.0, _EARLY_S))
            starting = self.found().get(kind, [])
            times += sum(map(_killed, starting[:1]))
        is_back, waited_for = self._again(kind)
        return Blow(kind, at_ms, times, round(time.monotonic() - began, 1), is_back, waited_for)

    def found(self) -> dict[str, list[int]]:
        """Process ids by kind: services, their children, the supervisor, the contract's server."""
        state = self._site.state()
        found: dict[str, list[int]] = defaultdict(list)
        found[SUPERVISOR].append(state["supervisor"])
        found[CHAINCODE].append(self._chaincode.pid)
        for each in state["services"]:
            if each["pid"] is None:
                continue
            kind = _SAME.get(each["name"].partition("-")[0], each["name"])
            found[kind].append(each["pid"])
            for name, pid in _children(each["pid"]):
                found[f"{kind}: {name}"].append(pid)
        if broker := _broker(self._site.home):
            found["broker"].append(broker)
        return found

    def _again(self, kind: str) -> tuple[bool, str]:
        """Whether everything was ready in time, and what was waited for last."""
        ends, waited_for = time.monotonic() + _BACK_WITHIN_S, ""
        if kind == SUPERVISOR:
            try:
                self._site.up()
            except RuntimeError as error:
                return False, str(error)
        while waits_for := self.waits_for():
            waited_for = waits_for
            if time.monotonic() > ends or self._stopped.wait(_LOOK_S):
                return False, waited_for
        return True, waited_for

    def waits_for(self) -> str:
        """The first service that is not ready, and why; "" without one."""
        try:
            services = self._site.state()["services"]
        except NotRunning:
            return "supervisor: it does not run"
        for each in services:
            if each["ready"] != "ok":
                return f"{each['name']}: {each['ready']}"
            if not _lives(each["pid"]):  # its supervisor has not seen it yet
                return f"{each['name']}: it does not run"
        return ""


def _killed(pid: int) -> int:
    """1, once it is gone; 0 where it had just ended by itself."""
    try:
        process = psutil.Process(pid)
        process.kill()
        process.wait(_GONE_S)
    except psutil.Error:
        return 0
    return 1


def _lives(pid: int | None) -> bool:
    try:
        return pid is not None and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _children(pid: int) -> Iterator[tuple[str, int]]:
    """Names and process ids of the processes that a service started."""
    with suppress(psutil.Error):
        for child in psutil.Process(pid).children(recursive=True):
            with suppress(psutil.Error):
                line = " ".join(child.cmdline())
                if child.name() != _BROKER:
                    name = next((name for mark, name in _CHILDREN if mark in line), "child")
                    yield name, child.pid


def _broker(home: Path) -> int:
    """It outlives a gateway that is killed, as nobody's child; 0 without one."""
    for process in psutil.process_iter(["name", "cmdline"]):
        words = process.info["cmdline"] or ()
        if process.info["name"] == _BROKER and any(str(home) in word for word in words):
            return process.pid
    return 0
