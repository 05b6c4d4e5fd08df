# SPDX-License-Identifier: Apache-2.0
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.client.commands.conftest import ROLES

PMCB = Path(sys.executable).with_name("pmcb")


def test_an_interrupt_ends_with_one_line(town, tmp_path):
    """Ctrl-C while the network is silent: exit code 130, one line, no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        document = json.loads((town.home / "network.json").read_text())
        for org in document["orgs"]:
            org["gateway"] = f"127.0.0.1:{silent.getsockname()[1]}"
        (tmp_path / "network.json").write_text(json.dumps(document))
        (tmp_path / "wallet").symlink_to(town.home / "wallet")
        words = [PMCB, "--home", tmp_path, "levels", "show"]
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
            try:
                silent.settimeout(30)
                connection, _ = silent.accept()  # now it waits for the gateway's first word
                with connection:
                    process.send_signal(signal.SIGINT)
                    _, said = process.communicate(timeout=30)
            finally:
                process.kill()
    assert process.returncode == 130
    assert said.strip().splitlines() == ["Error: Interrupted."]


def test_an_interrupted_publication_goes_on(story):
    """Ctrl-C between two batches: one line; typed again, only what is missing is written."""
    story.enroll({"authority-a": ROLES["authority-a"]})
    args = story.levels({f"r{n:05}": 1 + n % 3 for n in range(20_000)}, 3)
    words = [PMCB, "--home", story.home, *args]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            registered: list[int] = []
            while not registered and process.poll() is None:
                pending = story.ok("levels", "show")["pending"]
                registered = pending[0]["registered"] if pending else []
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, said.strip()) == (130, "Error: Interrupted.")
    (pending,) = story.ok("levels", "show")["pending"]
    assert 0 < len(pending["registered"]) < pending["batches"] == 40
    published = story.ok(*args)
    assert (published["epoch"], published["registered"]) == (1, list(range(40)))


def test_help_imports_nothing_heavy():
    """The command modules leave gRPC, cryptography, YAML and tables to those who need them."""
    code = (
        "import sys, importlib\n"
        "from pmcb_client.cli import make_root\n"
        "for name in ('id', 'levels', 'task', 'receiver', 'verifier'):\n"
        "    importlib.import_module(f'pmcb_client.commands.{name}')\n"
        "heavy = 'grpc google.protobuf fabric_protos cryptography yaml rich httpx'.split()\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("args", [["--version"], ["--help"], ["levels", "--help"]])
def test_the_installed_command_runs(args):
    """The script of the distribution, in a process of its own."""
    done = subprocess.run([PMCB, *args], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_a_closed_pipe_is_no_defect():
    """``pmcb --help | head -0`` ends quietly."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run([PMCB, "--help"], stdout=write, stderr=subprocess.PIPE, text=True,
                              check=False)  # fmt: skip
    finally:
        os.close(write)
    assert "Traceback" not in done.stderr
