# SPDX-License-Identifier: Apache-2.0
"""The regression gate: what counts as a difference, and what never does."""

from typing import Any

import pytest

from pmcb_benchmarks.reproduction._compare import differences, without_times


def document(**more: Any) -> dict[str, Any]:
    """An item of two rows."""
    return {
        "reproduction": "fog",
        "target": "fig9",
        "seed": 0,
        "runs": 3,
        "data": {"rows": 10},
        "machine": {"load_before": 0.1},
        "claims": [{"claim": "flat", "verdict": "reproduced", "reason": "a.", "timing": "1 ms"}],
        "rows": [{"tests": 5, "ms": 0.2, "ratio": 0.5}, {"tests": 7, "ms": 0.3, "ratio": 0.25}],
    } | more


def changed(place: int, **values: Any) -> dict[str, Any]:
    """The same with other values in one row."""
    found = document()
    found["rows"][place] |= values
    return found


@pytest.mark.parametrize(
    ("found", "place"),
    [
        (changed(1, tests=8), "rows[1].tests"),
        (changed(0, ratio=0.52), "rows[0].ratio"),
        (changed(0, bytes=3), "rows[0].bytes"),
        (document(rows=document()["rows"][:1]), "rows[1].tests"),
    ],
)
def test_counts_ratios_and_bytes_that_differ_are_told(found, place: str):
    """A count by one, a ratio by more than a hundredth, what was not there or is gone."""
    assert place in {each.place for each in differences(document(), found)}


def test_a_verdict_that_differs_is_told_in_a_sentence():
    """Item, place, before and now."""
    found = document()
    found["claims"] = [found["claims"][0] | {"verdict": "not reproduced"}]
    (one,) = differences(document(), found)
    assert one.sentence == ("fog fig9: claims[0].verdict was reproduced, and is not reproduced.")


@pytest.mark.parametrize(
    "found",
    [
        changed(0, ms=99.0),
        changed(0, ratio=0.5049),
        document(machine={"load_before": 9.0}),
        document(key="0" * 64),
    ],
)
def test_times_machines_and_noise_are_no_difference(found):
    """Never milliseconds."""
    assert list(differences(document(), found)) == []


def test_with_other_parameters_only_verdicts_are_compared():
    """A quick run against a full one."""
    found = changed(0, tests=50) | {"runs": 30}
    assert list(differences(document(), found)) == []
    found["claims"] = [found["claims"][0] | {"verdict": "not reproduced"}]
    assert [each.place for each in differences(document(), found)] == ["claims[0].verdict"]


def test_without_times_nothing_of_a_clock_is_left():
    """Times, rates and sentences on them go; counts stay."""
    assert without_times(changed(0, cpu_s=1.0, mean_ms=2, achieved=3.0)["rows"][0]) == {
        "tests": 5,
        "ratio": 0.5,
    }
    assert without_times(document()["claims"][0]) == {
        "claim": "flat",
        "verdict": "reproduced",
        "reason": "a.",
    }
