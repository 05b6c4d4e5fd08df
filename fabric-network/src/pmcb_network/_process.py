# SPDX-License-Identifier: Apache-2.0
"""A server process in the background: remembered in `run.json`, recognised, ended.

A process is ours only if pid, start time, boot and command are those that it wrote down itself;
nothing is ever found or ended by name.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from pmcb_client.files import write_atomic

_TOLERANCE_S = 0.5
_STOP_WITHIN_S = 10.0
_KILLED_WITHIN_S = 10.0
_POLL_S = 0.1
_POLLS_UNREAPED = 2  # its last threads may end a moment after its first


@dataclass(frozen=True)
class Record:
    """What identifies a process beyond its pid, which the system hands out again."""

    pid: int
    started: float
    boot: str
    command: list[str]

    @classmethod
    def of_this_process(cls) -> "Record":
        """The calling process."""
        me = psutil.Process()
        return cls.of(me, me.cmdline())

    @classmethod
    def of(cls, process: psutil.Process, command: Sequence[str]) -> "Record":
        """A process that was just started by this command.

        It is not asked for it: for a moment the system says that a new process has none.
        """
        return cls(process.pid, process.create_time(), _boot(), list(command))

    def write(self, path: Path) -> None:
        """Keeps the record."""
        write_atomic(path, json.dumps(asdict(self)).encode(), mode=0o600)


def running(path: Path) -> psutil.Process | None:
    """The process that wrote the record, if it still runs; a recycled pid is left alone."""
    try:
        record = Record(**json.loads(path.read_bytes()))
        process = psutil.Process(record.pid)
        same = (
            record.boot == _boot()
            and abs(process.create_time() - record.started) < _TOLERANCE_S
            and process.cmdline() == record.command
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except (OSError, ValueError, TypeError, RecursionError, OverflowError, psutil.Error):
        return None
    return process if same else None


def stop(process: psutil.Process, *, within_s: float = _STOP_WITHIN_S) -> bool:
    """SIGTERM to its group, after ``within_s`` SIGKILL; whether it ended by itself."""
    _signal(process, signal.SIGTERM)
    if _ends(process, within_s):
        return True
    kill(process)
    return False


def kill(process: psutil.Process) -> None:
    """SIGKILL to its group, as a crash would end it; returns once it is gone."""
    _signal(process, signal.SIGKILL)
    _ends(process, _KILLED_WITHIN_S)


def _ends(process: psutil.Process, within_s: float) -> bool:
    """Whether it ends in time.

    One that nobody reaped yet has ended too, and holds nothing: its parent may live on, or ask
    now and then or never, as the first process of many a container.
    """
    deadline = time.monotonic() + within_s
    unreaped = 0
    while time.monotonic() < deadline:
        try:
            process.wait(_POLL_S)
        except psutil.TimeoutExpired:
            unreaped += _is_zombie(process)
            if unreaped >= _POLLS_UNREAPED:
                return True
        else:
            return True
    return unreaped > 0


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    """To the whole group if it is the process's own, else (run in a shell's job) to it alone."""
    try:
        if os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, number)
        else:
            os.kill(process.pid, number)
    except ProcessLookupError:
        pass


def _boot() -> str:
    if sys.platform == "linux":
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return str(int(psutil.boot_time()))
