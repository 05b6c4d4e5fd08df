# SPDX-License-Identifier: Apache-2.0
"""The demo's report says what the result holds."""

import re
from pathlib import Path

import pytest

from pmcb_apps.demo._report import write_report
from pmcb_apps.demo._result import DemoResult, LevelRow
from pmcb_clustering import LevelAssignment, LevelClustering, generated_graph


@pytest.fixture(scope="module")
def assignment() -> LevelAssignment:
    """Three levels of a small graph."""
    return LevelClustering(3).fit(generated_graph(200, 1200, random_state=1)).assignment_


def test_assumption_and_inversions_come_from_the_result(tmp_path: Path, assignment):
    """Neither number stands in the page's template."""
    result = DemoResult("a graph", generated=True, seed=0, collusion=0.25)
    result.levels = [LevelRow(1, 200, 0.5)]
    result.quality = {**assignment.quality, "inversion_rate": 0.1234}
    path = tmp_path / "report.html"
    write_report(path, result, assignment)
    text = " ".join(re.sub(r'"data:[^"]*"', "", path.read_text()).split())
    assert "majority colludes, p = 0.25" in text
    assert "Inversion rate 12.3 %: of all pairs of receivers in different levels" in text
    assert [found.name for found in tmp_path.iterdir()] == ["report.html"]
