# SPDX-License-Identifier: Apache-2.0
"""From what gRPC reports to the error tree: refusal, conflict, busy, or a failed phase."""

import re
from enum import StrEnum
from typing import Any

import grpc

from pmcb_client._words import one_line
from pmcb_client.errors import (
    Busy,
    CommitError,
    CommitStatusError,
    Conflict,
    EndorseError,
    ErrorDetail,
    EvaluateError,
    GatewayError,
    LedgerError,
    LevelMismatch,
    Refused,
    SubmitError,
)
from pmcb_client.gateway._protos import (
    DecodeError,
    DeliverStatus,
    ErrorDetailMessage,
    RpcStatus,
)

_TRAILER = "grpc-status-details-bin"
_REFUSAL = re.compile(r"chaincode response (4\d\d), ([A-Z][A-Z0-9_]*): ([^\n]*)")
_TOO_MANY = "too many requests"
_MISMATCH = "ProposalResponsePayloads do not match"
_OTHERS_FAILED = "failed to collect enough transaction endorsements"
_CONFLICT_CODES = {11: "a record that it read", 12: "a range that it read"}


class Phase(StrEnum):
    """The calls of the gateway, in the order of a transaction's life."""

    EVALUATE = "evaluate"
    ENDORSE = "endorse"
    SUBMIT = "submit"
    COMMIT_STATUS = "commit status"
    EVENTS = "chaincode events"
    BLOCKS = "block events"


_CLASSES: dict[Phase, type[GatewayError]] = {
    Phase.EVALUATE: EvaluateError,
    Phase.ENDORSE: EndorseError,
    Phase.SUBMIT: SubmitError,
    Phase.COMMIT_STATUS: CommitStatusError,
    Phase.EVENTS: GatewayError,
    Phase.BLOCKS: GatewayError,
}

# What the Deliver service says in a status of its own, and gRPC says so elsewhere.
_UNDELIVERED = {
    "BAD_REQUEST": (
        grpc.StatusCode.INVALID_ARGUMENT,
        "it cannot use the request, or this machine's clock is far from its own",
    ),
    "FORBIDDEN": (grpc.StatusCode.PERMISSION_DENIED, "this identity may not read them"),
    "NOT_FOUND": (grpc.StatusCode.NOT_FOUND, "it has no such channel, or not so many blocks"),
    "SERVICE_UNAVAILABLE": (grpc.StatusCode.UNAVAILABLE, "it is not ready"),
    "SUCCESS": (grpc.StatusCode.UNAVAILABLE, "it says that there are no more"),
}


def details_of(error: grpc.aio.AioRpcError) -> tuple[ErrorDetail, ...]:
    """What the nodes behind the gateway said; empty when the trailer is absent or unreadable."""
    trailers: Any = error.trailing_metadata() or ()
    for key, value in trailers:
        if key == _TRAILER and isinstance(value, bytes):
            try:
                packed = RpcStatus.FromString(value).details
                found = [
                    ErrorDetailMessage.FromString(item.value)
                    for item in packed
                    if item.type_url.endswith("/gateway.ErrorDetail")
                ]
            except DecodeError:
                return ()
            return tuple(ErrorDetail(item.address, item.msp_id, item.message) for item in found)
    return ()


def failure(
    phase: Phase, error: grpc.aio.AioRpcError, tx_id: str, *, orgs_chosen: bool = False
) -> LedgerError:
    """The one error that ``error`` means in ``phase``.

    ``orgs_chosen``: the caller named the endorsing organisations, so that its own was not
    necessarily asked first.
    """
    details = details_of(error)
    said = error.details() or ""
    texts = [*(detail.message for detail in details), said]
    if any(_TOO_MANY in text for text in texts):
        return Busy("The gateway has too many calls at once.", transaction_id=tx_id)
    if phase in {Phase.EVALUATE, Phase.ENDORSE}:
        if any(_MISMATCH in text for text in texts):
            return Conflict("The endorsers saw different heights.", transaction_id=tx_id)
        refusal = _refusal(texts, tx_id)
        if refusal is not None and _OTHERS_FAILED in said and not orgs_chosen:
            # The gateway's own organisation endorsed, another refused: usually a block behind.
            return Conflict(
                f"The endorsers disagree: some refused with {refusal.code}.",
                transaction_id=tx_id,
                refusal=refusal,
            )
        if refusal is not None:
            return refusal
    who = one_line(f"{details[0].msp} at {details[0].address}") if details else "the gateway"
    reason = one_line(texts[0])
    return _CLASSES[phase](
        f"The phase '{phase}' failed with {error.code().name}; {who} says: {reason or 'nothing'}",
        transaction_id=tx_id,
        grpc_code=error.code(),
        reason=reason,
        details=details,
    )


def undelivered(status: int) -> GatewayError:
    """The error for a stream of blocks that ends with ``status``."""
    known = DeliverStatus.DESCRIPTOR.values_by_number.get(status)
    name = known.name if known else str(status)
    code, why = _UNDELIVERED.get(name, (grpc.StatusCode.INTERNAL, "it gives no reason"))
    return GatewayError(
        f"The peer delivers no blocks: {why} ({name}).", grpc_code=code, reason=name
    )


def garbled(phase: Phase, tx_id: str = "") -> GatewayError:
    """The answer's bytes are no answer: gRPC then gives ``None``."""
    return _CLASSES[phase](
        f"The answer to the phase '{phase}' cannot be read.", transaction_id=tx_id
    )


def late(tx_id: str) -> CommitStatusError:
    """No block held the transaction in time."""
    return CommitStatusError(
        "No block told in time what became of the transaction.",
        transaction_id=tx_id,
        grpc_code=grpc.StatusCode.DEADLINE_EXCEEDED,
    )


def unreadable(tx_id: str) -> EndorseError:
    """The gateway answered an endorsement with something else than the proposed transaction."""
    return EndorseError(
        "The gateway returned another transaction than the one proposed; nothing was signed.",
        transaction_id=tx_id,
    )


def invalid(code: int, name: str, tx_id: str) -> Conflict | CommitError:
    """The error for a transaction that was ordered and marked invalid with ``code``."""
    if code in _CONFLICT_CODES:
        message = f"Another transaction was faster and changed {_CONFLICT_CODES[code]}."
        return Conflict(message, code=code, transaction_id=tx_id)
    return CommitError(code, name=name, transaction_id=tx_id)


def _refusal(texts: list[str], tx_id: str) -> Refused | None:
    for text in texts:
        match = _REFUSAL.search(text)
        if match:
            status, code, reason = match.groups()
            kind = LevelMismatch if code == "LEVEL_MISMATCH" else Refused
            return kind(code, status=int(status), reason=one_line(reason), transaction_id=tx_id)
    return None
