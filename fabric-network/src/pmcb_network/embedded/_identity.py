# SPDX-License-Identifier: Apache-2.0
"""Who signed: certificate chains, expiry and low-S signatures, checked as an MSP checks them."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from ._protos import DecodeError, msp

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ORDERS = {"secp256r1": P256_ORDER}
_SHA256 = ec.ECDSA(hashes.SHA256())
_CACHED = 20_000


class UnknownIdentity(Exception):
    """The bytes are no identity that an organisation of this network issued."""


class InvalidIdentity(Exception):
    """The organisation issued the identity and does not vouch for it now."""

    def __init__(self, message: str, msp_id: str, *, expired: bool = False) -> None:
        super().__init__(message)
        self.msp_id = msp_id
        self.expired = expired


@dataclass(frozen=True, slots=True)
class Member:
    """A certificate that an organisation's CA issued. Times in milliseconds UTC."""

    msp_id: str
    key: ec.EllipticCurvePublicKey
    units: frozenset[str]
    not_before_ms: int
    not_after_ms: int
    serial: int

    def check_time(self, now_ms: int) -> None:
        """Raises `InvalidIdentity` outside the certificate's validity."""
        if now_ms < self.not_before_ms:
            raise InvalidIdentity("the certificate is not valid yet", self.msp_id)
        if now_ms > self.not_after_ms:
            raise InvalidIdentity("the certificate has expired", self.msp_id, expired=True)

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether this member signed `data`, with the lower of the two equivalent S values."""
        try:
            _, s = utils.decode_dss_signature(signature)
            if s > _ORDERS[self.key.curve.name] // 2:
                return False
            self.key.verify(signature, data, _SHA256)
        except (InvalidSignature, ValueError):
            return False
        return True


class Directory:
    """The organisations' roots, the certificates met so far, and those that were revoked.

    A cached certificate is checked for expiry and revocation at every use; that it was issued is
    checked once.
    """

    def __init__(self, roots: Mapping[str, x509.Certificate]) -> None:
        self._roots = dict(roots)
        self._known: dict[bytes, Member] = {}
        self._revoked: dict[str, set[int]] = {msp_id: set() for msp_id in roots}

    def revoke(self, msp_id: str, serials: Iterable[int]) -> None:
        """From now on these certificates of the organisation are nobody's."""
        self._revoked[msp_id].update(serials)

    @property
    def msp_ids(self) -> tuple[str, ...]:
        """The organisations, in the network's order."""
        return tuple(self._roots)

    def member(self, serialized: bytes, now_ms: int) -> Member:
        """The member behind a `SerializedIdentity`.

        Raises:
            UnknownIdentity: no identity, or issued by no organisation that is here.
            InvalidIdentity: expired, not yet valid, revoked.
        """
        digest = hashlib.sha256(serialized).digest()
        found = self._known.get(digest)
        if found is None:
            found = self._parse(serialized)
            if len(self._known) >= _CACHED:
                self._known.clear()
            self._known[digest] = found
        found.check_time(now_ms)
        if found.serial in self._revoked[found.msp_id]:
            raise InvalidIdentity("the certificate has been revoked", found.msp_id)
        return found

    def _parse(self, serialized: bytes) -> Member:
        try:
            identity = msp.SerializedIdentity.FromString(serialized)
            certificate = x509.load_pem_x509_certificate(identity.id_bytes)
        except (DecodeError, ValueError, x509.InvalidVersion) as error:
            raise UnknownIdentity("the creator is malformed") from error
        root = self._roots.get(identity.mspid)
        if root is None:
            raise UnknownIdentity(f"the organisation {identity.mspid} is not of this network")
        try:
            certificate.verify_directly_issued_by(root)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError) as error:
            # to a peer no identity at all: it looks for the chain while it reads the certificate
            raise UnknownIdentity(
                "the certificate was not issued by the organisation's CA"
            ) from error
        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _ORDERS:
            raise InvalidIdentity("the certificate's key is not on P-256", identity.mspid)
        return Member(
            identity.mspid,
            key,
            frozenset(
                str(unit.value)
                for unit in certificate.subject.get_attributes_for_oid(
                    x509.NameOID.ORGANIZATIONAL_UNIT_NAME
                )
            ),
            int(certificate.not_valid_before_utc.timestamp() * 1000),
            int(certificate.not_valid_after_utc.timestamp() * 1000),
            certificate.serial_number,
        )


def sign(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    """An ECDSA signature over SHA-256 with the lower S, as Fabric demands."""
    raw = key.sign(data, _SHA256)
    r, s = utils.decode_dss_signature(raw)
    return raw if s <= P256_ORDER // 2 else utils.encode_dss_signature(r, P256_ORDER - s)
