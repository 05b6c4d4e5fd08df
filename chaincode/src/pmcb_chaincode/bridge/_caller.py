# SPDX-License-Identifier: Apache-2.0
"""Who calls: read from the certificate that signed the proposal, which the peer has verified."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pmcb_chaincode._codes import Code

from ._canonical import canonical_loads
from ._protos import SerializedIdentity, decoded
from .errors import Refusal

# Where a Fabric CA puts a certificate's attributes.
_ATTRIBUTES = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")
_NO_EXTENSION = (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)


@dataclass(frozen=True)
class Caller:
    """A proven caller: organisation, enrolment id, role and attributes of one certificate."""

    msp_id: str
    enrollment_id: str
    role: str
    attributes: Mapping[str, str]
    certificate: x509.Certificate = field(repr=False)

    @property
    def uid(self) -> str:
        """The person on the ledger: ``msp/enrollment``."""
        return f"{self.msp_id}/{self.enrollment_id}"

    @property
    def x509_id(self) -> str:
        """``x509::SUBJECT::ISSUER`` (RFC 4514 names): an id for certificates without attributes."""
        subject, issuer = self.certificate.subject, self.certificate.issuer
        return f"x509::{subject.rfc4514_string()}::{issuer.rfc4514_string()}"

    @property
    def public_key(self) -> CertificatePublicKeyTypes:
        """The certificate's public key, of whatever kind.

        Raises:
            ValueError: the bytes in its place are no key.
            UnsupportedAlgorithm: a kind that the ``cryptography`` package does not know.
        """
        return self.certificate.public_key()

    def p256_key(self) -> str:
        """The certificate's public key as a compressed P-256 point in hex.

        Raises:
            Refusal: ``KEY_UNSUPPORTED`` for any other kind of key.
        """
        try:
            key: object = self.public_key
        except (ValueError, UnsupportedAlgorithm):  # no point of its curve, say
            key = None
        if not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)):
            raise Refusal(Code.KEY_UNSUPPORTED, "The certificate's key must be on P-256.")
        return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint).hex()


@lru_cache(maxsize=4096)
def read_caller(creator: bytes) -> Caller:
    """The caller behind a proposal's creator bytes (a ``SerializedIdentity``).

    Raises:
        ValueError: the bytes hold no X.509 identity.
    """
    identity = decoded(SerializedIdentity, creator)
    try:
        certificate = x509.load_pem_x509_certificate(identity.id_bytes)
    except x509.InvalidVersion:
        raise ValueError("the certificate is of an unknown version") from None
    for name in (certificate.subject, certificate.issuer):
        name.rfc4514_string()  # read late by the library: a malformed one shows here, not later
    attributes = _attributes(certificate)
    return Caller(
        msp_id=identity.mspid,
        enrollment_id=attributes.get("hf.EnrollmentID", ""),
        role=attributes.get("pmcb.role", ""),
        attributes=attributes,
        certificate=certificate,
    )


def _attributes(certificate: x509.Certificate) -> Mapping[str, str]:
    """The attribute extension; a malformed one grants nothing, like an absent one."""
    try:
        extension = certificate.extensions.get_extension_for_oid(_ATTRIBUTES)
        found = canonical_loads(extension.value.public_bytes())
    except (*_NO_EXTENSION, ValueError):
        found = {}
    named = found.get("attrs") if isinstance(found, dict) else None
    made = named if isinstance(named, dict) else {}
    return MappingProxyType({k: v for k, v in made.items() if isinstance(v, str)})
