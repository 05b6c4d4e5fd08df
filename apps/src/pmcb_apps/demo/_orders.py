# SPDX-License-Identifier: Apache-2.0
"""The story's own requests as orders of a fog: planned with a proof, beside what others plan."""

import numpy as np

from pmcb_services.fog import solve
from pmcb_services.fog.sim import CLASSES, Scenario

from ._result import Planned, Planning

SERVERS = 10
SLOWEST, FASTEST = 500.0, 2500.0  # MIPS
RIVALS = {"ba": "bat algorithm", "pso": "particle swarm", "abc": "bee colony"}
EVALUATIONS = 20_000  # of each rival: a population of 40 over 500 iterations


def plan(uploads: int, queries: int, *, seed: int) -> Planning:
    """Assign every answer and every question to a server, four times.

    Args:
        uploads: answers that were sent.
        queries: questions that a store was asked.
        seed: draws lengths, uniform within the class of order, and speeds, as nobody measured them.
    """
    rng = np.random.default_rng(seed)
    speeds = rng.uniform(SLOWEST, FASTEST, SERVERS).tolist()
    classes = ["upload"] * uploads + ["retrieval"] * queries
    lengths = [float(rng.uniform(CLASSES[c].shortest, CLASSES[c].longest)) for c in classes]
    orders = [
        {"id": f"{c}-{k}", "class": c, "length": length}
        for k, (c, length) in enumerate(zip(classes, lengths, strict=True), 1)
    ]
    servers = [{"id": f"fog-{k}", "speed": speed} for k, speed in enumerate(speeds, 1)]
    document = {"schema": "pmcb-fog/1", "servers": servers, "orders": orders}
    instance = Scenario.parse(document).instance()
    ours = solve(instance, seed=seed)
    others = [solve(instance, name, EVALUATIONS, seed=seed) for name in RIVALS]
    found = [
        Planned(name, each.energy, each.makespan, each.gap)
        for name, each in zip(["price-space bats", *RIVALS.values()], [ours, *others], strict=True)
    ]
    return Planning(uploads=uploads, queries=queries, servers=SERVERS, plans=found)
