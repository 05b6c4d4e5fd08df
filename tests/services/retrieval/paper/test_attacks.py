# SPDX-License-Identifier: Apache-2.0
"""The attacks must keep succeeding: a test that fails here means that the warning is stale."""

import numpy as np
import pytest
from tests.services.retrieval.paper.worlds import box_of

from pmcb_services.retrieval import vitals
from pmcb_services.retrieval.paper import AspeKey, attacks

N = 20_000


@pytest.fixture(scope="module")
def ward():
    """20,000 vitals of some patients, those of the others, and a key; seeded."""
    rng = np.random.default_rng(0)
    data = vitals.load().narrowed(5)
    patients = np.unique(data.carried["patient"])
    ours = np.isin(data.carried["patient"], rng.permutation(patients)[: len(patients) // 2])
    chosen = rng.permutation(np.flatnonzero(ours))[:N]
    codes = data.codes[chosen].astype(np.int64)
    return rng, AspeKey.generate(data.schema.levels, rng), codes, data.codes[~ours]


@pytest.mark.parametrize("scaled", [False, True])
def test_thirty_known_records_open_all_others(ward, scaled: bool):
    """Linear where rho = 1, projective where rho is random: 99.9 % of the records, exactly."""
    rng, key, codes, _ = ward
    known = rng.choice(N, 30, replace=False)
    attack = attacks.projective if scaled else attacks.linear
    found = attack(key.encrypt(codes, rng, scaled=scaled), known, codes[known])
    assert (found == codes).all(axis=1).mean() >= 0.999


def test_one_query_tells_every_value(ward):
    """Heart rates 60 to 100 are asked for; the scores, with three known rates, give them all."""
    rng, key, codes, _ = ward
    rates = codes[:, 0]
    known = rng.choice(N, 30, replace=False)
    known = known[np.argsort(rates[known])][[0, 15, 29]]
    door = key.trapdoor(box_of(key.levels, {0: (60, 100)}), rng)
    scores = key.encrypt(codes, rng) @ door.bounds.T
    found = attacks.one_query(scores[:, 0], scores[:, 1], known, rates[known])
    assert (found == rates).mean() >= 0.999


def test_the_order_and_other_patients_tell_the_values(ward):
    """HR, SBP, DBP and temperature within two units, for 99 % of the records."""
    _, _, codes, others = ward
    for j in range(4):
        ranked = np.argsort(codes[:, j], kind="stable")
        found = attacks.order(ranked, others[:, j])
        assert (np.abs(found - codes[:, j]) <= 2).mean() >= 0.99
