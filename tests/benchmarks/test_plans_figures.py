# SPDX-License-Identifier: Apache-2.0
"""Figs. 10 and 11: what follows from which costs, and a run of a few orders."""

import copy

import numpy as np
import pytest

from pmcb_benchmarks import _plans_figures as figures
from pmcb_benchmarks._plans_claims import claims, findings
from pmcb_benchmarks._plans_plots import picture
from pmcb_benchmarks._plans_runs import BA, BA_DENSE, METHODS, OURS, POPULATION, Batch
from pmcb_benchmarks._plans_tests import PAIRS, compared, holm
from pmcb_benchmarks.reproduction import Verdict
from pmcb_benchmarks.reproduction._plans import open_source
from pmcb_benchmarks.reproduction._schema import check
from pmcb_benchmarks.reproduction._shown import tables_of
from pmcb_benchmarks.reproduction._source import Places, Wish, module_of
from pmcb_services.fog import solve

SMALL = figures.Figure(orders=(12,), points=(1, 4), tested=(1, 4), fleets=(43, 44))


@pytest.fixture(scope="module")
def small():
    """Both figures of twelve orders and four iterations, two seeds."""
    return {name: figures.reproduce(name, runs=2, seed=0, figure=SMALL) for name in figures.FIGURES}


def gaps(**lower):
    """Gaps in eight runs, two points: 5 % for all, or what is given, a little apart."""
    spread = np.linspace(0, 0.1, 8)[:, None] + np.zeros((8, 2))
    return {(20, name): lower.get(name, 5.0) + spread for name in METHODS}


def test_too_few_runs_prove_nothing():
    """Five pairs of signed ranks cannot reach 5 %."""
    few = {key: value[:5] for key, value in gaps(BA=1.0).items()}
    assert {row["p"] for row in compared(few, (50, 200), (50,))} == {1.0}


def test_the_lower_one_is_named_only_if_it_is_sure():
    """A difference of 4 % in each of thirty pairs is; none is not; p is never less than alone."""
    many = {key: np.repeat(value, 4, axis=0) for key, value in gaps(BA=1.0).items()}
    rows = compared(many, (50, 200), (200,))
    assert len(rows) == len(PAIRS)
    for row in rows:
        both = {row["first"], row["second"]}
        assert row["lower"] == (BA if BA in both else "neither")
        assert row["difference"] == pytest.approx({True: 0.0, False: -4.0 if row["first"] == BA
                                                   else 4.0}[BA not in both])  # fmt: skip


def test_holm_corrects_for_the_number_of_tests():
    """0.01·4, then 0.02·3, then 0.03·2, and 0.9 at most 1; in the order given."""
    assert holm([0.03, 0.01, 0.9, 0.02]) == [0.06, 0.04, 0.9, 0.06]


@pytest.mark.parametrize("name", ["fig10", "fig11"])
@pytest.mark.parametrize("holds", [True, False])
def test_the_statements_hold_only_if_both_readings_always_win(small, name, holds):
    """Every comparison with PSO and ABC won, or all but one."""
    document = copy.deepcopy(small[name])
    for row in document["tests"]:
        row["lower"] = row["first"]
    if not holds:
        for row in document["tests"]:
            if (row["first"], row["second"]) == (BA_DENSE, "ABC"):
                row["lower"] = "neither"
    wanted = Verdict.ASSUMED if holds else Verdict.NOT_REPRODUCED
    assert {each.verdict for each in claims(document)} == {wanted}


def test_a_run_is_whole_and_repeats(small):
    """Schema, tables, picture; the same seed gives the same rows."""
    for name, document in small.items():
        whole = {"title": "t", "assumptions": [], "runs": 2, **document}
        check(whole, "item")
        assert len(document["rows"]) == len(METHODS) * 2
        assert tables_of(whole)
        assert len(picture(whole).axes) >= 2
        told = {each["question"]: each["answer"] for each in findings(document)}
        assume = f"{POPULATION}n proposals an iteration."
        assert told.get("Assumed of pricebat?") == (assume if name == "fig10" else None)
        asked = [each for each in told if each.startswith("How far do gaps")]
        assert [told[each].count("%") for each in asked] == ([5] if name == "fig10" else [])
        assert module_of("fog", name).endswith("._plans")
    again = figures.reproduce("fig10", runs=2, seed=0, figure=SMALL)
    assert again["rows"] == small["fig10"]["rows"]


def test_ours_gets_as_much_work_as_the_others():
    """An iteration of forty assignments of n orders: 40·n proposals."""
    batch = Batch.of(12)
    ((cost, energy),) = batch.traces(OURS, 3, [100])
    plan = solve(batch.instance, OURS, effort=100 * 40 * 12, seed=3)
    assert (cost, energy) == (plan.cost, plan.energy)


def test_the_source_says_how_much_there_is_to_do(tmp_path):
    """Batches times methods, under a digest of what is assumed."""
    source = open_source("fig11", Places(tmp_path, tmp_path))
    assert source.steps(Wish(1, 0, "quick")) == 7 * len(METHODS)
    assert len(source.digest) == 64
    assert source.digest != open_source("fig10", Places(tmp_path, tmp_path)).digest
