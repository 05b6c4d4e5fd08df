# SPDX-License-Identifier: Apache-2.0
"""What servers draw, second by second."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_services.fog.online import Server
from pmcb_services.fog.sim import Draw, PowerState, integral
from pmcb_services.fog.sim._power import Meter

SLEEPER = Server(
    id="a", speed=1.0, busy_w=10.0, idle_w=6.0, sleep_w=1.0, sleep_after=2.0, wake_s=0.5
)
WATCHFUL = Server(id="b", speed=1.0, busy_w=10.0, idle_w=6.0)


def test_an_idle_server_falls_asleep_and_a_waking_one_works():
    """2 s idle, 3 s asleep, 0.5 s waking, 1 s at work, 1 s idle: 12 + 3 + 5 + 10 + 6 joules."""
    meter = Meter([SLEEPER])
    meter.change(0, 5.0, PowerState.WAKE)
    meter.change(0, 6.5, PowerState.IDLE)
    steps = meter.steps(7.5)
    assert [(step.time, step.state, step.watts) for step in steps] == [
        (0.0, PowerState.IDLE, 6.0),
        (2.0, PowerState.SLEEP, 1.0),
        (5.0, PowerState.WAKE, 10.0),
        (5.5, PowerState.BUSY, 10.0),
        (6.5, PowerState.IDLE, 6.0),
        (7.5, PowerState.END, 0.0),
    ]
    assert integral(steps) == sum(meter.energy.values()) == 36.0


def test_a_server_killed_while_it_wakes_never_worked():
    """The clock of its waking stops with it."""
    meter = Meter([SLEEPER])
    meter.change(0, 5.0, PowerState.WAKE)
    meter.change(0, 5.2, PowerState.DOWN)
    meter.steps(9.0)
    assert meter.seconds[0][PowerState.WAKE] == pytest.approx(0.2)
    assert PowerState.BUSY not in meter.seconds[0]


@pytest.mark.parametrize(("time", "asleep"), [(1.9, False), (2.0, True), (9.0, True)])
def test_sleep_begins_after_its_seconds(time, asleep):
    """Only where there is a sleeping state, and only from idleness."""
    meter = Meter([SLEEPER, WATCHFUL])
    assert meter.is_asleep(0, time) is asleep
    assert not meter.is_asleep(1, time)
    meter.change(0, 0.5, PowerState.BUSY)
    assert not meter.is_asleep(0, time)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 1), st.floats(0, 5), st.sampled_from(["busy", "idle", "wake", "down"])
        ),
        max_size=20,
    )
)
def test_the_integral_of_the_steps_is_the_energy(changes):
    """Whatever happens; the seconds of each server add up to the whole time."""
    meter, now = Meter([SLEEPER, WATCHFUL]), 0.0
    for place, later, state in changes:
        now += later
        meter.change(place, now, PowerState(state))
    steps = meter.steps(now + 1)
    assert integral(steps) == pytest.approx(sum(meter.energy.values()), rel=1e-9)
    for spent in meter.seconds:
        assert sum(spent.values()) == pytest.approx(now + 1)
    assert [step.time for step in steps] == sorted(step.time for step in steps)


def test_an_integral_does_not_mix_servers():
    """Two at once, by hand."""
    steps = [
        Draw(0.0, "a", PowerState.BUSY, 10.0),
        Draw(0.0, "b", PowerState.IDLE, 1.0),
        Draw(2.0, "a", PowerState.END, 0.0),
        Draw(5.0, "b", PowerState.END, 0.0),
    ]
    assert integral(steps) == np.dot([2, 5], [10, 1])
