# SPDX-License-Identifier: Apache-2.0
"""A few bytes for one person: ECIES on the P-256 key of a certificate.

    wrap = 0x01 | ephemeral point (33, compressed) | ciphertext | tag (16)

HKDF-SHA256 of the ECDH secret, salted with both points, gives an AES-256-GCM key and nonce; its
info string and the associated data are the context, so a wrap opens for its purpose, place and
person only. The key of a certificate signs and receives: the info string keeps the two apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pmcb_client._canonical import canonical

from .errors import Damaged, WrongPlace

__all__ = ["OVERHEAD_BYTES", "Context", "unwrap", "wrap"]

VERSION = b"\x01"
POINT_BYTES, TAG_BYTES = 33, 16
KEY_BYTES, NONCE_BYTES = 32, 12
OVERHEAD_BYTES = len(VERSION) + POINT_BYTES + TAG_BYTES


@dataclass(frozen=True)
class Context:
    """What a wrap is for.

    Attributes:
        purpose: ``key`` of an envelope, ``answer`` or ``share``.
        task: 32 hex.
        subtask: its number.
        to: uid of the person who may open it.
        slot: of the holder it concerns; None where it concerns the whole subtask.
    """

    purpose: str
    task: str
    subtask: int
    to: str
    slot: int | None = None

    def encode(self) -> bytes:
        """Canonical JSON of the fields that are set."""
        return canonical({name: value for name, value in vars(self).items() if value is not None})


def wrap(content: bytes, point_hex: str, context: Context) -> bytes:
    """``content`` for the holder of a public key; 50 bytes longer.

    Args:
        content: any bytes.
        point_hex: the receiver's compressed point, as announced on the ledger.
        context: what it is for.

    Raises:
        ValueError: the point is none of P-256.
    """
    receiver = ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(), bytes.fromhex(point_hex)
    )
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    point = _point(ephemeral.public_key())
    key, nonce = _derive(ephemeral.exchange(ec.ECDH(), receiver), point, _point(receiver), context)
    return VERSION + point + AESGCM(key).encrypt(nonce, content, context.encode())


def unwrap(wrapped: bytes, private_key: ec.EllipticCurvePrivateKey, context: Context) -> bytes:
    """What was wrapped for this key in this context.

    Raises:
        Damaged: it is no wrap.
        WrongPlace: it was made for another key or context, or was changed since.
    """
    if len(wrapped) < OVERHEAD_BYTES or wrapped[:1] != VERSION:
        raise Damaged("This is no wrapped key.")
    point = wrapped[1 : 1 + POINT_BYTES]
    try:
        ephemeral = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as error:
        raise Damaged("This is no wrapped key.") from error
    own = _point(private_key.public_key())
    key, nonce = _derive(private_key.exchange(ec.ECDH(), ephemeral), point, own, context)
    try:
        return AESGCM(key).decrypt(nonce, wrapped[1 + POINT_BYTES :], context.encode())
    except InvalidTag as error:
        raise WrongPlace("It was wrapped for another key, task, slot or purpose.") from error


def _derive(secret: bytes, point: bytes, receiver: bytes, context: Context) -> tuple[bytes, bytes]:
    info = b"pmcb/wrap/1\0" + context.encode()
    length = KEY_BYTES + NONCE_BYTES
    made = HKDF(SHA256(), length, salt=point + receiver, info=info).derive(secret)
    return made[:KEY_BYTES], made[KEY_BYTES:]


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
