# SPDX-License-Identifier: Apache-2.0
"""Rounds in turn: loaded ones are dropped and run again, ratios are of what stands side by side."""

from collections.abc import Callable

import pytest

from pmcb_benchmarks._alternating import QUIET, TRIES, Round, Rounds, alternate


def rounds(*given: tuple[float, float]) -> tuple[list[str], Callable[[str], Round]]:
    """Rounds as given, (other load, figure); and which kind was run when."""
    left, ran = list(given), []

    def run(kind: str) -> Round:
        ran.append(kind)
        load, figure = left.pop(0)
        return Round(kind, load, {"tps": figure})

    return ran, run


def pairs(count: int, run: Callable[[str], Round]) -> Rounds:
    """So many pairs of both."""
    found = Rounds()
    alternate(found, ("ours", "theirs"), count, run, nothing)
    return found


def nothing(_: int) -> None:
    """Nobody watches."""


def test_a_loaded_round_is_dropped_recorded_and_run_again():
    """Just above the limit it is, at the limit it is not; the other round of the pair stands."""
    ran, run = rounds((QUIET, 90.0), (QUIET + 0.001, 1.0), (0.0, 60.0))
    found = pairs(1, run)
    assert ran == ["ours", "theirs", "theirs"]
    assert [each.figures["tps"] for each in found.dropped] == [1.0]
    assert found.ratio("tps") == 1.5


def test_a_machine_that_is_never_quiet_gives_no_pair():
    """It ends all the same, and there is no ratio."""
    ran, run = rounds(*[(0.5, 1.0)] * (2 * TRIES))
    found = pairs(1, run)
    assert len(ran) == len(found.dropped) == 2 * TRIES
    assert (found.pairs, found.ratio("tps")) == ([], None)
    assert found.as_document("tps")["ratios"] == {"tps": None}


def test_the_order_alternates_and_the_ratio_is_the_median_of_the_pairs():
    """Whoever is first has a warm or a cold machine: each is as often first."""
    ran, run = rounds((0, 10.0), (0, 10.0), (0, 10.0), (0, 20.0), (0, 90.0), (0, 10.0))
    found = pairs(3, run)
    assert ran == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert [pair.ratio("tps") for pair in found.pairs] == pytest.approx([1.0, 2.0, 9.0])
    assert found.ratio("tps") == 2.0


def test_what_was_measured_is_there_when_a_later_round_fails():
    """The pair that was complete counts."""
    ran, run = rounds((0, 30.0), (0, 10.0))
    found = Rounds()
    with pytest.raises(IndexError):
        alternate(found, ("ours", "theirs"), 2, run, nothing)
    assert ran == ["ours", "theirs", "theirs"]
    assert found.as_document("tps")["ratios"] == {"tps": 3.0}
