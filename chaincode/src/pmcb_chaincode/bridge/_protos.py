# SPDX-License-Identifier: Apache-2.0
"""The Fabric messages the bridge speaks: the only place that imports generated modules."""

from typing import Any

from fabric_protos.common.common_pb2 import ChannelHeader, Header, SignatureHeader
from fabric_protos.common.policies_pb2 import SignaturePolicy, SignaturePolicyEnvelope
from fabric_protos.ledger.queryresult.kv_query_result_pb2 import KV as KVMessage  # noqa: N811
from fabric_protos.ledger.queryresult.kv_query_result_pb2 import KeyModification
from fabric_protos.msp.identities_pb2 import SerializedIdentity
from fabric_protos.msp.msp_principal_pb2 import MSPPrincipal, MSPRole
from fabric_protos.peer.chaincode_event_pb2 import ChaincodeEvent
from fabric_protos.peer.chaincode_pb2 import (
    ChaincodeAdditionalParams,
    ChaincodeID,
    ChaincodeInput,
    ChaincodeSpec,
)
from fabric_protos.peer.chaincode_shim_pb2 import (
    ChaincodeMessage,
    DelState,
    GetHistoryForKey,
    GetState,
    GetStateByRange,
    GetStateMetadata,
    GetStateMultiple,
    GetStateMultipleResult,
    PurgePrivateState,
    PutState,
    PutStateMetadata,
    QueryMetadata,
    QueryResponse,
    QueryResponseMetadata,
    QueryStateClose,
    QueryStateNext,
    StateMetadata,
    StateMetadataResult,
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
    "ChaincodeSpec",
    "ChannelHeader",
    "DelState",
    "GetHistoryForKey",
    "GetState",
    "GetStateByRange",
    "GetStateMetadata",
    "GetStateMultiple",
    "GetStateMultipleResult",
    "Header",
    "KVMessage",
    "KeyModification",
    "MSPPrincipal",
    "MSPRole",
    "Proposal",
    "PurgePrivateState",
    "PutState",
    "PutStateMetadata",
    "QueryMetadata",
    "QueryResponse",
    "QueryResponseMetadata",
    "QueryStateClose",
    "QueryStateNext",
    "Response",
    "SerializedIdentity",
    "SignatureHeader",
    "SignaturePolicy",
    "SignaturePolicyEnvelope",
    "SignedProposal",
    "StateMetadata",
    "StateMetadataResult",
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
