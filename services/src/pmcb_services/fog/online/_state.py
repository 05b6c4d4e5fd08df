# SPDX-License-Identifier: Apache-2.0
"""What may become of an order: states, causes, and which cause leads from where to where.

::

    NEW ──planned──▶ QUEUED ──claimed──▶ STARTED ──done, failed──▶ DONE, FAILED
     ▲ └─cancelled─┐  │ ▲ └─replanned─▶ QUEUED   ├──lost─────────▶ QUEUED
     └──unplaced───┼──┘ └─retried─┐              ├──held─────────▶ UNKNOWN ─┐
                   ▼              └──────────────┼──exhausted────▶ DEAD ────┤
               CANCELLED                         ▼                          │
                                            DONE, FAILED ◀──confirmed, abandoned
                                                         ◀──done, failed (UNKNOWN: a late commit)

Whatever leads to QUEUED raises the epoch by 1; nothing else changes it. A server changes with the
epoch only: what has started stays where it is.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

__all__ = ["CAUSES", "FINAL", "Cause", "Rule", "State"]


class State(StrEnum):
    """Of an order; see the table of `CAUSES`."""

    NEW = "NEW"
    QUEUED = "QUEUED"
    STARTED = "STARTED"
    DONE = "DONE"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    DEAD = "DEAD"
    CANCELLED = "CANCELLED"


class Cause(StrEnum):
    """Why a state changed."""

    PLANNED = "planned"  # a server was chosen
    REPLANNED = "replanned"  # another server, or the offer is withdrawn
    UNPLACED = "unplaced"  # no able server is up any more
    CLAIMED = "claimed"  # its fog worker begins
    DONE = "done"  # the worker committed a result
    FAILED = "failed"  # the worker committed an error
    LOST = "lost"  # the lease ran out: it runs again
    HELD = "held"  # the lease ran out, and it must not run again by itself
    EXHAUSTED = "exhausted"  # the lease ran out for the third time
    CANCELLED = "cancelled"  # before it began
    CONFIRMED = "confirmed"  # an operator saw that it was done
    ABANDONED = "abandoned"  # an operator gives it up
    RETRIED = "retried"  # an operator lets it run again


class Rule(NamedTuple):
    """From which states a cause leads to which."""

    sources: frozenset[State]
    target: State


_OPEN = frozenset({State.STARTED, State.UNKNOWN})
_DOUBTFUL = frozenset({State.UNKNOWN, State.DEAD})

CAUSES: dict[Cause, Rule] = {
    Cause.PLANNED: Rule(frozenset({State.NEW}), State.QUEUED),
    Cause.REPLANNED: Rule(frozenset({State.QUEUED}), State.QUEUED),
    Cause.UNPLACED: Rule(frozenset({State.QUEUED}), State.NEW),
    Cause.CLAIMED: Rule(frozenset({State.QUEUED}), State.STARTED),
    Cause.DONE: Rule(_OPEN, State.DONE),
    Cause.FAILED: Rule(_OPEN, State.FAILED),
    Cause.LOST: Rule(frozenset({State.STARTED}), State.QUEUED),
    Cause.HELD: Rule(frozenset({State.STARTED}), State.UNKNOWN),
    Cause.EXHAUSTED: Rule(frozenset({State.STARTED}), State.DEAD),
    Cause.CANCELLED: Rule(frozenset({State.NEW, State.QUEUED}), State.CANCELLED),
    Cause.CONFIRMED: Rule(_DOUBTFUL, State.DONE),
    Cause.ABANDONED: Rule(_DOUBTFUL, State.FAILED),
    Cause.RETRIED: Rule(_DOUBTFUL, State.QUEUED),
}

FINAL = frozenset({State.DONE, State.FAILED, State.CANCELLED})
"""Nothing leads out of these."""
