# SPDX-License-Identifier: Apache-2.0
"""Annealing keeps its books, allows nothing forbidden, and gives the cheapest that it saw."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmcb_services.fog import Instance
from pmcb_services.fog.solve import Budget, dual_bound, unrelated
from pmcb_services.fog.solve import _annealing as annealing
from pmcb_services.fog.solve._annealing import Annealing, Schedule
from pmcb_services.fog.solve._annealing_kernel import Choices, anneal, nearest, within
from pmcb_services.fog.solve._random import stream
from pmcb_services.fog.solve._search import Search

COOLING = Schedule(hot=0.3, cold=0.003, soft=30, hard=1000)


def made(seed, *, n=30, m=5, forbidden=0.3, ready=True):
    rng = np.random.default_rng(seed)
    p = rng.uniform(1, 9, (n, m))
    p[rng.random((n, m)) < forbidden] = np.inf
    p[np.arange(n), rng.integers(0, m, n)] = 5.0
    return Instance(
        p,
        busy_w=rng.uniform(10, 80, m),
        idle_w=rng.uniform(1, 90, m),
        ready=rng.uniform(0, 20, m) if ready else None,
    )


def annealing_of(instance):
    bound = dual_bound(instance)
    start = np.argmin(np.where(np.isinf(instance.etc), np.inf, instance.etc), axis=1)
    start = start.astype(np.int32)
    found = Annealing(
        instance.etc, instance.cost, instance.ready, instance.capacity, bound.prices, start,
        bound=bound.value,
    )  # fmt: skip
    return found, start


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_its_books_balance(seed):
    """Lists, loads, sums and the best, kept in O(1) a proposal, are what counting anew gives."""
    instance = made(seed)
    keeper, start = annealing_of(instance)
    table = keeper.ground.table
    now = keeper._standing(start, stream(np.random.default_rng(seed)))
    servers = np.empty((30, 5), np.int32)
    nearest(table, servers)
    width = within(table, servers, 1e9)
    choices = Choices(servers, width, np.arange(30, dtype=np.int32))
    anneal(keeper.ground, choices, now, (0.1, 0.001, 1.0, 30.0), (0, 3000, 3000))
    row = np.arange(30)
    assert np.isfinite(instance.etc[row, now.place]).all()
    assert now.held.tolist() == np.bincount(now.place, minlength=5).tolist()
    for j in range(5):
        assert sorted(now.members[j, : now.held[j]]) == np.flatnonzero(now.place == j).tolist()
    assert (now.members[now.place, now.position] == row).all()
    assert now.load == pytest.approx(keeper._loads(now.place), rel=1e-9)
    assert now.tally[0] == pytest.approx(keeper._sum(now.place, now.load), rel=1e-9, abs=1e-9)
    cheapest = instance.evaluate(now.best).cost
    loads = keeper._loads(now.best)
    assert now.tally[1] == pytest.approx(keeper._sum(now.best, loads) + loads.max(), rel=1e-9)
    assert cheapest <= instance.evaluate(start).cost * (1 + 1e-12)
    elsewhere = np.flatnonzero(now.best != now.place)
    assert set(elsewhere) <= set(now.stale[: int(now.tally[2])])


def test_the_kernel_counts_as_the_model_does():
    """Sum of c_ij + K·M in its units is TC in joules and seconds."""
    instance = made(4)
    keeper, start = annealing_of(instance)
    loads = keeper._loads(start)
    cost = (keeper._sum(start, loads) + loads.max()) * keeper._unit
    assert cost == pytest.approx(instance.evaluate(start).cost, rel=1e-12)


def test_choices_are_the_servers_of_least_reduced_cost():
    """As sorting gives them; infinity is no choice, and beyond the widest only the first is."""
    rng = np.random.default_rng(0)
    table = rng.uniform(0, 1, (50, 40, 2))
    table[rng.random((50, 40)) < 0.5, 1] = np.inf
    table[:, 3, 1] = 0.2
    servers = np.empty((50, 32), np.int32)
    nearest(table, servers)
    width = within(table, servers, 0.6)
    for i in range(50):
        order = np.argsort(table[i, :, 1], kind="stable")
        allowed = [j for j in order if np.isfinite(table[i, j, 1])][:32]
        assert servers[i, : len(allowed)].tolist() == allowed
        assert (servers[i, len(allowed) :] == -1).all()
        assert width[i] == max(1, sum(table[i, j, 1] <= 0.6 for j in allowed))


def test_it_is_never_worse_than_where_it_began():
    """Even if it only heats up."""
    instance = made(1, ready=False)
    keeper, start = annealing_of(instance)
    rng = np.random.default_rng(0)
    good = keeper.improve(start, 20_000, COOLING, rng)
    for schedule in (COOLING, Schedule(hot=1.0, cold=100.0, soft=1, hard=1)):
        again = keeper.improve(good, 20_000, schedule, rng)
        assert instance.evaluate(again).cost <= instance.evaluate(good).cost


def test_the_pieces_it_is_computed_in_do_not_show(monkeypatch):
    """Looking at the clock oftener changes nothing; being told to stop ends it."""
    instance = unrelated(60, 5, 0)
    keeper, start = annealing_of(instance)
    plans = []
    for chunk in (700, 50_000):
        monkeypatch.setattr(annealing, "CHUNK", chunk)
        plans.append(keeper.improve(start, 30_000, COOLING, np.random.default_rng(1)))
    assert (plans[0] == plans[1]).all()
    monkeypatch.setattr(annealing, "CHUNK", 1)
    stopped = keeper.improve(start, 10**9, COOLING, np.random.default_rng(1), expired=lambda: True)
    assert (stopped != start).sum() <= 2


@pytest.mark.parametrize("factor", [2.0**-300, 2.0**200])
def test_units_do_not_matter(factor):
    """Seconds and joules multiplied by a power of two give the very same plan."""
    rng = np.random.default_rng(2)
    p, c = rng.uniform(1, 9, (40, 4)), rng.uniform(0, 9, (40, 4))
    start, prices = np.zeros(40, np.int32), np.full(4, 0.25)
    plans = [
        Annealing(p * f, c * f, np.zeros(4), 1.0, prices, start).improve(
            start, 20_000, COOLING, np.random.default_rng(0)
        )
        for f in (1.0, factor)
    ]
    assert (plans[0] == plans[1]).all()
    assert (plans[0] != start).any()


def test_orders_without_a_choice_stay():
    """No server but one is allowed: nothing is proposed, however long it may take."""
    p = np.full((3, 2), np.inf)
    p[:, 1] = 4.0
    keeper, start = annealing_of(Instance(p, busy_w=[1, 1], idle_w=[1, 1]))
    assert keeper.improve(start, 10**12, COOLING, np.random.default_rng(0)).tolist() == [1, 1, 1]


def test_a_search_plans_no_further_than_its_time_reaches():
    """After 10 000 proposals in a second, 4.5 s are worth 95 % of 45 000; effort has no clock."""
    instance = made(0)
    ticks = iter([0.0, 0.0, 0.0, *[1.0] * 50])
    budget = Budget(time_limit=5.5, clock=lambda: next(ticks))
    search = Search(instance, dual_bound(instance), budget, 0)
    assert search.repair(search.best, 10_000, COOLING) is not None
    assert search.reach() == pytest.approx(42_750, abs=1)
    assert Search(instance, dual_bound(instance), Budget(effort=9), 0).reach() is None
