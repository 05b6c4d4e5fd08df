# SPDX-License-Identifier: Apache-2.0
"""What a simulation found, and its files."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pmcb_services.fog.online._order import Event
from pmcb_services.fog.online._state import Cause, State

from ._policy import Policy
from ._power import Draw
from ._workload import CLASSES

if TYPE_CHECKING:
    from ._record import Record
    from ._scenario import Scenario
    from ._site import Site

__all__ = ["Simulation"]


@dataclass(frozen=True)
class Simulation:
    """What happened.

    Attributes:
        summary: energy, makespan, what became of the orders; by class and by server.
        events: transitions of orders, in their order.
        steps: what each server drew, in the order of time.
    """

    summary: Mapping[str, Any]
    events: Sequence[Event]
    steps: Sequence[Draw]

    @classmethod
    def of(
        cls, scenario: Scenario, policy: Policy, record: Record, site: Site, *, end: float
    ) -> Simulation:
        """What a simulator's parts hold at its end."""
        steps = site.meter.steps(end)
        energy = site.meter.energy
        states = [order.state for order in record.orders.values()]
        causes = [event.cause for event in record.events]
        summary = {
            "policy": str(policy),
            "seed": scenario.seed,
            "orders": len(states),
            **{state.lower(): states.count(state) for state in State if state in states},
            "energy": sum(energy.values()),
            "energy_by_state": {str(state): joules for state, joules in energy.items()},
            "makespan": end,
            "busy_s": site.executed_s,
            "wakes": site.wakes,
            "reruns": causes.count(Cause.LOST),
            "moved": causes.count(Cause.REPLANNED),
            "fenced": record.fenced,
            "classes": {name: found for name in CLASSES if (found := _class(record, name))},
            "servers": {
                server.id: {str(state): spent for state, spent in seconds.items()}
                for server, seconds in zip(scenario.servers, site.meter.seconds, strict=True)
            },
        }
        return cls(summary, record.events, steps)

    def write(self, folder: Path) -> None:
        """``events.jsonl``, ``summary.json`` and ``power.csv``; times in seconds but ``at_ms``."""
        from pmcb_client.files import write_atomic

        folder.mkdir(parents=True, exist_ok=True)
        lines = [
            json.dumps({"seq": seq, **asdict(event)}, ensure_ascii=False)
            for seq, event in enumerate(self.events, 1)
        ]
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(Draw._fields)
        writer.writerows(self.steps)
        files = {
            "events.jsonl": "".join(f"{line}\n" for line in lines),
            "summary.json": json.dumps(self.summary, indent=2) + "\n",
            "power.csv": table.getvalue(),
        }
        for name, text in files.items():
            write_atomic(folder / name, text.encode(), mode=0o644)


def _class(record: Record, name: str) -> dict[str, float] | None:
    """Orders of a class: how many, late ones, and seconds until they began and were done.

    An order that is not done counts as late if it has a deadline.
    """
    orders = [order for order in record.orders.values() if order.order_class == name]
    if not orders:
        return None
    ends = np.array([record.finished.get(order.id, math.inf) for order in orders])
    begun = np.array([record.started.get(order.id, math.inf) for order in orders])
    came = np.array([order.arrival_ms for order in orders]) / 1000
    due = np.array([order.deadline_ms / 1000 or math.inf for order in orders])
    done = np.isfinite(ends)
    late = int((done & (ends > due)).sum() + (~done & np.isfinite(due)).sum())
    found = {"orders": len(orders), "late": late, "late_share": late / len(orders)}
    if done.any():
        took = (ends - came)[done]
        found["wait_mean_s"] = float((begun - came)[done].mean())
        found["took_mean_s"] = float(took.mean())
        found["took_p99_s"] = float(np.quantile(took, 0.99))
    return found
