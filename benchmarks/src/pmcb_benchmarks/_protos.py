# SPDX-License-Identifier: Apache-2.0
"""The messages of a chaincode stream: the only place here that imports generated modules."""

from fabric_protos.peer.chaincode_pb2 import ChaincodeAdditionalParams, ChaincodeInput
from fabric_protos.peer.chaincode_shim_pb2 import (
    ChaincodeMessage,
    GetState,
    GetStateMultiple,
    GetStateMultipleResult,
    PutState,
    WriteBatchState,
)
from fabric_protos.peer.proposal_pb2 import SignedProposal
from fabric_protos.peer.proposal_response_pb2 import Response

__all__ = [
    "ChaincodeAdditionalParams",
    "ChaincodeInput",
    "ChaincodeMessage",
    "GetState",
    "GetStateMultiple",
    "GetStateMultipleResult",
    "PutState",
    "Response",
    "SignedProposal",
    "WriteBatchState",
]
