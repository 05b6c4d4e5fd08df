# SPDX-License-Identifier: Apache-2.0
"""A batch of orders, a group of servers, and what energy and time are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pmcb_services.fog.errors import InvalidInput

from . import _checks
from ._document import digest, document
from ._evaluation import Evaluation, evaluate

__all__ = ["Instance"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, init=False, eq=False)
class Instance:
    """n orders to be placed on m servers, at the least TC = w_E·E + w_M·M.

    ::

        ET_j = sum of p_ij over the orders on j;    M = max_j (R_j + ET_j)
        E    = sum_j ET_j·B_j + (M - R_j - ET_j)·I_j + R_j·F_j
        w_E  = 1 - penalty,  w_M = penalty

    R_j·B_j, the energy of started work, is the same for every plan and left out, but for its part
    R_j·F_j that an unoccupied server would use as well. A server that may sleep spends idle_w for
    ``sleep_after_s`` seconds and sleep_w from then on. Rows stand in order of arrival: a server
    runs its orders by weight descending, deadline ascending, row.

    Args:
        etc: (n, m), p_ij in seconds, above 0; inf forbids the pair.
        busy_w: (m,), B_j in watts while the server works.
        idle_w: (m,), I_j in watts while it does not.
        penalty: 0 (save energy) to 1 (be quick).
        ready: (m,), R_j in seconds until the server has done what it has started; 0.
        sleep_w: (m,), Z_j in watts, at most idle_w; nan: this server never sleeps.
        sleep_after_s: (m,), seconds that a server idles before it sleeps; 0.
        deadlines: (n,), in seconds from now, also negative; inf: none.
        lateness_weights: (n,), what a second of lateness costs; 1 where deadlines are given.
        normalise: w_E = (1 - penalty)/E*, w_M = penalty/M*, with the bounds E*, M* of the least
            energy and the least makespan (a zero becomes 1): the penalty then weighs percents.
        order_ids: n texts; "0", "1", ... by default.
        server_ids: m texts; the same.

    Raises:
        InvalidInput: a value outside its range; names field and index.
        Infeasible: orders that no server can run.
        DuplicateId: an id that occurs twice.
        OutOfRange: costs beyond what float64 holds, or below what it can prove.

    Two orders of 2 s and one of 4 s, two servers of 10 W busy and 6 W idle. With the long order
    alone on a server both work 4 s: E = 80 J, M = 4 s.

    >>> pair = Instance([[2, 2], [2, 2], [4, 4]], busy_w=[10, 10], idle_w=[6, 6])
    >>> pair.evaluate([0, 0, 1])
    Evaluation(energy=80.0, makespan=4.0, lateness=0.0, cost=42.0)
    """

    etc: Floats
    busy_w: Floats
    idle_w: Floats
    penalty: float
    ready: Floats
    sleep_w: Floats
    sleep_after_s: Floats
    deadlines: Floats | None
    lateness_weights: Floats | None
    normalise: bool
    order_ids: tuple[str, ...]
    server_ids: tuple[str, ...]

    def __init__(
        self,
        etc: ArrayLike,
        *,
        busy_w: ArrayLike,
        idle_w: ArrayLike,
        penalty: float = 0.5,
        ready: ArrayLike | None = None,
        sleep_w: ArrayLike | None = None,
        sleep_after_s: ArrayLike | None = None,
        deadlines: ArrayLike | None = None,
        lateness_weights: ArrayLike | None = None,
        normalise: bool = False,
        order_ids: Sequence[str] | None = None,
        server_ids: Sequence[str] | None = None,
    ) -> None:
        p = _checks.etc_matrix(etc)
        n, m = p.shape
        zero, never = np.zeros(m), np.full(m, np.nan)
        self._set("etc", p)
        self._set("order_ids", _checks.ids(order_ids, "order_ids", n))
        self._set("server_ids", _checks.ids(server_ids, "server_ids", m))
        _checks.somewhere(p, self.order_ids)
        self._set("busy_w", _checks.vector(busy_w, "busy_w", m))
        self._set("idle_w", _checks.vector(idle_w, "idle_w", m))
        self._set("penalty", _checks.share(penalty, "penalty"))
        self._set("ready", _checks.vector(zero if ready is None else ready, "ready", m))
        asleep = never if sleep_w is None else sleep_w
        self._set("sleep_w", _checks.vector(asleep, "sleep_w", m, nan=True))
        after = zero if sleep_after_s is None else sleep_after_s
        self._set("sleep_after_s", _checks.vector(after, "sleep_after_s", m))
        self._set_deadlines(deadlines, lateness_weights)
        self._set("normalise", bool(normalise))
        self._check_sleep()
        _checks.magnitudes(p, self.cost, self.capacity, self.ready)

    @classmethod
    def from_scenario(cls, path: str | Path) -> Instance:
        """The instance that a scenario file describes (docs/fog.md)."""
        from pmcb_services.fog.sim import Scenario

        return Scenario.read(path).instance()

    def _set(self, name: str, value: object) -> None:
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        object.__setattr__(self, name, value)

    def _set_deadlines(self, deadlines: ArrayLike | None, weights: ArrayLike | None) -> None:
        if deadlines is None and weights is not None:
            raise InvalidInput(
                "lateness_weights without deadlines weigh nothing.", field="lateness_weights"
            )
        due = late = None
        if deadlines is not None:
            due = _checks.vector(deadlines, "deadlines", self.n, low=-np.inf, inf=True)
            given = np.ones(self.n) if weights is None else weights
            late = _checks.vector(given, "lateness_weights", self.n)
        self._set("deadlines", due)
        self._set("lateness_weights", late)

    def _check_sleep(self) -> None:
        above = np.flatnonzero(self.sleep_w > self.idle_w)
        if len(above):
            j = int(above[0])
            raise InvalidInput(f"sleep_w[{j}] exceeds idle_w[{j}].", field="sleep_w", index=(j,))

    @property
    def n(self) -> int:
        """Number of orders."""
        return int(self.etc.shape[0])

    @property
    def m(self) -> int:
        """Number of servers."""
        return int(self.etc.shape[1])

    @cached_property
    def forbids(self) -> bool:
        """Whether some order may not run on some server."""
        return bool(np.isinf(self.etc).any())

    @cached_property
    def sleeps(self) -> bool:
        """Whether some server may sleep."""
        return bool(np.isfinite(self.sleep_w).any())

    @cached_property
    def floor_w(self) -> Floats:
        """F_j, (m,): the least power of an unoccupied server, in watts."""
        return np.where(np.isnan(self.sleep_w), self.idle_w, self.sleep_w)

    @cached_property
    def marginal_w(self) -> Floats:
        """B_j - F_j, (m,): what a second of work adds to the least power, in watts."""
        return self.busy_w - self.floor_w

    @cached_property
    def _weights(self) -> tuple[float, float]:
        energy, makespan = 1.0 - self.penalty, self.penalty
        if not self.normalise:
            return energy, makespan
        from pmcb_services.fog.solve import dual_bound

        least = dual_bound(self.at(0.0)).value, dual_bound(self.at(1.0)).value
        return energy / (least[0] or 1.0), makespan / (least[1] or 1.0)

    @property
    def w_energy(self) -> float:
        """w_E, the weight of a joule."""
        return self._weights[0]

    @property
    def w_makespan(self) -> float:
        """w_M, the weight of a second."""
        return self._weights[1]

    @cached_property
    def capacity(self) -> float:
        """K = w_E·sum_j F_j + w_M: what a second of makespan costs at least."""
        return float(self.w_energy * self.floor_w.sum() + self.w_makespan)

    @cached_property
    def cost(self) -> Floats:
        """c_ij = w_E·p_ij·(B_j - F_j) + weight_i·max(0, R_j + p_ij - d_i), (n, m); inf kept."""
        closed = np.isinf(self.etc) if self.forbids else None
        p = self.etc if closed is None else np.where(closed, 0.0, self.etc)
        c: Floats = p * (self.w_energy * self.marginal_w)
        if self.deadlines is not None and self.lateness_weights is not None:
            late = np.maximum(self.ready + p - self.deadlines[:, None], 0.0)
            c += self.lateness_weights[:, None] * late
        if closed is not None:
            c[closed] = np.inf
        c.flags.writeable = False
        return c

    @cached_property
    def precedence(self) -> NDArray[np.intp]:
        """(n,): the orders as any server runs those that it has; see the class."""
        row = np.arange(self.n)
        if self.deadlines is None or self.lateness_weights is None:
            return row
        return np.lexsort((row, self.deadlines, -self.lateness_weights))

    @cached_property
    def sha256(self) -> str:
        """Hash of all that a plan's cost depends on, and of the ids."""
        return digest(self)

    def document(self) -> dict[str, object]:
        """As JSON, for `check` and for whoever computes it again."""
        return document(self)

    def at(self, penalty: float) -> Instance:
        """The same orders and servers under another penalty, not normalised, no deadlines."""
        return Instance(
            self.etc,
            busy_w=self.busy_w,
            idle_w=self.idle_w,
            penalty=penalty,
            ready=self.ready,
            sleep_w=self.sleep_w,
            sleep_after_s=self.sleep_after_s,
            order_ids=self.order_ids,
            server_ids=self.server_ids,
        )

    def evaluate(self, assignment: ArrayLike) -> Evaluation:
        """Energy, makespan, lateness and cost of an assignment.

        Args:
            assignment: (n,), integers from 0 to m - 1: the server of each order.

        Raises:
            InvalidInput: no such server, or one that the order may not run on.
        """
        return evaluate(self, self._checked(assignment))

    def _checked(self, assignment: ArrayLike) -> NDArray[np.int32]:
        given = np.asarray(assignment)
        if given.shape != (self.n,) or (self.n and given.dtype.kind not in "iu"):
            raise InvalidInput(f"The assignment is {self.n} integers.", field="assignment")
        bad = (given < 0) | (given >= self.m)
        if not bad.any():
            bad = np.isinf(self.etc[np.arange(self.n), given.astype(np.intp)])
        if bad.any():
            i = int(np.flatnonzero(bad)[0])
            raise InvalidInput(
                f"Order {self.order_ids[i]} may not run there.", field="assignment", index=(i,)
            )
        return given.astype(np.int32)

    def penalty_matters(self) -> bool:
        """Whether saving energy and being quick ask for different plans (docs/fog.md)."""
        from pmcb_services.fog.solve import penalty_matters

        return penalty_matters(self)
