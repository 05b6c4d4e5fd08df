# SPDX-License-Identifier: Apache-2.0
"""What stands in the blocks: every transaction, who signed it, what it writes and tells."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.invariants.certificates import ATTRIBUTES

from pmcb_network.embedded import EmbeddedNetwork
from pmcb_network.embedded._protos import (
    VALIDATION_CODES,
    chaincode,
    common,
    event,
    kvrwset,
    msp,
    proposal,
    response,
    rwset,
    transaction,
)


@dataclass(frozen=True)
class Signer:
    """Whose certificate signed a transaction."""

    msp: str
    name: str
    role: str
    key: str

    @property
    def uid(self) -> str:
        return f"{self.msp}/{self.name}"


@dataclass(frozen=True)
class Entry:
    """One transaction of a block; ``writes`` map keys to values, ``None`` deletes."""

    block: int
    tx_id: str
    code: int
    by: Signer
    at: int
    function: str
    args: tuple[bytes, ...]
    writes: dict[str, bytes | None]
    event: tuple[str, bytes] | None
    result: bytes

    def __str__(self) -> str:
        return (
            f"{self.function} by {self.by.uid}, transaction {self.tx_id[:8]} of block {self.block}"
        )


def entries(network: EmbeddedNetwork, start: int) -> Iterator[Entry]:
    """The transactions of all blocks from ``start`` on, in order."""
    snapshot = network._store.current
    for number in range(start, snapshot.height):
        block = common.Block.FromString(snapshot.block(number))
        codes = block.metadata.metadata[VALIDATION_CODES]
        for raw, code in zip(block.data.data, codes, strict=True):
            payload = common.Payload.FromString(common.Envelope.FromString(raw).payload)
            header = common.ChannelHeader.FromString(payload.header.channel_header)
            if header.tx_id:
                yield _entry(number, code, header, payload)


def _entry(number: int, code: int, header: Any, payload: Any) -> Entry:
    (action,) = transaction.Transaction.FromString(payload.data).actions
    inner = transaction.ChaincodeActionPayload.FromString(action.payload)
    asked = proposal.ChaincodeProposalPayload.FromString(inner.chaincode_proposal_payload)
    spec = chaincode.ChaincodeInvocationSpec.FromString(asked.input).chaincode_spec
    endorsed = response.ProposalResponsePayload.FromString(inner.action.proposal_response_payload)
    made = proposal.ChaincodeAction.FromString(endorsed.extension)
    told = event.ChaincodeEvent.FromString(made.events) if made.events else None
    creator = common.SignatureHeader.FromString(payload.header.signature_header).creator
    return Entry(
        block=number,
        tx_id=header.tx_id,
        code=code,
        by=_signer(creator),
        at=header.timestamp.seconds * 1000 + header.timestamp.nanos // 1_000_000,
        function=spec.input.args[0].decode(),
        args=tuple(spec.input.args[1:]),
        writes={
            write.key: None if write.is_delete else write.value
            for space in rwset.TxReadWriteSet.FromString(made.results).ns_rwset
            for write in kvrwset.KVRWSet.FromString(space.rwset).writes
        },
        event=(told.event_name, told.payload) if told else None,
        result=made.response.payload,
    )


@cache
def _signer(creator: bytes) -> Signer:
    identity = msp.SerializedIdentity.FromString(creator)
    certificate = x509.load_pem_x509_certificate(identity.id_bytes)
    extension = certificate.extensions.get_extension_for_oid(ATTRIBUTES).value
    named = json.loads(extension.public_bytes())["attrs"]
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    point = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return Signer(identity.mspid, named["hf.EnrollmentID"], named["pmcb.role"], point.hex())
