# SPDX-License-Identifier: Apache-2.0
"""Orders with deadlines are placed by what they wait for each other, too."""

import itertools

import numpy as np
import pytest

from pmcb_services.fog import Instance, check, solve
from pmcb_services.fog.solve import _queues as queues
from pmcb_services.fog.solve._queues import Queues
from pmcb_services.fog.solve._queues_kernel import rearrange


def dated(n, m, seed, *, tight=0.5):
    """Unrelated servers, started work, deadlines of which many cannot be met, three weights."""
    rng = np.random.default_rng(seed)
    speeds, lengths = rng.uniform(500, 2500, m), rng.uniform(100, 16_000, n)
    etc = lengths[:, None] * np.exp(0.5 * rng.standard_normal((n, m))) / speeds
    etc[rng.random((n, m)) < 0.1] = np.inf
    etc[:, 0] = np.minimum(etc[:, 0], 1e3)
    due = rng.uniform(-1, 2 * tight * lengths.sum() / speeds.sum(), n)
    due[0] = np.inf
    return Instance(
        etc, busy_w=1e-8 * speeds**3, idle_w=6e-9 * speeds**3, ready=rng.uniform(0, 5, m),
        deadlines=due, lateness_weights=rng.choice([0, 1e4, 1e5, 1e6], n),
    )  # fmt: skip


def everywhere(instance):
    """The servers that may take each order, then -1."""
    forbidden = np.isinf(instance.etc)
    first = np.argsort(forbidden, axis=1, kind="stable").astype(np.int32)
    return np.where(np.sort(forbidden, axis=1), -1, first).astype(np.int32)


@pytest.mark.parametrize("seed", range(3))
def test_what_it_keeps_is_what_stands(seed, monkeypatch):
    """After every chunk: queues as servers run them, loads, makespan, and the cost to 1e-9."""
    instance = dated(40, 5, seed)
    looked = []

    def look(demand, now, heats, span):
        rearrange(demand, now, heats, span)
        place = np.empty_like(now.place)
        place[instance.precedence] = now.place
        found = instance.evaluate(place)  # refuses what is forbidden
        unit = instance.capacity * instance.etc[np.isfinite(instance.etc)].max()
        assert now.tally[0] * unit == pytest.approx(found.cost, rel=1e-9)
        assert now.tally[2] == now.load.max()
        for j in range(instance.m):
            assert now.queue[j, : now.held[j]].tolist() == np.flatnonzero(now.place == j).tolist()
        looked.append(found.cost)

    monkeypatch.setattr(queues, "rearrange", look)
    start = instance.etc.argmin(axis=1).astype(np.int32)
    begun = instance.evaluate(start).cost
    found = Queues(instance, everywhere(instance)).improve(
        start, 20_000, begun, np.random.default_rng(seed)
    )
    assert len(looked) == 4
    assert instance.evaluate(found).cost <= min(looked) * (1 + 1e-9)
    assert instance.evaluate(found).cost < begun


@pytest.mark.parametrize("algorithm", ["pricebat", "psa"])
@pytest.mark.parametrize("seed", range(3))
def test_a_few_orders_are_placed_as_well_as_can_be(algorithm, seed):
    """Seven on three servers: the least of all 2187 placements."""
    instance = dated(7, 3, seed, tight=0.3)
    allowed = (np.flatnonzero(row) for row in np.isfinite(instance.etc))
    least = min(instance.evaluate(each).cost for each in itertools.product(*allowed))
    plan = solve(instance, algorithm)
    check(instance, plan)
    assert plan.cost == pytest.approx(least, rel=1e-9)


def test_more_is_never_worse_and_a_seed_repeats():
    """Late orders take proposals of the same sequence of calls, which a budget cuts."""
    instance = dated(80, 6, 1)
    costs = [solve(instance, effort=effort).cost for effort in (0, 30_000, 60_000, 300_000)]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < costs[1]
    assert solve(instance).assignment.tolist() == solve(instance).assignment.tolist()
    assert solve(instance, time_limit=0.05).cost <= costs[0]
