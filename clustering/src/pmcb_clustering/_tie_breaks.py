# SPDX-License-Identifier: Apache-2.0
"""Who comes first among users who are alike."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["salted_order"]


def salted_order(users: tuple[str, ...], seed: int) -> NDArray[np.int64]:
    """Shape (n,): each user's place in the order of a salted hash, which splits equal users."""
    salt = seed.to_bytes(16, "little")
    digests = [hashlib.blake2b(user.encode(), key=salt, digest_size=16).digest() for user in users]
    place = np.empty(len(users), np.int64)
    place[sorted(range(len(users)), key=digests.__getitem__)] = np.arange(len(users))
    return place
