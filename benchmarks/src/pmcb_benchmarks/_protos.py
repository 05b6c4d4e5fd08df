# SPDX-License-Identifier: Apache-2.0
"""The generated messages that are used here: this is the only place that imports them."""

from fabric_protos.common.common_pb2 import Block as BlockMessage
from fabric_protos.common.common_pb2 import (
    BlockMetadataIndex,
    ChannelHeader,
    Envelope,
    HeaderType,
    Payload,
)
from fabric_protos.peer.chaincode_pb2 import (
    ChaincodeAdditionalParams,
    ChaincodeInput,
    ChaincodeInvocationSpec,
)
from fabric_protos.peer.chaincode_shim_pb2 import (
    ChaincodeMessage,
    GetState,
    GetStateMultiple,
    GetStateMultipleResult,
    PutState,
    WriteBatchState,
)
from fabric_protos.peer.peer_pb2_grpc import EndorserStub
from fabric_protos.peer.proposal_pb2 import ChaincodeProposalPayload, SignedProposal
from fabric_protos.peer.proposal_response_pb2 import Response
from fabric_protos.peer.transaction_pb2 import ChaincodeActionPayload, Transaction

__all__ = [
    "BlockMessage",
    "BlockMetadataIndex",
    "ChaincodeActionPayload",
    "ChaincodeAdditionalParams",
    "ChaincodeInput",
    "ChaincodeInvocationSpec",
    "ChaincodeMessage",
    "ChaincodeProposalPayload",
    "ChannelHeader",
    "EndorserStub",
    "Envelope",
    "GetState",
    "GetStateMultiple",
    "GetStateMultipleResult",
    "HeaderType",
    "Payload",
    "PutState",
    "Response",
    "SignedProposal",
    "Transaction",
    "WriteBatchState",
]
