# SPDX-License-Identifier: Apache-2.0
"""Servers, orders, and what goes wrong, as a file has them."""

import copy
import json
import math
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmcb_services.fog.errors import DuplicateId, FogError, Infeasible, ScenarioError
from pmcb_services.fog.sim import Scenario

WARD: dict[str, Any] = {
    "schema": "pmcb-fog/1",
    "seed": 1,
    "model": {"penalty": 0.5, "idle": 0.6, "coefficient": 1e-8, "normalise": False},
    "servers": [
        {
            "id": "ward-1",
            "speed": 1800,
            "bandwidth": 100,
            "memory": 4096,
            "storage": 64,
            "kinds": ["upload"],
            "busy_w": None,
            "idle_w": None,
            "sleep_w": 2.9,
            "sleep_after": 1.0,
            "wake_s": 0.1,
        },
        {"id": "ward-2", "speed": 1000},
    ],
    "orders": [
        {
            "id": "o1",
            "kind": "upload",
            "class": "upload",
            "length": 5200,
            "size": 0.4,
            "arrival": 0,
            "deadline": 20,
            "weight": 1,
        },
        {"id": "o2", "class": "control", "length": 300},
    ],
    "etc": None,
    "arrivals": {
        "process": "poisson",
        "rate": 3,
        "horizon": 60,
        "mix": {"control": 0.4, "retrieval": 0.4, "upload": 0.2},
    },
    "failures": [
        {"at": 10, "until": 16, "server": "ward-1", "kind": "crash"},
        {"at": 20, "server": "ward-2", "kind": "slow", "factor": 2},
    ],
    "etc_error": 0.2,
}
MISSING = object()


def changed(pointer, value):
    """The ward with one field of another value, or without it."""
    document = copy.deepcopy(WARD)
    *path, last = pointer.strip("/").split("/")
    place: Any = document
    for part in path:
        place = place[int(part) if part.isdigit() else part]
    key = int(last) if last.isdigit() else last
    if value is MISSING:
        del place[key]
    else:
        place[key] = value
    return document


def paths(value, pointer=""):
    """Every place in a document."""
    if pointer:
        yield pointer
    entries = enumerate(value) if isinstance(value, list) else ()
    for key, below in value.items() if isinstance(value, dict) else entries:
        yield from paths(below, f"{pointer}/{key}")


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/schema", "pmcb-fog/2"),
        ("/schema", MISSING),
        ("/sched", 1),
        ("/seed", -1),
        ("/seed", 1.5),
        ("/model/penalty", 1.01),
        ("/model/penalty", "0.5"),
        ("/model/penalty", True),
        ("/model/idle", -0.1),
        ("/model/weight", 1),
        ("/servers", []),
        ("/servers", {}),
        ("/servers/0/id", "Ward 1"),
        ("/servers/0/id", "a" * 33),
        ("/servers/0/speed", 0),
        ("/servers/0/speed", -1),
        ("/servers/0/speed", math.nan),
        ("/servers/0/speed", math.inf),
        ("/servers/0/speed", MISSING),
        ("/servers/0/speed", 10**400),
        ("/servers/0/sleep_w", 50),
        ("/servers/0/watts", 1),
        ("/orders/0/length", 0),
        ("/orders/0/length", math.nan),
        ("/orders/0/length", MISSING),
        ("/orders/0/class", "urgent"),
        ("/orders/0/size", -1),
        ("/orders/0/arrival", -1),
        ("/orders/1/kind", 5),
        ("/arrivals/rate", 0),
        ("/arrivals/rate", 1e9),
        ("/servers/0/speed", 1e200),
        ("/orders/0/length", 1e-200),
        ("/arrivals/mix", {}),
        ("/arrivals/mix", {"control": 0.0}),
        ("/arrivals/mix/control", "much"),
        ("/failures/0/server", "ward-9"),
        ("/failures/0/until", 10),
        ("/failures/0/kind", "fire"),
        ("/failures/0/factor", 2),
        ("/failures/1/factor", MISSING),
        ("/failures/1/factor", 0.5),
        ("/etc_error", -1),
        ("/etc", 5),
        ("/etc", [[1, 2]]),
    ],
)
def test_a_field_that_is_wrong_is_pointed_at(pointer, value):
    """RFC 6901; a value never stands in the message."""
    with pytest.raises(ScenarioError) as refused:
        Scenario.parse(changed(pointer, value))
    assert refused.value.pointer == pointer
    assert refused.value.exit_code == 2
    assert "0.5" not in str(refused.value).replace(pointer, "")


@pytest.mark.parametrize(
    ("pointer", "etc"),
    [
        ("/etc/1", [[1, 2], [1]]),
        ("/etc/0/1", [[1, "2"], [1, 2]]),
        ("/etc/1/0", [[1, 2], [0, 2]]),
        ("/etc/1/0", [[1, 2], [True, 2]]),
        ("/etc/0/0", [[math.inf, 2], [1, 2]]),
        ("/etc/0/0", [[10**400, 2], [1, 2]]),
        ("/etc", "elsewhere.npy"),
    ],
)
def test_a_wrong_entry_of_the_matrix_is_pointed_at(pointer, etc):
    """Without a folder a path is none of these."""
    with pytest.raises(ScenarioError) as refused:
        Scenario.parse(changed("/etc", etc))
    assert refused.value.pointer == pointer


def test_failures_that_overlap_on_a_server_are_refused():
    """It cannot crash while it is down."""
    again = {"at": 12, "until": 20, "server": "ward-1", "kind": "partition"}
    with pytest.raises(ScenarioError) as refused:
        Scenario.parse(changed("/failures", [WARD["failures"][0], again]))
    assert refused.value.pointer == "/failures/1/at"


@pytest.mark.parametrize("part", ["servers", "orders"])
def test_an_id_stands_once(part):
    """Of servers and of orders."""
    with pytest.raises(DuplicateId, match=f"/{part}/2"):
        Scenario.parse(changed(f"/{part}", [*WARD[part], WARD[part][0]]))


def test_an_order_whose_kind_no_server_has_is_named():
    """Offline nothing can wait for such a server."""
    document = changed("/servers", WARD["servers"][:1])
    document["arrivals"] = None
    document["failures"] = []
    with pytest.raises(Infeasible) as refused:
        Scenario.parse(document).instance()
    assert refused.value.order_ids == ("o2",)


@pytest.mark.parametrize("content", ["", "{", "[]", "5", '"x"', "[" * 100_000])
def test_a_file_that_is_no_scenario_is_refused(tmp_path, content):
    """Also one that is not there, or nests too deep."""
    path = tmp_path / "ward.json"
    path.write_text(content)
    with pytest.raises(ScenarioError):
        Scenario.read(path)
    with pytest.raises(ScenarioError, match="read"):
        Scenario.read(tmp_path / "absent.json")


def test_the_example_is_read_as_it_stands(tmp_path):
    """Powers follow from speeds, kind and weight from the class, what is null from its meaning."""
    path = tmp_path / "ward.json"
    path.write_text(json.dumps(WARD))
    ward = Scenario.read(path)
    first, second = ward.servers
    assert first.busy_w == pytest.approx(1e-8 * 1800**3)
    assert first.idle_w == pytest.approx(0.6 * first.busy_w)
    assert (second.sleep_w, second.bandwidth, second.kinds) == (None, math.inf, None)
    o2 = ward.orders[1]
    assert (o2.kind, o2.weight, o2.deadline, o2.at) == ("control", 100, math.inf, 0)
    assert ward.rows[:2].tolist() == [
        [pytest.approx(5200 / 1800 + 0.4 / 100), pytest.approx(5.2)],
        [math.inf, pytest.approx(0.3)],
    ]
    assert ward.failures[1].until == math.inf


def test_a_matrix_overrides_lengths(tmp_path):
    """As JSON, null forbidden, or as a file beside the scenario."""
    document = changed("/etc", [[1, None], [2, 3.5]])
    document["arrivals"] = None
    given = Scenario.parse(document)
    np.save(tmp_path / "etc.npy", np.array([[1, np.inf], [2, 3.5]], dtype=np.float32))
    (tmp_path / "ward.json").write_text(json.dumps({**document, "etc": "etc.npy"}))
    beside = Scenario.read(tmp_path / "ward.json")
    assert given.rows.tolist() == beside.rows.tolist() == [[1, math.inf], [2, 3.5]]


@pytest.mark.parametrize(
    "array",
    [np.ones((2, 3)), np.array([[1, 2], [0, 1]]), np.array([["a", "b"], ["c", "d"]])],
    ids=["shape", "zero", "texts"],
)
def test_a_file_that_holds_no_such_matrix_is_refused(tmp_path, array):
    """Nor are objects unpickled."""
    np.save(tmp_path / "etc.npy", array)
    with pytest.raises(ScenarioError) as refused:
        Scenario.parse(changed("/etc", "etc.npy"), folder=tmp_path)
    assert refused.value.pointer == "/etc"


def test_deadlines_are_weighed_as_the_gateway_weighs_them():
    """1e4 times the weight, per second."""
    document = changed("/arrivals", None)
    instance = Scenario.parse(document).instance()
    assert instance.deadlines is not None
    assert instance.lateness_weights is not None
    assert instance.deadlines.tolist() == [20, math.inf]
    assert instance.lateness_weights.tolist() == [1e4, 1e6]
    document["orders"] = [WARD["orders"][1]]
    assert Scenario.parse(document).instance().deadlines is None


def test_the_same_seed_draws_the_same_orders():
    """Another one draws others; listed orders come first."""
    one, again = Scenario.parse(WARD), Scenario.parse(WARD)
    other = Scenario.parse(changed("/seed", 2))
    assert one.arrivals == again.arrivals != other.arrivals
    assert one.arrivals[:2] == one.orders


@pytest.mark.parametrize("listed", [0, 1], ids=["no-orders", "one-order"])
def test_few_orders_and_one_server_are_fine(listed):
    """An empty matrix has no rows, not one."""
    document = {**WARD, "servers": WARD["servers"][1:], "orders": WARD["orders"][1 : 1 + listed]}
    instance = Scenario.parse({**document, "arrivals": None, "failures": []}).instance()
    assert (instance.n, instance.m) == (listed, 1)


NUMBERS = st.one_of(st.integers(-2, 3), st.floats(), st.sampled_from([1e-9, 1e12]))
LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), NUMBERS, st.text(max_size=3), st.just([])
)


@given(st.sampled_from([*paths(WARD)]), st.one_of(LEAVES, st.lists(LEAVES, max_size=2)))
def test_whatever_stands_in_a_field_nothing_but_an_error_of_ours_comes_out(pointer, value):
    """Accepted or refused by name, never a defect."""
    with suppress(FogError):
        Scenario.parse(changed(pointer, value)).instance()
