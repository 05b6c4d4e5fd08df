# SPDX-License-Identifier: Apache-2.0
"""The server for an order, at once on its arrival."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_services.fog.online import Fleet, Precedence, Queue, Server, choose

NEVER = math.inf


def server(name="a", speed=1000.0, **fields):
    """One that draws 10 W at work and 6 W idle."""
    return Server(**{"id": name, "speed": speed, "busy_w": 10.0, "idle_w": 6.0, **fields})


def choice(fleet, row, *, deadline=NEVER, weight=1.0, now=0.0, prices=None, queues=None, error=0.0):
    """Choose with nothing queued and no prices, unless told otherwise."""
    m = len(fleet.servers)
    return choose(
        fleet,
        np.array(row, dtype=float),
        deadline,
        weight,
        now,
        np.zeros(m) if prices is None else np.array(prices, dtype=float),
        queues or [Queue() for _ in range(m)],
        error=error,
    )


def test_an_order_that_nobody_can_take_has_no_server():
    """None is able, up and not draining at once."""
    fleet = Fleet.of([server("a"), server("b"), server("c")])
    fleet.up[1], fleet.draining[2] = False, True
    assert choice(fleet, [np.inf, 1, 1]) is None
    assert choice(Fleet.of([]), []) is None


def test_ties_go_to_the_lowest_index():
    """Equal servers, equal answers."""
    assert choice(Fleet.of([server("a"), server("b")]), [1, 1]).server == 0


def test_the_cheaper_server_is_chosen_until_the_deadline_forbids():
    """10 s at 4 W more than idle cost 20, 1 s at 64 W more cost 32 (penalty 0.5)."""
    fleet = Fleet.of([server("slow"), server("fast", busy_w=160.0, idle_w=96.0)])
    relaxed = choice(fleet, [10, 1], deadline=11)
    hurried = choice(fleet, [10, 1], deadline=9)
    assert (relaxed.server, relaxed.finish, relaxed.feasible) == (0, 10.0, True)
    assert (hurried.server, hurried.finish, hurried.feasible) == (1, 1.0, True)


def test_prices_send_orders_elsewhere():
    """A second of the first server costs 3 more: 20 + 30 against 32."""
    fleet = Fleet.of([server("slow"), server("fast", busy_w=160.0, idle_w=96.0)])
    assert choice(fleet, [10, 1], prices=[3, 0]).server == 1


def test_a_deadline_leaves_room_for_what_predictions_were_off_by():
    """10 s of 11 are too many where predictions are off by 10 %."""
    fleet = Fleet.of([server("slow"), server("fast", busy_w=160.0, idle_w=96.0)])
    assert choice(fleet, [10, 1], deadline=11, error=0.0).server == 0
    assert choice(fleet, [10, 1], deadline=11, error=0.1).server == 1


def test_a_missed_deadline_is_told_and_made_as_small_as_can_be():
    """In the past, too; the order is placed all the same."""
    found = choice(Fleet.of([server("a"), server("b")]), [5, 4], deadline=-1, now=2.0)
    assert (found.server, found.finish, found.feasible) == (1, 6.0, False)


def test_only_what_precedes_delays():
    """An urgent order overtakes what waits, a plain one queues behind it."""
    queue = Queue()
    queue.add(Precedence(-10, 4.0, 0.0, "x"), 7.0)
    fleet = Fleet.of([server()])
    fleet.ready_at[0] = 2.0
    assert choice(fleet, [1], weight=100.0, queues=[queue]).start == 2.0
    assert choice(fleet, [1], weight=10.0, deadline=3.0, queues=[queue]).start == 2.0
    assert choice(fleet, [1], weight=10.0, deadline=4.0, queues=[queue]).start == 9.0
    assert choice(fleet, [1], weight=1.0, queues=[queue]).finish == 10.0


def test_a_sleeping_server_costs_waking_and_idling_again():
    """Asleep since 2 s, it wakes for 0.5 s; of two equal ones the one that is awake is cheaper."""
    sleeper = {"sleep_w": 1.0, "sleep_after": 2.0, "wake_s": 0.5}
    fleet = Fleet.of([server("a", **sleeper), server("b", **sleeper)])
    assert choice(fleet, [1, 1], now=1.0).start == 1.0
    assert choice(fleet, [1, 1], now=2.0).start == 2.5
    fleet.ready_at[1] = 1.5
    found = choice(fleet, [1, 1], now=2.0)
    assert (found.server, found.start) == (1, 2.0)


def test_of_two_idle_servers_the_one_that_has_just_worked_is_cheaper():
    """It idles on anyway; the other has its 2 s of 5 W above sleep behind it."""
    sleeper = {"sleep_w": 1.0, "sleep_after": 2.0}
    fleet = Fleet.of([server("a", **sleeper), server("b", **sleeper)])
    fleet.ready_at[:] = [1.0, 9.5]
    assert choice(fleet, [1, 1.5], now=10.0).server == 1  # 4.5 J in 0.5 s against 2 s of 5 W
    assert choice(fleet, [1, 2.0], now=10.0).server == 0


def test_a_server_for_which_something_waits_does_not_sleep():
    """It is about to begin that."""
    queue = Queue()
    queue.add(Precedence(-1, NEVER, 0.0, "x"), 1.0)
    fleet = Fleet.of([server(sleep_w=1.0, sleep_after=0.0, wake_s=9.0)])
    assert choice(fleet, [1], now=5.0, queues=[queue]).start == 6.0


@given(
    st.lists(st.tuples(st.floats(0.1, 50), st.floats(0, 20), st.booleans()), min_size=1, max_size=6)
)
def test_at_penalty_one_the_soonest_end_is_chosen(rows):
    """Then energy plays no part: minimum completion time."""
    fleet = Fleet.of([server(f"s{j}", speed=100 * (j + 1)) for j in range(len(rows))], penalty=1.0)
    fleet.ready_at[:] = [ready for _, ready, _ in rows]
    fleet.up[:] = [up for _, _, up in rows]
    found = choice(fleet, [p for p, _, _ in rows], deadline=5.0)
    ends = [p + ready if up else np.inf for p, ready, up in rows]
    if min(ends) == np.inf:
        assert found is None
    else:
        assert found.finish == pytest.approx(min(ends))


@pytest.mark.parametrize(
    ("kind", "size", "seconds"),
    [("upload", 0, 2), ("upload", 100, 12), ("control", 0, NEVER), ("upload", 101, NEVER)],
    ids=["able", "with-a-payload", "other-kind", "too-large"],
)
def test_a_server_without_kind_or_room_cannot_run_an_order(kind, size, seconds):
    """Memory in MB, storage in GB; else length / speed + size / bandwidth."""
    limits = {"kinds": frozenset({"upload"}), "bandwidth": 10.0}
    for room in ({"memory": 100.0}, {"storage": 0.1}):
        fleet = Fleet.of([server(**limits, **room)])
        assert fleet.row(kind, 2000.0, size).tolist() == [seconds]
