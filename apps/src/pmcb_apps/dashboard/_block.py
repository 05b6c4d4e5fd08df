# SPDX-License-Identifier: Apache-2.0
"""What a full block says: who called what, whether it counted, and what it wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ._protos import (
    DecodeError,
    chaincode,
    common,
    kvrwset,
    msp,
    proposal,
    response,
    rwset,
    transaction,
)

__all__ = ["Call", "Write", "calls", "hash_of"]

_CODES = common.BlockMetadataIndex.Value("TRANSACTIONS_FILTER")
_NOT_VALIDATED = 254


@dataclass(frozen=True)
class Write:
    """A record that a transaction wrote.

    Attributes:
        kind: the record's type, as ``TK``.
        key: the attributes of its key, joined by slashes, which none of them holds.
        value: its canonical JSON; None where it was deleted.
    """

    kind: str
    key: str
    value: bytes | None


@dataclass(frozen=True)
class Call:
    """A transaction of the contract.

    Attributes:
        position: within the block, from 0.
        tx_id: SHA-256 in hex.
        function: of the contract; "" where it cannot be read.
        msp: the organisation of who signed it. Nothing of the person is kept.
        at_ms: the client's time, milliseconds UTC.
        code: 0 when valid.
        writes: empty unless it is.
    """

    position: int
    tx_id: str
    function: str
    msp: str
    at_ms: int
    code: int
    writes: tuple[Write, ...]


def hash_of(block: Any) -> str:
    """By which a ledger is known, of its first block: SHA-256 of the header in hex."""
    return hashlib.sha256(block.header.SerializeToString(deterministic=True)).hexdigest()


def calls(block: Any, namespace: str) -> Iterator[Call]:
    """The contract's transactions in a ``common.Block``, in order, invalid ones too.

    A block holds whatever was ordered, also configurations and noise: those are left out.

    Args:
        block: the message.
        namespace: the chaincode's name.
    """
    filters = block.metadata.metadata
    codes = filters[_CODES] if len(filters) > _CODES else b""
    for position, raw in enumerate(block.data.data):
        code = codes[position] if position < len(codes) else _NOT_VALIDATED
        try:
            payload = common.Payload.FromString(common.Envelope.FromString(raw).payload)
            header = common.ChannelHeader.FromString(payload.header.channel_header)
            if header.type == common.ENDORSER_TRANSACTION:
                found = _call(position, code, header, payload, namespace)
                if found is not None:
                    yield found
        except (DecodeError, UnicodeDecodeError, IndexError):
            continue


def _call(position: int, code: int, header: Any, payload: Any, namespace: str) -> Call | None:
    creator = common.SignatureHeader.FromString(payload.header.signature_header).creator
    action = transaction.ChaincodeActionPayload.FromString(
        transaction.Transaction.FromString(payload.data).actions[0].payload
    )
    asked = proposal.ChaincodeProposalPayload.FromString(action.chaincode_proposal_payload)
    spec = chaincode.ChaincodeInvocationSpec.FromString(asked.input).chaincode_spec
    if spec.chaincode_id.name != namespace:
        return None
    return Call(
        position=position,
        tx_id=header.tx_id,
        function=spec.input.args[0].decode().rpartition(":")[2] if spec.input.args else "",
        msp=msp.SerializedIdentity.FromString(creator).mspid,
        at_ms=header.timestamp.seconds * 1000 + header.timestamp.nanos // 1_000_000,
        code=code,
        writes=tuple(_writes(action, namespace)) if code == 0 else (),
    )


def _writes(action: Any, namespace: str) -> Iterator[Write]:
    endorsed = response.ProposalResponsePayload.FromString(action.action.proposal_response_payload)
    made = proposal.ChaincodeAction.FromString(endorsed.extension)
    for space in rwset.TxReadWriteSet.FromString(made.results).ns_rwset:
        if space.namespace != namespace:
            continue
        for write in kvrwset.KVRWSet.FromString(space.rwset).writes:
            kind, *attributes = write.key[1:-1].split("\0")
            value = None if write.is_delete else write.value
            yield Write(kind, "/".join(attributes), value)
