# SPDX-License-Identifier: Apache-2.0
"""The classical heuristics, against their definitions written down in a few slow lines."""

import numpy as np
import pytest

from pmcb_services.fog import Instance
from pmcb_services.fog.solve import dual_bound, lpt, maxmin, mct, minmin, sufferage, uniform


def mapped(instance, key):
    """One order after another, the one of the greatest key, to where it completes first."""
    ready, waits = instance.ready.copy(), list(range(instance.n))
    place = np.zeros(instance.n, int)
    while waits:
        done = {i: np.sort(ready + instance.etc[i]) for i in waits}
        picked = max(waits, key=lambda i: (key(done[i]), -i))
        place[picked] = j = int(np.argmin(ready + instance.etc[picked]))
        ready[j] += instance.etc[picked, j]
        waits.remove(picked)
    return place.tolist()


def drawn(seed):
    rng = np.random.default_rng(seed)
    etc = rng.integers(1, 9, (15, 4)).astype(float)
    etc[rng.random((15, 4)) < 0.1] = np.inf
    etc[:, 0] = rng.integers(1, 30, 15)
    return Instance(etc, busy_w=np.ones(4), idle_w=np.ones(4), ready=rng.integers(0, 5, 4))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(
    ("heuristic", "key"),
    [
        (minmin, lambda done: -done[0]),
        (maxmin, lambda done: done[0]),
        (sufferage, lambda done: done[1] - done[0]),
    ],
)
def test_heuristics_do_what_their_definitions_say(heuristic, key, seed):
    """Whole numbers, so that ties occur: the lowest index wins."""
    assert heuristic(drawn(seed)).tolist() == mapped(drawn(seed), key)


def test_mct_takes_the_orders_as_they_come():
    """By hand: 3 to the first, 2 to the second, 2 to the second, which ends at 4."""
    even = Instance([[3, 3], [2, 2], [2, 2]], busy_w=[1, 1], idle_w=[1, 1])
    assert mct(even).tolist() == [0, 1, 1]
    late = Instance([[3, 3], [2, 2]], busy_w=[1, 1], idle_w=[1, 1], ready=[2, 0])
    assert mct(late).tolist() == [1, 0]


def test_lpt_weighs_energy_against_the_makespan():
    """By hand, K = 27.5: 6 s on the slow server adds 12 + 165, 3 s on the quick one 48 + 82.5."""
    found = Instance([[2.0, 1.0], [3.0, 1.5], [6.0, 3.0]], busy_w=[10, 80], idle_w=[6, 48])
    assert lpt(found).tolist() == [1, 0, 1]


def test_lpt_is_near_the_bound_where_all_servers_are_worth_opening():
    """Within 1 % on generated uniform machines."""
    for n in (100, 300, 1000):
        instance = uniform(n, 10, 42)
        assert instance.evaluate(lpt(instance)).cost <= 1.01 * dual_bound(instance).value


@pytest.mark.parametrize("heuristic", [minmin, maxmin, sufferage, mct, lpt])
def test_edges_have_plans(heuristic):
    """No orders, one server, fewer orders than servers, equal servers."""
    for etc in (np.empty((0, 2)), np.ones((3, 1)), np.ones((1, 4)), np.ones((4, 4))):
        m = etc.shape[1]
        instance = Instance(etc, busy_w=np.ones(m), idle_w=np.ones(m))
        found = heuristic(instance)
        assert found.dtype == np.int32
        assert sorted(found.tolist()) == list(range(len(etc))) if m == 4 else not found.any()
