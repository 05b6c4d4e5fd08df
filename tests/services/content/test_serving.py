# SPDX-License-Identifier: Apache-2.0
"""``pmcb content serve`` as a process: killed, started again, told of a revocation."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.client.http_identity.people import Ca, network
from tests.services.content.stores import answer

from pmcb_client.content import ContentClient, ContentRefused
from pmcb_client.http_identity import RequestChecker
from pmcb_client.network_file import load, save
from pmcb_client.usage_errors import InputError
from pmcb_client.wallet import Wallet
from pmcb_services.common import Served, following
from pmcb_services.common._trust import refresh

PMCB = str(Path(sys.executable).with_name("pmcb"))
A, B = (Ca(msp, time.time_ns() // 1_000_000) for msp in ("HospitalAMSP", "HospitalBMSP"))
ANN = A.person("ann", serial=21)
pytestmark = pytest.mark.anyio


@pytest.fixture
def home(tmp_path):
    """An institution's, with its identity and the network."""
    save(tmp_path / "network.json", network(A, B))
    store = B.person("content", "institution", serial=31)
    Wallet(tmp_path / "wallet").put("content", store.identity, store.private_key)
    return tmp_path


@contextmanager
def served(home, *options, end=signal.SIGTERM):
    """The store as a process; its address, and afterwards its exit code."""
    command = [PMCB, "--home", str(home), "--json", "content", "serve", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield told
    finally:
        process.send_signal(end)
        process.wait(20)
        process.communicate()


async def test_what_was_kept_is_there_after_a_kill(home):
    """Acknowledged files, receipts' times and today's quota; clients find the new address."""
    blob = answer(ANN)
    with served(home, "--quota-mib", "1", end=signal.SIGKILL) as told:
        assert told["uid"] == "HospitalBMSP/content"
        found = load(home / "network.json").content
        assert found is not None
        assert found.url == told["url"]
        async with ContentClient(load(home / "network.json"), ANN) as store:
            first = await store.put(blob)
    with served(home, "--quota-mib", "1") as again:
        assert again["url"] != told["url"]
        async with ContentClient(load(home / "network.json"), ANN) as store:
            assert await store.get(blob.hash) == blob.data
            assert (await store.put(blob)).at == first.at
            with pytest.raises(ContentRefused) as caught:
                await store.put(answer(ANN, content=bytes(2**20)))
    assert caught.value.code == "QUOTA"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--host", "0.0.0.0"], "no loopback address"),
        (["--store", "nowhere://bucket"], "store cannot be opened"),
        (["--store", "/dev/null/folder"], "store cannot be opened"),
    ],
)
def test_a_store_that_cannot_be_served_is_refused(home, options, complaint):
    """One sentence and exit code 2; network.json stays as it was."""
    before = (home / "network.json").read_bytes()
    command = [PMCB, "--home", str(home), "content", "serve", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert (home / "network.json").read_bytes() == before


def test_a_port_that_is_taken_is_named():
    """With the way out."""
    with Served().listen() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"127.0.0.1:{port} cannot be listened on") as caught:
            Served(port=port).listen()
    assert "--port" in caught.value.next_step


def test_half_of_a_certificate_is_refused(tmp_path):
    """A key without its certificate serves nobody."""
    with pytest.raises(InputError, match="goes with its key"):
        Served(tls_key=tmp_path / "key.pem").listen()


def test_a_file_that_cannot_be_read_changes_nobodys_standing(tmp_path):
    """Who was revoked stays so, and the others stay known."""
    path = tmp_path / "network.json"
    checker = RequestChecker(network(A, B).with_list(A.msp, A.crl(21)), audience="content")
    known = (checker._roots, checker._revoked)
    path.write_text("no network")
    refresh(checker, path)
    assert (checker._roots, checker._revoked) == known
    save(path, network(A, B).with_list(A.msp, A.crl(21, 22)))
    refresh(checker, path)
    assert checker._revoked[A.msp] == {21, 22}


async def test_a_running_service_reads_the_file_again_and_again(tmp_path):
    """A revocation counts without a restart."""
    path = tmp_path / "network.json"
    save(path, network(A, B))
    told = asyncio.Event()
    loop = asyncio.get_running_loop()

    class Told(RequestChecker):
        def trust(self, found):
            super().trust(found)
            if 21 in self._revoked[A.msp]:
                loop.call_soon_threadsafe(told.set)

    checker = Told(load(path), audience="content")
    async with following(checker, path, every_s=0.01):
        save(path, network(A, B).with_list(A.msp, A.crl(21)))
        await asyncio.wait_for(told.wait(), 20)
