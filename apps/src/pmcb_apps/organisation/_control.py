# SPDX-License-Identifier: Apache-2.0
"""Starts, ends and looks at the services of a home from outside."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil

from pmcb_client.files import private_folder
from pmcb_network._files import open_private
from pmcb_network._log import tail
from pmcb_network._process import running, stop

from ._keeper import PMCB, turn_over
from ._network import NETWORK
from ._plan import Plan
from ._state import Places, Standing, State, read
from ._supervisor import SUPERVISOR, end_left_behind
from .errors import AlreadyRunning, NotRunning, StartFailed

__all__ = ["Control"]

_POLL_S = 0.1
_ASK_S = 2.0
_LINES = 10
STOP_WITHIN_S = 60.0
_FINAL = {1, 2}  # refused, or bad input: the same again ends in the same way


class Control:
    """The services of one home.

    Args:
        home: the folder with network.json and the wallet.
    """

    def __init__(self, home: Path) -> None:
        self.places = Places(home)

    def up(self, plan: Plan, *, within_s: float, say: Callable[[str], None]) -> bool:
        """Start a supervisor in the background, and wait until every service is ready.

        Returns:
            False when they ran already.

        Raises:
            AlreadyRunning: those of another file run here.
            StartFailed: one did not start, or not in time; nothing is left running.
        """
        known, _ = read(self.places)
        if running(self.places.record(SUPERVISOR)) is not None:
            if known != str(plan.path):
                said = f"The services of {known} run in this home."
                raise AlreadyRunning(said, next_step="End them with: pmcb down")
            self._wait(within_s, say, None)
            return False
        private_folder(self.places.folder)
        turn_over(self.places.log(SUPERVISOR))
        command = [*PMCB, "--home", str(self.places.home), "--json", "up", str(plan.path)]
        with open_private(self.places.log(SUPERVISOR)) as log:
            child = subprocess.Popen(
                [*command, "--foreground"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait(within_s, say, child)
        except BaseException:
            if child.poll() is None:
                stop(psutil.Process(child.pid))
            child.wait()
            raise
        child.returncode = 0  # it lives on by itself: nothing to wait for at our own end
        return True

    def down(self) -> int | None:
        """End the supervisor and all it keeps; how many processes, None when nothing ran."""
        process = running(self.places.record(SUPERVISOR))
        _, states = read(self.places)
        if process is not None:
            stop(process, within_s=STOP_WITHIN_S)
            self.places.record(SUPERVISOR).unlink(missing_ok=True)
        left = end_left_behind(self.places)  # where the supervisor was killed
        if left and NETWORK in states:
            subprocess.run([*PMCB, "--home", str(self.places.home), "network", "down"], check=False)
        if process is None:
            return left or None
        return sum(state.standing is Standing.RUNNING for state in states.values())

    def state(self) -> dict[str, Any]:
        """What `pmcb status` shows.

        Raises:
            NotRunning: nothing runs here.
        """
        supervisor = running(self.places.record(SUPERVISOR))
        plan, states = read(self.places)
        if supervisor is None:
            raise NotRunning(
                f"No services run in {self.places.home}.",
                next_step="Start them with: pmcb up FILE",
            )
        services = [self._shown(state) for state in states.values()]
        network = states[NETWORK].pid if NETWORK in states else None
        return {
            "plan": plan,
            "supervisor": supervisor.pid,
            "ready": all(each["ready"] == "ok" for each in services),
            "memory_mib": round(_memory_mib(supervisor.pid) + _memory_mib(network), 1),
            "services": services,
        }

    def _shown(self, state: State) -> dict[str, Any]:
        return {
            "name": state.name,
            "standing": state.standing.value,
            "ready": _ready(state),
            "pid": state.pid,
            "memory_mib": round(_memory_mib(state.pid), 1),
            "url": state.url,
            "restarts": state.restarts,
            "reason": state.reason,
            "since_ms": state.since_ms,
            "log": str(self.places.log(state.name)),
        }

    def _wait(
        self, within_s: float, say: Callable[[str], None], child: subprocess.Popen[bytes] | None
    ) -> None:
        """Until all run.

        Raises:
            StartFailed: one ended in a way that repeats, the supervisor ended, or time is up.
        """
        deadline = time.monotonic() + within_s
        said = ""
        while True:
            ours = child is None or _is(child, running(self.places.record(SUPERVISOR)))
            states = read(self.places)[1] if ours else {}
            left = [s.name for s in states.values() if s.standing is not Standing.RUNNING]
            if states and not left:
                return
            if child is not None and child.poll() is not None:
                raise self._failed(SUPERVISOR, "it ended")
            for state in states.values():
                if state.exit_code in _FINAL and state.standing is Standing.PAUSED:
                    raise StartFailed(f"{state.name} did not start: {state.reason}")
            if time.monotonic() > deadline:
                slow = states[left[0]] if left else None
                name = slow.name if slow is not None else SUPERVISOR
                reason = slow.reason if slow is not None and slow.reason else "no answer"
                raise self._failed(name, f"not ready within {within_s:g} s; {reason}")
            now = f"waiting for {', '.join(left)}" if left else "starting"
            if now != said:
                said = now
                say(now)
            time.sleep(_POLL_S)

    def _failed(self, name: str, why: str) -> StartFailed:
        lines = "\n".join(tail(self.places.log(name), _LINES))
        return StartFailed(f"{name} did not start: {why}.", next_step=f"Its log ends:\n{lines}")


def _is(child: subprocess.Popen[bytes], process: psutil.Process | None) -> bool:
    return process is not None and process.pid == child.pid


def _ready(state: State) -> str:
    """What the service says of itself: "ok", or why not."""
    if state.standing is not Standing.RUNNING:
        return state.reason or state.standing.value
    if state.pid is not None and not psutil.pid_exists(state.pid):
        return "it does not run"  # its supervisor has not seen that yet
    if not state.url:
        return "ok"
    try:
        # Its certificate is not checked: nothing secret is asked, and nothing is believed of it
        # but that it answers.
        answer = httpx.get(f"{state.url}/readyz", timeout=_ASK_S, trust_env=False, verify=False)  # noqa: S501
    except httpx.HTTPError:
        return "it does not answer"
    return answer.text.strip() or f"status {answer.status_code}"


def _memory_mib(pid: int | None) -> float:
    """Of a process and those below it; 0 without one."""
    if pid is None:
        return 0.0
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    return sum(map(_held_bytes, family)) / 2**20


def _held_bytes(process: psutil.Process) -> int:
    """A page that n processes share counts as 1/n, so that sums are what they hold together."""
    try:
        held = process.memory_full_info()
    except psutil.Error:  # it ended meanwhile
        return 0
    return int(getattr(held, "pss", held.uss))  # elsewhere than on Linux: without what is shared
