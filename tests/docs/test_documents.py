# SPDX-License-Identifier: Apache-2.0
"""What README and tutorial tell a newcomer to type does what they say."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from subprocess import CompletedProcess

import click
import psutil
import pytest

from pmcb_client.cli import make_root
from pmcb_network.errors import BinariesMissing
from pmcb_network.fabric._binaries import find

ROOT = Path(__file__).parents[2]


def blocks(document: str, language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)


def test_the_example_of_the_readme_runs():
    """The ten lines print three levels and a user's level."""
    (example,) = blocks("README.md", "python")
    answer = subprocess.run(
        [sys.executable, "-c", example], check=True, capture_output=True, text=True
    )
    assert re.findall(r"^level (\d): \d+ receivers", answer.stdout, re.MULTILINE) == ["1", "2", "3"]
    assert "user 0 has level" in answer.stdout


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A shell in which the environment is active already; what it leaves running is ended."""
    binaries = Path(sys.executable).parent
    made = {
        **os.environ,
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "TMPDIR": str(tmp_path),
        "HOME": str(tmp_path),
    }
    yield made
    for process in psutil.process_iter(["cmdline"]):
        if any(str(tmp_path) in word for word in process.info["cmdline"] or ()):
            with suppress(psutil.NoSuchProcess):
                process.kill()


def typed(document: str, environment: dict[str, str], *left_out: str) -> CompletedProcess[str]:
    """What its console blocks do, in order, when somebody types them into one shell."""
    lines = "".join(blocks(document, "console")).splitlines()
    commands = [
        line.removeprefix("$ ") for line in lines if not any(word in line for word in left_out)
    ]
    assert len(commands) > 20
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(commands)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(300)
def test_the_tutorial_can_be_typed(environment: dict[str, str]):
    """Every command of the tutorial succeeds, in order, and the refusal is the one it tells of."""
    answer = typed("docs/tutorial.md", environment, "bin/activate")
    assert answer.returncode == 0, answer.stderr
    assert "HospitalAMSP/alice has level 3" in answer.stdout
    assert "LEVEL_MISMATCH" in answer.stderr
    assert re.search(r"^.*\baccept\b.*\bok\b", answer.stdout, re.MULTILINE)
    assert re.search(r"^Wrote 1 rows to ", answer.stdout, re.MULTILINE)


@pytest.fixture
def fabric_environment(environment: dict[str, str], tmp_path: Path) -> Iterator[dict[str, str]]:
    """Such a shell where Fabric's programs are; networks that are left are removed."""
    try:
        programs = find(os.environ).paths["peer"].parent
    except BinariesMissing as error:
        pytest.skip(f"{error}; {error.next_step}")
    yield {**environment, "PMCB_FABRIC_BIN": str(programs)}
    for home in tmp_path.glob("tmp.*"):
        words = ["pmcb", "--home", str(home), "network", "reset", "--yes"]
        subprocess.run(words, env=environment, check=True, capture_output=True)


@pytest.mark.fabric
@pytest.mark.timeout(300)
def test_the_tutorial_on_fabric_can_be_typed(fabric_environment: dict[str, str]):
    """One approval of three makes no levels, two do; the claim outlives all processes."""
    answer = typed("docs/tutorial-fabric.md", fabric_environment, "bin/activate", "binaries fetch")
    assert answer.returncode == 0, answer.stderr
    assert "runs in 12 processes" in answer.stdout
    before, after = answer.stdout.split("HospitalAMSP, InstituteMSP. It is active.")
    assert "It waits for more approvals" in before
    assert "NOT_FOUND: No epoch is active" in answer.stderr
    assert "HospitalAMSP/alice has level 3" in after
    assert "LEVEL_MISMATCH" in answer.stderr
    assert len(re.findall(r"at level 3\.$", after, re.MULTILINE)) == 1
    restarted = after.partition("12 processes stopped")[2]
    assert re.search(r"^[0-9a-f]{32} +2 +0 +yes ", restarted, re.MULTILINE)


def test_links_between_documents_lead_somewhere():
    """Relative links of README and docs/ name files that are there."""
    documents = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    links = [
        (document, target)
        for document in documents
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", document.read_text())
        if "://" not in target
    ]
    assert links
    assert [link for link in links if not (link[0].parent / link[1]).exists()] == []


def commands_of(document: str) -> list[list[str]]:
    """The words of each `pmcb` command that a document tells to type, in blocks and in tables."""
    text = (ROOT / document).read_text()
    typed = [line[2:] for block in blocks(document, "console") for line in block.splitlines()]
    typed += re.findall(r"`(pmcb [^`]+)`", text)
    typed = [re.sub("^pmcb --as [^ ]+ ", "pmcb ", line) for line in typed]
    found = [shlex.split(line.partition(" #")[0]) for line in typed if line.startswith("pmcb ")]
    return [list(takewhile(lambda word: word not in {"|", "||", ">"}, words)) for words in found]


@pytest.mark.parametrize(
    "document",
    [
        "docs/operator.md",
        "docs/fabric.md",
        "docs/retrieval.md",
        "docs/retrieval-institution.md",
        "docs/retrieval-security.md",
    ],
)
def test_every_command_of_these_pages_is_there(document: str):
    """Groups, commands and options, as `pmcb` knows them."""
    found = commands_of(document)
    assert found
    for words in found:
        command: click.Command = make_root()
        rest = words[1:]
        while rest and isinstance(command, click.Group):
            inner = command.get_command(click.Context(command), rest.pop(0))
            assert inner is not None, words
            command = inner
        known = {name for param in command.params for name in param.opts}
        assert {word for word in rest if word.startswith("--")} <= known, words
