# SPDX-License-Identifier: Apache-2.0
"""Starts commands in forks of a script such as `dying`, one at a time, and kills them."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

DYING = Path(__file__).with_name("dying.py")
KILLED = -signal.SIGKILL
WITHIN_S = 30.0


class Starter:
    """One process that has imported everything, and a fork of it for each command.

    Args:
        log: a file for what they log.
        script: the process; reads lines of a step and words.
    """

    def __init__(self, log: Path, script: Path = DYING) -> None:
        self._pid = 0
        self._told = ""
        with log.open("ab") as file:
            self._all = subprocess.Popen(
                [sys.executable, str(script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                bufsize=0,
            )

    def start(self, step: str, *words: str) -> None:
        """Start one that dies after a step; it tells its first document, or dies before."""
        assert not self._pid
        assert self._all.stdin is not None
        self._all.stdin.write(json.dumps([step, *words]).encode() + b"\n")
        self._pid = int(self._line())
        self._told = self._line()
        assert self._told.startswith("{") or int(self._told) == KILLED

    def died(self) -> None:
        """Wait until it has killed itself."""
        ended = self._line() if self._told.startswith("{") else self._told
        self._pid, self._told = 0, ""
        assert int(ended) == KILLED

    def kill(self) -> None:
        """Kill it, if it runs."""
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            self.died()

    def close(self) -> None:
        """End them all."""
        self.kill()
        self._all.communicate(timeout=10)

    def _line(self) -> str:
        assert self._all.stdout is not None
        ready, _, _ = select.select([self._all.stdout], [], [], WITHIN_S)
        assert ready, "It neither tells anything nor ends."
        return self._all.stdout.readline().decode().strip()
