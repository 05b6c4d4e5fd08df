# SPDX-License-Identifier: Apache-2.0
"""What an institution's page on publishing tells to type does what it says."""

import json
from pathlib import Path

import pytest
from tests.docs.test_documents import environment, typed

from pmcb_services.publishing import Release

__all__ = ["environment"]


@pytest.mark.stress
@pytest.mark.timeout(300)
def test_the_page_can_be_typed(environment: dict[str, str], tmp_path: Path):
    """Every command succeeds; the budget has paid two counts and one release, then another."""
    answer = typed("docs/publishing-institution.md", environment, "bin/activate")
    assert answer.returncode == 0, answer.stderr
    assert "51/50" in answer.stdout
    assert "Version 2 of clinic has" in answer.stdout
    (home,) = {path.parent for path in tmp_path.rglob("waiting.json")}
    assert json.loads((home / "waiting.json").read_text())["state"] == "pending"
    assert Release.open(home / "release").n_clusters == 3
