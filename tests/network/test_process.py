# SPDX-License-Identifier: Apache-2.0
"""Ending a process of ours, whoever its parent is."""

import subprocess
import sys

STOP = """
import sys, psutil
from pmcb_network import _process
print(_process.stop(psutil.Process(int(sys.argv[1])), within_s=float(sys.argv[2])))
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); "


def stopped_by_another(child, within_s):
    """What `stop` says in a process that is not the child's parent."""
    done = subprocess.run(
        [sys.executable, "-c", STOP, str(child.pid), str(within_s)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def test_a_process_that_its_parent_does_not_reap_counts_as_ended():
    """As in a container whose first process never asks what became of its children."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as child:
        try:
            assert stopped_by_another(child, 600) == "True"
        finally:
            child.kill()


def test_one_that_ignores_the_signal_is_killed_and_not_reaped_either():
    """By force, and without waiting for its parent."""
    command = [sys.executable, "-c", STUBBORN + "time.sleep(600)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout is not None
            child.stdout.readline()
            assert stopped_by_another(child, 0.5) == "False"
        finally:
            child.kill()
