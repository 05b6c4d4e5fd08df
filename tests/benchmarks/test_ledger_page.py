# SPDX-License-Identifier: Apache-2.0
"""Rows, tables and panels of ``pmcb bench ledger``: a target that is missed is shown as missed."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from pmcb_benchmarks._panels import draw
from pmcb_benchmarks.ledger_page import crowd_rows, knee_rows, runs_table, sweep_table


def run(asked: float, achieved: float, p95: float, **other: Any) -> dict[str, Any]:
    """One load's figures."""
    phase = {"p50": 10.0}
    return {
        "asked": asked,
        "achieved": achieved,
        "count": 1000,
        "latency_ms": {"mean": 200.0, "p50": 190.0, "p95": p95, "p99": 450.0, "max": 5400.0},
        "phases_ms": {"endorse": phase, "order": phase, "commit": phase},
        "outcomes": {"ok": 1000},
        "ledger": {"acknowledged": 1000, "missing": 0, "doubled": 0},
        "cpu_ms_each": {"peer": 5.0, "server": 1.5, "orderer": 0.7, "client": 1.2},
        "other_load": 0.02,
        **other,
    }


def document(*runs: dict[str, Any], policy: str = "MAJORITY") -> dict[str, Any]:
    """All of one network's."""
    blocks = {"timeout": "250ms", "messages": 500}
    network = {"preset": "dev", "consensus": "raft", "endorsement": policy}
    counts = {"orderers": 1, "peers": 2}
    return {
        "contract": "yardstick",
        "network": {**network, **counts, "blocks": blocks},
        "runs": list(runs),
    }


GOOD = (run(100, 98, 300), run(150, 148, 900), run(200, 195, 1400), run(250, 190, 4000))


@pytest.mark.parametrize(
    ("number", "change", "row"),
    [
        (0, {"latency_ms": {"p95": 1000.1}}, 1),  # at 100/s
        (2, {"latency_ms": {"p95": 1500.1}}, 2),  # 80 % of 195 is 156: the next one measured
    ],
)
def test_one_missed_target_below_the_knee_is_one_no(number: int, change: dict[str, Any], row: int):
    """The row that it belongs to, and no other; what waits beyond the knee does not count."""
    runs = copy.deepcopy(list(GOOD))
    runs[number].update(change)
    assert [each[3] for each in knee_rows(document(*GOOD))] == [True] * 3
    met = [each[3] for each in knee_rows(document(*runs))]
    assert [at for at, each in enumerate(met) if not each] == [row]


@pytest.mark.parametrize(
    ("policy", "achieved", "met"),
    [("MAJORITY", 149.9, False), ("MAJORITY", 150, True), ("OR", 219.9, False), ("OR", 220, True)],
)
def test_the_knee_is_held_against_its_policy(policy: str, achieved: float, met: bool):
    """Each has a target of its own."""
    runs = (run(100, 98, 300), run(300, achieved, 1400))
    assert knee_rows(document(*runs, policy=policy))[0][3] is met


@pytest.mark.parametrize(
    "change",
    [
        {"outcomes": {"ok": 999, "refusal": 1}},
        {"outcomes": {"ok": 999, "doubt": 1}},
        {"ledger": {"acknowledged": 1000, "missing": 1, "doubled": 0}},
        {"ledger": {"acknowledged": 1000, "missing": 0, "doubled": 1}},
    ],
)
def test_a_crowd_that_is_not_wholly_on_the_ledger_is_a_no(change: dict[str, Any]):
    """Refused, in doubt, missing or twice."""
    met = [each[3] for each in crowd_rows(document(run(0, 200, 5), run(0, 200, 5, **change)))]
    assert met == [True, False]


def test_every_run_is_a_line(tmp_path: Path):
    """Under what they ran on."""
    path = tmp_path / "ledger.json"
    path.write_text(json.dumps(document(*GOOD)))
    head, _, _, _, first, *_ = runs_table(path).splitlines()
    assert head == (
        "`dev`: orderers 1 (raft), peers 2, MAJORITY; a block after 250ms or 500 transactions."
    )
    assert first == ("| 100 | 98 | 190 | 300 | 450 | 10, 10, 10 | 5.0, 1.5, 0.7, 1.2 | 2% |")


def sweep(**network: str) -> dict[str, Any]:
    """Two rates, two counts, two numbers of levels."""
    runs = [
        run(rate, 0.9 * rate, 300, levels=levels, count=count)
        for levels in (3, 4)
        for count in (500, 1500)
        for rate in (50.0, 400.0)
    ]
    found = document(*runs)
    return {**found, "contract": "accept", "network": {**found["network"], **network}}


def test_the_sweep_is_a_table_of_rates_and_waits(tmp_path: Path):
    """A line for levels and count, a column for a rate."""
    path = tmp_path / "sweep.json"
    path.write_text(json.dumps(sweep()))
    head, _, *lines = sweep_table(path).splitlines()
    assert head == "| T | transactions | 50/s | 400/s |"
    assert lines[1] == "| 3 | 1,500 | 45/s, 0.20 s | 360/s, 0.20 s |"
    assert len(lines) == 4


@pytest.mark.parametrize(("kind", "shown"), [("fabric", True), ("embedded", False)])
def test_published_figures_stand_beside_those_of_fabric_only(
    tmp_path: Path, kind: str, shown: bool
):
    """In panels for every number of levels (an SVG has its texts as comments beside curves)."""
    path = tmp_path / "sweep.svg"
    draw(sweep(kind=kind), path)
    drawn = path.read_text()
    assert "T = 3" in drawn
    assert "T = 4" in drawn
    assert ("published range" in drawn) is shown
