# SPDX-License-Identifier: Apache-2.0
"""Sealing: what travels past stores and gateways that must not read it.

::

    place = Place(task, 0, slot=3, holder="HospitalAMSP/ann")
    blob, _ = seal(Kind.ANSWER, place, answer, recipients={"HospitalBMSP/ver": key_from_the_ledger})
    open_for(wallet.get("ver"), Blob.parse(blob.data), kind=Kind.ANSWER, place=place)

    dealt = deal(task, 0, secret, n=9)                      # any 5 of 9 open it, no 4 do
    combine(task, 0, header_from_the_ledger, {slot: (share, hash_from_the_ledger), ...})
"""

from ._blob import MAX_BLOB_BYTES, Blob, Kind, Place, seal
from ._personal import open_for, unwrap_for
from ._sharing import Deal, Share, combine, deal, threshold
from ._wrap import Context, unwrap, wrap
from .errors import (
    BadShare,
    Damaged,
    NotForYou,
    SealingError,
    SecretMismatch,
    TooFewShares,
    WrongKey,
    WrongPlace,
)

__all__ = [
    "MAX_BLOB_BYTES",
    "BadShare",
    "Blob",
    "Context",
    "Damaged",
    "Deal",
    "Kind",
    "NotForYou",
    "Place",
    "SealingError",
    "SecretMismatch",
    "Share",
    "TooFewShares",
    "WrongKey",
    "WrongPlace",
    "combine",
    "deal",
    "open_for",
    "seal",
    "threshold",
    "unwrap",
    "unwrap_for",
    "wrap",
]
