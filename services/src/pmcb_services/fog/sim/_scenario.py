# SPDX-License-Identifier: Apache-2.0
"""A scenario: servers, orders, and what goes wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pmcb_services.fog.errors import DuplicateId, ScenarioError
from pmcb_services.fog.online import LATENESS, WEIGHTS, Fleet, Server, watts

from ._document import (
    ArrivalsEntry,
    Document,
    FailureEntry,
    Model,
    OrderEntry,
    ServerEntry,
    checked,
)
from ._etc import matrix
from ._failure import Failure
from ._workload import CLASSES, Arrival, Arrivals

if TYPE_CHECKING:
    from pmcb_services.fog.model import Instance

__all__ = ["Scenario"]

_ORDERS = 1_000_000


@dataclass(frozen=True)
class Scenario:
    """What is planned or simulated; docs/fog.md lists the fields of its file.

    Attributes:
        seed: of all that is drawn.
        model: penalty, idle fraction, coefficient, whether weights are normalised.
        servers: m.
        orders: as listed; `arrivals` adds those that are drawn.
        etc: (listed orders, m) seconds, ``inf`` forbidden; ``None``: lengths decide.
        failures: in no order.
        etc_error: sigma of the log-normal factor between expected and actual times.

    >>> Scenario.parse({
    ...     "schema": "pmcb-fog/1",
    ...     "servers": [{"id": "ward", "speed": 1000}],
    ...     "orders": [{"id": "o1", "length": 3000}],
    ... }).instance().etc.tolist()
    [[3.0]]
    """

    seed: int
    model: Model
    servers: tuple[Server, ...]
    orders: tuple[Arrival, ...]
    etc: NDArray[np.float64] | None
    process: Arrivals | None
    failures: tuple[Failure, ...]
    etc_error: float

    @classmethod
    def read(cls, path: str | Path) -> Scenario:
        """A file's scenario.

        Raises:
            ScenarioError: points to the field that is wrong.
            DuplicateId: an id occurs twice.
        """
        path = Path(path)
        try:
            document = json.loads(path.read_bytes())
        except OSError as error:
            raise ScenarioError(f"{path.name} cannot be read.", pointer="") from error
        except (ValueError, RecursionError):
            raise ScenarioError(f"{path.name} is no JSON.", pointer="") from None
        return cls.parse(document, folder=path.parent)

    @classmethod
    def parse(cls, document: Mapping[str, object], *, folder: Path | None = None) -> Scenario:
        """A document's scenario, errors as of `read`; ``folder`` is where its ``etc`` may lie."""
        found = checked(Document, document)
        _once("servers", [each.id for each in found.servers])
        _once("orders", [each.id for each in found.orders])
        shape = len(found.orders), len(found.servers)
        return cls(
            seed=found.seed,
            model=found.model,
            servers=tuple(_server(k, each, found.model) for k, each in enumerate(found.servers)),
            orders=tuple(map(_order, found.orders)),
            etc=None if found.etc is None else matrix(found.etc, shape, folder),
            process=None if found.arrivals is None else _arrivals(found.arrivals),
            failures=_failures(found.failures, {each.id for each in found.servers}),
            etc_error=found.etc_error,
        )

    @cached_property
    def arrivals(self) -> tuple[Arrival, ...]:
        """All orders: the listed ones, then those that the process brings."""
        if self.process is None:
            return self.orders
        listed = {each.id for each in self.orders}
        drawn = self.process.drawn(np.random.default_rng(self.seed))
        _once("orders", [*listed, *(each.id for each in drawn)])
        return *self.orders, *drawn

    @cached_property
    def rows(self) -> NDArray[np.float64]:
        """(n, m) seconds that `arrivals` take, as expected."""
        fleet = self.fleet()
        listed = [fleet.row(each.kind, each.length, each.size) for each in self.arrivals]
        rows: NDArray[np.float64] = np.array(listed).reshape(len(listed), len(self.servers))
        if self.etc is not None:
            rows[: len(self.etc)] = self.etc
        return rows

    @cached_property
    def factors(self) -> NDArray[np.float64]:
        """(n,) of actual over expected seconds, the same on every server."""
        noise = np.random.default_rng([self.seed, 1]).standard_normal(len(self.arrivals))
        return np.exp(self.etc_error * noise)

    def fleet(self) -> Fleet:
        """The servers, all up and idle at 0."""
        return Fleet.of(self.servers, penalty=self.model.penalty)

    def instance(self) -> Instance:
        """All orders as one batch that is there at once.

        Raises:
            Infeasible: names the orders that no server can run.
            InvalidInput: nothing else is wrong with it alone, but the numbers are out of range.
        """
        from pmcb_services.fog.model import Instance

        orders = self.arrivals
        deadlines = [each.deadline for each in orders]
        dated = any(map(math.isfinite, deadlines))
        fleet = self.fleet()
        return Instance(
            self.rows,
            busy_w=fleet.busy_w,
            idle_w=fleet.idle_w,
            penalty=self.model.penalty,
            sleep_w=fleet.sleep_w,
            sleep_after_s=np.where(np.isinf(fleet.sleep_after), 0.0, fleet.sleep_after),
            deadlines=deadlines if dated else None,
            lateness_weights=[LATENESS * each.weight for each in orders] if dated else None,
            normalise=self.model.normalise,
            order_ids=[each.id for each in orders],
            server_ids=[each.id for each in self.servers],
        )


def _once(where: str, ids: Sequence[str]) -> None:
    seen: set[str] = set()
    for place, each in enumerate(ids):
        if each in seen:
            raise DuplicateId(f"/{where}/{place}/id: this id stands twice.", field=where)
        seen.add(each)


def _server(place: int, entry: ServerEntry, model: Model) -> Server:
    busy_w, idle_w = watts(entry.speed, coefficient=model.coefficient, idle=model.idle)
    busy_w = busy_w if entry.busy_w is None else entry.busy_w
    idle_w = model.idle * busy_w if entry.idle_w is None else entry.idle_w
    if entry.sleep_w is not None and entry.sleep_w > idle_w:
        raise ScenarioError("is more than when idle.", pointer=f"/servers/{place}/sleep_w")
    return Server(
        id=entry.id,
        speed=entry.speed,
        busy_w=busy_w,
        idle_w=idle_w,
        bandwidth=_or_inf(entry.bandwidth),
        memory=_or_inf(entry.memory),
        storage=_or_inf(entry.storage),
        kinds=None if entry.kinds is None else frozenset(entry.kinds),
        sleep_w=entry.sleep_w,
        sleep_after=entry.sleep_after,
        wake_s=entry.wake_s,
    )


def _order(entry: OrderEntry) -> Arrival:
    return Arrival(
        id=entry.id,
        order_class=entry.order_class,
        kind=entry.order_class if entry.kind is None else entry.kind,
        length=entry.length,
        size=entry.size,
        at=entry.arrival,
        deadline=_or_inf(entry.deadline),
        weight=WEIGHTS[entry.order_class] if entry.weight is None else entry.weight,
    )


def _arrivals(entry: ArrivalsEntry) -> Arrivals:
    for name in entry.mix:
        if name not in CLASSES:
            raise ScenarioError("there is no such class.", pointer=f"/arrivals/mix/{name}")
    if min(entry.mix.values(), default=0.0) < 0 or not any(entry.mix.values()):
        raise ScenarioError("holds shares from 0 up, one of them above.", pointer="/arrivals/mix")
    if entry.rate * entry.horizon > _ORDERS:
        said = f"brings more than {_ORDERS:,} orders within its horizon."
        raise ScenarioError(said, pointer="/arrivals/rate")
    return Arrivals(entry.rate, entry.horizon, entry.mix)


def _failures(entries: Sequence[FailureEntry], servers: set[str]) -> tuple[Failure, ...]:
    found = []
    for place, entry in enumerate(entries):
        pointer = f"/failures/{place}"
        if entry.server not in servers:
            raise ScenarioError("there is no such server.", pointer=f"{pointer}/server")
        if entry.until is not None and entry.until <= entry.at:
            raise ScenarioError("lies not after the beginning.", pointer=f"{pointer}/until")
        if (entry.factor is None) == (entry.kind == "slow"):
            raise ScenarioError("goes with slow, and only there.", pointer=f"{pointer}/factor")
        until, factor = _or_inf(entry.until), entry.factor or 1.0
        found.append(Failure(entry.at, until, entry.server, entry.kind, factor))
    _apart(found)
    return tuple(found)


def _apart(failures: Sequence[Failure]) -> None:
    """Of one server no two that take it away overlap."""
    gone = [(each.server, each.at, place) for place, each in enumerate(failures) if each.is_away]
    for (server, _, before), (other, at, place) in pairwise(sorted(gone)):
        if server == other and at < failures[before].until:
            raise ScenarioError("the server is away then.", pointer=f"/failures/{place}/at")


def _or_inf(value: float | None) -> float:
    return math.inf if value is None else value
