# SPDX-License-Identifier: Apache-2.0
"""What `pmcb bench fog-chaos` makes of a drill: by hand, on a few orders."""

import signal
import subprocess

import pytest

from pmcb_benchmarks import _child, _fog_drill
from pmcb_benchmarks._fog_device import Effect
from pmcb_benchmarks._fog_drill import fog_kills, judged, sound
from pmcb_benchmarks._fog_reruns import reruns
from pmcb_benchmarks._fog_victims import Blow, Victim
from pmcb_benchmarks.fog_page import chaos_rows

CONTROL, TEST = "device.control", "compute.test"
TIMES = ("median", "p95", "most")


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


@pytest.mark.parametrize(
    ("changes", "met"),
    [
        ({}, [True, True]),
        ({"lost": 1}, [False, True]),
        ({"audit": {"findings": [{"order": "o1"}]}}, [False, True]),
        ({"reruns": {"free": {"count": 1, "started_s": dict.fromkeys(TIMES, 4.1)}}}, [True, False]),
        ({"reruns": {"free": {"count": 0}}}, [True]),
    ],
)
def test_the_page_says_what_the_drill_found(changes, met):
    """A row a target; without such reruns there is nothing to say of them."""
    nothing = dict.fromkeys(("lost", "open", "effects_twice", "done_without_effect"), 0)
    found = {
        **nothing,
        "kills": 1100,
        "accepted": 7000,
        "states": {"DONE": 6999, "UNKNOWN": 1},
        "audit": {"findings": []},
        "reruns": {"free": {"count": 7, "started_s": dict.fromkeys(TIMES, 4.0)}},
    }
    assert [row[3] for row in chaos_rows(found | changes)] == met


def test_what_nobody_knows_is_sound():
    """An order that is held may have had its effect, or not."""
    for effects in ([], [("b", 1)]):
        found = drill({"b": CONTROL}, {"b": "UNKNOWN"}, *effects)
        assert sound(found)
        assert found["states"] == {"UNKNOWN": 1}


def event(at_s, order, to, cause="claimed", server="server-1"):
    """A line of the log."""
    return {"at_ms": int(at_s * 1000), "order": order, "to": to, "cause": cause, "server": server}


KILLED = Blow(Victim.WORKER, "server-1", 10_000)
RERUN = [
    event(7, "z", "STARTED", server="server-2"),
    event(7.5, "z", "DONE", "done", "server-2"),
    event(8, "a", "STARTED"),
    event(9, "b", "QUEUED", "planned"),
    event(13, "a", "QUEUED", "lost"),
    event(13, "a", "QUEUED", "replanned", "server-2"),
    event(13.5, "a", "STARTED", server="server-2"),
    event(14, "a", "DONE", "done", "server-2"),
    event(15, "b", "STARTED"),
    event(15.5, "b", "DONE", "done"),
]


def test_a_rerun_is_timed_from_the_blow():
    """Killed at 10 s while it runs "a": given up at 13 s, started again at 13.5 s."""
    idle = Blow(Victim.WORKER, "server-1", 16_000)
    found = reruns(RERUN, [KILLED, idle])
    assert found["others"] == {"count": 0}
    assert found["free"]["count"] == 1
    assert found["free"]["lost_s"]["median"] == 3.0
    assert found["free"]["started_s"]["most"] == 3.5


@pytest.mark.parametrize(
    "blow",
    [
        Blow(Victim.WORKER, "server-2", 9_000),
        Blow(Victim.PAUSE, "server-2", 9_000),
        Blow(Victim.BROKER, "", 11_000),
    ],
    ids=str,
)
def test_a_rerun_without_a_living_server_is_told_apart(blow):
    """Nor does one count as free for which the broker was struck meanwhile."""
    found = reruns(RERUN, [KILLED, blow])
    assert (found["free"]["count"], found["others"]["count"]) == (0, 1)


def test_a_rerun_whose_other_server_is_busy_is_told_apart():
    """It has begun an order before, and is not done."""
    busy = sorted([*RERUN, event(12, "c", "STARTED", server="server-2")], key=lambda e: e["at_ms"])
    assert reruns(busy, [KILLED])["others"]["count"] == 1


def test_a_server_whose_next_worker_has_begun_something_lives():
    """Its last worker was struck before."""
    others = [event(12, "c", "STARTED"), event(12.5, "c", "DONE", "done")]
    events = sorted([*RERUN[2:], *others], key=lambda e: e["at_ms"])
    before = Blow(Victim.WORKER, "server-2", 9_000)
    assert reruns(events, [KILLED, before])["free"]["count"] == 1


def test_a_drill_that_has_nothing_to_strike_ends(tmp_path, monkeypatch):
    """Orders are done, but there is no planner."""

    class Nothing:
        """A site without processes, and its load."""

        servers = ()

        def __init__(self, *_, **__):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    for name in ("fog_site", "Adapter", "Load"):
        monkeypatch.setattr(_fog_drill, name, Nothing)
    monkeypatch.setattr(_fog_drill, "_works_again", lambda _: None)
    monkeypatch.setattr(_fog_drill, "strike", lambda *_: None)
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(TimeoutError, match="no planner"):
        fog_kills(tmp_path, kills=1, victims=[Victim.PLANNER])


def test_a_part_that_does_not_end_is_ended(monkeypatch):
    """Whoever left its block would wait for ever."""
    monkeypatch.setattr(_child, "_END_S", 0.1)
    with pytest.raises(subprocess.TimeoutExpired), _child.child("_fog_forks") as part:
        part.process.send_signal(signal.SIGSTOP)
    assert part.process.returncode == -signal.SIGKILL
