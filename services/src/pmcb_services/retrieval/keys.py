# SPDX-License-Identifier: Apache-2.0
"""The keys of the institution, which the fog holds and the cloud never sees."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .errors import KeyMismatch

__all__ = ["StoreKeys"]

KEY_BYTES = 32
_FORMAT = "pmcb-store-keys-1"


@dataclass(frozen=True, slots=True)
class StoreKeys:
    """One secret of 256 bits; the keys of each store and purpose are derived from it.

    >>> keys = StoreKeys.generate()
    >>> keys.derive("icu", "root") == keys.derive("ward", "root")
    False
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise KeyMismatch(f"A secret of {KEY_BYTES} bytes is needed.")

    @classmethod
    def generate(cls) -> StoreKeys:
        """New keys from the operating system's source."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def load(cls, path: str | Path) -> StoreKeys:
        """The keys of a file.

        Raises:
            KeyMismatch: it cannot be read, or holds no keys.
        """
        path = Path(path)
        try:
            document = json.loads(path.read_bytes())
            if document["format"] != _FORMAT:
                raise KeyMismatch(f"{path.name} holds no keys of a store.")
            return cls(bytes.fromhex(document["secret"]))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise KeyMismatch(f"{path.name} cannot be read ({reason}).") from error
        except (ValueError, KeyError, TypeError, RecursionError):
            raise KeyMismatch(f"{path.name} holds no keys of a store.") from None

    def save(self, path: str | Path) -> None:
        """Write a new file that its owner alone may read.

        Raises:
            FileExistsError: there is a file already; keys are never overwritten.
        """
        path = Path(path)
        text = json.dumps({"format": _FORMAT, "secret": self.secret.hex()}) + "\n"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    @property
    def fingerprint(self) -> bytes:
        """Eight bytes that tell keys apart and say nothing of them."""
        return hashlib.sha256(b"pmcb store keys\0" + self.secret).digest()[:8]

    def derive(self, store: str, purpose: str) -> bytes:
        """The key of one store and purpose, 32 bytes (HKDF-SHA-256)."""
        info = f"pmcb retrieval\0{store}\0{purpose}".encode()
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self.secret)
