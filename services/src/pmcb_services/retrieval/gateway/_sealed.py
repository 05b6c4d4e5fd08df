# SPDX-License-Identifier: Apache-2.0
"""Documents that lie sealed in a gateway's database."""

from __future__ import annotations

import json
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pmcb_services.retrieval.errors import KeyMismatch

__all__ = ["opened", "sealed"]

NONCE = 12


def sealed(key: bytes, document: object, about: str) -> bytes:
    """A document under AES-GCM with a random nonce, bound to what it is about."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, json.dumps(document).encode(), about.encode())


def opened(key: bytes, data: bytes, about: str) -> Any:
    """The document.

    Raises:
        KeyMismatch: another key sealed it, or it was changed.
    """
    try:
        plain = AESGCM(key).decrypt(data[:NONCE], data[NONCE:], about.encode())
    except (InvalidTag, ValueError):
        raise KeyMismatch(f"What is kept about {about} opens with another key.") from None
    return json.loads(plain)
