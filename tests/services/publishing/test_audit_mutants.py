# SPDX-License-Identifier: Apache-2.0
"""Defects that have been made elsewhere, planted here: the audit or a named test sees each.

=============================  ==================================================================
half of the noise              the audit, in `test_half_of_the_noise_is_too_little`
rounds that are not divided    the audit, in `test_rounds_that_each_take_all_of_epsilon_are_seen`
empty cells without noise      the audit, in `test_empty_cells_without_noise_are_seen`
the exact number of persons    the audit, in `test_an_exact_number_of_persons_is_seen`
bounds from the data           the audit, in `test_bounds_from_data_are_seen`
stopping on convergence        the audit, in `test_stopping_on_convergence_is_seen`
noise of floats                `test_noise_is_whole_numbers_from_the_operating_system`
published labels               `test_rows_are_told_apart_only_by_released_clusters`
swapped shares                 `test_moments_cost_more_where_the_signal_is_weak`
a seed in the release          `test_no_exact_number_is_in_a_release`
a budget that refreshes reset  `test_a_refresh_keeps_cohort_and_budget`
=============================  ==================================================================
"""

from dataclasses import replace
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from tests.chaincode import conftest, test_contract_datasets
from tests.chaincode.cohort import opened
from tests.chaincode.fake_peer import FakePeer
from tests.chaincode.story import A, B
from tests.services.publishing import test_canary, test_mpdp_k, test_noise, test_plan
from tests.services.publishing.blobs import box

from pmcb_chaincode.contract import Governance, Pmcb, _budgets
from pmcb_chaincode.contract._budget_records import Budget, Dataset
from pmcb_services.publishing import MPDPK, _fit, _measure, _noise, _release, _release_document
from pmcb_services.publishing._measurements import Step
from pmcb_services.publishing._plan import Plan
from pmcb_services.publishing.audit import FitPair, _pairs, audit, pairs

ONE = Fraction(1)
PAIRS = {pair.name: pair for pair in pairs()}
NEAR = np.random.default_rng(3).uniform(-0.1, 0.1, (400, 4))
FAR = FitPair("far from others", (NEAR, np.vstack([NEAR, np.ones((1, 4))])), box(4))

table, serve = test_canary.table, conftest.serve
"""Their fixtures."""


def shown(pair, runs):
    return audit(pair, ONE, runs, bits=Random(1), random_state=1).exceeds


def test_half_of_the_noise_is_too_little(monkeypatch):
    """The audit certifies nearly twice epsilon."""
    half = lambda dimension, share, bits: _noise.sample(dimension, 2 * share, bits)  # noqa: E731
    monkeypatch.setattr(_measure, "sample", half)
    assert shown(PAIRS["empty and one-record cell"], 2000)


@pytest.mark.audit
def test_rounds_that_each_take_all_of_epsilon_are_seen(monkeypatch):
    """Their losses add up."""
    whole = lambda dimension, _, bits: _noise.sample(dimension, ONE, bits)  # noqa: E731
    monkeypatch.setattr(_measure, "sample", whole)
    assert shown(PAIRS["fit: synthetic rows"], 600)


def test_empty_cells_without_noise_are_seen(monkeypatch):
    """A zero says that nobody is there."""
    noisy = _measure.noisy_sums
    kept = lambda total, share, bits: np.where(total, noisy(total, share, bits), 0)  # noqa: E731
    monkeypatch.setattr(_measure, "noisy_sums", kept)
    assert shown(PAIRS["empty and one-record cell"], 200)


def test_an_exact_number_of_persons_is_seen(monkeypatch):
    """It decides who is refused."""

    def exact(rows, share, means):
        stage = measure_size(rows, share, means)
        persons = sum(int(weights.sum()) for _, weights in rows.chunks())
        return replace(stage, values=np.array([[persons]]))

    measure_size = _fit.measure_size
    monkeypatch.setattr(_fit, "measure_size", exact)
    assert shown(PAIRS["fit: at the least size"], 100)


class Stretched:
    """A table whose bounds are its own extremes."""

    def __init__(self, rows):
        self._rows = list(rows.chunks())

    def chunks(self):
        most = max(np.abs(x).max() for x, _ in self._rows)
        yield from ((np.rint(x * (2**16 / most)), weights) for x, weights in self._rows)


@pytest.mark.audit
def test_bounds_from_data_are_seen(monkeypatch):
    """One record far out moves all others."""
    measure = _measure.measure_vector
    stretched = lambda rows, *a, **k: measure(Stretched(rows), *a, **k)  # noqa: E731
    monkeypatch.setattr(_fit, "measure_vector", stretched)
    assert shown(FAR, 80)


@pytest.mark.audit
def test_stopping_on_convergence_is_seen(monkeypatch):
    """That a step is missing tells how the data lie."""

    def stopping(rows, *given, **named):
        found = _fit.measure_all(rows, *given, **named)
        spread = max(np.ptp(x) for x, _ in rows.chunks())
        stages = tuple(stage for stage in found.stages if stage.step is not Step.CLUSTERS)
        return found if spread > 2**16 else replace(found, stages=stages)

    monkeypatch.setattr(_pairs, "measure_all", stopping)
    assert shown(FAR, 80)


@pytest.mark.anyio
async def test_a_budget_that_refreshes_reset_is_seen(monkeypatch, serve):
    """By the test of the contract that a new version returns no epsilon."""
    load, contexts = Dataset.load, []

    async def watched(context, place):
        contexts.append(context)
        return await load(context, place)

    def refreshed(stored, **changes):
        if isinstance(stored, Dataset):
            empty = Budget(spent="0", count=0).encode()
            contexts[-1].ledger.put(Budget.key_of(stored.cohort), empty)
        return replace(stored, **changes)

    monkeypatch.setattr(Dataset, "load", watched)
    monkeypatch.setattr(_budgets, "replace", refreshed)
    peer = serve(FakePeer(), Pmcb(Governance.of((A, B))))
    await opened(peer)
    with pytest.raises(AssertionError, match=r"'3/4', 1"):
        await test_contract_datasets.test_a_refresh_keeps_cohort_and_budget(peer)


def test_noise_of_floats_is_seen(monkeypatch):
    """By the test that noise is whole numbers."""
    floats = lambda *given: [z + 0.5 for z in _noise.sample(*given)]  # noqa: E731
    monkeypatch.setattr(test_noise, "sample", floats)
    with pytest.raises(AssertionError):
        test_noise.test_noise_is_whole_numbers_from_the_operating_system()


def test_published_labels_are_seen(monkeypatch):
    """By the test that there are none."""
    monkeypatch.setattr(MPDPK, "labels_", np.zeros(3), raising=False)
    with pytest.raises(AssertionError):
        test_mpdp_k.test_rows_are_told_apart_only_by_released_clusters()


def test_swapped_shares_are_seen(monkeypatch):
    """By the tests of the plan: the sum is right, and who pays is not."""
    sizes, moments = vars(Plan)["for_size"], Plan.for_moments
    monkeypatch.setattr(Plan, "for_size", property(lambda plan: moments(plan, 150.0)))
    monkeypatch.setattr(Plan, "for_moments", lambda plan, _: sizes.__get__(plan))
    with pytest.raises(AssertionError):
        test_plan.test_moments_cost_more_where_the_signal_is_weak(150, "1/10")


def test_a_seed_in_a_release_is_seen(monkeypatch, table):
    """By the test that no seed or time is told."""
    document = _release_document.release_document
    monkeypatch.setattr(_release, "release_document", lambda *a: {**document(*a), "seed": 424242})
    with pytest.raises(AssertionError):
        test_canary.test_no_exact_number_is_in_a_release(table)
