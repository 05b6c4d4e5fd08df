# SPDX-License-Identifier: Apache-2.0
"""`pmcb network` typed into a shell, and what it left behind."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
from click.testing import CliRunner

from pmcb_client.cli import make_root

PMCB = [str(Path(sys.executable).with_name("pmcb"))]
DEADLINE_S = 60.0


def environment(home):
    """The environment of a user with this home."""
    return {**os.environ, "PMCB_HOME": str(home)}


def pmcb(home, *args, check=None, **more):
    """Run the command as a process."""
    done = subprocess.run(
        [*PMCB, *args],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        **more,
    )
    if check is not None:
        assert done.returncode == check, done.stderr
    return done


def in_process(home, *args):
    """Run the command in this process."""
    return CliRunner().invoke(make_root(), ["--home", str(home), *args])


def pid(home):
    """The server's process id."""
    return json.loads((home / "network" / "run.json").read_bytes())["pid"]


def ended(pid):
    """Whether a process runs no more, reaped by its parent or not yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def ports(home):
    """The network's ports."""
    return list(json.loads((home / "network" / "ports.json").read_bytes()).values())


def listening(port):
    """Whether somebody listens on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
