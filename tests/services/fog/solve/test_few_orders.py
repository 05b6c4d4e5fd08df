# SPDX-License-Identifier: Apache-2.0
"""Batches so small that one order decides the makespan."""

import itertools

import pytest

from pmcb_services.fog import solve
from pmcb_services.fog.solve import uniform, unrelated


@pytest.mark.parametrize("generate", [uniform, unrelated])
def test_the_plan_of_a_few_orders_is_the_best_there_is(generate):
    """Twelve batches of each kind, all 729 assignments tried."""
    for seed in range(12):
        batch = generate(6, 3, seed)
        costs = (batch.evaluate(a).cost for a in itertools.product(range(3), repeat=6))
        assert solve(batch, effort=50_000).cost == pytest.approx(min(costs), rel=1e-6)
