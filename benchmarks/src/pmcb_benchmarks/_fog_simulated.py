# SPDX-License-Identifier: Apache-2.0
"""A fog at 60 % load under each policy, and batches whose expected times were wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from pmcb_services.fog import Instance, solve
from pmcb_services.fog.sim import CLASSES, Policy, Scenario, simulate

__all__ = ["SIGMA", "foreseen", "loaded"]

MIX = {"control": 0.4, "retrieval": 0.4, "upload": 0.2}
SLOWEST, FASTEST = 500.0, 2500.0  # MIPS
SLEEP = {"sleep_after": 1.0, "wake_s": 0.1}
ASLEEP = 0.05  # of busy power
LONGEST = (1000.0, 20_000.0)  # MI, of the batches
SIGMA = 0.2


def loaded(
    seed: int, *, servers: int, horizon_s: float, load: float = 0.6, etc_error: float = 0.0
) -> dict[str, Any]:
    """Joules and late orders by policy, for the same servers, orders and errors.

    Args:
        seed: of speeds, orders and errors.
        servers: all of them may sleep.
        horizon_s: orders arrive for so long.
        load: work that arrives in a second over what all servers do in one.
        etc_error: sigma of the log-normal error of expected times.
    """
    rng = np.random.default_rng(seed)
    speeds = rng.uniform(SLOWEST, FASTEST, servers)
    mean = sum(share * CLASSES[name].mean for name, share in MIX.items())
    scenario = Scenario.parse(
        {
            "schema": "pmcb-fog/1",
            "seed": seed,
            "servers": [
                {"id": f"s{j}", "speed": s, "sleep_w": ASLEEP * 1e-8 * s**3, **SLEEP}
                for j, s in enumerate(speeds.tolist())
            ],
            "arrivals": {
                "rate": float(load * speeds.sum() / mean),
                "horizon": horizon_s,
                "mix": MIX,
            },
            "etc_error": etc_error,
        }
    )
    return {str(policy): _told(simulate(scenario, policy).summary) for policy in Policy}


def _told(summary: Any) -> dict[str, Any]:
    late = {name: found["late_share"] for name, found in summary["classes"].items()}
    return {"energy": summary["energy"], "orders": summary["orders"], "late": late}


def foreseen(seed: int, n: int, m: int, *, unrelated: bool) -> dict[str, float]:
    """Costs of a batch whose times turn out otherwise, over that of a plan that knew them.

    Args:
        seed: of the batch, its affinities and the errors.
        n: orders, all there at once.
        m: servers.
        unrelated: whether affinities are drawn, exp(N(0, 0.6)).

    Returns:
        ``rolling``, which re-plans as orders end, and ``planned``, which does not; 0 is as good.
    """
    rng = np.random.default_rng(seed)
    speeds, lengths = rng.uniform(SLOWEST, FASTEST, m), rng.uniform(*LONGEST, n)
    affinity = np.exp(0.6 * rng.standard_normal((n, m))) if unrelated else np.ones((n, m))
    expected = affinity * lengths[:, None] / speeds
    scenario = Scenario.parse(
        {
            "schema": "pmcb-fog/1",
            "seed": seed,
            "servers": [{"id": f"s{j}", "speed": s} for j, s in enumerate(speeds.tolist())],
            "orders": [{"id": f"o{i}", "length": length} for i, length in enumerate(lengths)],
            "etc": expected.tolist(),
            "etc_error": SIGMA,
        }
    )
    fleet = scenario.fleet()
    true = Instance(expected * scenario.factors[:, None], busy_w=fleet.busy_w, idle_w=fleet.idle_w)
    knew = solve(true).cost
    rolled = simulate(scenario, Policy.ROLLING).summary
    cost = true.w_energy * rolled["energy"] + true.w_makespan * rolled["makespan"]
    planned = true.evaluate(solve(scenario.instance()).assignment).cost
    return {"rolling": cost / knew - 1, "planned": planned / knew - 1}
