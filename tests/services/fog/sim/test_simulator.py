# SPDX-License-Identifier: Apache-2.0
"""What would happen, under the gateway's own rules."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pmcb_services.fog.errors import OutOfRange
from pmcb_services.fog.online._audit import Auditor
from pmcb_services.fog.sim import Policy, Scenario, integral, simulate

A, B = ({"id": name, "speed": 1000, "busy_w": 10, "idle_w": 6} for name in "ab")
SLEEPS = {"sleep_w": 0.5, "sleep_after": 0.5, "wake_s": 0.1}


def run(servers, orders, policy="mct", **fields):
    """Simulate orders, ``(id, seconds on a server of 1000 MIPS)`` or whole entries."""
    listed = [each if isinstance(each, dict) else order(*each) for each in orders]
    document = {"schema": "pmcb-fog/1", "servers": servers, "orders": listed, **fields}
    return simulate(Scenario.parse(document), Policy(policy))


def order(name, seconds, **fields):
    """One that takes so many seconds on a server of 1000 MIPS."""
    return {"id": name, "length": 1000 * seconds, **fields}


def failure(kind, at, until=None, server="a", **fields):
    """Something wrong with a server."""
    return {"kind": kind, "at": at, "until": until, "server": server, **fields}


def told(found, name):
    """What happened to an order: state, server, cause."""
    return [(e.target, e.server, e.cause) for e in found.events if e.order == name]


def audited(found):
    """The gateway's own audit of the events."""
    auditor = Auditor()
    for seq, event in enumerate(found.events, 1):
        auditor.take(seq, event)
    return auditor.report()


def ends(found, name):
    """When the order was done, in seconds."""
    return next(e.at_ms for e in found.events if e.order == name and e.target == "DONE") / 1000


@pytest.mark.parametrize("seconds", [1e-12, 1e13])
def test_times_that_no_clock_can_tell_are_refused(seconds):
    """Plans can be made of them, by scaling."""
    with pytest.raises(OutOfRange):
        run([A], [("o", 1)], etc=[[seconds]])


def test_without_an_able_server_an_order_waits_for_ever():
    """The run ends all the same, and nothing was burnt for it."""
    found = run([{**A, "kinds": ["control"]}], [("o", 1)])
    assert found.summary["new"] == 1
    assert found.summary["makespan"] == 0
    assert told(found, "o") == [("NEW", "", "admitted")]


def test_no_orders_at_all():
    """Nothing happens, at no cost."""
    found = run([A], [])
    assert (found.summary["energy"], found.events, found.summary["classes"]) == (0, [], {})


def test_an_order_whose_server_crashed_runs_again_after_the_lease():
    """It began on a at 0, a was gone at 1, nobody knew before 4: then b, 3 s."""
    found = run([A, {**B, "speed": 500}], [("o", 3)], failures=[failure("crash", 1)])
    assert told(found, "o")[2:] == [
        ("STARTED", "a", "claimed"),
        ("QUEUED", "a", "lost"),
        ("QUEUED", "b", "replanned"),
        ("STARTED", "b", "claimed"),
        ("DONE", "b", "done"),
    ]
    assert ends(found, "o") == 4 + 6
    assert found.summary["reruns"] == 1
    assert found.summary["busy_s"] == 1 + 6
    assert found.summary["servers"]["a"] == {"busy": 1, "down": 9}


def test_a_server_that_is_back_before_the_lease_runs_out_begins_anew():
    """Its new incarnation fences the old one at 1.5."""
    found = run([A], [("o", 3)], failures=[failure("crash", 1, 1.5)])
    assert ends(found, "o") == 4.5
    assert found.summary["reruns"] == 1


def test_after_three_attempts_an_order_is_a_dead_letter():
    """It is not tried on the servers that are left."""
    crashes = [failure("crash", at, at + 1) for at in (1, 3, 5)]
    found = run([A], [("o", 9)], failures=crashes)
    assert found.summary["dead"] == 1
    assert found.summary["reruns"] == 2


@pytest.mark.parametrize("kind", ["device.control", "device.remove"])
def test_what_must_not_be_repeated_is_held(kind):
    """Nobody knows whether the device moved."""
    control = order("o", 3, kind=kind, **{"class": "control"})
    found = run([A, B], [control], failures=[failure("crash", 1)])
    assert found.summary["unknown"] == 1
    assert told(found, "o")[-1] == ("UNKNOWN", "a", "held")


def test_when_all_servers_are_down_orders_wait_as_new():
    """Both are planned again when one is back at 9."""
    found = run([A], [("o", 3), ("p", 1)], failures=[failure("crash", 1, 9)])
    assert ("NEW", "", "unplaced") in told(found, "p")
    assert ("NEW", "", "unplaced") in told(found, "o")
    assert {ends(found, "o"), ends(found, "p")} == {12, 13}


def test_a_result_that_comes_too_late_is_fenced():
    """Cut off from 1 to 9, a had finished at 3; b had it from 4 on."""
    found = run([A, {**B, "speed": 500}], [("o", 3)], failures=[failure("partition", 1, 9)])
    assert ends(found, "o") == 10
    assert found.summary["fenced"] == 1
    assert audited(found).findings == ()


def test_a_result_that_comes_before_the_lease_ran_out_counts():
    """Cut off from 1 to 3.5, nothing is done twice."""
    found = run([A, B], [("o", 3)], failures=[failure("partition", 1, 3.5)])
    assert ends(found, "o") == 3.5
    assert (found.summary["reruns"], found.summary["fenced"]) == (0, 0)


def test_a_late_result_of_what_was_held_settles_it():
    """The same epoch: UNKNOWN becomes DONE."""
    control = order("o", 3, kind="device.control", **{"class": "control"})
    found = run([A, B], [control], failures=[failure("partition", 1, 9)])
    assert [state for state, _, _ in told(found, "o")][-2:] == ["UNKNOWN", "DONE"]


def test_what_is_cut_off_is_killed_when_its_lease_runs_out():
    """The worker stops at 4, whatever it had left to do."""
    found = run([A, {**B, "speed": 500}], [("o", 9)], failures=[failure("partition", 1, 9)])
    assert found.summary["servers"]["a"]["busy"] == 4
    assert (ends(found, "o"), found.summary["fenced"]) == (4 + 18, 0)


def test_a_sleeping_server_wakes_first():
    """Idle for 0.5 s, asleep for 4.5, waking for 0.1, at work for 2."""
    found = run([{**A, **SLEEPS}], [order("o", 2, arrival=5)])
    assert ends(found, "o") == pytest.approx(7.1)
    assert found.summary["wakes"] == 1
    joules = 0.5 * 6 + 4.5 * 0.5 + 2.1 * 10
    assert found.summary["energy"] == pytest.approx(joules)


@pytest.mark.parametrize("policy", ["mct", "round_robin", "rolling"])
def test_an_order_takes_longer_by_its_own_factor(policy):
    """The same one under every policy."""
    listed = [order(f"o{k}", 1, arrival=9 * k) for k in range(5)]
    fields = {"etc_error": 0.5, "seed": 7}
    document = {"schema": "pmcb-fog/1", "servers": [A], "orders": listed, **fields}
    factors = Scenario.parse(document).factors
    assert len({*factors}) == 5
    found = run([A], listed, policy, **fields)
    took = [ends(found, f"o{k}") - 9 * k for k in range(5)]
    assert took == pytest.approx(factors, abs=1e-3)


def test_a_slow_server_is_found_out_and_spared():
    """Server a takes four times as long, b is half as fast: in the end b gets most."""
    orders = [order(f"o{k}", 1, arrival=5 * k) for k in range(20)]
    found = run([A, {**B, "speed": 500}], orders, failures=[failure("slow", 0, factor=4)])
    servers = [told(found, f"o{k}")[-1][1] for k in range(20)]
    assert servers[0] == "a"
    assert servers[10:].count("b") >= 8
    assert found.summary["reruns"] == 0


@pytest.mark.parametrize(
    ("policy", "servers"),
    [("round_robin", "abab"), ("mct", "aaaa"), ("energy_deadline", "bbbb")],
)
def test_policies_differ(policy, servers):
    """In turn; where it ends soonest; where it burns least."""
    thrifty = {**B, "speed": 500, "busy_w": 7}
    orders = [order(f"o{k}", 1, arrival=9 * k) for k in range(4)]
    found = run([A, thrifty], orders, policy)
    assert "".join(told(found, f"o{k}")[-1][1] for k in range(4)) == servers


def test_round_robin_passes_over_those_that_cannot():
    """The third order would be a's turn, whom its kind does not suit."""
    orders = [order(f"o{k}", 1, kind=kind) for k, kind in enumerate(["upload", "upload", "scan"])]
    found = run([{**A, "kinds": ["upload"]}, B], orders, "round_robin")
    assert [told(found, f"o{k}")[-1][1] for k in range(3)] == ["a", "b", "b"]


def test_rolling_moves_what_would_be_late():
    """Slow and thrifty a takes both uploads, until a retrieval overtakes them there at 1."""
    thrifty = {**A, "speed": 500, "busy_w": 1, "idle_w": 0, "kinds": ["upload", "retrieval"]}
    quick = {**B, "kinds": ["upload"], "busy_w": 40}
    orders = [order("long", 3), order("o", 4, deadline=15)]
    orders.append(order("r", 2, arrival=1, deadline=12, **{"class": "retrieval"}))
    stays, moves = (run([thrifty, quick], orders, each) for each in ("energy_deadline", "rolling"))
    assert stays.summary["classes"]["upload"]["late"] == 1
    assert told(moves, "o")[-3:] == [
        ("QUEUED", "b", "replanned"),
        ("STARTED", "b", "claimed"),
        ("DONE", "b", "done"),
    ]
    assert moves.summary["classes"]["upload"]["late"] == 0
    assert moves.summary["moved"] == 1


def test_a_batch_burns_what_the_model_says():
    """Random orders, with and without sleep: the plan that was run, evaluated (1e-9)."""
    rng = np.random.default_rng(3)
    orders = [order(f"o{k}", seconds) for k, seconds in enumerate(rng.uniform(1, 20, 30))]
    for more in ({}, {"sleep_w": 1, "sleep_after": 0.5}):
        servers = [{"id": f"s{j}", "speed": 600 * (j + 1), **more} for j in range(4)]
        found = run(servers, orders)
        scenario = Scenario.parse({"schema": "pmcb-fog/1", "servers": servers, "orders": orders})
        ran = {e.order: int(e.server[1]) for e in found.events if e.target == "DONE"}
        plan = scenario.instance().evaluate([ran[each.id] for each in scenario.orders])
        assert found.summary["energy"] == pytest.approx(plan.energy, rel=1e-9)
        assert found.summary["makespan"] == pytest.approx(plan.makespan, rel=1e-9)


@settings(max_examples=10)
@given(st.integers(0, 10**6), st.sampled_from([*Policy]), st.booleans(), st.booleans())
@example(seed=110730, policy=Policy.ENERGY_DEADLINE, fails=True, sleeps=False)  # one order dies
def test_nothing_is_lost_doubled_or_moved(seed, policy, fails, sleeps):
    """Random runs pass the gateway's audit; the integral is the energy; work is what was done."""
    rng = np.random.default_rng(seed)
    speeds = rng.uniform(500, 2500, 3).tolist()
    more = SLEEPS if sleeps else {}
    servers = [{"id": f"s{j}", "speed": speed, **more} for j, speed in enumerate(speeds)]
    ends, kinds = rng.uniform(1, 4, 4).tolist(), rng.choice(["crash", "partition"], 4).tolist()
    failures = [failure(kinds[k], 4 * k, 4 * k + ends[k], "s1") for k in range(4 * fails)]
    mix = {"control": 1, "retrieval": 1, "upload": 0.3}
    arrivals = {"rate": 1.0, "horizon": 15, "mix": mix}
    fields = {"seed": seed, "etc_error": 0.3, "arrivals": arrivals, "failures": failures}
    found = run(servers, [], policy, **fields)
    audit, summary = audited(found), found.summary
    assert audit.findings == ()
    assert summary.get("done", 0) + summary.get("dead", 0) == summary["orders"]
    assert integral(found.steps) == pytest.approx(summary["energy"], rel=1e-6)
    assert audit.reruns == summary["reruns"]  # a third loss is no rerun: the order is dead
    if not fails:
        assert summary["reruns"] == summary["fenced"] == 0


def test_work_without_failures_is_what_was_expected():
    """Busy seconds are the ETC of what ran where."""
    orders = [order(f"o{k}", k + 1) for k in range(5)]
    found = run([A, {**B, "speed": 500}], orders)
    factor = {"a": 1, "b": 2}
    expected = sum((k + 1) * factor[told(found, f"o{k}")[-1][1]] for k in range(5))
    assert found.summary["busy_s"] == pytest.approx(expected)


def test_the_same_scenario_does_the_same(tmp_path):
    """All three files, byte by byte."""
    arrivals = {"rate": 2.0, "horizon": 10, "mix": {"control": 1, "upload": 1}}
    for folder in ("one", "two"):
        run([A, {**B, **SLEEPS}], [], "rolling", arrivals=arrivals, seed=4).write(tmp_path / folder)
    for name in ("events.jsonl", "summary.json", "power.csv"):
        one = (tmp_path / "one" / name).read_bytes()
        assert one == (tmp_path / "two" / name).read_bytes()
        assert one
