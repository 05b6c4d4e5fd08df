# SPDX-License-Identifier: Apache-2.0
"""Who speaks to the ledger, and how that person signs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

Signer = Callable[[bytes], bytes]
"""From a SHA-256 digest (32 bytes) to an ECDSA signature (DER, low S)."""

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256


@dataclass(frozen=True)
class Identity:
    """A member of an organisation: its MSP id and its certificate (PEM)."""

    msp_id: str
    certificate_pem: bytes

    @cached_property
    def creator(self) -> bytes:
        """The serialised identity that stands in every header."""
        from ._protos import SerializedIdentity  # not with every wallet: most ask no ledger

        message = SerializedIdentity(mspid=self.msp_id, id_bytes=self.certificate_pem)
        serialised: bytes = message.SerializeToString()
        return serialised


class Credentials(Protocol):
    """An identity together with its signer; what ``Wallet.get`` returns is one."""

    @property
    def identity(self) -> Identity:
        """Who signs."""

    @property
    def signer(self) -> Signer:
        """How."""


class P256Signer:
    """Signs digests with a P-256 key; S is always low, as Fabric's nodes and CA ask for.

    Raises:
        ValueError: the key is of another curve.
    """

    def __init__(self, private_key: ec.EllipticCurvePrivateKey) -> None:
        if private_key.curve.name != ec.SECP256R1.name:
            raise ValueError(f"The key must be of curve P-256, not {private_key.curve.name}.")
        self._key = private_key
        self._algorithm = ec.ECDSA(Prehashed(SHA256()))

    def __call__(self, digest: bytes) -> bytes:
        """The signature over a 32-byte SHA-256 digest."""
        signature = self._key.sign(digest, self._algorithm)
        r, s = decode_dss_signature(signature)
        # (r, s) and (r, n - s) both verify; a peer takes only the smaller s, so that nobody can
        # change a transaction's bytes and keep it valid.
        return signature if s <= _ORDER // 2 else encode_dss_signature(r, _ORDER - s)
