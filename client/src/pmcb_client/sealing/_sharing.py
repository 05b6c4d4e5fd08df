# SPDX-License-Identifier: Apache-2.0
"""A subtask's secret among its holders: more than half of them open it, no half of them can.

Shamir (1979) over GF(2^128). The library's ``combine`` gives garbage silently when shares are too
few or wrong, so each share is checked against the hash that was dealt, and the result against the
commitment on the ledger.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from .errors import BadShare, Damaged, SecretMismatch, TooFewShares

__all__ = ["Deal", "Share", "combine", "deal", "threshold"]

SECRET_BYTES = SALT_BYTES = 16
INDEX_BYTES = 2


def threshold(n: int) -> int:
    """How many of ``n`` shares open a secret: more than half.

    >>> [threshold(n) for n in (3, 4, 9)]
    [2, 3, 5]
    """
    return n // 2 + 1


@dataclass(frozen=True)
class Share:
    """One share, as its holder has it; ``salt`` keeps its hash from being guessed.

    Attributes:
        index: 1 .. n, its place among all shares.
        value: 16 bytes.
        salt: 16 bytes.
    """

    index: int
    value: bytes = field(repr=False)
    salt: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Its 34 bytes."""
        return self.index.to_bytes(INDEX_BYTES, "big") + self.value + self.salt

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The share behind its bytes.

        Raises:
            Damaged: these are no 34 bytes.
        """
        if len(data) != INDEX_BYTES + SECRET_BYTES + SALT_BYTES:
            raise Damaged("This is no share.")
        index = int.from_bytes(data[:INDEX_BYTES], "big")
        end = INDEX_BYTES + SECRET_BYTES
        return cls(index, data[INDEX_BYTES:end], data[end:])

    @property
    def hash(self) -> str:
        """What stands on the ledger, hex."""
        return hashlib.sha256(b"pmcb/share/1\0" + self.encode()).hexdigest()


@dataclass(frozen=True)
class Deal:
    """A secret and its shares.

    Attributes:
        secret: 16 bytes, the key of the secret blob.
        shares: n of them, in the order of the held slots.
        commitment: to the secret, hex.
    """

    secret: bytes = field(repr=False)
    shares: tuple[Share, ...] = field(repr=False)
    commitment: str


def deal(task: str, subtask: int, secret: bytes, n: int) -> Deal:
    """Share a secret of 16 bytes among ``n`` holders, 1 at least."""
    from Crypto.Protocol.SecretSharing import Shamir  # 2 MiB, and most who seal share nothing

    parts: list[tuple[int, bytes]] = Shamir.split(threshold(n), n, secret)
    shares = tuple(
        Share(index, value, secrets.token_bytes(SALT_BYTES)) for index, value in sorted(parts)
    )
    return Deal(secret, shares, commit(task, subtask, secret))


def commit(task: str, subtask: int, secret: bytes) -> str:
    """The commitment to a secret, hex."""
    place = b"pmcb/secret/1\0" + task.encode() + f"{subtask:04}".encode()
    return hashlib.sha256(place + secret).hexdigest()


def combine(
    task: str,
    subtask: int,
    header: Mapping[str, Any],
    shares: Mapping[int, tuple[Share, str]],
) -> bytes:
    """The secret.

    Args:
        task: 32 hex.
        subtask: its number.
        header: the deal as the ledger has it: n, threshold, commitment.
        shares: by slot, each with the hash that was dealt to the slot.

    Raises:
        BadShare: names the slot whose share is not the one that was dealt.
        TooFewShares: says how many are there.
        SecretMismatch: the dealer committed to another secret.
    """
    for slot, (share, expected) in sorted(shares.items()):
        if not secrets.compare_digest(share.hash, expected):
            raise BadShare(slot)
    from Crypto.Protocol.SecretSharing import Shamir

    needed = int(header["threshold"])
    present = {share.index: share.value for share, _ in shares.values()}
    if len(present) < needed:
        raise TooFewShares(len(present), needed)
    found: bytes = Shamir.combine(sorted(present.items())[:needed])
    if not secrets.compare_digest(commit(task, subtask, found), str(header["commitment"])):
        raise SecretMismatch("The shares do not give the secret that the releaser committed to.")
    return found
