# SPDX-License-Identifier: Apache-2.0
"""The Fabric messages the bridge speaks: the only place that imports generated modules."""

from typing import Any

from fabric_protos.common.common_pb2 import ChannelHeader, Header, SignatureHeader
from fabric_protos.ledger.queryresult.kv_query_result_pb2 import KV as KVMessage  # noqa: N811
from fabric_protos.msp.identities_pb2 import SerializedIdentity
from fabric_protos.peer.chaincode_event_pb2 import ChaincodeEvent
from fabric_protos.peer.chaincode_pb2 import (
    ChaincodeAdditionalParams,
    ChaincodeID,
    ChaincodeInput,
)
from fabric_protos.peer.chaincode_shim_pb2 import (
    ChaincodeMessage,
    DelState,
    GetState,
    GetStateByRange,
    GetStateMultiple,
    GetStateMultipleResult,
    PutState,
    QueryMetadata,
    QueryResponse,
    QueryResponseMetadata,
    QueryStateClose,
    QueryStateNext,
    WriteBatchState,
    WriteRecord,
)
from fabric_protos.peer.proposal_pb2 import ChaincodeProposalPayload, Proposal, SignedProposal
from fabric_protos.peer.proposal_response_pb2 import Response
from google.protobuf.message import DecodeError

__all__ = [
    "ChaincodeAdditionalParams",
    "ChaincodeEvent",
    "ChaincodeID",
    "ChaincodeInput",
    "ChaincodeMessage",
    "ChaincodeProposalPayload",
    "ChannelHeader",
    "DelState",
    "GetState",
    "GetStateByRange",
    "GetStateMultiple",
    "GetStateMultipleResult",
    "Header",
    "KVMessage",
    "Proposal",
    "PutState",
    "QueryMetadata",
    "QueryResponse",
    "QueryResponseMetadata",
    "QueryStateClose",
    "QueryStateNext",
    "Response",
    "SerializedIdentity",
    "SignatureHeader",
    "SignedProposal",
    "WriteBatchState",
    "WriteRecord",
    "decoded",
]


def decoded(kind: Any, data: bytes) -> Any:
    """The message of a kind behind its bytes.

    Raises:
        ValueError: the bytes are no such message.
    """
    try:
        return kind.FromString(data)
    except DecodeError:
        raise ValueError(f"the bytes are no {kind.__name__}") from None
