# SPDX-License-Identifier: Apache-2.0
"""``pmcb dashboard`` as it is typed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from tests.client.http_identity.people import Ca, network

from pmcb_client.cli import make_root
from pmcb_client.network_file import save
from pmcb_client.wallet import Wallet

PMCB = [sys.executable, "-P", "-m", "pmcb_client", "--json"]
MSP = "HospitalAMSP"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """With an identity, and a network that nobody answers for."""
    ca = Ca(MSP, time.time_ns() // 1_000_000)
    who = ca.person("releaser1", "releaser", days=9)
    wallet = Wallet(tmp_path / "wallet")
    wallet.folder.mkdir(mode=0o700)
    wallet.put("releaser1", who.identity, who.private_key)
    save(tmp_path / "network.json", network(ca))
    return tmp_path


@contextmanager
def typed(home: Path, browser: str) -> Iterator[subprocess.Popen[str]]:
    command = [*PMCB, "--home", str(home), "dashboard"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "BROWSER": browser},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_without_a_network_or_an_identity_nothing_is_served(home: Path):
    """One sentence, and exit code 2."""
    for words, error in (
        (["--home", str(home / "elsewhere")], "NetworkFileError"),
        (["--home", str(home), "--as", "nobody"], "IdentityNotFound"),
    ):
        done = CliRunner().invoke(make_root(), ["--json", *words, "dashboard", "--no-open"])
        assert (done.exit_code, json.loads(done.stdout)["error"]) == (2, error)


def test_it_serves_until_it_is_interrupted(home: Path):
    """Also while the network is away; the address is printed once, and its token is no secret."""
    noted = home / "opened"
    script = home / "browser.sh"
    script.write_text(f'echo "$1" > {noted}; cat "${{1#file://}}" >> {noted}')
    with typed(home, f"sh {script} %s") as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        assert url.startswith("http://127.0.0.1:")
        with httpx.Client(follow_redirects=True, trust_env=False) as browser:
            assert browser.get(url).status_code == 200
            page = browser.get(url.partition("/enter")[0])
        assert page.status_code == 200
        assert "Signed in as <b>releaser1</b>" in page.text
        process.send_signal(signal.SIGINT)
        rest, complaints = process.communicate(timeout=30)
    assert (process.returncode, rest, complaints) == (0, "", "")
    argument, content = noted.read_text().splitlines()
    assert argument == (home / "dashboard/enter.html").as_uri()  # no token in a process list
    assert url in content
    assert not (home / "dashboard/enter.html").exists()
    assert (home / "dashboard" / f"{MSP}.releaser1.sqlite3").stat().st_mode & 0o777 == 0o600
