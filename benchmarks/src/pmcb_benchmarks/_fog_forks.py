# SPDX-License-Identifier: Apache-2.0
"""Starts ``pmcb`` in forks of a process that has imported everything already.

Reads lines ``[OUT, LOG, WORD, ...]`` as JSON, one command each, and answers with its process id.
Its standard output goes to the file OUT, its log to LOG. Each is a process like any other, whose
death takes nobody along; only the seconds that imports take are spared.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pmcb_client.gateway
from pmcb_client.cli import main
from pmcb_services.fog import client
from pmcb_services.fog.online import _worker, fog_application

__all__: list[str] = []

HEAVY = (pmcb_client.gateway, client, fog_application, _worker)


def _live(out: str, log: str, words: list[str]) -> None:
    """Be the command."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for path, number in ((os.devnull, 0), (out, 1), (log, 2)):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND
        os.dup2(os.open(path, flags, 0o600), number)
    sys.argv = ["pmcb", *words]
    main()


def _serve() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them: they leave no trace
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        out, log, *words = json.loads(line)
        Path(out).unlink(missing_ok=True)
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            _live(out, log, words)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    _serve()
