# SPDX-License-Identifier: Apache-2.0
"""``pmcb retrieval cloud serve`` as a process: killed amid appends, or refused."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event

import pytest
from click.testing import CliRunner
from tests.client.http_identity.people import Ca, network

from pmcb_client.cli import make_root
from pmcb_client.network_file import load, save
from pmcb_client.wallet import Wallet
from pmcb_services.retrieval.cloud import RemoteCloud, StoreDescriptor
from pmcb_services.retrieval.errors import CloudUnavailable

PMCB = str(Path(sys.executable).with_name("pmcb"))
A, B = (Ca(msp, time.time_ns() // 1_000_000) for msp in ("HospitalAMSP", "HospitalBMSP"))
OWNER = B.person("records", "institution", serial=21)
COMMAND = ["retrieval", "cloud", "serve"]
WRITERS = 3


@pytest.fixture
def home(tmp_path):
    """Of whoever serves the cloud."""
    save(tmp_path / "network.json", network(A, B))
    who = A.person("cloud", "receiver", serial=31)
    Wallet(tmp_path / "wallet").put("cloud", who.identity, who.private_key)
    return tmp_path


@contextmanager
def served(home, *options):
    """The cloud as a process, killed at the end."""
    command = [PMCB, "--home", str(home), "--json", *COMMAND, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["uid"] == "HospitalAMSP/cloud"
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def entry(position):
    """The log item of a position."""
    return position.to_bytes(16, "big") + position.to_bytes(8, "little")


def writer(home, store, acknowledged, first, enough):
    """Appends until the cloud is gone; notes what was acknowledged."""
    cloud = RemoteCloud(load(home / "network.json"), OWNER)
    fence = cloud.lease(store, store, 3600).fence
    try:
        for position in count(first):
            cloud.append(store, fence, position, entry(position))
            acknowledged[store] = position + 1
            if all(acknowledged.values()) and sum(acknowledged.values()) >= enough:
                ready.set()
    except CloudUnavailable:
        return
    finally:
        cloud.close()


ready = Event()


def killed_amid_appends(home, times, seed):
    """Kill it so often, each time after a random number of appends; nothing may be lost."""
    stores = [f"s{number}" for number in range(WRITERS)]
    acknowledged = dict.fromkeys(stores, 0)
    rng = random.Random(seed)
    for _ in range(times):
        with served(home) as process, ThreadPoolExecutor(WRITERS) as pool:
            cloud = RemoteCloud(load(home / "network.json"), OWNER)
            first = {}
            for store in stores:
                cloud.create(StoreDescriptor(store, "00" * 32, blob_size=8, log_size=8))
                first[store] = check(cloud, store, acknowledged[store])
            enough = sum(acknowledged.values()) + rng.randrange(1, 60)
            ready.clear()
            for store in stores:
                pool.submit(writer, home, store, acknowledged, first[store], enough)
            assert ready.wait(60)
            process.send_signal(signal.SIGKILL)
            cloud.close()
    with served(home):
        cloud = RemoteCloud(load(home / "network.json"), OWNER)
        for store in stores:
            assert check(cloud, store, acknowledged[store])
        cloud.close()


def check(cloud, store, acknowledged):
    """Where the log goes on: all that was acknowledged is there, at most one entry more."""
    found = cloud.read_log(store, 0, 10**6)
    written = len(found.items) // 24
    assert found.items == b"".join(map(entry, range(written)))
    assert acknowledged <= written <= acknowledged + 1
    return written


def test_no_acknowledged_entry_is_lost_by_a_kill(home):
    """Three writers at once, killed at a random moment; the log goes on where it was."""
    killed_amid_appends(home, 1, seed=1)


@pytest.mark.stress
@pytest.mark.timeout(1200)
def test_no_acknowledged_entry_is_lost_by_a_hundred_kills(home):
    """The same, a hundred times."""
    killed_amid_appends(home, 100, seed=2)


@pytest.mark.parametrize(
    ("options", "exit_code", "complaint"),
    [
        (["--host", "0.0.0.0"], 2, "no loopback address"),
        (["--folder", "here", "--database", "postgresql:///x"], 2, "--folder or --database"),
        (["--folder", "/dev/null/cloud"], 3, "folder cannot be used"),
        (["--database", "postgresql://127.0.0.1:1/x"], 3, "database fails"),
    ],
)
def test_a_cloud_that_cannot_be_served_is_refused(home, options, exit_code, complaint):
    """One sentence and an exit code; network.json stays as it was."""
    before = (home / "network.json").read_bytes()
    done = CliRunner().invoke(make_root(), ["--home", str(home), *COMMAND, *options])
    assert (done.exit_code, done.stdout) == (exit_code, "")
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert (home / "network.json").read_bytes() == before
