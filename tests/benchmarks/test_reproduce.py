# SPDX-License-Identifier: Apache-2.0
"""``pmcb reproduce mpdp``: numbers first, then a sentence that follows from them."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from pmcb_benchmarks._mpdp_methods import centres
from pmcb_benchmarks._mpdp_names import METHODS
from pmcb_benchmarks._mpdp_plots import draw
from pmcb_benchmarks._mpdp_scores import Grid, Judge, measure
from pmcb_benchmarks._mpdp_targets import reproduce, steps
from pmcb_benchmarks._mpdp_time import distances, growth
from pmcb_benchmarks._mpdp_verdicts import claims
from pmcb_benchmarks.reproduction import Claim, Verdict
from pmcb_client.cli import make_root
from pmcb_services.publishing import Numeric, Schema
from pmcb_services.publishing.datasets import DataSet

SCHEMA = Schema([Numeric("x", -1, 1), Numeric("y", -1, 1)])
SPOTS = np.array([[-0.5, -0.5], [0.5, 0.5], [0.5, -0.5]])


def spots(n: int = 600, *, origin: str = "generated") -> DataSet:
    """Three clusters in a plane."""
    rng = np.random.default_rng(0)
    rows = SPOTS[rng.integers(0, 3, n)] + rng.normal(0, 0.05, (n, 2))
    return DataSet("adl", SCHEMA, rows, origin)


def row(
    method: str, *, epsilon: str = "1", k: int = 5, refused: int = 0, **metrics: float
) -> dict[str, Any]:
    """A measured row; what is not given is the same for all."""
    given = {"cost_ratio": 2.0, "ch": 100.0, "f_measure": 0.5, "accuracy": 0.5} | metrics
    errors = {f"{name}_se": 1.0 for name in given}
    return {"method": method, "epsilon": epsilon, "k": k, "runs": 3, "refused": refused} | (
        given | errors
    )


def told(kind: str, rows, *, origin: str = "a file", method: str = "mpdp") -> list[Claim]:
    """The claims on rows."""
    return claims({"kind": kind, "rows": rows, "method": method, "data": {"origin": origin}})


def test_a_target_that_is_none_is_refused(tmp_path: Path):
    """The command names the ones there are."""
    answer = CliRunner().invoke(make_root(), ["reproduce", "mpdp", "fig1"])
    assert answer.exit_code == 2
    assert "fig2" in answer.output


def test_a_table_too_small_is_refused_and_counted():
    """Twenty rows: mpdp-k answers nothing, the row says so, the others go on."""
    assert centres("mpdp-k", spots(20), "0.1", [2], 0) == {}
    grid = Grid(spots(20), ["0.1"], [2], 2, 0, ("idp-kmeans", "mpdp-k"))
    _, idp, ours = measure(grid)
    assert (ours["refused"], ours["cost_ratio"], idp["refused"]) == (2, None, 0)


def test_k_means_is_worth_one():
    """Cost ratio, F and accuracy of the reference itself; CH is scikit-learn's."""
    from sklearn.metrics import calinski_harabasz_score

    rows = spots().encoded
    judge = Judge(rows, 3, 0)
    labels = ((rows[:, None] - SPOTS) ** 2).sum(axis=2).argmin(axis=1)
    expected = calinski_harabasz_score(rows, labels)
    assert judge.reference["ch"] == pytest.approx(expected)
    assert judge.reference["ch_released"] == pytest.approx(expected)
    assert [judge.reference[name] for name in ("cost_ratio", "f_measure", "accuracy")] == [1, 1, 1]


def test_true_cell_means_forgive_what_the_centres_given_do_not():
    """Centres pushed outwards cut the rows alike: CH stays, cost and CH of the centres do not."""
    judge = Judge(spots().encoded, 3, 0)
    far = judge.scores(1.9 * SPOTS)
    assert far["ch"] == pytest.approx(judge.reference["ch"])
    assert far["cost_ratio"] > 10
    assert far["ch_released"] < judge.reference["ch"] / 3
    assert judge.scores(np.ones((3, 2)))["ch"] == 0


def test_every_method_is_measured_in_order_and_repeats():
    """One row for each method, epsilon and k; the same seed gives the same numbers."""
    grid = Grid(spots(300), ["2", "5"], [2, 3], 2, 7)
    seen: list[int] = []
    rows = measure(grid, seen.append)
    assert len(rows) == 2 + len(METHODS) * 4
    assert seen == list(range(1, grid.size + 1))
    assert rows == measure(grid)
    ours = [each for each in rows if each["method"] == "mpdp-k" and each["epsilon"] == "5"]
    assert ours[-1]["cost_ratio"] < 1.1


def test_the_verdict_on_the_index_follows_from_the_numbers():
    """On top and rising hold each by itself; passed once, not; forgiven centres are told."""
    others = ("dp-kmedoids", "dp-kmeans", "idp-kmeans", "mpdp-k")
    reference = row("k-means", epsilon="", ch=900.0)
    rest = [row(method, epsilon=at) for at in ("1", "5") for method in others]
    good = [row("mpdp", epsilon="1", ch=200.0), row("mpdp", epsilon="5", ch=300.0)]
    assert [each.verdict for each in told("index", [reference, *good, *rest])] == [
        Verdict.ASSUMED,
        Verdict.ASSUMED,
    ]
    dear = [row("mpdp", epsilon="1", ch=200.0, cost_ratio=9.0), row("mpdp", epsilon="5", ch=90.0)]
    top, rising = told("index", [reference, *dear, *rest])
    assert top.verdict is rising.verdict is Verdict.NOT_REPRODUCED
    assert "MPDP leads the published ones at 1 of 2" in top.reason
    assert "at epsilon 1 MPDP passes IDP k-means by it, while its cost (at 1) is 9.00" in top.reason
    assert "200 at epsilon 1 and 90 at 5, no more than" in rising.reason


def test_the_verdict_on_clusters_and_accuracy_follows_from_the_numbers():
    """The cheapest wins; F is compared at every k; stand-ins are shouted."""
    rows = [row("mpdp", cost_ratio=7.0), row("mpdp-k", cost_ratio=1.2)]
    (clean,) = told("clusters", rows)
    assert clean.verdict is Verdict.NOT_REPRODUCED
    assert "The cost over that of k-means is MPDP 7.00" in clean.reason
    cheap = [row("mpdp", cost_ratio=1.1), row("mpdp-k", cost_ratio=1.2)]
    assert told("clusters", cheap)[0].verdict is Verdict.ASSUMED
    assert told("clusters", cheap, origin="stand-in")[0].reason.startswith("STAND-IN DATA: ")
    table = [
        row(method, k=k, f_measure=0.9 if method == "mpdp" and k == 2 else 0.6)
        for method in METHODS
        for k in (2, 10)
    ]
    assert "leads the published ones at 1 of 2 k" in told("table", table)[0].reason


def test_refusals_are_told():
    """How many, and at which epsilon."""
    rows = [row("mpdp"), row("mpdp-k", refused=3, epsilon="0.1") | {"cost_ratio": None}]
    (clean,) = told("clusters", rows)
    assert "mpdp-k refuses where the table is too small (3 of 3 at 0.1)" in clean.reason


def test_the_growth_of_time_is_fitted():
    """Counts for equal clusters: doubling n nearly quadruples; the verdict states exponents."""
    rows = [
        {"n": n, "k": 5, "m": 5, "cpu_s": distances(n, 5, 5) / 1e6, "distances": distances(n, 5, 5)}
        for n in (500, 1000, 2000)
    ]
    assert growth(rows, "n", "cpu_s") == pytest.approx(growth(rows, "n", "distances"))
    assert 1.9 < growth(rows, "n", "distances") < 2
    data = spots(2000, origin="a file")
    document = reproduce("theorem1", data, runs=1, seed=0)
    assert document["claims"][0]["verdict"] == "not reproduced"
    assert "CPU time grows as n^" in document["claims"][0]["timing"]
    assert len(document["rows"]) == steps("theorem1", 1) == 7


def test_a_figure_is_written_in_three_forms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """JSON, CSV and PNG; without data a stand-in is said on stderr and in the reason."""
    monkeypatch.delenv("PMCB_DATA", raising=False)
    out = tmp_path / "made" / "out"
    command = ["--home", str(tmp_path / "home"), "--json", "reproduce", "mpdp", "fig2"]
    answer = CliRunner().invoke(make_root(), [*command, "--runs", "1", "--out", str(out)])
    assert answer.exit_code == 0, answer.output
    (item,) = json.loads(answer.stdout)["items"]
    assert item["claims"][0]["reason"].startswith("STAND-IN DATA: ")
    assert "STAND-IN:" in answer.stderr
    document = json.loads((out / "mpdp/fig2.json").read_text())
    assert document["data"]["origin"] == "stand-in"
    with (out / "mpdp/fig2.csv").open() as file:
        assert len(list(csv.DictReader(file))) == len(document["rows"])
    assert (out / "mpdp/fig2.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", ["index", "table", "time"])
def test_figures_over_epsilon_k_and_time_are_drawn(kind: str, tmp_path: Path):
    """Also where runs were refused, and where one run has no standard error."""
    rows = [row("k-means", epsilon=""), *(row(method) for method in METHODS)]
    rows[-1] |= {"ch": None, "cost_ratio": None, "refused": 3}
    rows[1] |= {"ch_se": None}
    if kind == "time":
        rows = [{"n": 500, "k": 5, "m": 5, "cpu_s": 0.1, "distances": 1e6}]
    figure = draw({"kind": kind, "target": "x", "runs": 1, "rows": rows}, spots())
    figure.savefig(tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size > 5000
