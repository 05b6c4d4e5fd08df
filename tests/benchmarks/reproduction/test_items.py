# SPDX-License-Identifier: Apache-2.0
"""Items of the first publication: what follows from which numbers."""

import copy

import numpy as np
import pytest
from tests.fabric import programs

from pmcb_benchmarks._levels_graphs import Named
from pmcb_benchmarks._offered import Load
from pmcb_benchmarks._panels import PUBLISHED_S, PUBLISHED_TPS
from pmcb_benchmarks.reproduction import Verdict, _leakage, _ledger
from pmcb_benchmarks.reproduction._compare import without_times
from pmcb_benchmarks.reproduction._items import PAPERS
from pmcb_benchmarks.reproduction._levels import Social
from pmcb_benchmarks.reproduction._levels_claims import class_findings, cut_claims
from pmcb_benchmarks.reproduction._levels_plots import draw_cuts
from pmcb_benchmarks.reproduction._schema import check
from pmcb_benchmarks.reproduction._shown import SHOWN
from pmcb_benchmarks.reproduction._source import (
    HOMES,
    Made,
    Places,
    Wish,
    module_of,
    open_source,
)
from pmcb_clustering import generated_graph, paper_fig8


def cut(mode: str, t: int, ratio: float, balance: float) -> dict[str, object]:
    """A row of Fig. 5."""
    found: dict[str, object] = {"mode": mode, "levels": t}
    for name, value in (("ratio_cut_to_kmeans", ratio), ("balance", balance)):
        found |= {name: value, f"{name}_low": value - 0.1, f"{name}_high": value + 0.1}
    return found


def test_every_item_has_a_home_and_tables():
    """No item without a module that measures it, and tables that show it."""
    for paper, found in PAPERS.items():
        for name, item in found.items.items():
            assert module_of(paper, item.group or name)
            assert (paper, name) in SHOWN
            assert item.assumptions
    assert set(HOMES) >= {"mpdp", "fog"}


@pytest.mark.parametrize(
    ("ratio", "balance", "verdicts"),
    [(0.7, 1.1, ["ASSUMED", "ASSUMED"]), (0.95, 8.0, ["NOT_REPRODUCED", "NOT_REPRODUCED"])],
)
def test_the_cut_must_be_below_k_means_with_its_interval(ratio, balance, verdicts):
    """0.95 with an interval up to 1.05 shows nothing; sizes eight times apart are not equal."""
    rows = [cut(mode, t, ratio, balance) for mode in ("paper", "balanced") for t in (3, 4, 5)]
    assert [each["verdict"] for each in cut_claims(rows)] == [Verdict[name] for name in verdicts]


def test_where_k_means_finds_too_few_clusters_nothing_is_compared():
    """No ratio, no claim; the sentence and the picture live with it."""
    rows = [cut(mode, t, 0.7, 1.1) for mode in ("paper", "balanced") for t in (3, 4, 5)]
    for name in ("", "_low", "_high"):
        rows[0][f"ratio_cut_to_kmeans{name}"] = None
    first = cut_claims(rows)[0]
    assert first["verdict"] == Verdict.NOT_REPRODUCED
    assert "as published none at T = 3" in first["reason"]
    assert len(draw_cuts({"rows": rows, "data": {"name": "toy"}, "runs": 2}).axes) == 2


def test_the_findings_on_equation_2_follow_from_the_means():
    """Degree is 8 of 10 in level 2; as a count betweenness turns the order round."""
    rows = [
        {"mode": "paper", "levels": 2, "level": level, "users": 10, "degree": degree,
         "betweenness": between, "clustering": 1.0, "entropy": 1.0, "eq2": degree + 2.0}
        for level, degree, between in ((1, 6.0, 0.5), (2, 8.0, 0.0))
    ]  # fmt: skip
    share, orders = (each["answer"] for each in class_findings(rows))
    assert "75 to 80 % of the sum" in share
    assert "2 at T = 2" in orders


def small_levels(runs: int) -> list[Made]:
    """Figs. 5 and 6 of a small graph."""
    source = Social(Named("generated", generated_graph(80, 300, random_state=1)))
    seen: list[int] = []
    found = source.make(["fig5", "fig6"], Wish(runs, 0, "quick"), seen.append)
    assert max(seen) == source.steps(Wish(runs, 0, "quick")) == 6 * runs
    return found


def test_levels_are_measured_and_drawn():
    """A row for each mode and T, and for each class; a generated graph is said to be one."""
    for made, rows in zip(small_levels(1), (6, 24), strict=True):
        assert len(made.document["rows"]) == rows
        assert made.png.startswith(b"\x89PNG")
        check(made.document | {"title": "t", "assumptions": []}, "item")
        told = made.document["claims"]
        assert all(each["reason"].startswith("STAND-IN DATA: ") for each in told)


@pytest.mark.figures
def test_levels_repeat_with_the_seed():
    """Two runs give the same but for times."""
    for one, two in zip(small_levels(2), small_levels(2), strict=True):
        assert without_times(one.document) == without_times(two.document)


def test_the_ledger_must_take_the_published_rate_at_every_number_of_levels(sweep):
    """One level that stays below it is named by its absence."""
    runs = sweep["runs"]
    assert _ledger.rate_claim(runs).verdict is Verdict.ASSUMED
    slow = copy.deepcopy(runs)
    for each in slow:
        if each["levels"] == 4:
            each["achieved"] = PUBLISHED_TPS[1] - 1
    claim = _ledger.rate_claim(slow)
    assert claim.verdict is Verdict.NOT_REPRODUCED
    assert "T = 3, 5 levels" in claim.reason


def test_a_mean_wait_above_the_published_is_told(sweep):
    """One point is enough."""
    runs = copy.deepcopy(sweep["runs"])
    assert _ledger.wait_claim(runs).verdict is Verdict.ASSUMED
    runs[-1]["latency_ms"]["mean"] = 1000 * PUBLISHED_S[1] + 1
    assert _ledger.wait_claim(runs).verdict is Verdict.NOT_REPRODUCED


def test_an_embedded_sweep_never_stands_beside_published_figures(places: Places):
    """It is refused, whatever its numbers are."""
    text = (places.results / "ledger-sweep.json").read_text()
    file = places.results / "ledger-sweep.json"
    file.write_text(text.replace('"kind": "fabric"', '"kind": "embedded"'))
    with pytest.raises(_ledger.NoFabric, match="nothing else stands beside"):
        open_source("pmcb", "ledger", places)


def test_a_stored_sweep_is_said_to_be_one(places: Places):
    """In the remarks and in the document, with its digest."""
    source = open_source("pmcb", "ledger", places)
    assert "show the stored ledger-sweep.json" in source.remarks[0]
    (made,) = source.make(["fig9"], Wish(1, 0, "quick"), lambda _: None)
    assert made.document["data"]["origin"] == "stored: ledger-sweep.json"
    assert len(made.document["data"]["sha256"][0]) == 64
    assert len(made.document["rows"]) == 8


def test_leakage_cannot_rise_with_the_publications_own_sharing():
    """Losses below one half fall; above one half they rise, and the claim is only not shown."""
    rising, points, table = _leakage.claims(paper_fig8())
    assert rising.verdict is table.verdict is Verdict.IMPOSSIBLE
    assert points.verdict is Verdict.NOT_REPRODUCED
    assert "none are drawn or made up" in points.reason
    likely = _leakage.claims(paper_fig8([0.6, 0.7, 0.8]))[0]
    assert likely.verdict is Verdict.NOT_REPRODUCED
    rows = _leakage.rows(paper_fig8())
    assert np.all([0 <= row["sharing"] <= row["reconstruction"] + 1 for row in rows])


@pytest.mark.figures
@pytest.mark.fabric
@pytest.mark.timeout(600)
def test_the_ledger_is_measured_anew_where_fabric_is_at_hand(tmp_path, monkeypatch):
    """Both figures from one small sweep on a network of its own; nothing acknowledged is lost."""
    programs()
    monkeypatch.setattr(_ledger, "QUICK_LOADS", [Load(3, 30, 20.0)])
    source = open_source("pmcb", "ledger", Places(tmp_path, tmp_path))
    assert source.remarks == ()
    rate, wait = source.make(["fig7", "fig9"], Wish(1, 0, "quick"), lambda _: None)
    assert rate.document["rows"] == wait.document["rows"]
    assert rate.document["data"]["origin"] == "measured in this run"
    assert rate.document["network"]["kind"] == "fabric"
    (row,) = rate.document["rows"]
    assert (row["acknowledged"], row["missing"]) == (30, 0)
