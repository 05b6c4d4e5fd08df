# SPDX-License-Identifier: Apache-2.0
"""Labels and blobs: a pseudorandom permutation of the indices, and authenticated encryption.

label = AES-ECB(K, index as 16 bytes)
blob  = AES-GCM(key, nonce = index as 12 bytes, plain, ad = context | label)

Keys are drawn anew for every attempt at an epoch and for every generation of the log, and an index
is sealed once under them, so that a nonce is never used twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import TypeVar

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from pmcb_services.retrieval.errors import TamperedError

from ._entry import Bytes

__all__ = ["LABEL", "TAG", "Buffer", "Seal", "cut"]

Buffer = bytes | memoryview
_Piece = TypeVar("_Piece", bytes, memoryview)

LABEL = 16
TAG = 16
_NONCE = 12
_NONCES = np.dtype([("zero", ">u4"), ("index", ">u8")])
_KEY = 32
_PIECE = 1 << 16  # blocks per call: 1 MiB stays in the processor's cache


@dataclass(frozen=True)
class Seal:
    """The keys of one epoch, or of one generation of the log.

    Attributes:
        label_key, blob_key: 32 bytes each.
        context: what every blob is bound to beside its label.
    """

    label_key: bytes = field(repr=False)
    blob_key: bytes = field(repr=False)
    context: bytes

    @classmethod
    def fresh(cls, context: bytes) -> Seal:
        """With keys that nothing was sealed under."""
        return cls(secrets.token_bytes(_KEY), secrets.token_bytes(_KEY), context)

    def labels(self, indices: NDArray[np.integer]) -> Bytes:
        """The labels of indices of shape (n,), shape (n, 16)."""
        blocks = np.zeros((len(indices), 2), dtype=">u8")
        blocks[:, 1] = indices
        plain = blocks.view(np.uint8)
        sealed = np.empty(len(indices) * LABEL + LABEL - 1, dtype=np.uint8)
        for start in range(0, len(indices), _PIECE):
            piece = plain[start : start + _PIECE]
            at = start * LABEL
            self._permutation.update_into(piece.data, sealed[at : at + piece.size + LABEL - 1].data)
        return sealed[: len(indices) * LABEL].reshape(len(indices), LABEL)

    def seal(self, indices: NDArray[np.integer], labels: bytes, plains: Iterable[Buffer]) -> bytes:
        """Items, label and blob each, end to end; call it once per index.

        Args:
            indices: shape (n,).
            labels: theirs, end to end.
            plains: n.
        """
        encrypt, context = self._aead.encrypt, self.context
        names = cut(labels, LABEL)
        blobs = [
            encrypt(nonce, plain, context + label)
            for nonce, label, plain in zip(_nonces(indices), names, plains, strict=True)
        ]
        return b"".join(chain.from_iterable(zip(names, blobs, strict=True)))

    def open(
        self, indices: NDArray[np.integer], labels: bytes, blobs: Iterable[Buffer]
    ) -> list[bytes]:
        """What was sealed for n indices.

        Raises:
            TamperedError: names the first index whose blob is another's, or another epoch's.
        """
        decrypt, context = self._aead.decrypt, self.context
        found: list[bytes] = []
        try:
            for nonce, label, blob in zip(_nonces(indices), cut(labels, LABEL), blobs, strict=True):
                found.append(decrypt(nonce, blob, context + label))
        except InvalidTag:
            index = int(indices[len(found)])
            raise TamperedError(f"The blob of index {index} was changed.", index=index) from None
        return found

    @cached_property
    def _permutation(self) -> CipherContext:
        # one block per index: the permutation itself is what is wanted of the cipher here
        return Cipher(algorithms.AES(self.label_key), modes.ECB()).encryptor()  # noqa: S305

    @cached_property
    def _aead(self) -> AESGCM:
        return AESGCM(self.blob_key)


def cut(data: _Piece, size: int) -> list[_Piece]:
    """Pieces of equal size, one after the other."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def _nonces(indices: NDArray[np.integer]) -> list[bytes]:
    """Each index as 12 bytes, made at once."""
    nonces = np.zeros(len(indices), dtype=_NONCES)
    nonces["index"] = indices
    return cut(nonces.tobytes(), _NONCE)
