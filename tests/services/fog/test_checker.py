# SPDX-License-Identifier: Apache-2.0
"""The checker accepts what is right and finds every kind of wrong."""

import ast
import copy
import inspect
import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.services.fog.solve.lp import drawn

from pmcb_services.fog import Instance, check, checker, solve
from pmcb_services.fog.errors import CertificateRejected
from pmcb_services.fog.solve import uniform, unrelated

INF, NAN = np.inf, np.nan


def batch(**changed):
    given: dict[str, Any] = {
        "etc": [[2.0, 1.0], [3.0, 1.5], [7.0, 3.4], [5.0, INF]],
        "busy_w": [10, 80],
        "idle_w": [6, 48],
        "ready": [0.5, 0.0],
        "order_ids": ["a", "b", "c", "d"],
        "server_ids": ["ward", "roof"],
    }
    return Instance(**(given | changed))


KINDS = {
    "plain": batch(),
    "sleeping": batch(sleep_w=[NAN, 3], sleep_after_s=[0, 0.25]),
    "dated": batch(deadlines=[1, 2, INF, -3], lateness_weights=[1, 2, 3, 4]),
    "normalised": batch(normalise=True, penalty=0.3),
    "idle dearer than busy": batch(idle_w=[12, 90]),
    "energy alone": batch(penalty=0.0),
    "makespan alone": batch(penalty=1.0),
    "nothing costs": batch(penalty=0.0, idle_w=[0, 0]),
    "no orders": Instance(np.empty((0, 3)), busy_w=[1, 1, 1], idle_w=[1, 1, 1]),
    "one server": Instance([[1.0], [2.0]], busy_w=[1], idle_w=[1]),
    "fewer orders": Instance([[1.0, 2.0, 3.0]], busy_w=[1, 1, 1], idle_w=[1, 1, 1]),
    "equal servers": Instance(np.ones((7, 3)), busy_w=[1, 1, 1], idle_w=[1, 1, 1]),
    "large numbers": Instance(np.full((5, 2), 1e300), busy_w=[1, 1], idle_w=[1, 1]),
    "small numbers": Instance(np.full((5, 2), 1e-300), busy_w=[1, 1], idle_w=[1, 1]),
    "uniform": uniform(60, 6, 1),
    "unrelated": unrelated(60, 6, 1),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("algorithm", ["pricebat", "lpt", "minmin"])
def test_plans_of_all_kinds_of_instances_are_accepted(kind, algorithm):
    """As they are, and after a way through two files."""
    instance = KINDS[kind]
    plan = solve(instance, algorithm, effort=40_000)
    check(instance, plan)
    check(*(json.loads(json.dumps(each.document())) for each in (instance, plan)))


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_plans_of_odd_instances_are_accepted(seed):
    """Forbidden pairs, sleep, deadlines in the past, idle power above busy power, all at once."""
    instance = drawn(seed)
    check(instance, solve(instance, "mct"))


def test_deadlines_missed_by_a_hair_prove_no_less():
    """Where two large times nearly cancel, the bound is lowered by what rounding may hide."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        etc = rng.uniform(1, 9, (20, 3)) * 10.0 ** rng.integers(-3, 7)
        instance = Instance(
            etc,
            busy_w=[9, 20, 60],
            idle_w=rng.choice([0.1, 1.5]) * np.array([9, 20, 60]),
            deadlines=etc.min(axis=1) * (1 - rng.choice([1e-12, 1e-9, 1e-3], 20)),
            lateness_weights=np.full(20, 1e6),
        )
        check(instance, solve(instance, "mct"))


def test_no_orders_are_a_plan_without_gap():
    """There is nothing to prove."""
    plan = solve(KINDS["no orders"])
    assert (plan.gap, plan.cost, plan.assignment.tolist()) == (0.0, 0.0, [])


def told(instance):
    return copy.deepcopy(solve(instance, "lpt").document())


def _certificate(**changed):
    def change(document):
        document["certificate"].update(changed)

    return change


def _plan(**changed):
    return lambda document: document.update(changed)


def _scaled(name, factor, *, certificate=False):
    def change(document):
        part = document["certificate"] if certificate else document
        part[name] *= factor

    return change


def _prices(factor):
    def change(document):
        prices = document["certificate"]["prices"]
        document["certificate"]["prices"] = [factor * price for price in prices]

    return change


def _moved(order, server):
    def change(document):
        document["assignment"][order] = server

    return change


def _lost(document):
    del document["assignment"]["a"]


def _one_more(document):
    document["assignment"]["e"] = "ward"


def _without(document):
    del document["certificate"]


MUTANTS = [
    (_scaled("bound", 1 + 1e-9, certificate=True), "bound is above"),
    (_scaled("cost", 1 + 3e-9), "cost is not"),
    (_scaled("cost", 0.99, certificate=True), "cost is not"),
    (_scaled("energy", 0.99), "energy is not"),
    (_scaled("makespan", 0.99), "makespan is not"),
    (_scaled("gap", 0.5), "gap is wrong"),
    (_scaled("gap", 0.5, certificate=True), "gap is wrong"),
    (_plan(gap=None), "gap is missing"),
    (_prices(1 + 1e-9), "exceeds K"),
    (_certificate(prices=[-1e-300, 1.0]), "below 0"),
    (_certificate(prices=[1.0]), "2 numbers"),
    (_certificate(prices=[NAN, 1.0]), "no finite number"),
    (_certificate(bound=INF), "no finite number"),
    (_certificate(bound="1"), "no finite number"),
    (_certificate(bound=True), "no finite number"),
    (_certificate(w_energy=0.4), "w_energy"),
    (_certificate(w_makespan=0.4), "w_makespan"),
    (_certificate(instance_sha256="00"), "another instance"),
    (_moved("d", "roof"), "may not run"),
    (_moved("a", "cellar"), "on no server"),
    (_lost, "3 are placed"),
    (_one_more, "5 are placed"),
    (_without, "certificate is missing"),
]


@pytest.mark.parametrize(("change", "reason"), MUTANTS)
def test_a_plan_that_is_wrong_anywhere_is_rejected(change, reason):
    """Each rule is broken once, mostly by a little; the reason names it."""
    document = told(batch())
    change(document)
    with pytest.raises(CertificateRejected, match=reason) as caught:
        check(batch(), document)
    assert caught.value.reason == str(caught.value)
    assert caught.value.exit_code == 1


def test_a_plan_is_of_one_instance_only():
    """Also if only a time, a power or the ids differ."""
    document = told(batch())
    for other in (
        batch(busy_w=[10, 81]),
        batch(order_ids=["b", "a", "c", "d"]),
        batch(penalty=0.6),
    ):
        with pytest.raises(CertificateRejected):
            check(other, document)


DATED = {"deadlines": [1, 1, 1, 1], "lateness_weights": [1, 1, 1, -1]}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"sleep_w": [7, None]}, "Sleep costs more"),
        ({"w_energy": 0.6}, "not those of the penalty"),
        ({"penalty": 1.5}, "from 0 to 1"),
        ({"normalise": True, "penalty": 0.0}, "not those of the penalty"),
        ({"order_ids": ["a", "a", "c", "d"]}, "an id twice"),
        ({"order_ids": "abcd"}, "order_ids is missing"),
        ({"etc": [[1.0, 1.0]]}, "one row per order"),
        ({"etc": [[1.0, 1.0]] * 3 + [[1.0]]}, "2 numbers"),
        ({"busy_w": [10, "80"]}, "no finite number"),
        (DATED, "weight of lateness"),
    ],
)
def test_an_instance_that_contradicts_itself_proves_nothing(changed, reason):
    """Sleep dearer than idling, weights of another penalty: the bound would be false."""
    with pytest.raises(CertificateRejected, match=reason):
        check(batch().document() | changed, told(batch()))


def test_the_bound_is_compared_without_rounding():
    """The exact D(lambda) is accepted; the next float64 above it is not."""
    instance = batch(ready=[0.0, 0.0])
    plan = solve(instance, "lpt")
    prices = [Fraction(price) for price in plan.certificate.prices]
    slopes = [Fraction(4, 2) + prices[0], Fraction(32, 2) + prices[1]]
    dual = sum(
        min(Fraction(p) * slope for p, slope in zip(row, slopes, strict=True) if p < INF)
        for row in instance.etc.tolist()
    )
    near = float(dual)
    highest = near if Fraction(near) <= dual else float(np.nextafter(near, 0))
    for bound, holds in ((highest, True), (float(np.nextafter(highest, INF)), False)):
        gap = (plan.cost - bound) / bound
        changed = replace(plan.certificate, bound=bound, gap=gap)
        document = replace(plan, certificate=changed, gap=gap)
        if holds:
            check(instance, document)
        else:
            with pytest.raises(CertificateRejected, match="bound is above"):
                check(instance, document)


def test_the_checker_needs_the_standard_library_alone():
    """Nothing it could share an error with; of ours only the class that it raises."""
    tree = ast.parse(inspect.getsource(checker))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {
        alias.name if isinstance(node, ast.Import) else f"{'.' * node.level}{node.module}"
        for node in imports
        for alias in node.names
    }
    ours = {".errors"}
    assert names - ours <= sys.stdlib_module_names | {"__future__", "collections.abc"}


def test_checking_waits_for_no_numbers_and_no_compiler():
    """A process that only checks imports neither NumPy nor numba."""
    script = "import pmcb_services.fog.checker, sys; print({'numpy', 'numba'} & set(sys.modules))"
    answer = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert answer.stdout.strip() == "set()"
