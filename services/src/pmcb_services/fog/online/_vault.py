# SPDX-License-Identifier: Apache-2.0
"""Payloads and results lie sealed: whoever reads the database alone learns sizes and times."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pmcb_client.files import private_folder, write_private
from pmcb_services.fog.errors import InvalidInput

__all__ = ["Vault"]

KEY_BYTES, NONCE_BYTES = 32, 12
_MARK = b"pmcb fog order store"


class Vault:
    """Seals under one key, AES-256-GCM, each piece bound to what it is.

    Args:
        key: 32 bytes.

    >>> vault = Vault(bytes(32))
    >>> vault.opened(vault.sealed(b"230/120", "payload o1"), "payload o1")
    b'230/120'
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def at(cls, path: Path) -> Vault:
        """With the key in a file, which is made if it is missing (mode 0600).

        Gateways that share a database share this file; without it what is sealed is lost.

        Raises:
            InvalidInput: the file holds something else.
        """
        private_folder(path.parent)
        if not path.exists():
            write_private(path, secrets.token_bytes(KEY_BYTES))
        key = b""
        with suppress(OSError):
            key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise InvalidInput(
                "The file of the order store's key cannot be read, or holds no key.",
                field="key",
                next_step="Put back the file that was there when the store was made.",
            )
        return cls(key)

    def sealed(self, data: bytes, about: str) -> bytes:
        """With a random nonce before it."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, about.encode())

    def opened(self, data: bytes, about: str) -> bytes:
        """What was sealed.

        Raises:
            InvalidInput: another key sealed it, it was changed, or it is about something else.
        """
        try:
            return self._cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError):
            raise InvalidInput(
                "The order store was sealed with another key.",
                field="key",
                next_step="Put back the file of the key that was there when the store was made.",
            ) from None

    def mark(self) -> bytes:
        """What a store keeps to know its key again."""
        return self.sealed(_MARK, "store")

    def check(self, mark: bytes) -> None:
        """Whether a store's mark was made with this key.

        Raises:
            InvalidInput: it was not.
        """
        self.opened(mark, "store")
