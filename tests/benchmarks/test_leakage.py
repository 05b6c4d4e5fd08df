# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench leakage`` and its page: of a small graph, and against what can be counted."""

import json

import pytest

from pmcb_benchmarks import leakage_page as page
from pmcb_benchmarks._levels_graphs import generated, write_edges
from pmcb_benchmarks.leakage import measure


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A hundred gangs of each kind on a small graph."""
    file = tmp_path_factory.mktemp("bench") / "ties.txt"
    write_edges(generated((300, 1_500), 0).graph, file)
    return measure(file, gangs=100, seed=0)


def test_the_placements_stand_in_their_order(found):
    """Nobody reaches or opens more than those who are placed for the worst."""
    assert [(one["levels"], one["social_weight"]) for one in found["placements"]] == [
        (levels, weight) for levels in (3, 4, 5) for weight in (0.0, 1.0)
    ]
    for one in found["placements"]:
        assert 0 <= one["opened"]["value"] <= one["worst"]
        assert one["anywhere"] <= one["worst"]
    large = found["large"]
    assert 0 < large["shared"]["value"] < large["copies"]["value"] < 1
    assert found["ties"]["by_lot"] == pytest.approx(1 / 3, abs=0.02)
    assert found["ties"]["by_lot"] < found["ties"]["within"]


def test_the_page_says_what_was_measured(found, tmp_path):
    """Each placement a line, and the sentences with the figures of the file."""
    for one, rate in zip(found["placements"][-2:], (0.5, 0.1), strict=True):
        one["covered"]["members"]["value"] = rate
    file = tmp_path / "leakage.json"
    file.write_text(json.dumps(found))
    assert page.placements_table(file).count("\n") == 7
    said = " ".join(page.friends(file).split())
    assert "all 5 levels 5.0 times more rarely" in said
    assert "it takes 15 shares" in said
