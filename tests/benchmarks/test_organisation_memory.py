# SPDX-License-Identifier: Apache-2.0
"""Memory is counted by service, each process once, and pages that are shared once among PSS."""

import subprocess
import sys
from contextlib import ExitStack

import psutil
import pytest

from pmcb_benchmarks._organisation_memory import memory

HELD = 32 * 2**20
CHILD = f"held = bytearray(b'x') * {HELD}; print(flush=True); input()"
PARENT = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
input()
child.wait()
"""


@pytest.fixture
def pids():
    """A process with a child that holds 32 MiB, and the child."""
    with ExitStack() as stack:
        parent = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        )
        stack.callback(parent.kill)
        assert parent.stdout is not None
        yield parent.pid, int(parent.stdout.readline())
        parent.communicate(b"\n\n")


def test_a_service_holds_what_it_started_and_nothing_is_counted_twice(pids):
    """Below a process listed by itself is no part of the one above; the total has each once."""
    parent, child = pids
    whole = memory({"parent": parent})
    assert whole["parent"] == whole["total"]
    assert whole["total"]["processes"] == 2
    assert HELD < whole["total"]["pss"] < whole["total"]["rss"]

    apart = memory({"parent": parent, "child": child})
    assert apart["parent"]["pss"] < HELD < apart["child"]["pss"]
    assert apart["total"]["processes"] == 2
    assert apart["total"]["rss"] == pytest.approx(whole["total"]["rss"], rel=0.05)


def test_a_service_that_has_ended_is_no_small_service():
    """It is told, not counted as nothing."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
        with pytest.raises(psutil.NoSuchProcess):
            memory({"ended": ended.pid})
