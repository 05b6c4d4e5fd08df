# SPDX-License-Identifier: Apache-2.0
"""What is asked of plans in the fog."""

from dataclasses import dataclass

UNIFORM, UNRELATED = "uniform", "unrelated"


@dataclass(frozen=True)
class Case:
    """Batches of one kind, each planned within every one of some times.

    Attributes:
        kind: of servers, ``uniform`` or ``unrelated``.
        orders, servers: n and m.
        within: seconds, and the gap in percent that no batch may exceed.
    """

    kind: str
    orders: int
    servers: int
    within: tuple[tuple[float, float], ...]


CASES = (
    Case(UNIFORM, 100, 10, ((0.01, 0.1), (0.5, 0.02))),
    Case(UNIFORM, 1000, 10, ((0.15, 0.02),)),
    Case(UNIFORM, 5000, 50, ((0.15, 0.02),)),
    Case(UNRELATED, 512, 16, ((0.05, 0.8),)),
    Case(UNRELATED, 1000, 10, ((0.05, 0.4),)),
    Case(UNRELATED, 5000, 50, ((0.25, 0.4),)),
    Case(UNRELATED, 20_000, 100, ((1.0, 0.25),)),
    Case(UNRELATED, 100, 10, ((2.0, 2.0),)),
)
BOUNDS = {(512, 16): 0.002, (5000, 50): 0.05}
"""Seconds by orders and servers, for a bound at most `BELOW` percent below the LP."""

BELOW = 0.01
BRAUN = {2.0: (0.6, 1.8), 30.0: (0.3, 0.6)}
"""Percent over the best known makespan, mean and worst, by seconds; 30 s on two processors."""

LARGE_S, LARGE_MEAN, LARGE_STRETCH = 10.0, 0.8, 0.6
BEATEN, BEATEN_STRETCH = 1, 2
TIMES = 100.0
"""The gap of every other library is at least so many times ours."""

RIVALS = ((512, 16), (5000, 50))
RIVAL_S = 2.0
SAVED = 0.25
FORESEEN = 0.05
FRONT_GAP, FRONT_S = 0.5, 1.0
DECISION_MS = 5.0
