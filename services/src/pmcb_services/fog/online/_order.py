# SPDX-License-Identifier: Apache-2.0
"""An order, and what may be done to it: pure functions, used by store, simulator and audit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from pmcb_services.fog.errors import Conflict, StaleEpoch

from ._state import CAUSES, FINAL, Cause, State

__all__ = ["ATTEMPTS", "MAX_PAYLOAD_BYTES", "Event", "OnUnknown", "Order", "Outcome"]

ATTEMPTS = 3
"""Starts after which an order whose lease is lost is a dead letter."""

MAX_PAYLOAD_BYTES = 8 * 2**20
"""Of a result, too."""

OnUnknown = Literal["rerun", "hold"]
Outcome = Literal["done", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the event log: an order went from one state to another.

    Attributes:
        at_ms: milliseconds UTC.
        order: its id.
        epoch: after it.
        source: the state before; "" where the order was admitted.
        target: the state after.
        server: after it; "" for none.
        cause: a `Cause`, or "admitted".
    """

    at_ms: int
    order: str
    epoch: int
    source: str
    target: str
    server: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order as the store keeps it; its payload and its result lie beside it, sealed.

    Every method returns the order afterwards, and the very same object where nothing changes.

    Attributes:
        id: chosen by the submitter; sending it again is the same order.
        kind: one of the kinds of order, as in ``retrieval.query``.
        order_class: ``control``, ``retrieval`` or ``upload``.
        submitter: ``msp/enrollment``.
        body_sha256: of what was submitted, hex; tells a repeat from a conflict.
        subject: what it is about: a data set's id, a device's ``msp/name``; "" for nothing.
        command: for a device; "" for none.
        length: [MI]; size: of the payload [MB].
        arrival_ms, deadline_ms: milliseconds UTC; a deadline of 0 is none.
        weight: of its class.
        on_unknown: what happens when nobody knows whether it was done.
        feasible: 1 if it was to be over by its deadline when it was admitted, else 0.
        state, epoch: see `State`.
        version: how many transitions there were; of two records the greater is the newer.
        server: where it is queued, runs or ran; "" for none.
        incarnation, token: of the claim by which it runs or ran.
        attempts: claims since it was admitted or retried.
        predicted_s: seconds that it is to take on its server.
        finish_ms: when it is to be over there, milliseconds UTC; 0 without a server.
        changed_ms, cause: of the last transition, milliseconds UTC, and why.
        digest: SHA-256 of the result, hex; "" without one.
    """

    id: str
    kind: str
    order_class: str
    submitter: str
    body_sha256: str
    subject: str = ""
    command: str = ""
    length: float = 0.0
    size: float = 0.0
    arrival_ms: int = 0
    deadline_ms: int = 0
    weight: float = 1.0
    on_unknown: OnUnknown = "rerun"
    feasible: int = 1
    state: State = State.NEW
    epoch: int = 0
    version: int = 0
    server: str = ""
    incarnation: int = 0
    token: str = ""
    attempts: int = 0
    predicted_s: float = 0.0
    finish_ms: int = 0
    changed_ms: int = 0
    cause: str = "admitted"
    digest: str = ""

    def event(self, before: Order | None) -> Event:
        """The line that tells how it became what it is; without ``before`` that it was admitted."""
        source = "" if before is None else before.state
        return Event(
            self.changed_ms, self.id, self.epoch, source, self.state, self.server, self.cause
        )

    def step(self, cause: Cause, at_ms: int, **changes: Any) -> Order:
        """What the cause makes of it.

        Raises:
            Conflict: it does not lead out of the order's state.
        """
        rule = CAUSES[cause]
        if self.state not in rule.sources:
            raise Conflict(f"Order {self.id} is {self.state}: it cannot be {cause} any more.")
        return replace(
            self,
            state=rule.target,
            epoch=self.epoch + (rule.target is State.QUEUED),
            version=self.version + 1,
            cause=cause,
            changed_ms=at_ms,
            **changes,
        )

    def placed(self, server: str, predicted_s: float, at_ms: int, *, finish_ms: int = 0) -> Order:
        """Queued for a server, whether it was NEW or QUEUED for another.

        Raises:
            Conflict: it has started, or is over.
        """
        cause = Cause.PLANNED if self.state is State.NEW else Cause.REPLANNED
        return self.step(cause, at_ms, server=server, predicted_s=predicted_s, finish_ms=finish_ms)

    def claimed(
        self, *, epoch: int, server: str, incarnation: int, token: str, at_ms: int
    ) -> Order:
        """Started by its server's fog worker; the same claim again changes nothing.

        Raises:
            StaleEpoch: it was offered to somebody else, or is not waiting any more.
        """
        place = (self.epoch, self.server)
        if place == (epoch, server) and self.state is State.STARTED and self.token == token:
            return self
        if place != (epoch, server) or self.state is not State.QUEUED:
            raise StaleEpoch(f"Order {self.id} is not offered to {server} at epoch {epoch}.")
        return self.step(
            Cause.CLAIMED,
            at_ms,
            incarnation=incarnation,
            token=token,
            attempts=self.attempts + 1,
        )

    def committed(
        self, *, epoch: int, server: str, outcome: Outcome, digest: str, at_ms: int
    ) -> Order:
        """Over, with the outcome; the same commit again changes nothing.

        A worker that does not know the outcome has lost the order: see `lost`.

        Raises:
            StaleEpoch: the attempt was given to another worker, or another result stands.
        """
        if (self.epoch, self.server) != (epoch, server):
            raise StaleEpoch(f"Order {self.id} is not {server}'s at epoch {epoch}.")
        over = {"done": State.DONE, "failed": State.FAILED}.get(outcome)
        if self.state in FINAL and over is self.state and self.digest == digest:
            return self
        if self.state is State.UNKNOWN and over is None:
            return self
        if self.state not in {State.STARTED, State.UNKNOWN}:
            raise StaleEpoch(f"Order {self.id} is {self.state} at epoch {epoch}.")
        if over is None:
            return self.lost(at_ms)
        cause = Cause.DONE if over is State.DONE else Cause.FAILED
        return self.step(cause, at_ms, digest=digest)

    def lost(self, at_ms: int) -> Order:
        """The lease ran out: it waits for its server again, is held, or is a dead letter."""
        if self.on_unknown == "hold":
            return self.step(Cause.HELD, at_ms)
        if self.attempts >= ATTEMPTS:
            return self.step(Cause.EXHAUSTED, at_ms)
        return self.step(Cause.LOST, at_ms)
