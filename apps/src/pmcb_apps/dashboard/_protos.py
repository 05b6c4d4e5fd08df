# SPDX-License-Identifier: Apache-2.0
"""Fabric's messages that blocks are made of; the generated modules have no stubs."""

from typing import Any

from fabric_protos.common import common_pb2
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.msp import identities_pb2
from fabric_protos.peer import (
    chaincode_pb2,
    proposal_pb2,
    proposal_response_pb2,
    transaction_pb2,
)
from google.protobuf.message import DecodeError

common: Any = common_pb2
rwset: Any = rwset_pb2
kvrwset: Any = kv_rwset_pb2
msp: Any = identities_pb2
chaincode: Any = chaincode_pb2
proposal: Any = proposal_pb2
response: Any = proposal_response_pb2
transaction: Any = transaction_pb2

__all__ = [
    "DecodeError",
    "chaincode",
    "common",
    "kvrwset",
    "msp",
    "proposal",
    "response",
    "rwset",
    "transaction",
]
