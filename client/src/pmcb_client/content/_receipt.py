# SPDX-License-Identifier: Apache-2.0
"""The store's word that it has a file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from pmcb_client._canonical import canonical
from pmcb_client._x509 import enrollment_id, issued_certificate, read_certificate

from .errors import ForeignReceipt

if TYPE_CHECKING:
    from pmcb_client.network_file import NetworkFile
    from pmcb_client.wallet import WalletIdentity

__all__ = ["Receipt"]


@dataclass(frozen=True)
class Receipt:
    """A file was kept: what, for whom, since when; signed by the store.

    Attributes:
        hash: SHA-256 of the file, hex.
        size: bytes.
        uid: who put it there, this time.
        at: when it came first, milliseconds UTC by the store's clock.
        store: uid of the store.
        certificate: of the store, DER in base64.
        signature: over the others, base64.
    """

    hash: str
    size: int
    uid: str
    at: int
    store: str
    certificate: str = field(repr=False)
    signature: str = field(repr=False)

    @classmethod
    def sign(cls, digest: str, size: int, uid: str, at_ms: int, identity: WalletIdentity) -> Self:
        """The receipt of a store with this identity."""
        der = identity.certificate.public_bytes(Encoding.DER)
        certificate = base64.b64encode(der).decode()
        bare = cls(digest, size, uid, at_ms, identity.uid, certificate, "")
        signature = base64.b64encode(identity.signer(bare._digest())).decode()
        return cls(digest, size, uid, at_ms, identity.uid, certificate, signature)

    @classmethod
    def checked(
        cls,
        document: Mapping[str, object],
        network: NetworkFile,
        *,
        digest: str,
        uid: str,
        store: str | None = None,
    ) -> Self:
        """A receipt as it came, for this file and person, by the network's own store.

        Args:
            document: its fields.
            network: knows the store and the certificates.
            digest: SHA-256 of what was sent, hex.
            uid: of who sent it.
            store: uid of another service whose word it is: an institution's intake.

        Raises:
            ForeignReceipt: it is anything else.
        """
        if store is None:
            assert network.content is not None
            store = network.content.uid
        try:
            found = cls(**document)  # type: ignore[arg-type]  # what comes is looked at below
            fits = (found.hash, found.uid, found.store) == (digest, uid, store)
            sound = type(found.size) is int and type(found.at) is int
            if fits and sound and found._is_genuine(network):
                return found
        except (TypeError, ValueError, AttributeError):
            pass
        raise ForeignReceipt(
            "The receipt is not one of this network's content store for this file.",
            next_step="Send the file again; compare the store's address in network.json.",
        )

    def as_document(self) -> dict[str, str | int]:
        """Its fields."""
        return dict(vars(self))

    def _digest(self) -> bytes:
        covered = {name: value for name, value in vars(self).items() if name != "signature"}
        return hashlib.sha256(b"pmcb/receipt/1\0" + canonical(covered)).digest()

    def _is_genuine(self, network: NetworkFile) -> bool:
        msp, name = self.store.split("/")
        org = network.org(msp)
        root = read_certificate(org.msp_ca.encode())
        der = base64.b64decode(self.certificate, validate=True)
        certificate = issued_certificate(der, root)
        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        if enrollment_id(certificate) != name or certificate.serial_number in org.revoked():
            return False
        signature = base64.b64decode(self.signature, validate=True)
        try:
            key.verify(signature, self._digest(), ec.ECDSA(Prehashed(SHA256())))
        except InvalidSignature:
            return False
        return True
