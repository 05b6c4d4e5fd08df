# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from functools import partial

import networkx as nx
import numpy as np
import pytest
from tests.clustering.page import Page

from pmcb_clustering import (
    LevelClustering,
    SocialGraph,
    _page,
    _report,
    _survey,
    graph_layout,
)
from pmcb_clustering._report import Findings
from pmcb_clustering._stability import Stability, Trial


def silent(_step, _done):
    """No progress is shown."""


@pytest.fixture(scope="module")
def assignment(small):
    """Three levels of a small graph."""
    return LevelClustering(3).fit(small).assignment_


def page_of(findings):
    return Page(_page.render_page(findings, _page.draw_figures(findings)))


def test_a_large_graph_is_drawn_in_part_and_the_page_says_so(small, monkeypatch):
    """A sample, named as one in words; and sampled betweenness, too."""
    drawn = partial(graph_layout, limit=200, sample=150)
    monkeypatch.setattr(_survey, "graph_layout", drawn)
    monkeypatch.setattr(_survey, "COMPARED_LIMIT", 200)
    settings = {"betweenness": "pivots", "pivots": 4}
    findings = _survey.survey(
        small, "large", settings, mode="balanced", compare=None, progress=silent
    )
    assert findings.modes == ()
    text = page_of(findings).text
    assert "150 of its users are" in text
    assert "there are 300 users" in text
    assert "two halves of them agree" in text


def test_the_summary_says_the_figures_in_words(assignment):
    """Those of the result, and nothing that was not measured."""
    quality = assignment.quality
    steady = Stability(0.99, 0.875, 0.9625)
    said = " ".join(_report.summary(Findings("a", (Trial(assignment, 1.0, steady),))))
    said = said.replace("\u00a0", " ")
    assert "300 users with 2,400 ties between them were put into 3 security levels" in said
    assert f"at most {quality['balance']:.2f} times the users of the smallest" in said
    assert f"{quality['ratio_cut_to_kmeans']:.2f} for T = 3" in said
    assert f"{100 * quality['inversion_rate']:.1f} % for T = 3" in said
    assert "classified afresh: 87.5 %; and this many" in said
    assert "96.2 %." in said
    assert "keep their level" not in " ".join(_report.summary(Findings("a", (Trial(assignment),))))


def test_both_rules_of_influence_are_told(assignment):
    """Their inversions; and the order equation (2) would give where it differs."""
    for raw, words in (
        ([1.0, 2.0, 3.0], "puts the levels in the same order"),
        ([2.0, 1.0, 3.0], "would order the levels 2, 1 and 3, the least influential first"),
    ):
        quality = assignment.quality.copy()
        quality["influence"] = {**quality["influence"], "paper-raw": raw}
        told = _report.ways_of_influence(replace(assignment, quality=quality))
        assert words in told
        assert f"{100 * quality['inversion_rate']:.1f}\u00a0% by mean rank" in told


def test_a_result_without_metrics_is_reported_without_pictures_of_users(assignment):
    """Tables and RatioCut remain."""
    page = page_of(Findings("a", (Trial(replace(assignment, metrics=None)),)))
    assert len(page.images) == 1
    assert "Who is at the top" not in page.text


def test_the_share_of_ties_within_levels_is_told_by_hand():
    """Two triangles joined by one tie, a level each: six of seven ties are inside."""
    ties = nx.barbell_graph(3, 0)
    graph = SocialGraph.from_networkx(ties)
    found = LevelClustering(2).fit(graph).assignment_
    split = replace(found, level=np.array([1, 1, 1, 2, 2, 2]))
    findings = Findings("a", (Trial(split),), layout=graph_layout(graph))
    text = _page.draw_figures(findings)["levels-classes-2.png"].text.replace("\u00a0", " ")
    assert "86 % of the ties drawn join users of one level" in text
    assert "by lot would have 50 %" in text


def test_the_bar_of_a_report_never_goes_back(small):
    """Whatever is classified again and again behind it."""
    told: list[float] = []
    _survey.survey(
        small, "a", {}, mode="balanced", compare=True, progress=lambda _, share: told.append(share)
    )
    assert told == sorted(told)
    assert told[0] < 0.1
    assert 0.8 < told[-1] <= 1.0
