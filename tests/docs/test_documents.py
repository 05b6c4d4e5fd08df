# SPDX-License-Identifier: Apache-2.0
"""What README and tutorial tell a newcomer to type does what they say."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

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
            process.kill()


def test_the_tutorial_can_be_typed(environment: dict[str, str]):
    """Every command of the tutorial succeeds, in order, and the refusal is the one it tells of."""
    lines = "".join(blocks("docs/tutorial.md", "console")).splitlines()
    commands = [line.removeprefix("$ ") for line in lines if "bin/activate" not in line]
    assert len(commands) > 20
    answer = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(commands)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert "HospitalAMSP/alice has level 3" in answer.stdout
    assert "LEVEL_MISMATCH" in answer.stderr
    assert "stands: accept (ok)" in answer.stdout


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
