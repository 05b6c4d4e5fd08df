# SPDX-License-Identifier: Apache-2.0
"""``pmcb up`` keeps real services of a real home; they come back when something kills them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.network.shell import ended

PMCB = [sys.executable, "-P", "-m", "pmcb_client", "--json"]
PLAN = """
organisation = "HospitalBMSP"
[network]
embedded = true
[services.content]
[services.verification]
as = "judge"
"""


class Home:
    """A home with its file, and the commands typed in it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "organisation.toml"
        self.path.write_text(PLAN)
        self.home = folder / "home"

    def type(self, *words: str) -> tuple[int, dict[str, Any]]:
        command = [*PMCB, "--home", str(self.home), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
        return done.returncode, json.loads(done.stdout)

    def up(self) -> tuple[int, dict[str, Any]]:
        return self.type("up", str(self.path))

    def services(self) -> dict[str, dict[str, Any]]:
        return {each["name"]: each for each in self.type("status")[1]["services"]}

    def until(self, what: Callable[[dict[str, dict[str, Any]]], bool]) -> dict[str, dict[str, Any]]:
        deadline = time.monotonic() + 30
        while not what(found := self.services()):
            assert time.monotonic() < deadline, found
        return found


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    try:
        yield made
    finally:
        made.type("down")


def test_nothing_runs_in_an_empty_home(home: Home):
    """Said so, with exit code 3; ending it is no error."""
    code, found = home.type("status")
    assert (code, found["error"]) == (3, "NotRunning")
    assert home.type("down") == (0, {"ended": 0})


@pytest.mark.timeout(300)  # twenty commands, each a process, and services that start
def test_services_come_up_come_back_and_go(home: Home):
    """Killed ones return, a killed supervisor disturbs nothing, one that cannot start is named."""
    code, found = home.up()
    assert (code, found["started"], found["ready"]) == (0, True, True)
    before = home.services()
    assert list(before) == ["network", "content", "verification"]
    assert found["memory_mib"] > sum(each["memory_mib"] for each in before.values()) * 0.9

    code, again = home.up()
    assert (code, again["started"], again["supervisor"]) == (0, False, found["supervisor"])

    os.killpg(before["content"]["pid"], signal.SIGKILL)
    after = home.until(
        lambda now: now["content"]["restarts"] == 1 and now["content"]["ready"] == "ok"
    )
    assert after["content"]["url"] == before["content"]["url"]
    assert after["verification"]["pid"] == before["verification"]["pid"]

    psutil.Process(found["supervisor"]).kill()
    assert home.type("status")[0] == 3
    assert not ended(after["content"]["pid"])
    code, renewed = home.up()
    assert (code, renewed["started"]) == (0, True)
    now = home.services()
    assert ended(after["content"]["pid"])
    assert now["network"]["pid"] == before["network"]["pid"]

    assert home.type("down") == (0, {"ended": 3})
    for each in now.values():
        assert ended(each["pid"])

    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        home.path.write_text(f"{PLAN}[services.intake]\nport = {place.partition(':')[2]}\n")
        code, found = home.up()
    assert (code, found["error"]) == (3, "StartFailed")
    assert found["message"].startswith(f"intake did not start: {place} cannot be listened on")
    assert home.type("status")[0] == 3
    assert home.type("network", "status")[0] == 3
