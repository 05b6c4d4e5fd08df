# SPDX-License-Identifier: Apache-2.0
"""Every error of this package, as one tree.

::

    ClientError
    ├── LedgerError                  something between this client and the ledger
    │   ├── GatewayError             a call of the gateway failed; one class per phase:
    │   │   ├── EvaluateError
    │   │   ├── EndorseError
    │   │   ├── SubmitError
    │   │   └── CommitStatusError
    │   ├── Refused                  refusal: the contract answered 400-499 with a code
    │   │   └── LevelMismatch
    │   ├── Conflict                 conflict: others were faster; may be repeated
    │   ├── CommitError              failure: ordered, and marked invalid
    │   ├── Busy                     the gateway has too many calls at once
    │   ├── NotSigned                nobody signed it, so it was not sent
    │   ├── OutcomeUnknown           sent, and no word came back in time
    │   └── LedgerUnavailable        nothing answers
    ├── EnrolmentError               something between this client and a CA
    │   ├── InvalidEnrolmentId
    │   ├── InvalidRevocation
    │   ├── CaRefused
    │   └── CaUnavailable
    ├── WalletError                  an identity file that cannot be used
    │   └── IdentityNotFound
    ├── CheckpointError              a checkpoint file that cannot be read
    └── NetworkFileError             a missing or unreadable network.json

A refusal, a conflict and a failure are never one class. ``exit_code`` is what the command ends
with (1 refused by a rule, 2 bad input, 3 unavailable); ``next_step`` says what to run, or is
empty. Messages and attributes carry ids and codes, never arguments or payloads.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import grpc

__all__ = [
    "Busy",
    "CaRefused",
    "CaUnavailable",
    "CheckpointError",
    "ClientError",
    "CommitError",
    "CommitStatusError",
    "Conflict",
    "EndorseError",
    "EnrolmentError",
    "ErrorDetail",
    "EvaluateError",
    "GatewayError",
    "IdentityNotFound",
    "InvalidEnrolmentId",
    "InvalidRevocation",
    "LedgerError",
    "LedgerUnavailable",
    "LevelMismatch",
    "NetworkFileError",
    "NotSigned",
    "OutcomeUnknown",
    "Refused",
    "SubmitError",
    "WalletError",
]


class ClientError(Exception):
    """Root of the tree: one sentence for the user, and what to do about it."""

    exit_code: ClassVar[int] = 3
    next_step: str = ""

    def __init__(self, message: str, *, next_step: str | None = None) -> None:
        super().__init__(message)
        if next_step is not None:
            self.next_step = next_step


class LedgerError(ClientError):
    """Something between this client and the ledger; ``transaction_id`` may be empty."""

    def __init__(
        self, message: str, *, transaction_id: str = "", next_step: str | None = None
    ) -> None:
        super().__init__(message, next_step=next_step)
        self.transaction_id = transaction_id


@dataclass(frozen=True)
class ErrorDetail:
    """What one node behind the gateway said: its address, its MSP and its words."""

    address: str
    msp: str
    message: str


class GatewayError(LedgerError):
    """A call of the gateway failed; the subclass names the phase.

    Attributes:
        grpc_code: the ``grpc.StatusCode``; ``None`` where the answer itself was wrong.
        reason: the first node's words, else the gateway's; may be empty.
        details: one ``ErrorDetail`` per node that had something to say.
    """

    def __init__(
        self,
        message: str,
        *,
        transaction_id: str = "",
        grpc_code: "grpc.StatusCode | None" = None,
        reason: str = "",
        details: tuple[ErrorDetail, ...] = (),
    ) -> None:
        super().__init__(message, transaction_id=transaction_id)
        self.grpc_code = grpc_code
        self.reason = reason
        self.details = details


class EvaluateError(GatewayError):
    """A query failed."""


class EndorseError(GatewayError):
    """Endorsement failed: nothing was ordered."""


class SubmitError(GatewayError):
    """The ordering service did not take the transaction."""


class CommitStatusError(GatewayError):
    """The gateway did not say what became of the transaction."""


class Refused(LedgerError):
    """The contract refused: ``code`` is its rule, ``status`` 400-499, ``reason`` its sentence."""

    exit_code = 1

    def __init__(
        self, code: str, *, status: int = 400, reason: str = "", transaction_id: str = ""
    ) -> None:
        super().__init__(f"{code}: {reason}" if reason else code, transaction_id=transaction_id)
        self.code = code
        self.status = status
        self.reason = reason


class LevelMismatch(Refused):
    """The receiver's security level is not the subtask's level."""


class Conflict(LedgerError):
    """Another transaction changed what this one had read, or endorsers saw different heights.

    Attributes:
        code: 11 (MVCC) or 12 (phantom), ``None`` when the endorsers disagreed.
        refusal: set when they disagreed because some of them refused.
    """

    next_step = "Try again: other transactions touched the same records."

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        transaction_id: str = "",
        refusal: Refused | None = None,
    ) -> None:
        super().__init__(message, transaction_id=transaction_id)
        self.code = code
        self.refusal = refusal


class CommitError(LedgerError):
    """The transaction stands on the ledger, marked invalid with ``code`` (and its ``name``)."""

    def __init__(self, code: int, *, name: str = "", transaction_id: str = "") -> None:
        super().__init__(
            f"The network marked transaction {transaction_id} invalid: {name or code}.",
            transaction_id=transaction_id,
        )
        self.code = code
        self.name = name


class Busy(LedgerError):
    """The gateway takes no further call at the moment; nothing of this one was done."""

    next_step = "Try again in a moment, with fewer calls at once."


class NotSigned(LedgerError):
    """The identity has no signer here and brought no signature: nothing was sent."""

    exit_code = 2
    next_step = "Sign its digest where the key is, and hand bytes and signature to the gateway."


class OutcomeUnknown(LedgerError):
    """The transaction was sent and no word came back in time: it may stand or may not."""

    next_step = "Run the same again: the contract answers a repeat with what already stands."

    def __init__(self, tx_id: str) -> None:
        super().__init__(
            f"Nobody said in time what became of transaction {tx_id}.", transaction_id=tx_id
        )
        self.tx_id = tx_id


class LedgerUnavailable(LedgerError):
    """Nothing answers; no transaction of this call was ordered."""

    next_step = "Run `pmcb network status`; `pmcb network up` starts the network."


class EnrolmentError(ClientError):
    """Something between this client and a certificate authority."""


class InvalidEnrolmentId(EnrolmentError):
    """A name that cannot be enrolled."""

    exit_code = 2


class InvalidRevocation(EnrolmentError):
    """A revocation that names nobody, or a reason that no CA knows."""

    exit_code = 2


class CaRefused(EnrolmentError):
    """The CA refused; ``code`` is its own number (0: it gave none)."""

    exit_code = 1

    def __init__(self, message: str, *, code: int = 0, next_step: str | None = None) -> None:
        super().__init__(message, next_step=next_step)
        self.code = code


class CaUnavailable(EnrolmentError):
    """The CA does not answer, or not as a CA does."""

    next_step = "Run `pmcb network status`; `pmcb network up` starts the network."


class WalletError(ClientError):
    """An identity that cannot be stored or used; ``next_step`` says what to run."""

    exit_code = 2


class IdentityNotFound(WalletError):
    """The wallet holds no identity under this label."""


class CheckpointError(ClientError):
    """A checkpoint file that holds no position."""

    exit_code = 2
    next_step = "Remove the file to start anew, or name another one."


class NetworkFileError(ClientError):
    """A network.json that is missing, unreadable, or names no gateway for the identity."""

    exit_code = 2
    next_step = "Run `pmcb network up`, or point --home at the folder that holds network.json."
