# SPDX-License-Identifier: Apache-2.0
"""Replays an event log: whether orders were lost, done twice, repeated or moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ._order import Event, Order
from ._session import Session
from ._state import CAUSES, FINAL, Cause, State
from ._store import Store

__all__ = ["Audit", "Auditor", "Finding", "Wrong", "audit_store"]

PAGE = 5000


class Wrong(StrEnum):
    """What must never be."""

    GAP = "GAP"  # a line of the log is missing, or out of order
    LOST = "LOST"  # an order is not what its last event says, or is not there
    DOUBLE_COMMIT = "DOUBLE_COMMIT"  # a second result of one order
    DOUBLE_START = "DOUBLE_START"  # a second claim of one epoch
    REPEATED = "REPEATED"  # ran again though it is to be held
    MOVED = "MOVED"  # another server without a new epoch
    RULE = "RULE"  # a transition that the table does not have


@dataclass(frozen=True)
class Finding:
    """One of them: where in the log, and of which order."""

    wrong: Wrong
    order: str
    seq: int


@dataclass(frozen=True)
class Audit:
    """What a log tells.

    Attributes:
        events, orders: how many there are.
        states: how many orders are in each.
        reruns: how many starts were given up and made again.
        findings: what is wrong; empty where nothing is.
    """

    events: int
    orders: int
    states: Mapping[str, int]
    reruns: int
    findings: tuple[Finding, ...]

    @property
    def open(self) -> int:
        """Orders that are not over."""
        return sum(count for state, count in self.states.items() if State(state) not in FINAL)


@dataclass
class _Track:
    state: str = ""
    epoch: int = 0
    server: str = ""
    lost: int = 0
    claimed: set[int] = field(default_factory=set)


class Auditor:
    """Takes the events of a log in their order, then the orders that stand.

    >>> auditor = Auditor()
    >>> auditor.take(1, Event(0, "o", 0, "", "NEW", "", "admitted"))
    >>> auditor.take(2, Event(0, "o", 0, "NEW", "DONE", "", "done"))
    >>> [(each.wrong.value, each.seq) for each in auditor.report().findings]
    [('RULE', 2)]
    """

    def __init__(self) -> None:
        self._tracks: dict[str, _Track] = {}
        self._stood: set[str] = set()
        self._findings: list[Finding] = []
        self._seq = self._events = self._reruns = 0

    def take(self, seq: int, event: Event) -> None:
        """The next event."""
        if seq != self._seq + 1:
            self._find(Wrong.GAP, event.order, seq)
        self._seq, self._events = seq, self._events + 1
        track = self._tracks.setdefault(event.order, _Track())
        self._check(track, event, seq)
        if event.cause == Cause.CLAIMED:
            if event.epoch in track.claimed:
                self._find(Wrong.DOUBLE_START, event.order, seq)
            track.claimed.add(event.epoch)
        if event.cause == Cause.LOST:
            track.lost = track.lost or seq
            self._reruns += 1
        track.state, track.epoch, track.server = event.target, event.epoch, event.server

    def stands(self, order: Order) -> None:
        """An order as the store has it, once all events were taken."""
        self._stood.add(order.id)
        track = self._tracks.get(order.id)
        if track is None or track.state != order.state:
            self._find(Wrong.LOST, order.id, self._seq)
        else:
            self.allowed(order.id, order.on_unknown)

    def allowed(self, id: str, on_unknown: str) -> None:
        """Whether an order might run again, by what was told when it was submitted."""
        if self._tracks[id].lost and on_unknown == "hold":
            self._find(Wrong.REPEATED, id, self._tracks[id].lost)

    def rerun(self) -> list[str]:
        """Orders that ran again after a lost lease: `allowed` takes whether they may."""
        return [name for name, track in self._tracks.items() if track.lost]

    def all_told(self) -> None:
        """There are no orders but those that were told: any other one of the log is lost."""
        for name in sorted(self._tracks.keys() - self._stood):
            self._find(Wrong.LOST, name, self._seq)

    def report(self) -> Audit:
        """What was found."""
        states = Counter(track.state for track in self._tracks.values())
        return Audit(
            self._events, len(self._tracks), dict(states), self._reruns, tuple(self._findings)
        )

    def _check(self, track: _Track, event: Event, seq: int) -> None:
        """One event against the state before it, and against the table."""
        if event.cause == "admitted":
            fresh = (track.state, event.target, event.epoch) == ("", State.NEW, 0)
            if not fresh:
                self._find(Wrong.RULE, event.order, seq)
            return
        if track.state in FINAL and event.target in {State.DONE, State.FAILED}:
            self._find(Wrong.DOUBLE_COMMIT, event.order, seq)
            return
        known = event.cause in set(Cause)
        rule = CAUSES[Cause(event.cause)] if known else None
        queued = event.target == State.QUEUED
        sound = (
            rule is not None
            and event.source == track.state
            and event.source in rule.sources
            and event.target == rule.target
            and event.epoch == track.epoch + queued
        )
        if not sound:
            self._find(Wrong.RULE, event.order, seq)
        elif not queued and event.target != State.NEW and event.server != track.server:
            self._find(Wrong.MOVED, event.order, seq)

    def _find(self, wrong: Wrong, order: str, seq: int) -> None:
        self._findings.append(Finding(wrong, order, seq))


async def audit_store(store: Store) -> Audit:
    """Of a whole store; orders that change meanwhile are judged as they were at its start."""

    def work(session: Session) -> Audit:
        auditor, seq, name = Auditor(), 0, ""
        while events := session.events(seq, PAGE):
            for number, event in events:
                auditor.take(number, event)
                seq = number
        while orders := session.orders_after(name, PAGE):
            for order in orders:
                auditor.stands(order)
            name = orders[-1].id
        auditor.all_told()
        return auditor.report()

    return await store.read(work)
