# SPDX-License-Identifier: Apache-2.0
"""An instance refuses what is no instance, and costs an assignment as the formulas say."""

import numpy as np
import pytest

from pmcb_services.fog import Instance, solve
from pmcb_services.fog.errors import DuplicateId, Infeasible, InvalidInput, OutOfRange

INF, NAN = np.inf, np.nan
ETC = [[2.0, 1.0], [3.0, 1.5], [6.0, 3.0]]
WATTS = {"busy_w": [10, 80], "idle_w": [6, 48]}


def instance(etc=ETC, **changed):
    return Instance(etc, **(WATTS | changed))


BAD = [
    ({"etc": [[2.0, NAN]]}, "etc", (0, 1)),
    ({"etc": [[2.0, -INF]]}, "etc", (0, 1)),
    ({"etc": [[2.0, 1.0], [0.0, 1.0]]}, "etc", (1, 0)),
    ({"etc": [[2.0, -1.0]]}, "etc", (0, 1)),
    ({"etc": [["2", "1"]]}, "etc", None),
    ({"etc": [[2.0, None]]}, "etc", None),
    ({"etc": [[2j, 1.0]]}, "etc", None),
    ({"etc": [[True, True]]}, "etc", None),
    ({"etc": [[2.0, 1.0], [3.0]]}, "etc", None),
    ({"etc": [2.0, 1.0]}, "etc", None),
    ({"etc": np.empty((3, 0))}, "etc", None),
    ({"busy_w": [10]}, "busy_w", None),
    ({"busy_w": [10, NAN]}, "busy_w", (1,)),
    ({"idle_w": [-1, 6]}, "idle_w", (0,)),
    ({"idle_w": [INF, 6]}, "idle_w", (0,)),
    ({"penalty": 1.01}, "penalty", None),
    ({"penalty": -0.01}, "penalty", None),
    ({"penalty": NAN}, "penalty", None),
    ({"penalty": "0.5"}, "penalty", None),
    ({"penalty": True}, "penalty", None),
    ({"ready": [0, -1]}, "ready", (1,)),
    ({"ready": [0, INF]}, "ready", (1,)),
    ({"sleep_w": [7, 1]}, "sleep_w", (0,)),
    ({"sleep_w": [INF, 1]}, "sleep_w", (0,)),
    ({"sleep_after_s": [NAN, 1]}, "sleep_after_s", (0,)),
    ({"deadlines": [1, 2, NAN]}, "deadlines", (2,)),
    ({"deadlines": [1, 2, -INF]}, "deadlines", (2,)),
    ({"deadlines": [1, 2]}, "deadlines", None),
    ({"lateness_weights": [1, 2, 3]}, "lateness_weights", None),
    ({"deadlines": [1, 2, 3], "lateness_weights": [1, 2, -3]}, "lateness_weights", (2,)),
    ({"order_ids": ["a", "b"]}, "order_ids", None),
    ({"order_ids": ["a", "b", ""]}, "order_ids", None),
    ({"order_ids": "abc"}, "order_ids", None),
    ({"server_ids": [1, 2]}, "server_ids", None),
]


@pytest.mark.parametrize(("changed", "field", "index"), BAD)
def test_bad_input_is_named_with_field_and_index(changed, field, index):
    """Whatever lies outside its range is refused before anything is computed."""
    with pytest.raises(InvalidInput) as caught:
        instance(**changed)
    assert (caught.value.field, caught.value.index) == (field, index)
    assert caught.value.exit_code == 2


def test_an_order_that_no_server_runs_is_named():
    """By its id, all of them."""
    with pytest.raises(Infeasible) as caught:
        instance([[INF, INF], [1, INF], [INF, INF]], order_ids=["a", "b", "c"])
    assert caught.value.order_ids == ("a", "c")


def test_ids_that_occur_twice_are_named():
    """The second one is to blame."""
    with pytest.raises(DuplicateId) as caught:
        instance(order_ids=["a", "b", "a"])
    assert caught.value.index == (2,)


@pytest.mark.parametrize(
    ("scale", "watts"), [(1e300, 1e10), (1e-300, 1e-10), (1e-320, 1.0), (1e200, 1e200)]
)
def test_products_that_leave_float64_are_refused(scale, watts):
    """Rather than planned wrongly."""
    with pytest.raises(OutOfRange):
        Instance(np.full((9, 2), scale), busy_w=[watts] * 2, idle_w=[watts] * 2, penalty=0)


@pytest.mark.parametrize("scale", [1e300, 1e-300])
def test_very_large_and_very_small_times_are_planned_as_others(scale):
    """The plan is the same, the gap as small; all is scaled before it is multiplied."""
    rng = np.random.default_rng(3)
    etc = rng.uniform(1, 9, (30, 4))
    common = solve(Instance(etc, busy_w=np.ones(4), idle_w=np.ones(4)), seed=1)
    extreme = solve(Instance(etc * scale, busy_w=np.ones(4), idle_w=np.ones(4)), seed=1)
    assert extreme.gap == pytest.approx(common.gap, abs=2e-2)
    assert extreme.makespan / scale == pytest.approx(common.makespan, rel=2e-2)


def test_other_types_are_converted_once():
    """Float32, integers and matrices in another order mean what the same float64 does."""
    etc = np.array([[2, 1], [3, 5], [6, 3]])
    for same in (etc.astype(np.float32), np.asfortranarray(etc), np.repeat(etc, 2, axis=1)[:, ::2]):
        found = instance(same)
        assert found.etc.dtype == np.float64
        assert found.etc.flags.c_contiguous
        assert found.sha256 == instance(etc.astype(float)).sha256
        assert (
            solve(found).assignment.tolist()
            == solve(instance(etc.astype(float))).assignment.tolist()
        )


def test_an_instance_cannot_be_changed_afterwards():
    """Neither through the matrix it was made of nor through its own."""
    etc = np.array(ETC)
    found = instance(etc)
    etc[0, 0] = 99.0
    assert found.etc[0, 0] == 2.0
    for array in (found.etc, found.busy_w, found.cost):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 1.0
    with pytest.raises(AttributeError):
        found.penalty = 1.0


def test_the_worked_example_of_the_documentation():
    """Lengths 2000, 3000, 6000 MI; 1000 MIPS at 10 and 6 W, 2000 MIPS at 80 and 48 W."""
    found = instance()
    assert found.capacity == 0.5 * (6 + 48) + 0.5 == 27.5
    assert found.cost.tolist() == [[4, 16], [6, 24], [12, 48]]
    best = found.evaluate([1, 0, 1])
    assert (best.energy, best.makespan, best.cost) == (3 * 10 + 1 * 6 + 4 * 80, 4, 180)
    assert best.cost == 16 + 6 + 48 + 27.5 * 4


def test_started_work_counts_in_the_makespan_but_not_as_energy_of_the_plan():
    """R = 1, 5: M = 5; only the least power F·R of that time remains in E."""
    found = instance([[2, 1]], ready=[1, 5]).evaluate([0])
    assert found.makespan == 5
    assert found.energy == (1 * 6 + 2 * 10 + 2 * 6) + 5 * 48


def test_a_server_that_may_sleep_idles_before_it_does():
    """Of 4 s without work the first is spent at 48 W, the others at 3 W."""
    found = instance([[4, 1]], sleep_w=[NAN, 3], sleep_after_s=[0, 1])
    assert found.floor_w.tolist() == [6, 3]
    assert found.evaluate([0]).energy == 4 * 10 + 1 * 48 + 3 * 3
    linear = found.cost[0, 0] + found.capacity * 4
    assert linear == found.evaluate([0]).cost - 0.5 * (48 - 3)


def test_lateness_follows_the_order_in_which_a_server_runs():
    """The heavier order first, then the earlier deadline, then the row."""
    weights, due = [1, 5, 1, 1], [3, 9, 1, 1]
    found = instance(np.ones((4, 2)), deadlines=due, lateness_weights=weights)
    assert found.evaluate([0, 0, 0, 0]).lateness == (2 - 1) + (3 - 1) + (4 - 3)
    assert found.evaluate([0, 0, 1, 1]).lateness == 2 - 1
    past = instance([[1, 1]], deadlines=[-2], lateness_weights=[10])
    assert past.cost.min() == 0.5 * 4 + 30


def test_forbidden_pairs_stay_forbidden_whatever_they_are_multiplied_by():
    """Zero weight, and idle power above busy power."""
    for changed in ({"penalty": 1.0}, {"idle_w": [12, 90]}):
        assert instance([[INF, 1]], **changed).cost[0, 0] == INF


@pytest.mark.parametrize(
    "assignment", [[0, 0], [0, 0, 2], [0, 0, -1], [0.0, 0, 1], [0, 0, 1, 1], [[0, 0, 1]], [0, 0, 0]]
)
def test_an_assignment_that_cannot_be_is_refused(assignment):
    """Too short, too long, no such server, no integers, a forbidden pair."""
    with pytest.raises(InvalidInput) as caught:
        instance([[2, 1], [3, 1.5], [INF, 3]]).evaluate(assignment)
    assert caught.value.field == "assignment"


def test_normalised_weights_weigh_percents():
    """E* and M* are the bounds at penalty 0 and 1; without any power, E* = 0 becomes 1."""
    found = instance(penalty=0.25, normalise=True)
    energy, makespan = found.at(0.0), found.at(1.0)
    least = solve(energy).certificate.bound, solve(makespan).certificate.bound
    assert found.w_energy == pytest.approx(0.75 / least[0])
    assert found.w_makespan == pytest.approx(0.25 / least[1])
    free = instance(busy_w=[0, 0], idle_w=[0, 0], normalise=True)
    assert free.w_energy == 0.5


def test_the_hash_depends_on_all_that_a_cost_depends_on():
    """Another number anywhere, or another id, is another instance."""
    base: dict[str, object] = {"sleep_w": [1, 2], "sleep_after_s": [1, 2], "deadlines": [1, 2, 3]}
    changes: list[dict[str, object]] = [
        {},
        {"etc": [[2.0, 1.0], [3.0, 1.5], [6.0, 3.1]]},
        {"busy_w": [10, 81]},
        {"idle_w": [6, 49]},
        {"penalty": 0.6},
        {"ready": [0, 1]},
        {"sleep_w": [1, NAN]},
        {"sleep_after_s": [1, 1]},
        {"deadlines": [1, 2, 4]},
        {"deadlines": None},
        {"lateness_weights": [1, 1, 2]},
        {"normalise": True},
        {"order_ids": ["a", "b", "c"]},
        {"server_ids": ["a", "b"]},
    ]
    hashes = {instance(**(base | change)).sha256 for change in changes}
    assert len(hashes) == len(changes)
    assert instance(**base).sha256 == instance(**base).sha256
