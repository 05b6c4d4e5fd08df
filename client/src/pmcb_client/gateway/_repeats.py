# SPDX-License-Identifier: Apache-2.0
"""What may be repeated, and how: one table, read from the top; what no row names is final."""

import asyncio
import random
from dataclasses import dataclass
from enum import StrEnum

import grpc

from pmcb_client.errors import (
    Busy,
    Conflict,
    GatewayError,
    LedgerError,
    LedgerUnavailable,
)
from pmcb_client.gateway._failures import Phase


class Step(StrEnum):
    """What the client does next."""

    PROPOSE = "make a new proposal"
    RESEND = "send the same signed envelope again, then wait for its transaction id"
    ASK = "ask again for the same transaction id"
    RESUME = "open the stream again after the last event or block"
    RAISE = "raise"


@dataclass(frozen=True)
class Row:
    """One row: an error of class ``seen`` in one of ``phases`` leads to ``step``.

    ``codes`` and ``texts`` narrow a ``GatewayError`` down; empty means any.
    """

    phases: tuple[Phase, ...]
    seen: type[LedgerError]
    step: Step
    codes: tuple[grpc.StatusCode, ...] = ()
    texts: tuple[str, ...] = ()

    def matches(self, phase: Phase, error: LedgerError) -> bool:
        """Whether this row speaks of ``error`` in ``phase``."""
        if phase not in self.phases or not isinstance(error, self.seen):
            return False
        if not isinstance(error, GatewayError):
            return True
        words = [error.reason, *(detail.message for detail in error.details)]
        return (not self.codes or error.grpc_code in self.codes) and (
            not self.texts or any(text in word for text in self.texts for word in words)
        )


_NOTHING_ORDERED = (Phase.EVALUATE, Phase.ENDORSE)
_STREAMS = (Phase.EVENTS, Phase.BLOCKS)

TABLE = (
    # A peer that distrusts the caller or its clock is also reported as unavailable to queries,
    # and so is a channel that it does not know.
    Row(
        (*_NOTHING_ORDERED, *_STREAMS),
        GatewayError,
        Step.RAISE,
        texts=("access denied", "request unauthorized", "failed to get config for channel"),
    ),
    Row(_NOTHING_ORDERED, GatewayError, Step.PROPOSE, codes=(grpc.StatusCode.UNAVAILABLE,)),
    Row(
        _NOTHING_ORDERED,
        GatewayError,
        Step.PROPOSE,
        codes=(grpc.StatusCode.ABORTED,),
        texts=("could not launch chaincode", "stream terminated", "DeadlineExceeded"),
    ),
    # A peer that just started knows no other peers yet, and after an upgrade's commit it learns
    # only in a moment who serves the new contract; where it stays so, it says the same.
    Row(
        (Phase.ENDORSE,),
        GatewayError,
        Step.PROPOSE,
        codes=(grpc.StatusCode.FAILED_PRECONDITION,),
        texts=("no peer combination can satisfy", "not installed on sufficient peers"),
    ),
    Row(_NOTHING_ORDERED, Busy, Step.PROPOSE),
    # A conflict is seen while endorsing, or in the commit status of an ordered transaction.
    Row((Phase.ENDORSE, Phase.COMMIT_STATUS), Conflict, Step.PROPOSE),
    Row(
        (Phase.SUBMIT,),
        GatewayError,
        Step.RESEND,
        codes=(grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED),
    ),
    Row((Phase.SUBMIT,), Busy, Step.RESEND),
    Row((Phase.COMMIT_STATUS,), GatewayError, Step.ASK),
    Row((Phase.COMMIT_STATUS,), Busy, Step.ASK),
    Row(_STREAMS, GatewayError, Step.RESUME, codes=(grpc.StatusCode.UNAVAILABLE,)),
    Row(_STREAMS, Busy, Step.RESUME),
)


def step_after(phase: Phase, error: LedgerError) -> Step:
    """The table's answer to ``error`` in ``phase``."""
    return next((row.step for row in TABLE if row.matches(phase, error)), Step.RAISE)


@dataclass(frozen=True, kw_only=True)
class Retry:
    """How patient a call is with what left no trace on the ledger.

    Args:
        conflicts: new proposals after conflicts, at least 0.
        within_s: how long after its first proposal (or its last conflict) a call may still
            propose anew while the network is unavailable or busy; 0 for once only.
        base_s: upper bound of the first pause; each further pause may be twice as long.
        cap_s: the longest pause.
    """

    conflicts: int = 5
    within_s: float = 10.0
    base_s: float = 0.05
    cap_s: float = 2.0

    def pause_s(self, tries: int) -> float:
        """A pause after ``tries`` earlier ones, drawn evenly up to the bound (full jitter)."""
        bound: float = min(self.cap_s, self.base_s * 2.0 ** min(tries, 32))
        return random.uniform(0.0, bound)  # noqa: S311 - spreads load, protects nothing


class Attempts:
    """The proposals of one call: counts conflicts and watches the time."""

    def __init__(self, retry: Retry) -> None:
        self._retry = retry
        self._conflicts = 0
        self._tries = 0
        self._until = asyncio.get_running_loop().time() + retry.within_s

    async def pause_before_next(self, phase: Phase, error: LedgerError) -> None:
        """Returns, after a pause, when a new proposal may be made.

        Raises:
            LedgerError: ``error``, or what it means to a user, when it is final.
        """
        if step_after(phase, error) is not Step.PROPOSE:
            raise _final(phase, error) from error.__cause__
        pause_s = self._retry.pause_s(self._tries)
        now = asyncio.get_running_loop().time()
        if isinstance(error, Conflict):
            if self._conflicts >= self._retry.conflicts:
                raise error.refusal or error
            self._conflicts += 1
            self._until = now + pause_s + self._retry.within_s
        elif now + pause_s > self._until:
            raise _final(phase, error) from error.__cause__
        self._tries += 1
        await asyncio.sleep(pause_s)


# A gateway says the same about an organisation that does not exist and one whose peers are down.
_NO_SUCH_ORG = "failed to find any endorsing peers for org(s)"
_CHECK_ORGS = "Check the names in endorsing_orgs, and that a peer of each of them runs."


def _final(phase: Phase, error: LedgerError) -> LedgerError:
    if phase in _NOTHING_ORDERED and isinstance(error, GatewayError):
        in_vain = (
            error.grpc_code is grpc.StatusCode.UNAVAILABLE
            and step_after(phase, error) is Step.PROPOSE
        )
        if in_vain or error.grpc_code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return LedgerUnavailable(
                f"The ledger does not answer the phase '{phase}': {error.reason or 'no word'}",
                transaction_id=error.transaction_id,
                next_step=_CHECK_ORGS if _NO_SUCH_ORG in error.reason else None,
            )
    return error
