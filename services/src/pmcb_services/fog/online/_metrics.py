# SPDX-License-Identifier: Apache-2.0
"""What Prometheus is told of a gateway; no order's id, no person, no device."""

from __future__ import annotations

from collections import Counter as Counted
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ._state import Cause, State

if TYPE_CHECKING:
    from ._board import Board
    from ._order import Order

__all__ = ["Metrics"]

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_RATIOS = (0.1, 0.2, 0.5, 0.8, 0.9, 1.0, 1.1, 1.25, 2, 5, 10)
_FINE = (0.001, 0.0015, 0.002, 0.0025, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 1)


class Metrics:
    """Of one gateway.

    Args:
        board: what is open now.

    Attributes:
        registry: what ``/metrics`` shows.
        fenced, redelivered, refused, decision, plan_gap, plan_seconds, replans: told by the parts
            of the gateway that see them.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self.registry = CollectorRegistry()
        self.registry.register(_Open(board))
        self._transitions = self._counter("transitions", "Transitions of orders.", "cause", "class")
        self._misses = self._counter(
            "deadline_misses", "Orders over after their deadline.", "class", "feasible"
        )
        self._waited = self._histogram("wait_seconds", "From admission to start.", "class")
        self._served = self._histogram("service_seconds", "From start to end.", "class")
        self._ratio = Histogram(
            "pmcb_fog_actual_over_predicted",
            "Seconds taken over seconds predicted.",
            ["class"],
            buckets=_RATIOS,
            registry=self.registry,
        )
        self._joules = self._counter("joules", "Energy of the servers, by the model.", "state")
        self._fenced = self._counter("fenced_commits", "Commits of attempts given up.")
        self._redelivered = self._counter("redeliveries", "Offers that came again or too late.")
        self._expired = self._counter("expiries", "Leases that ran out.")
        self._reruns = self._counter("reruns", "Orders that wait again after a lost lease.")
        self._refused = self._counter("refused", "Submissions that were refused.", "code")
        self._replans = self._counter("replans", "Plans made anew.", "adopted")
        self._plan_s = Histogram(
            "pmcb_fog_plan_seconds", "To make a plan.", buckets=_SECONDS, registry=self.registry
        )
        self._gap = Gauge(
            "pmcb_fog_plan_gap", "Proven gap of the newest plan.", registry=self.registry
        )
        self._decision = Histogram(
            "pmcb_fog_decision_seconds",
            "From admitted to assigned, on disk.",
            buckets=_FINE,
            registry=self.registry,
        )

    def count(self, before: Order | None, after: Order) -> None:
        """An order changed."""
        name = after.order_class
        self._transitions.labels(after.cause, name).inc()
        if after.cause in {Cause.LOST, Cause.HELD, Cause.EXHAUSTED}:
            self._expired.inc()
        if after.cause == Cause.LOST:
            self._reruns.inc()
        if after.state is State.STARTED and after.attempts == 1:
            self._waited.labels(name).observe((after.changed_ms - after.arrival_ms) / 1000)
        if after.state in {State.DONE, State.FAILED}:
            if 0 < after.deadline_ms < after.changed_ms:
                self._misses.labels(name, "yes" if after.feasible else "no").inc()
            if before is not None and before.state is State.STARTED:
                took_s = (after.changed_ms - before.changed_ms) / 1000
                self._served.labels(name).observe(took_s)
                if after.state is State.DONE and before.predicted_s > 0:
                    self._ratio.labels(name).observe(took_s / before.predicted_s)

    def fenced(self) -> None:
        """A commit came too late to count."""
        self._fenced.inc()

    def redelivered(self) -> None:
        """A claim of an offer that stands no more."""
        self._redelivered.inc()

    def refused(self, code: str) -> None:
        """A submission was refused."""
        self._refused.labels(code).inc()

    def decided(self, took_s: float, orders: int) -> None:
        """So many orders were assigned, each after this time."""
        for _ in range(orders):
            self._decision.observe(took_s)

    def planned(self, took_s: float, gap: float | None, *, adopted: bool) -> None:
        """A plan was made."""
        self._replans.labels("yes" if adopted else "no").inc()
        self._plan_s.observe(took_s)
        if gap is not None:
            self._gap.set(gap)

    def spend(self, seconds: float) -> None:
        """So much time passed, with the servers as they are."""
        fleet, now = self._board.fleet, self._board.now()
        asleep = fleet.asleep(now)
        for at, server in enumerate(self._board.servers):
            if self._board.place(server).running:
                self._joules.labels("busy").inc(float(fleet.busy_w[at]) * seconds)
            elif not fleet.up[at]:
                continue
            elif asleep[at]:
                self._joules.labels("asleep").inc(float(fleet.floor_w[at]) * seconds)
            else:
                self._joules.labels("idle").inc(float(fleet.idle_w[at]) * seconds)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"pmcb_fog_{name}", about, labels, registry=self.registry)

    def _histogram(self, name: str, about: str, *labels: str) -> Histogram:
        return Histogram(
            f"pmcb_fog_{name}", about, labels, buckets=_SECONDS, registry=self.registry
        )


class _Open(Collector):
    """What is open when somebody looks."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def collect(self) -> Iterable[Metric]:
        """Orders by state and class, queues and servers."""
        orders = GaugeMetricFamily(
            "pmcb_fog_orders", "Orders that are not over.", labels=["state", "class"]
        )
        found = Counted((each.state, each.order_class) for each in self._board.orders.values())
        for (state, name), count in sorted(found.items()):
            orders.add_metric([state, name], count)
        yield orders
        depth = GaugeMetricFamily("pmcb_fog_queue_depth", "Orders queued.", labels=["server"])
        up = GaugeMetricFamily("pmcb_fog_server_up", "1 if its worker is heard.", labels=["server"])
        for server in self._board.servers:
            depth.add_metric([server], len(self._board.place(server).queue))
            up.add_metric([server], int(self._board.is_up(server)))
        yield depth
        yield up
