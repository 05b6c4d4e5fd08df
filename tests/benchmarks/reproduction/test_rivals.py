# SPDX-License-Identifier: Apache-2.0
"""Duels: who is better follows from the numbers, losses included."""

import json
from pathlib import Path

import pytest

from pmcb_benchmarks.reproduction._rivals import FILES, Outcome, absent, duels, outcome
from pmcb_benchmarks.reproduction._rivals_fog import fog
from pmcb_benchmarks.reproduction._rivals_publishing import judged


def cost(mean: float | None, se: float = 0.1) -> dict[str, float | None]:
    """A row of costs."""
    return {"mean": mean, "se": None if mean is None else se}


@pytest.mark.parametrize(
    ("ours", "theirs", "more", "found"),
    [
        (1.0, 2.0, False, Outcome.WIN),
        (1.0, 2.0, True, Outcome.LOSS),
        (2.0, 1.0, False, Outcome.LOSS),
        (1.0, 1.03, False, Outcome.EVEN),
        (1.0, 1.04, False, Outcome.WIN),
        (0.0, 0.0, False, Outcome.EVEN),
    ],
)
def test_who_needs_less_or_reaches_more_is_better(ours, theirs, more, found):
    """Within three percent it is even."""
    assert outcome(ours, theirs, more=more) is found


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        (cost(None), cost(1.0), Outcome.LOSS),
        (cost(1.0), cost(None), Outcome.WIN),
        (cost(1.0), cost(1.2), Outcome.EVEN),
        (cost(1.0), cost(1.5), Outcome.WIN),
        (cost(1.5), cost(1.0), Outcome.LOSS),
    ],
)
def test_costs_differ_by_two_standard_errors(ours, theirs, found):
    """0.2 is within 2 x 0.141; a refusal releases nothing, and counts as a loss."""
    assert judged(ours, theirs) is found


def test_the_stored_results_tell_of_every_rival_and_of_losses(results: Path):
    """Node's shim, graph libraries, private clusterings, trees and databases."""
    found = duels(results)
    rivals = " ".join(each.rival for each in found)
    for name in (
        "fabric-shim", "Caliper", "NetworkX", "igraph", "rustworkx", "networkit", "scikit-learn",
        "diffprivlib", "DP k-means", "IDP k-means", "cKDTree", "DuckDB", "MRSE", "PostgreSQL",
    ):  # fmt: skip
        assert name in rivals
    assert {each.outcome for each in found} == set(Outcome)
    trees = [each for each in found if each.rival == "cKDTree"]
    assert {each.outcome for each in trees} == {Outcome.LOSS}


def test_figures_of_a_duel_are_those_of_the_result(results: Path):
    """Igraph's CPU seconds, to three digits."""
    levels = json.loads((results / "levels.json").read_text())["betweenness"]
    (one,) = [each for each in duels(results) if each.rival.startswith("igraph")]
    assert one.ours == f"{levels['cpu_s']:.3g}"
    assert one.theirs == f"{levels['anchors'][0]['cpu_s']:.3g}"


def test_a_missing_result_is_said(tmp_path: Path):
    """With the rivals that it would show."""
    assert duels(tmp_path) == []
    missing = absent(tmp_path)
    assert len(missing) == len(FILES)
    assert "cKDTree, DuckDB, MRSE, PostgreSQL: retrieval.json is not there" in missing


def test_planners_are_compared_by_gap_makespan_and_front():
    """Two libraries on one batch, HiGHS where it found a plan, NSGA-II by hypervolume."""
    document = {
        "rivals": [
            {"orders": 40, "servers": 5, "seconds": 1.0, "ours": 0.5,
             "theirs": {"mealpy BA": 20.0, "pymoo GA": 0.1}},
        ],
        "bounds": [{"orders": 60, "servers": 6, "below": 0.1, "seconds": 0.1, "highs_s": 1.0}],
        "braun": [
            {"seconds": 1.0, "processors": 1, "mip_s": 10.0, "rows": [
                {"over": 1.0, "minmin_over": 10.0, "mip_over": 0.2},
                {"over": 2.0, "minmin_over": 20.0, "mip_over": None},
            ]},
            {"seconds": 1.0, "processors": 2, "mip_s": 0.0, "rows": []},
        ],
        "front": {"orders": 60, "servers": 4, "seconds": 1.0, "hypervolume": 0.9, "nsga2_s": 60.0,
                  "nsga2_plans": 3, "nsga2_hypervolume": 0.5},
    }  # fmt: skip
    found = [(each.rival.split(",")[0], each.ours, each.theirs, each.outcome.value)
             for each in fog(document)]  # fmt: skip
    assert found == [
        ("mealpy BA", "0.5", "20", "better"),
        ("pymoo GA", "0.5", "0.1", "worse"),
        ("HiGHS's linear programme", "0.1", "1", "better"),
        ("Min-min", "1.5", "15", "better"),
        ("HiGHS's integer programme", "1", "0.2", "worse"),
        ("NSGA-II (pymoo)", "0.9", "0.5", "better"),
    ]
