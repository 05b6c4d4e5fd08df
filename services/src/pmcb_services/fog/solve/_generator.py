# SPDX-License-Identifier: Apache-2.0
"""Instances drawn at random: by seed the same everywhere."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pmcb_services.fog.errors import InvalidInput
from pmcb_services.fog.model import Instance

__all__ = ["braun", "uniform", "unrelated"]

LENGTHS = (1_000.0, 20_000.0)
"""MI; assumed, the paper gives none."""

SPEEDS = (500.0, 2_500.0)
"""MIPS; assumed as well."""

AFFINITY = 0.6
"""Standard deviation of the logarithm of g_ij."""

TASKS = {"hi": 3000.0, "lo": 100.0}
MACHINES = {"hi": 1000.0, "lo": 10.0}

Floats = NDArray[np.float64]
Consistency = Literal["c", "i", "s"]
Heterogeneity = Literal["hi", "lo"]


def uniform(
    n: int,
    m: int,
    seed: int,
    *,
    penalty: float = 0.5,
    idle: float = 0.6,
    coefficient: float = 1e-8,
) -> Instance:
    """Orders on uniform machines: p_ij = L_i/s_j.

    Args:
        n: orders; lengths uniform in 1000...20000 MI.
        m: servers; speeds uniform in 500...2500 MIPS.
        seed: of speeds, then lengths.
        penalty: pi.
        idle: phi, idle power over busy power, at least 0.
        coefficient: b of the busy power b·s³, in W/MIPS³.
    """
    speeds, lengths, _ = _drawn(n, m, seed)
    return _instance(lengths[:, None] / speeds, speeds, penalty, idle, coefficient)


def unrelated(
    n: int,
    m: int,
    seed: int,
    *,
    penalty: float = 0.5,
    idle: float = 0.6,
    coefficient: float = 1e-8,
) -> Instance:
    """Orders on unrelated machines: p_ij = g_ij·L_i/s_j, ln g_ij normal with deviation 0.6.

    Arguments as of `uniform`; the affinities g are drawn after the lengths.
    """
    speeds, lengths, rng = _drawn(n, m, seed)
    affinity = np.exp(rng.normal(0.0, AFFINITY, (n, m)))
    return _instance(affinity * lengths[:, None] / speeds, speeds, penalty, idle, coefficient)


def braun(
    consistency: Consistency,
    task: Heterogeneity,
    machine: Heterogeneity,
    n: int = 512,
    m: int = 16,
    *,
    seed: int,
) -> Instance:
    """An instance of the kind of Braun et al., for the makespan alone.

    "A Comparison of Eleven Static Heuristics for Mapping a Class of Independent Tasks onto
    Heterogeneous Distributed Computing Systems", JPDC 61, 2001: p_ij = b_i·U(1, h) with b_i
    uniform in 1...3000 (task "hi") or 1...100, and h = 1000 (machine "hi") or 10.

    Args:
        consistency: "c": a server that is quicker for one order is so for all (sorted rows); "s":
            that holds among the servers 0, 2, 4, ... alone; "i": nowhere.
        task: heterogeneity of the orders, "hi" or "lo".
        machine: heterogeneity of the servers, "hi" or "lo".
        n: orders.
        m: servers.
        seed: of the b_i, then the factors.
    """
    if consistency not in ("c", "i", "s") or task not in TASKS or machine not in MACHINES:
        raise InvalidInput("The kinds are c, i or s; hi or lo; hi or lo.", field="consistency")
    rng = np.random.default_rng(seed)
    base = rng.uniform(1.0, TASKS[task], (n, 1))
    etc = base * rng.uniform(1.0, MACHINES[machine], (n, m))
    step = {"c": 1, "s": 2, "i": m}[consistency]
    etc[:, ::step].sort(axis=1)
    return Instance(etc, busy_w=np.zeros(m), idle_w=np.zeros(m), penalty=1.0)


def _drawn(n: int, m: int, seed: int) -> tuple[Floats, Floats, np.random.Generator]:
    if n < 0 or m < 1:
        raise InvalidInput(
            "There are n >= 0 orders and m >= 1 servers.", field="n" if n < 0 else "m"
        )
    rng = np.random.default_rng(seed)
    return rng.uniform(*SPEEDS, m), rng.uniform(*LENGTHS, n), rng


def _instance(
    etc: Floats, speeds: Floats, penalty: float, idle: float, coefficient: float
) -> Instance:
    busy_w = coefficient * speeds**3
    return Instance(etc, busy_w=busy_w, idle_w=idle * busy_w, penalty=penalty)
