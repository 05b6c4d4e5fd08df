# SPDX-License-Identifier: Apache-2.0
"""A folder of stored results, and a computer without Fabric."""

import json
from pathlib import Path

import pytest

from pmcb_benchmarks.reproduction._source import Places

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "docs/results"


@pytest.fixture
def results() -> Path:
    """The stored results of the documentation."""
    return RESULTS


@pytest.fixture
def sweep():
    """The stored sweep of the ledger."""
    return json.loads((RESULTS / "ledger-sweep.json").read_text())


@pytest.fixture
def places(sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A stored sweep of few runs, no data sets, no Fabric."""
    monkeypatch.delenv("PMCB_DATA", raising=False)
    monkeypatch.delenv("PMCB_FABRIC_BIN", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    few = tmp_path / "results"
    few.mkdir()
    sweep["runs"] = [each for each in sweep["runs"] if (each["levels"], each["count"]) == (3, 500)]
    (few / "ledger-sweep.json").write_text(json.dumps(sweep))
    return Places(tmp_path / "home", few)
