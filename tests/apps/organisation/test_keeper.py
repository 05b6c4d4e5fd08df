# SPDX-License-Identifier: Apache-2.0
"""How long the supervisor waits before it starts a service again; what it says of a dead one."""

import subprocess
import sys

from pmcb_apps.organisation._control import _ready
from pmcb_apps.organisation._keeper import next_pause
from pmcb_apps.organisation._state import Standing, State


def test_a_service_that_ends_at_once_waits_longer_each_time():
    """Half a second at first, half a minute at last."""
    failures, pauses = 0, []
    for _ in range(9):
        failures, pause_s = next_pause(failures, ran_s=0.1)
        pauses.append(pause_s)
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0]


def test_a_service_that_ran_steadily_is_started_again_at_once():
    """However often it had ended before, and the next end in a row counts from there."""
    assert next_pause(0, ran_s=31.0) == (1, 0.5)
    assert next_pause(6, ran_s=31.0) == (1, 0.5)
    assert next_pause(1, ran_s=0.1) == (2, 1.0)


def test_a_service_that_is_gone_is_not_ready():
    """Also before its supervisor has noticed."""
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    assert _ready(State("network", Standing.RUNNING, pid=gone.pid)) == "it does not run"
