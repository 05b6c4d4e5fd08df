# SPDX-License-Identifier: Apache-2.0
"""What is installed is fixed, and whoever installs it uses their own package index."""

import json
from pathlib import Path

import pytest

from pmcb_benchmarks._node import HERE as MEASURED

FOLDERS = [Path(__file__).parent, MEASURED / "caliper", MEASURED / "yardstick"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_lock_file_names_no_address(folder: Path):
    """Nothing but names, versions and digests is in it."""
    assert "://" not in (folder / "package-lock.json").read_text()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_lock_file_has_a_digest_for_every_package(folder: Path):
    """And it is that of the manifest beside it, whose versions are exact."""
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]
    asked = json.loads((folder / "package.json").read_text())["dependencies"]
    assert locked.pop("")["dependencies"] == asked
    assert [name for name, each in locked.items() if "integrity" not in each] == []
    assert {name: locked[f"node_modules/{name}"]["version"] for name in asked} == asked
