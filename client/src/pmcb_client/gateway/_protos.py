# SPDX-License-Identifier: Apache-2.0
"""The generated messages that the gateway client uses; they have no type stubs."""

from fabric_protos.common.common_pb2 import Block as BlockMessage
from fabric_protos.common.common_pb2 import (
    BlockMetadataIndex,
    ChannelHeader,
    Envelope,
    Header,
    HeaderType,
    Payload,
    SignatureHeader,
)
from fabric_protos.common.common_pb2 import Status as DeliverStatus
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
from fabric_protos.orderer.ab_pb2 import (
    SeekInfo,
    SeekNewest,
    SeekNextCommit,
    SeekPosition,
    SeekSpecified,
)
from fabric_protos.peer.chaincode_event_pb2 import ChaincodeEvent as ChaincodeEventMessage
from fabric_protos.peer.chaincode_pb2 import (
    ChaincodeID,
    ChaincodeInput,
    ChaincodeInvocationSpec,
    ChaincodeSpec,
)
from fabric_protos.peer.events_pb2 import BlockAndPrivateData, DeliverResponse, FilteredBlock
from fabric_protos.peer.events_pb2_grpc import DeliverStub
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
from google.protobuf.message import DecodeError, Message
from google.rpc.status_pb2 import Status as RpcStatus

__all__ = [
    "BlockAndPrivateData",
    "BlockMessage",
    "BlockMetadataIndex",
    "ChaincodeAction",
    "ChaincodeActionPayload",
    "ChaincodeEventMessage",
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
    "DeliverResponse",
    "DeliverStatus",
    "DeliverStub",
    "EndorseRequest",
    "EndorseResponse",
    "Envelope",
    "ErrorDetailMessage",
    "EvaluateRequest",
    "EvaluateResponse",
    "FilteredBlock",
    "GatewayStub",
    "Header",
    "HeaderType",
    "Message",
    "Payload",
    "ProposalMessage",
    "ProposalResponsePayload",
    "RpcStatus",
    "SeekInfo",
    "SeekNewest",
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
