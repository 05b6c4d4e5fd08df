# SPDX-License-Identifier: Apache-2.0
"""Fabric's messages, in the one file of this package that knows where they live.

The generated modules have no stubs; what comes from here is `Any` to the type checker.
"""

from typing import Any

from fabric_protos.common import common_pb2
from fabric_protos.gateway import gateway_pb2
from fabric_protos.ledger.queryresult import kv_query_result_pb2
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.msp import identities_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import (
    chaincode_event_pb2,
    chaincode_pb2,
    chaincode_shim_pb2,
    events_pb2,
    proposal_pb2,
    proposal_response_pb2,
    transaction_pb2,
)
from google.protobuf.message import DecodeError
from google.rpc import status_pb2

common: Any = common_pb2
gateway: Any = gateway_pb2
queryresult: Any = kv_query_result_pb2
rwset: Any = rwset_pb2
kvrwset: Any = kv_rwset_pb2
msp: Any = identities_pb2
chaincode: Any = chaincode_pb2
event: Any = chaincode_event_pb2
events: Any = events_pb2
orderer: Any = ab_pb2
shim: Any = chaincode_shim_pb2
proposal: Any = proposal_pb2
response: Any = proposal_response_pb2
transaction: Any = transaction_pb2
rpc: Any = status_pb2

Type: Any = shim.ChaincodeMessage
ValidationCode: Any = transaction.TxValidationCode
VALIDATION_CODES: int = common.BlockMetadataIndex.Value("TRANSACTIONS_FILTER")
"""Where a block's metadata keeps one code per transaction."""

__all__ = [
    "VALIDATION_CODES",
    "DecodeError",
    "Type",
    "ValidationCode",
    "chaincode",
    "common",
    "event",
    "events",
    "gateway",
    "kvrwset",
    "msp",
    "orderer",
    "proposal",
    "queryresult",
    "response",
    "rpc",
    "rwset",
    "shim",
    "transaction",
]
