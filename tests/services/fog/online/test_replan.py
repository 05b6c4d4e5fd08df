# SPDX-License-Identifier: Apache-2.0
"""All queued orders placed anew."""

import itertools
import math

import numpy as np
import pytest

from pmcb_services.fog.online import LATENESS, Fleet, Server, Waiting, replan

SPEEDS = (800.0, 1200.0, 2000.0)


def fleet(penalty=0.5):
    """Three servers under the cube law."""
    servers = [
        Server(id=f"s{j}", speed=speed, busy_w=1e-8 * speed**3, idle_w=6e-9 * speed**3)
        for j, speed in enumerate(SPEEDS)
    ]
    return Fleet.of(servers, penalty=penalty)


def waiting(lengths, *, server=0, deadlines=None, weight=1.0):
    """Orders that all wait for one server."""
    return [
        Waiting(
            id=f"o{i}",
            kind="upload",
            row=length / np.array(SPEEDS),
            weight=weight,
            deadline=math.inf if deadlines is None else deadlines[i],
            arrival=float(i),
            server=server,
        )
        for i, length in enumerate(lengths)
    ]


def replanned(fleet, queued, *, now=100.0, **options):
    """From prices of 0."""
    return replan(fleet, queued, now, np.zeros(len(fleet.servers)), **options)


def test_nothing_waits():
    """There is nothing to prove, and time is free."""
    found = replanned(fleet(), [])
    assert (found.assignment.tolist(), found.adopted, found.certificate) == ([], False, None)
    assert found.prices.tolist() == [0, 0, 0]


def test_orders_that_no_open_server_can_run_have_none():
    """Draining and lost servers take nothing; the others get what can go there."""
    group = fleet()
    group.up[0], group.draining[1] = False, True
    first, second = waiting([1000, 2000])
    second = Waiting(**{**vars(second), "row": np.array([1.0, 1.0, np.inf])})
    found = replanned(group, [first, second])
    assert found.assignment.tolist() == [2, -1]
    assert found.prices[:2].tolist() == [0, 0]
    group.up[2] = False
    assert replanned(group, [first]).assignment.tolist() == [-1]


@pytest.mark.parametrize("penalty", [0.0, 0.5, 1.0])
def test_the_new_plan_is_the_best_of_all(penalty):
    """Against all 3^6 assignments; started work and its end count."""
    group = fleet(penalty)
    group.ready_at[:] = [101.0, 99.0, 104.0]
    queued = waiting([3000, 9000, 4500, 7200, 1000, 2600])
    found = replanned(group, queued)
    best = min(cost(group, queued, each) for each in itertools.product(range(3), repeat=6))
    assert cost(group, queued, found.assignment) == pytest.approx(found.after, rel=1e-9)
    assert found.after <= best * 1.001
    assert found.before == pytest.approx(cost(group, queued, [0] * 6), rel=1e-9)
    assert found.certificate.bound <= best


def cost(group, queued, places):
    """TC by its definition, without lateness."""
    ready = np.maximum(group.ready_at - 100.0, 0.0)
    load = np.zeros(3)
    for order, place in zip(queued, places, strict=True):
        load[place] += order.row[place]
    makespan = (ready + load).max()
    energy = load @ group.busy_w + (makespan - load) @ group.idle_w
    return (1 - group.penalty) * energy + group.penalty * makespan


def test_a_plan_that_is_hardly_better_is_left_in_place():
    """What gains less than 0.1 % moves nobody."""
    group = fleet()
    queued = waiting([3000, 9000, 4500, 7200])
    for order, place in zip(queued, replanned(group, queued).assignment.tolist(), strict=True):
        object.__setattr__(order, "server", place)
    found = replanned(group, queued)
    assert not found.adopted
    assert found.assignment.tolist() == [order.server for order in queued]
    assert found.after == pytest.approx(found.before)


def test_a_late_order_moves_to_where_it_is_in_time():
    """10 s on the slow server, of which 5 are left, at 1e4 a second."""
    late = waiting([8000], deadlines=[105.0], weight=1.0)
    found = replanned(fleet(), late)
    assert found.before > LATENESS * 4
    assert found.adopted
    assert found.assignment.tolist() == [2]


def test_the_same_orders_have_the_same_plan_in_any_order_of_rows():
    """Rows are sorted by arrival; seeds decide, not what stands first in a list."""
    queued = waiting(np.random.default_rng(5).uniform(1000, 20000, 40))
    once, again = replanned(fleet(), queued), replanned(fleet(), queued[::-1])
    assert once.assignment.tolist() == again.assignment.tolist()[::-1]
    assert once.after == again.after


def test_a_time_limit_is_enough():
    """What the prices ask for is known before it has passed."""
    found = replanned(fleet(), waiting([3000, 9000, 4500, 7200]), time_limit=1e-9)
    assert found.adopted
    assert found.after < found.before
