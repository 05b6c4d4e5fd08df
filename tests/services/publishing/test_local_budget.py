# SPDX-License-Identifier: Apache-2.0
"""A budget in a file: exact, alone with its lock, and only ever falling."""

import json
import threading
from fractions import Fraction

import pytest

from pmcb_services.publishing import BudgetExhausted, RequestError
from pmcb_services.publishing._local_budget import LocalBudget


@pytest.fixture
def budget(tmp_path):
    made = LocalBudget(tmp_path / "budget.json")
    made.open(Fraction(1))
    return made


def test_a_new_budget_needs_its_total(tmp_path):
    """Nobody gets one by default."""
    with pytest.raises(RequestError, match="is not there"):
        LocalBudget(tmp_path / "budget.json").open(None)
    with pytest.raises(RequestError, match="cannot be locked"):
        LocalBudget(tmp_path / "nowhere" / "budget.json").open(Fraction(1))


def test_the_total_never_changes(budget):
    """Neither up nor down; the same total again is no news."""
    budget.open(Fraction(1))
    budget.open(None)
    for total in (Fraction(2), Fraction(1, 2)):
        with pytest.raises(RequestError, match="stays so"):
            budget.open(total)


@pytest.mark.parametrize(
    "change",
    [
        lambda document: [],
        lambda document: {**document, "format": "other"},
        lambda document: {**document, "total": "x"},
        lambda document: {**document, "total": 1},
        lambda document: {**document, "total": "1/0"},
        lambda document: {**document, "spent": [{"request_hash": "", "epsilon": "-1"}]},
        lambda document: {**document, "spent": [{"request_hash": "", "epsilon": "2"}]},
        lambda document: {**document, "spent": [{}]},
    ],
)
def test_a_file_that_is_no_budget_is_refused(budget, change):
    """And stays as it is."""
    budget.path.write_text(json.dumps(change(json.loads(budget.path.read_text()))))
    before = budget.path.read_bytes()
    with pytest.raises(RequestError, match="is no budget"):
        budget.reserve({"k": 1}, Fraction(1, 10))
    assert budget.path.read_bytes() == before


def test_what_would_exceed_it_is_refused(budget):
    """The refusal tells what is left, and spends nothing."""
    budget.reserve({"k": 1}, Fraction("0.9"))
    with pytest.raises(BudgetExhausted) as caught:
        budget.reserve({"k": 1}, Fraction("0.2"))
    assert caught.value.left == Fraction(1, 10)
    assert budget.left == Fraction(1, 10)


def test_ten_times_a_tenth_is_one(budget):
    """Exactly, and not once more; each run is a request of its own."""
    hashes = {budget.reserve({"k": 1}, Fraction("0.1")).request_hash for _ in range(10)}
    assert len(hashes) == 10
    assert budget.left == 0
    with pytest.raises(BudgetExhausted):
        budget.reserve({"k": 1}, Fraction(1, 10**9))


def test_of_many_at_once_as_many_succeed_as_there_is_budget_for(budget):
    """Thirty at a tenth each, on a budget for ten."""
    done = []

    def ask():
        try:
            done.append(budget.reserve({"k": 1}, Fraction(1, 10)).request_hash)
        except BudgetExhausted:
            done.append(None)

    threads = [threading.Thread(target=ask) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each for each in done if each}) == 10
    assert done.count(None) == 20


def test_a_run_that_refused_has_spent_what_it_measured(budget):
    """Never more than was reserved, and nobody else's entry changes."""
    first = budget.reserve({"k": 1}, Fraction(1, 2))
    second = budget.reserve({"k": 1}, Fraction(1, 4))
    budget.correct(second.request_hash, Fraction(1, 100))
    assert budget.left == 1 - Fraction(1, 2) - Fraction(1, 100)
    budget.correct(first.request_hash, Fraction(3, 4))
    assert budget.left == 1 - Fraction(1, 2) - Fraction(1, 100)
    assert first.cohort == second.cohort
