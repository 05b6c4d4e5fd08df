# SPDX-License-Identifier: Apache-2.0
"""The root: all that a fog needs to take a store over, sealed under the root key.

::

    file   = magic:8 | fingerprint of the keys:8 | of the store:8 | nonce:12 | AES-GCM(plain)
    plain  = length of head:4 | head (canonical JSON) | arrays | zeros up to a fixed step
    ad     = everything before the nonce | store | schema digest | version

Its size follows from what is public: one byte per padded record is set aside for colours, patients
and live ids (how many ids were given tells inserts from deletes), and the whole is rounded up to
64 KiB.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from pmcb_client._canonical import canonical
from pmcb_services.retrieval.errors import KeyMismatch, TamperedError, WrongStore
from pmcb_services.retrieval.keys import StoreKeys

__all__ = ["Document", "RootSeal", "digest_of"]

_MAGIC = b"PMCB-R1\n"
_FINGERPRINT = 8
_HEADER = len(_MAGIC) + 2 * _FINGERPRINT
_NONCE = 12
_STEP = 64 << 10


@dataclass(frozen=True, eq=False)
class Document:
    """A head of JSON values and arrays by name, in order."""

    head: dict[str, object]
    arrays: dict[str, NDArray[np.generic]]


@dataclass(frozen=True)
class RootSeal:
    """Seals and opens the roots of one store."""

    keys: StoreKeys
    store: str
    schema_digest: bytes

    def seal(self, document: Document, version: int, *, spare: int) -> bytes:
        """A root of this version; ``spare`` bytes are set aside for what is of secret length."""
        plain = _packed(document)
        size = -(-max(len(plain), len(_packed(_public(document))) + spare) // _STEP) * _STEP
        nonce = secrets.token_bytes(_NONCE)
        padded = plain.ljust(size, b"\0")
        return self._header + nonce + self._aead.encrypt(nonce, padded, self._bound(version))

    def open(self, sealed: bytes, version: int) -> Document:
        """What a root holds.

        Raises:
            KeyMismatch: other keys sealed it.
            WrongStore: it is another store's.
            TamperedError: it was changed, cut, or is another version's.
        """
        if not sealed.startswith(_MAGIC) or len(sealed) < _HEADER + _NONCE:
            raise TamperedError("The cloud's root is none.")
        at = len(_MAGIC)
        if sealed[at : at + _FINGERPRINT] != self.keys.fingerprint:
            raise KeyMismatch("These keys did not seal the store.")
        if sealed[:_HEADER] != self._header:
            raise WrongStore("The root belongs to another store of these keys.")
        nonce, blob = sealed[_HEADER : _HEADER + _NONCE], sealed[_HEADER + _NONCE :]
        try:
            return _unpacked(self._aead.decrypt(nonce, blob, self._bound(version)))
        except InvalidTag:
            raise TamperedError("The cloud's root was changed.") from None

    @property
    def _header(self) -> bytes:
        store = hashlib.sha256(b"pmcb store\0" + self.store.encode()).digest()[:_FINGERPRINT]
        return _MAGIC + self.keys.fingerprint + store

    @property
    def _aead(self) -> AESGCM:
        return AESGCM(self.keys.derive(self.store, "root"))

    def _bound(self, version: int) -> bytes:
        store = self.store.encode() + b"\0"
        return self._header + store + self.schema_digest + version.to_bytes(8, "big")


def digest_of(sealed: bytes) -> bytes:
    """SHA-256 of a sealed root."""
    return hashlib.sha256(sealed).digest()


SECRET = ("live", "patients", "colour:")
"""Names, or beginnings of names, of arrays whose length is nobody's business."""


def _public(document: Document) -> Document:
    """Without secret arrays, their names and their lengths."""
    shown = {n: array for n, array in document.arrays.items() if not n.startswith(SECRET)}
    return Document({**document.head, "ids": 0}, shown)


def _packed(document: Document) -> bytes:
    shapes = [[name, a.dtype.str, list(a.shape)] for name, a in document.arrays.items()]
    head = canonical({**document.head, "arrays": shapes})
    arrays = [np.ascontiguousarray(a).tobytes() for a in document.arrays.values()]
    return b"".join([len(head).to_bytes(4, "big"), head, *arrays])


def _unpacked(plain: bytes) -> Document:
    end = 4 + int.from_bytes(plain[:4], "big")
    head = json.loads(plain[4:end])
    arrays = {}
    for name, dtype, shape in head.pop("arrays"):
        count = int(np.prod(shape, dtype=np.int64))
        arrays[name] = np.frombuffer(plain, np.dtype(dtype), count, end).reshape(shape)
        end += arrays[name].nbytes
    return Document(head, arrays)
