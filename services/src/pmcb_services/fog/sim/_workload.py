# SPDX-License-Identifier: Apache-2.0
"""Orders as they arrive, listed or drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pmcb_services.fog.online import WEIGHTS

__all__ = ["CLASSES", "Arrival", "Arrivals", "OrderClass"]


@dataclass(frozen=True)
class OrderClass:
    """What orders of a class are like: lengths uniform in a range [MI], due so soon [s]."""

    shortest: float
    longest: float
    due: float

    @property
    def mean(self) -> float:
        """Mean length [MI]."""
        return (self.shortest + self.longest) / 2


CLASSES = {
    "control": OrderClass(100, 400, 0.25),
    "retrieval": OrderClass(1000, 4000, 1.5),
    "upload": OrderClass(4000, 16000, 20),
}


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """An order as it arrives.

    Attributes:
        id: of the order.
        order_class: one of `CLASSES`.
        kind: a server must be able to run it.
        length: [MI].
        size: of the payload [MB].
        at: when it arrives [s].
        deadline: [s], on the same clock; ``inf`` where there is none.
        weight: a second of lateness costs 1e4 times as much.
    """

    id: str
    order_class: str
    kind: str
    length: float
    size: float = 0.0
    at: float = 0.0
    deadline: float = math.inf
    weight: float = 1.0


@dataclass(frozen=True)
class Arrivals:
    """A Poisson process of orders.

    Attributes:
        rate: orders a second.
        horizon: seconds; nothing arrives later.
        mix: weight of each class; they need not add up to 1.
    """

    rate: float
    horizon: float
    mix: Mapping[str, float]

    def drawn(self, rng: np.random.Generator) -> list[Arrival]:
        """What one run brings: first all times, then classes, then lengths."""
        count = int(rng.poisson(self.rate * self.horizon))
        times = np.sort(rng.uniform(0.0, self.horizon, count)).tolist()
        names = [name for name in CLASSES if self.mix.get(name)]
        shares = np.array([self.mix[name] for name in names])
        picked = rng.choice(len(names), count, p=shares / shares.sum())
        classes = [CLASSES[names[place]] for place in picked]
        low = [each.shortest for each in classes]
        lengths = rng.uniform(low, [each.longest for each in classes]).tolist()
        return [
            Arrival(
                id=f"a{place}",
                order_class=names[picked[place]],
                kind=names[picked[place]],
                length=lengths[place],
                at=times[place],
                deadline=times[place] + classes[place].due,
                weight=WEIGHTS[names[picked[place]]],
            )
            for place in range(count)
        ]
