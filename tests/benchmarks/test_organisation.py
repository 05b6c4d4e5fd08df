# SPDX-License-Identifier: Apache-2.0
"""``pmcb bench organisation``: its rows, and what its load makes of orders."""

import copy
import json
from typing import Any

import pytest

from pmcb_benchmarks._organisation_load import Sample, spread
from pmcb_benchmarks._organisation_orders import Made
from pmcb_benchmarks.organisation_page import load_table, memory_table, organisation_rows

TIMES = {"count": 600, "p50": 80.0, "p95": 1000.0, "p99": 1500.0, "most": 2000.0}
NONE = ("refused", "lost", "open", "effects_twice", "done_without_effect", "audit_findings")
FOUND: dict[str, Any] = {
    "answers": {"answers": 30, "p50_s": 2.0, "p95_s": 5.0},
    "load": {
        **dict.fromkeys(NONE, 0),
        "rate": 50.0,
        "seconds": 60.0,
        "achieved": 49.5,
        "kinds": {"retrieval.query": TIMES},
    },
    "memory": {"total": {"processes": 18, "rss": 2**30, "pss": 2**29}},
}


def test_targets_that_are_just_met_are_met(tmp_path):
    """Each row says what was asked and what was found."""
    rows = list(organisation_rows(FOUND))
    assert all(row[3] for row in rows)
    assert rows[1][2] == "queries p50 80 ms, p95 1,000 ms, 49.5 orders/s done, 0 lost"
    (tmp_path / "found.json").write_text(json.dumps(FOUND))
    assert load_table(tmp_path / "found.json").endswith(
        "| `retrieval.query` | 80 | 1,000 | 1,500 | 2,000 |"
    )
    assert memory_table(tmp_path / "found.json").endswith("| total | 18 | 512 | 1,024 |")


@pytest.mark.parametrize(
    ("path", "value", "number"),
    [
        ("answers p95_s", 5.1, 0),
        ("load kinds retrieval.query p95", 1001.0, 1),
        *((f"load {each}", 1, 1) for each in NONE),
        ("memory total rss", 2**30 + 1, 2),
    ],
)
def test_one_missed_target_is_one_no(path, value, number):
    """And it is in the row that it belongs to."""
    changed = copy.deepcopy(FOUND)
    *way, name = path.split()
    place: Any = changed
    for each in way:
        place = place[each]
    place[name] = value
    assert [row[3] for row in organisation_rows(changed)].index(False) == number
    assert sum(not row[3] for row in organisation_rows(changed)) == 1


def test_an_order_waits_from_the_moment_it_was_due():
    """Not from the moment at which a busy loop came to send it."""
    made = Made("compute.test", "institution", {"id": "a"})
    samples = [Sample(made, due_s=1.0, ended_s=1.0 + took, state="DONE") for took in (0.1, 0.3)]
    assert spread(samples, "compute.test") == {
        "count": 2, "p50": 200.0, "p95": 290.0, "p99": 298.0, "most": 300.0
    }  # fmt: skip
