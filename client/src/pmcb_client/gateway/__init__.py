# SPDX-License-Identifier: Apache-2.0
"""Fabric's Gateway protocol: evaluate, submit, events, and what may be repeated."""

from typing import TYPE_CHECKING

from pmcb_client._lazy import lazily as _lazily
from pmcb_client.errors import (
    Busy,
    CheckpointError,
    CommitError,
    CommitStatusError,
    Conflict,
    EndorseError,
    ErrorDetail,
    EvaluateError,
    GatewayError,
    LedgerError,
    LedgerUnavailable,
    LevelMismatch,
    NotSigned,
    OutcomeUnknown,
    Refused,
    SubmitError,
)

if TYPE_CHECKING:
    from ._blocks import Block, BlockEventsRequest, BlockTransaction
    from ._calls import BlockKind, Timeouts
    from ._channel import open_channel
    from ._checkpoint import (
        Checkpoint,
        FileCheckpoint,
        MemoryCheckpoint,
        Position,
    )
    from ._connect import connect_network
    from ._contract import Contract
    from ._events import ChaincodeEvent, EventsRequest
    from ._gateway import CommitBy, Gateway, connect
    from ._identity import Credentials, Identity, P256Signer, Signer
    from ._network import Network
    from ._pending import Pending
    from ._proposal import Commit, Proposal, Transaction
    from ._repeats import Retry
    from ._status import Status

__all__ = [
    "Block",
    "BlockEventsRequest",
    "BlockKind",
    "BlockTransaction",
    "Busy",
    "ChaincodeEvent",
    "Checkpoint",
    "CheckpointError",
    "Commit",
    "CommitBy",
    "CommitError",
    "CommitStatusError",
    "Conflict",
    "Contract",
    "Credentials",
    "EndorseError",
    "ErrorDetail",
    "EvaluateError",
    "EventsRequest",
    "FileCheckpoint",
    "Gateway",
    "GatewayError",
    "Identity",
    "LedgerError",
    "LedgerUnavailable",
    "LevelMismatch",
    "MemoryCheckpoint",
    "Network",
    "NotSigned",
    "OutcomeUnknown",
    "P256Signer",
    "Pending",
    "Position",
    "Proposal",
    "Refused",
    "Retry",
    "Signer",
    "Status",
    "SubmitError",
    "Timeouts",
    "Transaction",
    "connect",
    "connect_network",
    "open_channel",
]

__getattr__ = _lazily(
    __name__,
    {
        "Block": "._blocks",
        "BlockEventsRequest": "._blocks",
        "BlockKind": "._calls",
        "BlockTransaction": "._blocks",
        "ChaincodeEvent": "._events",
        "Checkpoint": "._checkpoint",
        "Commit": "._proposal",
        "CommitBy": "._gateway",
        "Contract": "._contract",
        "Credentials": "._identity",
        "EventsRequest": "._events",
        "FileCheckpoint": "._checkpoint",
        "Gateway": "._gateway",
        "Identity": "._identity",
        "MemoryCheckpoint": "._checkpoint",
        "Network": "._network",
        "P256Signer": "._identity",
        "Pending": "._pending",
        "Position": "._checkpoint",
        "Proposal": "._proposal",
        "Retry": "._repeats",
        "Signer": "._identity",
        "Status": "._status",
        "Timeouts": "._calls",
        "Transaction": "._proposal",
        "connect": "._gateway",
        "connect_network": "._connect",
        "open_channel": "._channel",
    },
)
"""Whoever has an identity and asks no ledger does without gRPC: these wait until asked for."""
