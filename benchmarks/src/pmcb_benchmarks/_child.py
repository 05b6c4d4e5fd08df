# SPDX-License-Identifier: Apache-2.0
"""A measured part in a process of its own: it says one line when it is ready, then answers lines.

It ends when its standard input does: with the block, or with the parent.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

_END_S = 20


@dataclass(frozen=True)
class Child:
    """A running part; ``ready`` is what it said first."""

    process: subprocess.Popen[str]
    ready: str

    def ask(self, line: str = "") -> str:
        """Its answer to a line."""
        asked = _stream(self.process.stdin)
        asked.write(f"{line}\n")
        asked.flush()
        return _stream(self.process.stdout).readline()


@contextmanager
def child(module: str, *arguments: str) -> Iterator[Child]:
    """Start ``python -m pmcb_benchmarks.<module>`` and wait until it is ready.

    Raises:
        RuntimeError: it ended before.
    """
    command = [sys.executable, "-m", f"pmcb_benchmarks.{module}", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            line = _stream(process.stdout).readline()
            if not line:
                raise RuntimeError(f"the process of {module.strip('_')} did not start")
            yield Child(process, line)
        finally:
            _stream(process.stdin).close()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()  # else this block waits for it as long as it likes
                raise


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream
