# SPDX-License-Identifier: Apache-2.0
"""Keys as certificates have them."""

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def point(key: ec.EllipticCurvePrivateKey) -> str:
    """The public key as it is announced on the ledger."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint).hex()
