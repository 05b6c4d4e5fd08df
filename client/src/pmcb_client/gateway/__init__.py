# SPDX-License-Identifier: Apache-2.0
"""Fabric's Gateway protocol: evaluate, submit, events, and what may be repeated."""

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
from pmcb_client.gateway._blocks import Block, BlockEventsRequest, BlockTransaction
from pmcb_client.gateway._calls import BlockKind, Timeouts
from pmcb_client.gateway._channel import open_channel
from pmcb_client.gateway._checkpoint import (
    Checkpoint,
    FileCheckpoint,
    MemoryCheckpoint,
    Position,
)
from pmcb_client.gateway._connect import connect_network
from pmcb_client.gateway._contract import Contract
from pmcb_client.gateway._events import ChaincodeEvent, EventsRequest
from pmcb_client.gateway._gateway import CommitBy, Gateway, connect
from pmcb_client.gateway._identity import Credentials, Identity, P256Signer, Signer
from pmcb_client.gateway._network import Network
from pmcb_client.gateway._pending import Pending
from pmcb_client.gateway._proposal import Commit, Proposal, Transaction
from pmcb_client.gateway._repeats import Retry
from pmcb_client.gateway._status import Status

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
