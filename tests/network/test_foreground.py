# SPDX-License-Identifier: Apache-2.0
"""`pmcb network up --foreground`, as users run it."""

import json
import signal
import subprocess
import time

import pytest
from tests.network.shell import DEADLINE_S, PMCB, environment, pmcb

from pmcb_network._files import locked
from pmcb_network.embedded._ports import _free_block
from pmcb_network.errors import FolderInUse


def _until(path, process):
    """The file is there: the process got so far."""
    deadline = time.monotonic() + DEADLINE_S
    while not path.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_foreground_serves_until_a_signal(home):
    """Attached to its terminal it says what it does, lets others in, ends with 0 on Ctrl-C."""
    process = subprocess.Popen(
        [*PMCB, "network", "up", "--foreground"],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        _until(home / "network.json", process)
        found = json.loads(pmcb(home, "network", "up", "--json", check=0).stdout)
        assert (found["state"], found["pid"]) == ("running", process.pid)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert "not a blockchain" in said
    assert "stopped" in said


def test_foreground_keeps_others_out_until_it_answers(home):
    """A second `up` must neither start a network beside it nor remove its files."""
    port = _free_block(["chaincode"])["chaincode"]
    process = subprocess.Popen(
        [*PMCB, "network", "up", "--foreground", "--wait", "3", "--chaincode", f"127.0.0.1:{port}"],
        env=environment(home),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _until(home / "network" / "run.json", process)
        with (
            pytest.raises(FolderInUse, match=f"by process {process.pid}"),
            locked(home / "network" / "up.lock"),
        ):
            pass
        process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 3
    with locked(home / "network" / "up.lock"):
        pass
