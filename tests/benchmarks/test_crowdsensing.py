# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench crowdsensing``: what it verifies by, and its rows."""

import copy
import json
from typing import Any

import pytest
from click.testing import CliRunner

from pmcb_benchmarks.crowdsensing_page import crowdsensing_rows
from pmcb_client.cli import make_root

FOUND: dict[str, Any] = {
    "sealing": {"size_bytes": 65536, "recipients": 3, "seal_ms": 5.0, "open_ms": 0.2},
    "link": {
        "answers": 1000,
        "arrived": 1000,
        "kept": 1000,
        "other": 0,
        "failures": 430,
        "requests": 1430,
        "ratio": 1.6,
    },
    "kills": {
        "kills": {"agent": 200, "sender": 200, "store": 200, "verifier": 200},
        "acknowledged": 500,
        "tasks": 84,
        "rejected": 0,
        "missing_on_the_ledger": 0,
        "missing_in_the_store": 0,
        "not_acknowledged": 0,
        "submitted_twice": 0,
        "judged_twice": 0,
        "paid_twice": 0,
        "left_undone": 0,
        "credit_off": 0,
    },
}


def test_targets_that_are_just_met_are_met():
    """Each row says what was asked and what was found."""
    rows = list(crowdsensing_rows(FOUND))
    assert all(row[3] for row in rows)
    assert rows[2][2] == "1,000 arrive, 1.60 times"
    assert "200 times each, while 500 answers of 84 tasks" in rows[3][0]


@pytest.mark.parametrize(
    ("path", "value", "number"),
    [
        ("sealing seal_ms", 5.01, 0),
        ("sealing open_ms", 5.01, 1),
        ("link arrived", 999, 2),
        ("link kept", 999, 2),
        ("link other", 1, 2),
        ("link ratio", 1.61, 2),
        *((f"kills {name}", 1, 3) for name in FOUND["kills"] if FOUND["kills"][name] == 0),
    ],
)
def test_one_missed_target_is_one_no(path, value, number):
    """And it is in the row that it belongs to."""
    changed = copy.deepcopy(FOUND)
    section, name = path.split()
    changed[section][name] = value
    assert [row[3] for row in crowdsensing_rows(changed)].index(False) == number
    assert sum(not row[3] for row in crowdsensing_rows(changed)) == 1


def measured(tmp_path, *options):
    """What a run found."""
    out = tmp_path / "found.json"
    words = ["bench", "crowdsensing", *options, "--out", str(out)]
    answer = CliRunner().invoke(make_root(), words, catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return json.loads(out.read_text())


def test_a_small_run_measures_sealing_and_the_link(tmp_path):
    """Twenty answers, no kill."""
    found = measured(tmp_path, "--kills", "0", "--answers", "20")
    assert (found["link"]["arrived"], found["link"]["kept"]) == (20, 20)
    assert found["sealing"]["seal_ms"] > found["sealing"]["open_ms"] > 0
    assert "kills" not in found


@pytest.mark.stress
@pytest.mark.timeout(300)
def test_a_small_drill_finds_everything(tmp_path):
    """Two kills of each."""
    found = measured(tmp_path, "--kills", "2", "--answers", "1")
    assert set(found["kills"]["kills"].values()) == {2}
    assert found["kills"]["acknowledged"] > 0
    assert list(crowdsensing_rows(found))[3][3]
