# SPDX-License-Identifier: Apache-2.0
"""The demo's report says what the result holds."""

import re
from pathlib import Path

import numpy as np
import pytest

from pmcb_apps.demo._report import plot_clusters, plot_search, write_report
from pmcb_apps.demo._result import (
    Carried,
    Cluster,
    DemoResult,
    LevelRow,
    Planned,
    Planning,
    Publication,
    Question,
    Search,
)
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


def test_a_release_is_told_with_its_intervals_and_its_price(tmp_path: Path, assignment):
    """Means in their units, the budget before and after the refusal, and where its page is."""
    result = DemoResult("a graph", generated=True, seed=0, collusion=0.25)
    result.levels = [LevelRow(1, 200, 0.5)]
    result.quality = assignment.quality
    clusters = [Cluster(700, 650, 750, True, [28.5]), Cluster(20, 0, 70, False, [12.5])]
    result.publication = Publication(
        own=7_000,
        collected=33,
        counted="1/25",
        epsilon="1",
        total="2",
        columns=["bmi [kg/m2]"],
        everybody=Cluster(1100, 1050, 1150, True, [25.5]),
        clusters=clusters,
        cost_ratio=1.0625,
        checks=["All of it holds."],
        refused=("BUDGET_EXHAUSTED", "Too much."),
        left_before="23/25",
        left="22/25",
    )
    path = tmp_path / "report.html"
    write_report(path, result, assignment)
    text = " ".join(re.sub(r'"data:[^"]*"', "", path.read_text()).split())
    for said in (
        "7,000 patients",
        'bmi [kg/m2]</td><td class="n">25.5</td><td class="n">28.5</td><td class="n">12.5<',
        "1,050 to 1,150 persons",
        "cost 1.062 times",
        'left before a second request</td><td class="n">23/25<',
        'left after it</td><td class="n">22/25<',
        "<code>BUDGET_EXHAUSTED</code>. Too much.",
        'href="release/index.html"',
    ):
        assert said in text


def test_plans_are_told_with_what_is_proven(tmp_path: Path, assignment):
    """Who planned, what it costs, and how far from the optimum it can be; what the fog did."""
    result = DemoResult("a graph", generated=True, seed=0, collusion=0.25)
    result.levels = [LevelRow(1, 200, 0.5)]
    result.quality = assignment.quality
    plans = [Planned("bats", 1234.5, 9.876, 0.00123), Planned("bees", 2345.6, 12.0, None)]
    result.planning = Planning(uploads=33, queries=7, servers=5, plans=plans)
    result.carried = Carried(41, {"DONE": 40, "DEAD": 1}, findings=0)
    path = tmp_path / "report.html"
    write_report(path, result, assignment)
    text = " ".join(re.sub(r'"data:[^"]*"', "", path.read_text()).split())
    for said in (
        "fog: 41 orders, of which 40 are done. Its event log has no trace",
        "sent (33) and every question that was asked (7)",
        "speeds of 5 servers are drawn",
        'bats</td><td class="n">1,234</td><td class="n">9.88</td><td class="n">0.123 %<',
        'bees</td><td class="n">2,346</td><td class="n">12.00</td><td class="n">unknown<',
    ):
        assert said in text


def question(title: str, **how: object) -> Question:
    """Of two patients of whom one was found; one batch of two labels."""
    given = {"ranges": "HR from 100 bpm", "hits": 3, "is_exact": True, "others": 0}
    given |= {"certified": True, "by_patient": [3, 0], "batches": [[0.25, 0.75]], **how}
    return Question(title=title, **given)  # type: ignore[arg-type]


def test_a_search_is_told_beside_what_the_cloud_saw(tmp_path: Path, assignment):
    """What was wrong, not certain or seen twice would be said; no batch was due to the refusal."""
    result = DemoResult("a graph", generated=True, seed=0, collusion=0.25)
    result.levels = [LevelRow(1, 200, 0.5)]
    result.quality = assignment.quality
    wrong = question("odd", is_exact=False, certified=False, others=7)
    result.search = Search(
        source="stand-in",
        records=5_000,
        patients=2,
        blobs=1_200,
        batch=2,
        questions=[question("shock"), wrong],
        repeated=1,
        refused=("GRANT_DENIED", "Nobody lets you."),
        refused_batches=0,
    )
    path = tmp_path / "report.html"
    write_report(path, result, assignment)
    text = " ".join(re.sub(r'"data:[^"]*"', "", path.read_text()).split())
    for said in (
        "5,000 hourly records of 2 patients in intensive care (generated",
        "keeps 1,200 sealed blobs",
        'shock</td><td>HR from 100 bpm</td><td class="n">3</td><td>yes</td><td class="n">0<',
        'odd</td><td>HR from 100 bpm</td><td class="n">3</td><td>no</td><td class="n">7, perhaps<',
        '<code>GRANT_DENIED</code>: Nobody lets you.</td><td class="n">0<',
        "Of all 4 labels 1 came twice",
    ):
        assert said in text


def test_the_picture_of_searches_shows_both_sides():
    """Records by patient on the left; on the right a stroke for each label, a line for a batch."""
    wide = question("wide", batches=[[0.1, 0.2], [0.3, 0.9]])
    figure = plot_search([question("shock"), wide])
    asked, seen, below, wide_seen = figure.axes
    assert [asked.get_title("left"), below.get_title("left")] == ["shock", "wide"]
    assert np.asarray(asked.images[0].get_array()).tolist() == [[3, 0]]
    assert [seen.get_title("left"), wide_seen.get_title("left")] == ["1 batch", "2 batches"]
    strokes = [
        [float(np.asarray(stroke.vertices)[0, 0]) for stroke in line.get_paths()]
        for line in wide_seen.collections
    ]
    assert strokes == [[0.1, 0.2], [0.3, 0.9]]


def test_the_picture_of_clusters_shows_sizes_and_intervals():
    """A bar for each, and a stroke from the lower to the upper end."""
    clusters = [Cluster(700, 650, 750, True, [28.5]), Cluster(20, 0, 70, False, [12.5])]
    drawn = plot_clusters(clusters).axes[0]
    bars = [bar.get_path().get_extents(bar.get_patch_transform()) for bar in drawn.patches]
    assert [bar.x1 for bar in bars] == [700, 20]
    (strokes,) = drawn.collections
    ends = [np.asarray(stroke.vertices)[:, 0].tolist() for stroke in strokes.get_paths()]
    assert ends == [[650, 750], [0, 70]]
