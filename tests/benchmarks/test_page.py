# SPDX-License-Identifier: Apache-2.0
"""Rows of docs/performance.md: a target that is missed is shown as missed."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from pmcb_benchmarks.page import (
    bridge_rows,
    embedded_rows,
    table,
    targets_table,
)

MACHINE = {"processor": "P", "cores": 2, "load_before": 0.1, "python": "3.11", "versions": {"x": 1}}
EMBEDDED: dict[str, Any] = {
    "machine": MACHINE,
    "seed": 1,
    "throughput": {
        "submit": {"per_second": 400, "p95_ms": 100, "client_cpu_ms": 0.7},
        "submit_by_blocks": {"per_second": 450, "client_cpu_ms": 0.6},
        "evaluate": {"per_second": 1500},
        "one_at_a_time": {"p50_ms": 5},
    },
    "accepts": {
        "slots_400": {"conflicts": 0, "holders": 400, "outcomes": {"accepted": 400}},
        "slots_100": {
            "conflicts": 7,
            "holders": 100,
            "outcomes": {"accepted": 100, "CAPACITY_FULL": 300},
        },
        "matrix": [
            {
                "levels": 3,
                "diagonal": {"accepted": 3},
                "off_diagonal": {"LEVEL_MISMATCH": 6},
                "blocks_written_off_diagonal": 0,
            }
        ],
    },
    "size": {"receivers": 500, "tasks": 10, "page_items": 9, "page_ms": 20, "accept_ms": 4},
    "kills": {
        "kills": {"network": 3, "client": 2},
        "acknowledged": 900,
        "missing": 0,
        "doubled": 0,
        "halves": 0,
        "done_though_denied": 0,
        "given_up": 3,
        "doubts": 4,
        "failed": 0,
        "broken_chains": 0,
        "height": 70,
    },
}
BRIDGE: dict[str, Any] = {
    "machine": MACHINE,
    "seed": 0,
    "runs": [
        {
            "batches": True,
            "in_flight": in_flight,
            "unanswered": 0,
            "answered_twice": 0,
            "failed": 0,
            "lost_writes": 0,
            "per_second": per_second,
            "cpu_ms": 0.5,
        }
        for in_flight, per_second in ((1, 500), (16, 1500))
    ],
}


def changed(document: dict[str, Any], place: str, value: object) -> dict[str, Any]:
    """A copy with one other value, its place named by keys and indices."""
    made = copy.deepcopy(document)
    at: Any = made
    *path, last = [int(key) if key.isdigit() else key for key in place.split()]
    for key in path:
        at = at[key]
    at[last] = value
    return made


@pytest.mark.parametrize(
    ("place", "value", "row"),
    [
        ("throughput submit per_second", 299, 0),
        ("throughput submit p95_ms", 501, 0),
        ("throughput submit_by_blocks client_cpu_ms", 1.21, 1),
        ("throughput submit client_cpu_ms", 1.21, 2),
        ("throughput evaluate per_second", 999, 3),
        ("throughput one_at_a_time p50_ms", 21, 4),
        ("accepts slots_400 conflicts", 1, 5),
        ("accepts slots_400 holders", 399, 5),
        ("accepts slots_100 holders", 101, 6),
        ("accepts slots_100 outcomes", {"accepted": 100, "CAPACITY_FULL": 299}, 6),
        ("accepts matrix 0 diagonal", {"accepted": 2}, 7),
        ("accepts matrix 0 off_diagonal", {"LEVEL_MISMATCH": 5, "accepted": 1}, 7),
        ("accepts matrix 0 blocks_written_off_diagonal", 1, 7),
        ("size page_ms", 51, 8),
        ("size accept_ms", 5.1, 9),
        ("kills missing", 1, 10),
        ("kills doubled", 1, 10),
        ("kills halves", 1, 10),
        ("kills done_though_denied", 1, 10),
        ("kills failed", 1, 10),
        ("kills broken_chains", 1, 10),
    ],
)
def test_one_missed_target_of_the_ledger_is_one_no(place: str, value: object, row: int):
    """The row that it belongs to, and no other."""
    met = [each[3] for each in embedded_rows(changed(EMBEDDED, place, value))]
    assert [number for number, each in enumerate(met) if not each] == [row]


@pytest.mark.parametrize(
    ("place", "value", "row"),
    [
        ("runs 0 unanswered", 1, 0),
        ("runs 0 answered_twice", 1, 0),
        ("runs 0 cpu_ms", 1.6, 0),
        ("runs 1 failed", 1, 1),
        ("runs 1 lost_writes", 1, 1),
        ("runs 1 per_second", 999, 1),
    ],
)
def test_one_missed_target_of_the_bridge_is_one_no(place: str, value: object, row: int):
    """The row that it belongs to, and no other."""
    met = [each[3] for each in bridge_rows(changed(BRIDGE, place, value))]
    assert [number for number, each in enumerate(met) if not each] == [row]


@pytest.mark.parametrize(("rows", "found"), [(embedded_rows, EMBEDDED), (bridge_rows, BRIDGE)])
def test_targets_that_are_met_are_all_yes(tmp_path: Path, rows, found: dict[str, Any]):
    """With the machine above the table."""
    path = tmp_path / "found.json"
    path.write_text(json.dumps(found))
    shown = table(path, rows)
    assert shown.startswith("P, 2 cores, load 0.1 before the run; Python 3.11; x 1; seed ")
    assert shown.count("| yes |") == len(rows(found))
    assert "**no**" not in shown
    assert shown.endswith(f"\n\n{targets_table(path, rows)}")
