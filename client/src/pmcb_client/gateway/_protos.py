# SPDX-License-Identifier: Apache-2.0
"""The generated messages that the gateway client uses; they have no type stubs."""

from fabric_protos.common.common_pb2 import (
    ChannelHeader,
    Envelope,
    Header,
    HeaderType,
    Payload,
    SignatureHeader,
)
from fabric_protos.gateway.gateway_pb2 import (
    ChaincodeEventsRequest,
    CommitStatusRequest,
    CommitStatusResponse,
    EndorseRequest,
    EndorseResponse,
    EvaluateRequest,
    EvaluateResponse,
    SignedChaincodeEventsRequest,
    SignedCommitStatusRequest,
    SubmitRequest,
    SubmitResponse,
)
from fabric_protos.gateway.gateway_pb2 import ErrorDetail as ErrorDetailMessage
from fabric_protos.gateway.gateway_pb2_grpc import GatewayStub
from fabric_protos.msp.identities_pb2 import SerializedIdentity
from fabric_protos.orderer.ab_pb2 import SeekNextCommit, SeekPosition, SeekSpecified
from fabric_protos.peer.chaincode_pb2 import (
    ChaincodeID,
    ChaincodeInput,
    ChaincodeInvocationSpec,
    ChaincodeSpec,
)
from fabric_protos.peer.proposal_pb2 import (
    ChaincodeAction,
    ChaincodeHeaderExtension,
    ChaincodeProposalPayload,
    SignedProposal,
)
from fabric_protos.peer.proposal_pb2 import Proposal as ProposalMessage
from fabric_protos.peer.proposal_response_pb2 import ProposalResponsePayload
from fabric_protos.peer.transaction_pb2 import (
    ChaincodeActionPayload,
    TxValidationCode,
)
from fabric_protos.peer.transaction_pb2 import Transaction as TransactionMessage
from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status as RpcStatus

__all__ = [
    "ChaincodeAction",
    "ChaincodeActionPayload",
    "ChaincodeEventsRequest",
    "ChaincodeHeaderExtension",
    "ChaincodeID",
    "ChaincodeInput",
    "ChaincodeInvocationSpec",
    "ChaincodeProposalPayload",
    "ChaincodeSpec",
    "ChannelHeader",
    "CommitStatusRequest",
    "CommitStatusResponse",
    "DecodeError",
    "EndorseRequest",
    "EndorseResponse",
    "Envelope",
    "ErrorDetailMessage",
    "EvaluateRequest",
    "EvaluateResponse",
    "GatewayStub",
    "Header",
    "HeaderType",
    "Payload",
    "ProposalMessage",
    "ProposalResponsePayload",
    "RpcStatus",
    "SeekNextCommit",
    "SeekPosition",
    "SeekSpecified",
    "SerializedIdentity",
    "SignatureHeader",
    "SignedChaincodeEventsRequest",
    "SignedCommitStatusRequest",
    "SignedProposal",
    "SubmitRequest",
    "SubmitResponse",
    "TransactionMessage",
    "TxValidationCode",
]
