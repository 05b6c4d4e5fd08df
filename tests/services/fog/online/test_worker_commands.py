# SPDX-License-Identifier: Apache-2.0
"""``pmcb fog worker``, ``collector`` and ``calibrate``: what they refuse, and how they say it."""

import json
import sys

import pytest
from click.testing import CliRunner

from pmcb_client.cli import make_root
from pmcb_services.fog.errors import Unavailable
from pmcb_services.fog.online._places import Places
from pmcb_services.fog.online._runner import Runner


def run(home, *words):
    """A command of somebody's."""
    arguments = ["--home", str(home), "--json", "fog", *words]
    done = CliRunner().invoke(make_root(), arguments, prog_name="pmcb")
    assert "Traceback" not in done.output
    return done


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "--server"),
        (["--server", "Ward 1"], 2, "a-z"),
        (["--server", "w" * 33], 2, "a-z"),
        (["--server", "ward-1", "--speed", "0"], 2, "speed"),
        (["--server", "ward-1", "--speed", "1", "--broker", "nats://10.0.0.7:1"], 2, "tls://"),
        (["--server", "ward-1", "--speed", "1"], 3, "pmcb fog serve"),
    ],
)
def test_a_worker_that_cannot_serve_says_why(tmp_path, words, code, said):
    """Bad input is 2; without a broker 3, with the command that starts one."""
    done = run(tmp_path, "worker", *words)
    assert done.exit_code == code
    assert said in done.output


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("[worker", 2, "TOML"),
        ("worker = 1", 2, "[worker]"),
        ("[worker]\nspeeed = 1", 2, "speeed"),
        ('[worker]\nserver = "Ward"', 2, "a-z"),
        ('[worker]\nserver = "ward-1"\nspeed = 1000', 3, "No broker"),
    ],
)
def test_a_table_stands_for_options(tmp_path, text, code, said):
    """Each entry is one; another is named."""
    (tmp_path / "fog.toml").write_text(text)
    done = run(tmp_path, "worker", "--config", str(tmp_path / "fog.toml"))
    assert done.exit_code == code
    assert said in done.output


def test_a_file_of_devices_is_read_before_anything_starts(tmp_path):
    """With the device to blame."""
    (tmp_path / "devices.toml").write_text('["A/pump"]\nurl = 1')
    words = ["--server", "w", "--speed", "1", "--devices", str(tmp_path / "devices.toml")]
    done = run(tmp_path, "worker", *words)
    assert done.exit_code == 2
    assert "A/pump" in done.output


def test_a_collector_reads_its_files_first(tmp_path):
    """A token that is too short is told by its device."""
    (tmp_path / "fields.yaml").write_text("- {name: pulse, unit: 1/min, min: 30, max: 220}")
    (tmp_path / "tokens.toml").write_text('pump = "short"')
    files = ["--fields", str(tmp_path / "fields.yaml"), "--tokens", str(tmp_path / "tokens.toml")]
    done = run(tmp_path, "collector", *files)
    assert done.exit_code == 2
    assert "pump" in done.output
    assert "short" not in done.output


def test_a_machine_is_measured(tmp_path):
    """In millions of operations a second: more than a thousandth, less than a thousand times."""
    done = run(tmp_path, "calibrate", "--seconds", "0.1")
    assert 10 < json.loads(done.output)["mips"] < 1e6


@pytest.mark.anyio
async def test_a_child_that_does_not_start_is_told(tmp_path, monkeypatch):
    """And is not tried for ever."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Unavailable, match="does not start"):
        async with Runner(Places()):
            pass
