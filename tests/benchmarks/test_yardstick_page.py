# SPDX-License-Identifier: Apache-2.0
"""Rows and tables of ``pmcb bench shim`` and ``caliper``: what is missed is shown as missed."""

import json
from pathlib import Path
from typing import Any

import pytest

from pmcb_benchmarks.yardstick_page import caliper_rows, pairs_table, shim_rows


def found(*, tps: float | None, cpu: float | None, pairs: int = 5, drops: int = 0) -> Any:
    """A document with as many pairs, all alike."""
    ours = {"kind": "ours", "achieved": 200.0, "chaincode_ms": 1.0, "mean_ms": 900.0}
    more = {"offered": 3000, "committed": 2999, "other_load": 0.04}
    theirs = {"kind": "theirs", "achieved": 125.0, "chaincode_ms": 2.5, "mean_ms": 5000.0}
    return {
        "asked": 300,
        "network": {"tunables": {"write_batch": True}},
        "node": {"node": "20.1.0", "fabric-shim": "2.5.8"},
        "pairs": [[each | more for each in (ours, theirs)]] * pairs,
        "dropped": [ours] * drops,
        "ratios": {"achieved": tps, "chaincode_ms": cpu},
    }


def met(rows: Any) -> list[bool]:
    return [row[3] for row in rows]


@pytest.mark.parametrize(
    ("tps", "cpu", "pairs", "expected"),
    [
        (1.29, 0.56, 5, [False, False]),
        (1.30, 0.55, 4, [False, False]),
        (None, None, 0, [False, False]),
        (1.30, 0.55, 5, [True, True]),
        (1.60, 0.40, 6, [True, True]),
    ],
)
def test_the_shim_is_beaten_by_enough_in_enough_pairs_or_not(
    tps: float | None, cpu: float | None, pairs: int, expected: list[bool]
):
    """Just below, too few pairs, none at all; then just enough."""
    assert met(shim_rows(found(tps=tps, cpu=cpu, pairs=pairs))) == expected


@pytest.mark.parametrize(
    ("ratio", "expected"), [(None, False), (0.89, False), (1.11, False), (0.91, True), (1.09, True)]
)
def test_caliper_must_be_near_on_either_side(ratio: float | None, expected: bool):
    """A generator that says more than Caliper is as wrong as one that says less."""
    assert met(caliper_rows(found(tps=ratio, cpu=None))) == [expected]


def test_what_is_told_has_both_sides_pairs_and_drops(tmp_path: Path):
    """Figures of the rounds that count, and how many were dropped."""
    document = found(tps=1.6, cpu=0.4, drops=1)
    first, second = shim_rows(document)
    assert first[2] == "1.60 times (200 and 125/s), median of 5 pairs; 1 round dropped"
    assert second[2] == "0.40 times (1.00 and 2.50 ms), median of 5 pairs; 1 round dropped"
    none = shim_rows(found(tps=None, cpu=None, pairs=0, drops=8))
    assert none[0][2] == "no pair without other load; 8 rounds dropped"
    path = tmp_path / "shim.json"
    path.write_text(json.dumps(document))
    lines = pairs_table(path).splitlines()
    assert lines[0] == "Beside it: node 20.1.0, fabric-shim 2.5.8."
    assert lines[2].startswith("| pair | ours: /s | theirs: /s | ours: mean ms |")
    assert lines[4] == "| 1 | 200 | 125 | 900 | 5000 | 1.00 | 2.50 | 1, 1 | 4%, 4% |"
    assert len(lines) == 9
