# SPDX-License-Identifier: Apache-2.0
"""The sealed file format: what the content store keeps and cannot read.

    "PMCB" | 0x01 | kind | u32 header length | header | nonce (12) | ciphertext | tag (16)

Numbers are big-endian; the header is canonical JSON and, with all before it, associated data of
AES-GCM. The plaintext stands behind its length and is padded to a multiple of 4 KiB. AES-GCM alone
does not commit to a key, so the header does: openers check it before they decrypt. The SHA-256 of
the whole file is its name in the store and its hash on the ledger.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pmcb_client._canonical import canonical

from ._wrap import Context, unwrap, wrap
from .errors import Damaged, NotForYou, WrongKey, WrongPlace

__all__ = ["MAX_BLOB_BYTES", "Blob", "Kind", "Place", "seal"]

MAGIC = b"PMCB\x01"
PREFIX = struct.Struct(">5sBI")
LENGTH = struct.Struct(">I")
NONCE_BYTES, TAG_BYTES = 12, 16
PAGE_BYTES = 4096
MAX_HEADER_BYTES = 512 * 1024  # wraps for 1,000 co-holders with the longest names
MAX_BLOB_BYTES = 4 * 1024 * 1024
ALGORITHMS = {16: "A128GCM", 32: "A256GCM"}


class Kind(IntEnum):
    """What a blob holds."""

    INSTRUCTIONS = 1
    SECRET = 2
    ANSWER = 3
    SHARE = 4


_TASK = re.compile("[0-9a-f]{32}")
_UID = re.compile(r"(?!\.{1,2}/)[A-Za-z0-9._-]{1,64}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}")
PURPOSES = {Kind.INSTRUCTIONS: "key", Kind.ANSWER: "answer", Kind.SHARE: "share"}


@dataclass(frozen=True)
class Place:
    """What a blob belongs to.

    Attributes:
        task: 32 hex.
        subtask: its number.
        level: of the subtask, for instructions and secrets.
        slot, holder: of the receiver, for answers and passed shares.
    """

    task: str
    subtask: int
    level: int | None = None
    slot: int | None = None
    holder: str | None = None

    @property
    def name(self) -> str:
        """A holder's slot as one text: ``task/subtask/slot/msp/name``."""
        return f"{self.task}/{self.subtask}/{self.slot}/{self.holder}"

    def as_document(self) -> dict[str, str | int]:
        """The fields that are set."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Blob:
    """A sealed file, parsed as far as anybody can.

    Attributes:
        data: all its bytes.
        kind: what it holds.
        place: what it says it belongs to; true once it was opened.
        commitment: of its key, 32 bytes.
        wraps: its key by uid, wrapped for each recipient.
    """

    data: bytes = field(repr=False)
    kind: Kind
    place: Place
    commitment: bytes = field(repr=False)
    wraps: Mapping[str, bytes] = field(repr=False)
    body: int = field(repr=False)

    @property
    def hash(self) -> str:
        """SHA-256 of the bytes, hex: its name."""
        return hashlib.sha256(self.data).hexdigest()

    @classmethod
    def parse(cls, data: bytes) -> Blob:
        """Read the header.

        Raises:
            Damaged: this is no sealed file.
        """
        try:
            return cls._parse(data)
        except (struct.error, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise Damaged("This is no sealed file, or it was cut off.") from None

    @classmethod
    def _parse(cls, data: bytes) -> Blob:
        magic, kind, length = PREFIX.unpack_from(data)
        if magic != MAGIC or length > MAX_HEADER_BYTES or len(data) > MAX_BLOB_BYTES:
            raise ValueError("prefix")
        body = PREFIX.size + length
        raw = data[PREFIX.size : body]
        header: dict[str, Any] = json.loads(raw)
        if canonical(header) != raw or header["alg"] not in ALGORITHMS.values():
            raise ValueError("header")
        del header["alg"]
        commitment = bytes.fromhex(header.pop("key_commit"))
        wraps = {uid: bytes.fromhex(one) for uid, one in header.pop("wraps").items()}
        rest = len(data) - body - NONCE_BYTES - TAG_BYTES
        if rest <= 0 or rest % PAGE_BYTES:
            raise ValueError("length")
        place = _checked(Kind(kind), Place(**header))
        return cls(data, Kind(kind), place, commitment, wraps, body)

    def open(self, key: bytes, *, kind: Kind, place: Place) -> bytes:
        """The plaintext.

        Raises:
            WrongPlace: it holds something else, or belongs elsewhere.
            WrongKey: it was sealed with another key.
            Damaged: it was changed since.
        """
        if self.kind != kind or self.place != place:
            raise WrongPlace("The sealed file belongs to another task, slot or purpose.")
        if not secrets.compare_digest(_commit(key), self.commitment):
            raise WrongKey("The sealed file was sealed with another key.")
        nonce = self.data[self.body : self.body + NONCE_BYTES]
        try:
            padded = AESGCM(key).decrypt(
                nonce, self.data[self.body + NONCE_BYTES :], self.data[: self.body]
            )
        except (InvalidTag, ValueError) as error:
            raise Damaged("The sealed file was changed after it was sealed.") from error
        (length,) = LENGTH.unpack_from(padded)
        if padded != _pad(padded[LENGTH.size : LENGTH.size + length]):
            raise Damaged("The sealed file was padded wrongly.")
        return padded[LENGTH.size : LENGTH.size + length]

    def key_for(self, uid: str, private_key: ec.EllipticCurvePrivateKey) -> bytes:
        """Its key, as wrapped for a recipient.

        Raises:
            NotForYou: nothing was wrapped for that person.
            WrongPlace: it was wrapped for another key, of an earlier certificate perhaps.
        """
        wrapped = self.wraps.get(uid)
        if wrapped is None:
            raise NotForYou(f"The sealed file was not sealed for {uid}.")
        return unwrap(wrapped, private_key, _context(self.kind, self.place, uid))


def seal(
    kind: Kind,
    place: Place,
    content: bytes,
    *,
    key: bytes | None = None,
    recipients: Mapping[str, str] | None = None,
) -> tuple[Blob, bytes]:
    """Seal ``content``; the blob and its key.

    Args:
        kind: what it holds.
        place: what it belongs to.
        content: at most 4 MiB when sealed.
        key: 16 or 32 bytes; a random one of 32 by default.
        recipients: public keys by uid, as announced on the ledger; each gets the key, wrapped.

    Raises:
        ValueError: the content is too large, or a recipient's key is none.
    """
    secret = secrets.token_bytes(32) if key is None else key
    wraps = {
        uid: wrap(secret, point, _context(kind, place, uid)).hex()
        for uid, point in sorted((recipients or {}).items())
    }
    commitment = _commit(secret)
    header = canonical(
        {
            **place.as_document(),
            "alg": ALGORITHMS[len(secret)],
            "key_commit": commitment.hex(),
            "wraps": wraps,
        }
    )
    start = PREFIX.pack(MAGIC, kind, len(header)) + header
    nonce = secrets.token_bytes(NONCE_BYTES)
    data = start + nonce + AESGCM(secret).encrypt(nonce, _pad(content), start)
    if len(data) > MAX_BLOB_BYTES or len(header) > MAX_HEADER_BYTES:
        raise ValueError("a sealed file holds at most 4 MiB")
    return Blob.parse(data), secret


def _checked(kind: Kind, place: Place) -> Place:
    """The place, if it is one that a ledger may have: stores name things by it."""
    numbers: dict[str, tuple[int | None, int]] = {"subtask": (place.subtask, 63)}
    if kind in {Kind.INSTRUCTIONS, Kind.SECRET}:
        numbers["level"] = (place.level, 16)
        fits = place.slot is None and place.holder is None
    else:
        numbers["slot"] = (place.slot, 999)
        fits = place.level is None and _UID.fullmatch(str(place.holder)) is not None
    sound = all(
        isinstance(value, int) and type(value) is not bool and 0 <= value <= top
        for value, top in numbers.values()
    )
    if not fits or not sound or not _TASK.fullmatch(str(place.task)):
        raise ValueError("place")
    return place


def _context(kind: Kind, place: Place, uid: str) -> Context:
    return Context(PURPOSES[kind], place.task, place.subtask, uid, place.slot)


def _commit(key: bytes) -> bytes:
    return hashlib.sha256(b"pmcb/commit/1\0" + key).digest()


def _pad(content: bytes) -> bytes:
    padded = LENGTH.pack(len(content)) + content
    return padded + bytes(-len(padded) % PAGE_BYTES)
