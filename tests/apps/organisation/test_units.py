# SPDX-License-Identifier: Apache-2.0
"""What ``pmcb up --print`` writes can be read by those it is for."""

import configparser
import json
import shlex
from pathlib import Path

from click.testing import CliRunner

from pmcb_client.cli import make_root


def shown(tmp_path: Path, what: str) -> str:
    folder = tmp_path / "of 100% us"
    folder.mkdir()
    path = folder / "organisation.toml"
    path.write_text('organisation = "HospitalBMSP"\n[services.content]\n')
    words = ["--home", str(tmp_path / "home"), "up", str(path), "--print", what]
    done = CliRunner().invoke(make_root(), words)
    assert done.exit_code == 0
    return done.stdout


def test_the_unit_starts_this_file_in_this_home(tmp_path: Path):
    """Read back as systemd does: quotes, and percent signs twice."""
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(shown(tmp_path, "systemd"))
    words = [word.replace("%%", "%") for word in shlex.split(unit["Service"]["ExecStart"])]
    assert words[1:4] == ["-P", "-m", "pmcb_client"]
    assert words[4:] == [
        "--home", str(tmp_path / "home"),
        "up", str(tmp_path / "of 100% us" / "organisation.toml"), "--foreground",
    ]  # fmt: skip
    assert unit["Service"]["ReadWritePaths"] == str(tmp_path / "home")


def test_the_container_runs_the_file_in_front(tmp_path: Path):
    """Its command is a JSON list, so that signals reach it."""
    lines = shown(tmp_path, "container").splitlines()
    command = next(line for line in lines if line.startswith("CMD "))
    assert json.loads(command[4:]) == ["up", "/etc/pmcb/organisation.toml", "--foreground"]
