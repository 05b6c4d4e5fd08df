# SPDX-License-Identifier: Apache-2.0
"""Test identities as a Fabric CA issues them, and the proposals that they sign."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from pmcb_chaincode.bridge._protos import (
    ChaincodeInput,
    ChaincodeProposalPayload,
    ChannelHeader,
    Header,
    Proposal,
    SerializedIdentity,
    SignatureHeader,
    SignedProposal,
)

ATTRIBUTES = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")
TIME_MS = 1_750_000_000_123

Key: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Identity:
    """A certificate and its key."""

    msp_id: str
    enrollment_id: str
    certificate: x509.Certificate
    key: Key = field(repr=False)

    @property
    def uid(self) -> str:
        """As the contract names the person."""
        return f"{self.msp_id}/{self.enrollment_id}"

    @property
    def creator(self) -> bytes:
        """The ``SerializedIdentity`` that a proposal carries."""
        pem = self.certificate.public_bytes(Encoding.PEM)
        made: bytes = SerializedIdentity(mspid=self.msp_id, id_bytes=pem).SerializeToString()
        return made

    def proposal(
        self,
        args: Sequence[bytes],
        *,
        tx_id: str = "",
        channel: str = "pmcb",
        time_ms: int = TIME_MS,
        transient: Mapping[str, bytes] | None = None,
    ) -> Any:
        """A ``SignedProposal`` of a call."""
        stamp = {"seconds": time_ms // 1000, "nanos": time_ms % 1000 * 1_000_000}
        channel_header = ChannelHeader(type=3, channel_id=channel, tx_id=tx_id, timestamp=stamp)
        header = Header(
            channel_header=channel_header.SerializeToString(),
            signature_header=SignatureHeader(creator=self.creator).SerializeToString(),
        )
        payload = ChaincodeProposalPayload(
            input=ChaincodeInput(args=args).SerializeToString(), TransientMap=transient or {}
        )
        body = Proposal(
            header=header.SerializeToString(), payload=payload.SerializeToString()
        ).SerializeToString()
        return SignedProposal(proposal_bytes=body, signature=self._sign(body))

    def _sign(self, body: bytes) -> bytes:
        assert isinstance(self.key, ec.EllipticCurvePrivateKey)
        return self.key.sign(body, ec.ECDSA(hashes.SHA256()))


def identity(
    msp: str,
    enrollment_id: str,
    *,
    role: str = "",
    attributes: Mapping[str, object] | None = None,
    extension: bytes | None = None,
    key: Key | None = None,
) -> Identity:
    """Issue a certificate with the attributes that a Fabric CA would write into it.

    ``extension`` replaces the attribute extension's bytes; ``b""`` leaves it out.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    named = {"hf.EnrollmentID": enrollment_id, "hf.Type": "client", **(attributes or {})}
    if role:
        named["pmcb.role"] = role
    if extension is None:
        extension = json.dumps({"attrs": named}).encode()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, enrollment_id)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
    )
    if extension:
        unknown = x509.UnrecognizedExtension(ATTRIBUTES, extension)
        builder = builder.add_extension(unknown, critical=False)
    signer = key if isinstance(key, ec.EllipticCurvePrivateKey) else _issuer()
    return Identity(msp, enrollment_id, builder.sign(signer, hashes.SHA256()), key)


def new_tx_id() -> str:
    """A transaction id as a client makes it: 64 hexadecimal digits."""
    return hashlib.sha256(os.urandom(24)).hexdigest()


def _issuer() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())
