# SPDX-License-Identifier: Apache-2.0
"""A cloud in a folder: opened again, grown, served by one process, on a disk that fails."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from pmcb_services.retrieval.cloud import LmdbCloud, Root, StoreDescriptor
from pmcb_services.retrieval.errors import CloudUnavailable, StaleWriter

ICU = StoreDescriptor("icu", "00" * 32, blob_size=8, log_size=4, owner="HospitalBMSP")
ITEM, ENTRY = bytes(16) + b"8 bytes.", bytes(20)


@pytest.fixture
def folder(tmp_path):
    """Where it is kept."""
    return tmp_path / "cloud"


def opened(folder, **how):
    """A cloud with one store, and its writer's fence."""
    cloud = LmdbCloud(folder, **how)
    cloud.create(ICU)
    return cloud, cloud.lease("icu", "me", 60).fence


def test_everything_is_there_when_it_is_opened_again(folder):
    """Stores and whose they are, pools, log, root, and the lease with its fence."""
    now = [1000.0]
    cloud, fence = opened(folder, clock=lambda: now[0])
    cloud.put_pool("icu", fence, "p", ITEM)
    cloud.append("icu", fence, 0, ENTRY * 3)
    cloud.trim("icu", fence, 1)
    cloud.put_root("icu", fence, Root(1, b"root"))
    cloud.close()
    again = LmdbCloud(folder, clock=lambda: now[0])
    assert (again.describe("icu"), again.describe("icu").owner) == (ICU, "HospitalBMSP")
    assert again.fetch("icu", fence, "p", bytes(16)) == b"8 bytes."
    assert again.read_log("icu", 0, 9).first == 1
    assert again.root("icu") == Root(1, b"root")
    now[0] += 59.9
    with pytest.raises(StaleWriter):
        again.lease("icu", "other", 60)
    now[0] += 0.2
    assert again.lease("icu", "other", 60).fence == fence + 1
    again.close()


def test_a_folder_has_one_process(folder):
    """Another one is told so; once the first has ended, however it did, it may."""
    script = (
        "import os, sys; from pathlib import Path; from pmcb_services.retrieval.cloud import *\n"
        "cloud = LmdbCloud(Path(sys.argv[1])); print(flush=True); sys.stdin.read(); os._exit(9)"
    )
    command = [sys.executable, "-c", script, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline()
        with pytest.raises(CloudUnavailable, match="another process serves it"):
            LmdbCloud(folder)
        first.communicate()
    LmdbCloud(folder).close()


def test_a_folder_that_cannot_be_used_is_refused(tmp_path):
    """With the system's reason and the way out."""
    (tmp_path / "file").touch()
    with pytest.raises(CloudUnavailable, match=r"exists|directory") as caught:
        LmdbCloud(tmp_path / "file")
    assert "folder" in caught.value.next_step
    (tmp_path / "cloud").mkdir()
    (tmp_path / "cloud/data.mdb").write_bytes(b"no database" * 1000)
    for _ in range(2):  # the first try leaves nothing locked
        with pytest.raises(CloudUnavailable, match=r"invalid|not an lmdb"):
            LmdbCloud(tmp_path / "cloud")


def test_the_map_grows_while_others_read(folder):
    """From 64 KiB to some MiB, and opened anew; readers see whole pools meanwhile."""
    cloud, fence = opened(folder, map_bytes=2**16)
    cloud.put_pool("icu", fence, "p", ITEM)
    done = Event()

    def read():
        count = 0
        while not done.wait(1e-4):  # busy loops would keep the writer from the interpreter
            assert cloud.fetch("icu", fence, "p", bytes(16)) == b"8 bytes."
            count += 1
        return count

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        for version in range(1, 9):
            cloud.put_root("icu", fence, Root(version, os.urandom(2**19)))
        cloud._env._reopen()  # as after a commit that failed
        done.set()
        assert all(reader.result() for reader in readers)
    root = cloud.root("icu")
    assert root is not None
    assert root.version == 8
    cloud.close()


def test_writes_that_come_together_share_a_commit(folder, monkeypatch):
    """While one commit runs others wait, and go into the next one; a refused one harms none."""
    cloud, fence = opened(folder)
    commits: list[int] = []
    plain = cloud._env._commit

    def commit(batch):
        commits.append(len(batch))
        plain(batch)

    monkeypatch.setattr(cloud._env, "_commit", commit)
    fences = [fence]
    for number in range(1, 16):
        cloud.create(StoreDescriptor(f"s{number}", "00" * 32, blob_size=8, log_size=4))
        fences.append(cloud.lease(f"s{number}", "me", 60).fence)
    commits.clear()
    start = Barrier(16)

    def write(number):
        name = f"s{number}" if number else "icu"
        start.wait()
        for position in range(4):
            cloud.append(name, fences[number], position, ENTRY)
        with pytest.raises(StaleWriter):
            cloud.append(name, 9, 4, ENTRY)
        return len(cloud.read_log(name, 0, 9).items)

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(write, range(16))) == {4 * 20}
    assert sum(commits) == 16 * 5
    assert max(commits) > 1
    cloud.close()


def test_a_defect_in_one_write_is_told_to_all_that_wait(folder, monkeypatch):
    """Nobody waits for ever, and nothing of the transaction is kept."""
    cloud, fence = opened(folder)

    def broken(txn, store, state):
        raise RuntimeError("a defect")

    with monkeypatch.context() as patched:
        patched.setattr(cloud, "_put_state", broken)
        with pytest.raises(RuntimeError, match="a defect"):
            cloud.append("icu", fence, 0, ENTRY)
    assert cloud.read_log("icu", 0, 9).items == b""
    cloud.append("icu", fence, 0, ENTRY)
    cloud.close()


def test_a_full_disk_is_told_and_overcome(folder):
    """Nothing of the failed write is kept; once there is room the same call succeeds."""
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from pmcb_services.retrieval.cloud import *\n"
        "from pmcb_services.retrieval.errors import CloudUnavailable\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "cloud = LmdbCloud(Path(sys.argv[1]))\n"
        "cloud.create(StoreDescriptor('icu', '00' * 32, blob_size=8, log_size=4))\n"
        "fence = cloud.lease('icu', 'me', 60).fence\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2**19, resource.RLIM_INFINITY))\n"
        "try: cloud.put_root('icu', fence, Root(1, bytes(2**20)))\n"
        "except CloudUnavailable as error: print(error)\n"
        "assert cloud.root('icu') is None\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)\n"
        "cloud.put_root('icu', fence, Root(1, bytes(2**20)))\n"
        "print(cloud.root('icu').version)\n"
    )
    command = [sys.executable, "-c", script, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    refused, version = done.stdout.splitlines()
    assert refused.startswith("The cloud's disk fails: ")
    assert version == "1"
