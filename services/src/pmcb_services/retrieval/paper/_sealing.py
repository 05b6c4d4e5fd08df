# SPDX-License-Identifier: Apache-2.0
"""Records as a cloud keeps them: AES-GCM per record, bound to its number."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pmcb_services.retrieval.errors import TamperedError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["RecordKey"]

_VERSION = 1
_NONCE = 12
_KEY = 32


class RecordKey:
    """sk of the publication, 256 random bits; c_i = AES-GCM(sk, record_i, ad = i || version).

    Args:
        secret: 32 bytes; None draws them.

    Raises:
        ValueError: the secret has another length.
    """

    def __init__(self, secret: bytes | None = None) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.secret = os.urandom(_KEY) if secret is None else secret
        if len(self.secret) != _KEY:
            raise ValueError(f"a record's key has {_KEY} bytes")
        self._cipher: AESGCM = AESGCM(self.secret)

    def seal(self, first: int, records: Iterable[bytes]) -> list[bytes]:
        """Nonce and ciphertext of records numbered from ``first`` on."""
        sealed = []
        for number, record in enumerate(records, first):
            nonce = os.urandom(_NONCE)
            sealed.append(nonce + self._cipher.encrypt(nonce, record, _bound(number)))
        return sealed

    def open(self, number: int, sealed: bytes) -> bytes:
        """The record.

        Raises:
            TamperedError: names its number.
        """
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(number))
        except (InvalidTag, ValueError):
            raise TamperedError(f"Record {number} was changed or swapped.", index=number) from None


def _bound(number: int) -> bytes:
    return number.to_bytes(4, "little") + bytes([_VERSION])
