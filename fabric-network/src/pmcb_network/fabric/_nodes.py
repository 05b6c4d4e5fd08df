# SPDX-License-Identifier: Apache-2.0
"""Nodes as processes: started once, recognised later, ended gently; nothing is found by name."""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from pmcb_client.files import write_atomic
from pmcb_network import _process
from pmcb_network._files import open_private
from pmcb_network._log import tail
from pmcb_network.errors import NodeFailed

from ._layout import NodeFolder

POLL_S = 0.1
START_S = 40.0
_ASK_S = 3.0
_LINES = 20
_LOG_BYTES = 16 * 2**20
_ENVIRONMENT_FILE = "environment.json"
# Nothing of the user's environment reaches a node: a variable could change any setting.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


@dataclass(frozen=True)
class Command:
    """How a node is started: program and arguments, and the variables without a setting."""

    words: tuple[str, ...]
    environment: Mapping[str, str]


def running(folder: NodeFolder) -> psutil.Process | None:
    """The node's process, if it runs."""
    return _process.running(folder.record)


def start(folder: NodeFolder, command: Command) -> psutil.Process:
    """Starts a node that does not run so; it outlives us, in its own session, under umask 077.

    One that was started in another way, for instance with another contract, is stopped first.
    """
    found = running(folder)
    if found is not None:
        if found.cmdline() == list(command.words) and environment(folder) == command.environment:
            return found
        stop(folder)
    folder.config.mkdir(parents=True, exist_ok=True)
    folder.data.mkdir(parents=True, exist_ok=True)
    folder.log.parent.mkdir(parents=True, exist_ok=True)
    _turn_over(folder.log)
    with open_private(folder.log) as log:
        child = subprocess.Popen(
            command.words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder.config,
            env={**_ENVIRONMENT, **command.environment},
            start_new_session=True,
            umask=0o077,
        )
    process = psutil.Process(child.pid)
    _process.Record.of(process, command.words).write(folder.record)
    child.returncode = 0  # it lives on by itself: nothing to wait for at our own end
    kept = json.dumps(dict(command.environment), indent=1).encode()
    write_atomic(folder.path / _ENVIRONMENT_FILE, kept, mode=0o600)
    return process


def environment(folder: NodeFolder) -> object:
    """The variables that the node was started with; None when they are not known."""
    try:
        return json.loads((folder.path / _ENVIRONMENT_FILE).read_bytes())
    except (OSError, ValueError):
        return None


def _turn_over(log: Path) -> None:
    """Keeps one old log beside the new one."""
    with suppress(FileNotFoundError):
        if log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".old.log"))


def stop(folder: NodeFolder) -> bool | None:
    """Ends a node: whether it went by itself; None when it did not run."""
    process = running(folder)
    if process is None:
        return None
    gentle = _process.stop(process)
    folder.record.unlink(missing_ok=True)
    return gentle


def wait(
    what: str,
    check: Callable[[], object],
    *,
    within_s: float,
    folder: NodeFolder | None = None,
) -> None:
    """Polls until ``check`` says yes; its errors are the reason that is told when time is up.

    Raises:
        NodeFailed: the node's process ended, or time is up; with the last lines of its log.
    """
    deadline = time.monotonic() + within_s
    reason = "no answer"
    while True:
        ended = folder is not None and running(folder) is None
        try:
            if check():
                return
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told at the deadline
            reason = str(error) or type(error).__name__
        if ended or time.monotonic() >= deadline:
            lines = "\n".join(tail(folder.log, _LINES)) if folder is not None else ""
            raise NodeFailed(
                f"{what}: {'the process ended' if ended else f'not within {within_s:g} s'}; "
                f"last seen: {reason}",
                next_step=f"the log's last lines:\n{lines}" if lines else "",
            )
        time.sleep(POLL_S)


def wait_healthy(folder: NodeFolder, port: int) -> None:
    """Until the node's operations endpoint says so."""

    def healthy() -> bool:
        return get(f"http://127.0.0.1:{port}/healthz").is_success

    wait(f"{folder.path.name} to be healthy", healthy, within_s=START_S, folder=folder)


def get(url: str) -> httpx.Response:
    """What an operations endpoint of this machine says."""
    return httpx.get(url, timeout=_ASK_S, trust_env=False)
