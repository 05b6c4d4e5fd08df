# SPDX-License-Identifier: Apache-2.0
"""What `pmcb bench fog-chaos` makes of a drill: by hand, on a few orders."""

import pytest

from pmcb_benchmarks._fog_device import Effect
from pmcb_benchmarks._fog_drill import _reruns, judged, sound
from pmcb_benchmarks._fog_victims import Blow, Victim

CONTROL, TEST = "device.control", "compute.test"


def drill(accepted, orders, *effects, findings=()):
    """A judged one."""
    told = [Effect(order, epoch, "server-1") for order, epoch in effects]
    return {"audit": {"findings": list(findings)}, **judged(accepted, orders, told)}


@pytest.mark.parametrize(
    ("orders", "effects", "wrong"),
    [
        ({}, [("b", 1)], "lost"),
        ({"a": "QUEUED", "b": "DONE"}, [("b", 1)], "open"),
        ({"a": "DONE", "b": "DONE"}, [("b", 1), ("b", 2)], "effects_twice"),
        ({"a": "DONE", "b": "DONE"}, [], "done_without_effect"),
    ],
)
def test_each_wrong_is_found(orders, effects, wrong):
    """And makes the drill unsound."""
    found = drill({"a": TEST, "b": CONTROL}, {"b": "DONE", **orders}, *effects)
    assert found[wrong] == 1
    assert not sound(found)


def test_a_finding_of_the_audit_is_unsound():
    """Whatever the others say."""
    whole = drill({"a": TEST}, {"a": "DONE"})
    assert sound(whole)
    assert not sound({**whole, "audit": {"findings": ["MOVED"]}})


def test_what_nobody_knows_is_sound():
    """An order that is held may have had its effect, or not."""
    for effects in ([], [("b", 1)]):
        found = drill({"b": CONTROL}, {"b": "UNKNOWN"}, *effects)
        assert sound(found)
        assert found["states"] == {"UNKNOWN": 1}


def test_a_rerun_is_timed_from_the_blow():
    """Killed at 10 s while it runs "a": given up at 13 s, started again at 13.5 s."""

    def event(at_s, order, to, cause, server="server-1"):
        return {
            "at_ms": int(at_s * 1000),
            "order": order,
            "to": to,
            "cause": cause,
            "server": server,
        }

    events = [
        event(8, "a", "STARTED", "claimed"),
        event(9, "b", "QUEUED", "planned"),
        event(13, "a", "QUEUED", "lost"),
        event(13.2, "a", "QUEUED", "replanned", "server-2"),
        event(13.5, "a", "STARTED", "claimed", "server-2"),
        event(14, "a", "DONE", "done", "server-2"),
        event(15, "b", "STARTED", "claimed"),
        event(15.5, "b", "DONE", "done"),
    ]
    idle = Blow(Victim.WORKER, "server-1", 16_000)
    found = _reruns(events, [Blow(Victim.WORKER, "server-1", 10_000), idle])
    assert found["count"] == 1
    assert found["lost_s"]["median"] == 3.0
    assert found["started_s"]["most"] == 3.5
