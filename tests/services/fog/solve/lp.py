# SPDX-License-Identifier: Apache-2.0
"""Odd instances, and the LP relaxation by HiGHS, which bounds are compared with."""

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from pmcb_services.fog import Instance

INF, NAN = np.inf, np.nan


def drawn(seed, *, n=12, m=4):
    """An instance with a bit of everything: forbidden pairs, sleep, deadlines, odd idle power."""
    rng = np.random.default_rng(seed)
    etc = rng.lognormal(0, 1.5, (n, m))
    etc[(rng.random((n, m)) < 0.2) & (np.arange(m) != rng.integers(0, m, (n, 1)))] = INF
    busy = rng.uniform(0, 50, m)
    idle = busy * rng.choice([0.0, 0.1, 0.6, 1.3], m)
    sleep = np.where(rng.random(m) < 0.5, NAN, idle * rng.random(m))
    dated = rng.random() < 0.5
    return Instance(
        etc,
        busy_w=busy,
        idle_w=idle,
        penalty=rng.choice([0.0, 0.3, 1.0]),
        ready=rng.choice([0.0, 3.0]) * rng.random(m),
        sleep_w=sleep,
        sleep_after_s=rng.random(m),
        deadlines=rng.uniform(-2, 9, n) if dated else None,
        lateness_weights=rng.uniform(0, 9, n) if dated else None,
    )


def optimum(instance) -> float:
    """The least sum c x + K M with every order placed once and R_j + sum p x <= M."""
    n, m = instance.n, instance.m
    rows, columns = np.nonzero(np.isfinite(instance.etc))
    count = len(rows)
    each = np.arange(count)
    once = coo_array((np.ones(count), (rows, each)), shape=(n, count + 1))
    data = np.append(instance.etc[rows, columns], -np.ones(m))
    place = np.append(columns, np.arange(m)), np.append(each, np.full(m, count))
    loads = coo_array((data, place), shape=(m, count + 1))
    found = linprog(
        np.append(instance.cost[rows, columns], instance.capacity),
        A_eq=once.tocsr(),
        b_eq=np.ones(n),
        A_ub=loads.tocsr(),
        b_ub=-instance.ready,
        bounds=(0, None),
        method="highs",
    )
    assert found.status == 0
    return float(found.fun)
