# SPDX-License-Identifier: Apache-2.0
"""The page on releases: its commands succeed in order, and its table names a release's files."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from pmcb_client.cli import make_root
from pmcb_services.publishing import Release

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "publishing.md").read_text()
BLOCKS = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    line.removeprefix("$ pmcb ")
    for block in BLOCKS
    for line in block.splitlines()
    if line.startswith("$ pmcb ")
]
TYPING_ERRORS = re.compile(
    r"(lower|higher) (systolic, ([67]\d|2\d\d)|diastolic, ([345]\d|1[3-6]\d))\b"
)
"""Clusters of them: 2 to 6 among 30, of any of four kinds, as the noise of 60 fits fell."""


@pytest.fixture(scope="module")
def typed(tmp_path_factory):
    """The home after all commands, and what each printed."""
    home = tmp_path_factory.mktemp("home")
    (made,) = [line for block in BLOCKS for line in block.splitlines() if "python -c" in line]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT / "docs" / "quickstart")
        patch.setenv("PMCB_HOME", str(home))
        exec(shlex.split(made)[-1], {})
        printed = {}
        for command in COMMANDS:
            words = shlex.split(command.replace("$PMCB_HOME", str(home)))
            done = CliRunner().invoke(make_root(), words)
            assert done.exit_code == 0, (command, done.output)
            printed[command] = done.output
    return home, printed


def test_the_page_can_be_typed(typed):
    """The clusters are those that it puts into words (400 of 400 fits); the exact is exact."""
    home, printed = typed
    fitted = next(output for command, output in printed.items() if " fit " in command)
    assert re.search(r"higher systolic, 1[45]\d \(all: 12\d\); higher diastolic, 9\d", fitted)
    checked = next(output for command, output in printed.items() if " check " in command)
    shown = next(block for block in BLOCKS if "dataset check" in block).splitlines()[1:]
    assert [line.rstrip() for line in checked.splitlines()] == shown
    thirty = next(output for command, output in printed.items() if "--k 30" in command)
    assert TYPING_ERRORS.search(thirty)
    assert Release.open(home / "release").n_clusters == 3


def test_the_table_names_every_file(typed):
    """No file of a release is left out, and none is made up."""
    home, _ = typed
    part = PAGE.partition("## What is in the folder")[2]
    rows = re.findall(r"^\| (`[^|]*`) \|", part, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([\w.]+)`", row)]
    assert sorted(named) == sorted(path.name for path in (home / "release").iterdir())


def test_the_python_lines_run(typed, capsys):
    """On the release that the commands made."""
    home, _ = typed
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(code, {"folder": home / "release"})
    assert capsys.readouterr().out.count("Size(persons=") == 3 + 8
