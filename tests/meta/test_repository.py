# SPDX-License-Identifier: Apache-2.0
"""The repository keeps its own promises: licences, versions, locks, lengths."""

import re
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = sorted(path.parent for path in ROOT.glob("*/pyproject.toml"))


def tracked(*patterns: str) -> list[Path]:
    """Files of the repository, also those not committed yet."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_every_source_file_names_its_licence():
    """The first or second line of a source file is its SPDX line."""
    sources = tracked("*.py", "*.sh", "*.mjs", "*.toml", "Makefile")
    bare = [p.name for p in sources if "SPDX-License-Identifier: Apache-2.0" not in _head(p)]
    assert sources
    assert bare == []


def test_lock_files_name_no_addresses():
    """Requirements are pinned by hash and say nothing of where they come from."""
    locks = tracked("requirements/*.txt", "*.lock", "*package-lock.json")
    assert locks
    for lock in locks:
        assert not re.search(r"://|--index-url|--find-links", lock.read_text())


def test_every_requirement_carries_a_hash():
    """Uv and pip check each download against it."""
    for lock in tracked("requirements/*.txt"):
        unhashed = r"^[a-z0-9][^\n]*==[^\n]*\n(?!    --hash)"
        assert re.findall(unhashed, lock.read_text(), re.MULTILINE) == []


def test_files_stay_short():
    """Near 300 lines, look for the second noun."""
    long = [p.relative_to(ROOT) for p in tracked("*.py") if len(p.read_text().splitlines()) > 300]
    assert long == []


@pytest.mark.parametrize("folder", DISTRIBUTIONS, ids=lambda path: path.name)
def test_installed_versions_are_those_of_the_metadata(folder: Path):
    """One version for all distributions, the one that is installed."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    root_version = tomllib.loads((ROOT / "client/pyproject.toml").read_text())["project"]["version"]
    assert version(project["name"]) == project["version"] == root_version
    assert project["license"] == "Apache-2.0"
    assert project["requires-python"] == ">=3.11,<3.14"


def test_decisions_are_numbered_and_told_in_half_a_page():
    """0001, 0002, ... without gaps; each with question, decision, reasons, reopening."""
    records = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text()
        for part in ("**Question.**", "**Decision.**", "**Why.**", "**Reopen when**"):
            assert part in text
        assert len(text.splitlines()) < 40


def _head(path: Path) -> str:
    return "\n".join(path.read_text().splitlines()[:2])
