# SPDX-License-Identifier: Apache-2.0
"""A record as it lies in a bucket: id, codes, carried fields, packed little-endian.

entry = id:u32 | code:u16 x a | carried      E = 4 + 2a + c bytes; id 0xFFFFFFFF = empty slot
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmcb_services.retrieval._box import Codes
from pmcb_services.retrieval._schema import Schema

__all__ = ["EMPTY", "MOST_IDS", "Bytes", "Entries", "entry_dtype", "no_entries", "pack", "raw"]

EMPTY = 0xFFFF_FFFF
MOST_IDS = 2**32 - 2

Bytes = NDArray[np.uint8]
Entries = NDArray[np.void]


def entry_dtype(schema: Schema) -> np.dtype[np.void]:
    """The layout of one entry, fields ``id``, ``code`` of shape (a,), and ``carried`` if any."""
    fields: list[tuple[object, ...]] = [("id", "<u4"), ("code", "<u2", (len(schema.attributes),))]
    if schema.carried:
        fields.append(("carried", schema.carried_dtype))
    return np.dtype(fields)


def pack(schema: Schema, ids: NDArray[np.uint32], codes: Codes, carried: Entries) -> Entries:
    """Entries of n records.

    Args:
        schema: of the store.
        ids: shape (n,).
        codes: shape (n, a).
        carried: shape (n,), the carried fields.
    """
    entries = np.zeros(len(ids), dtype=entry_dtype(schema))
    entries["id"], entries["code"] = ids, codes
    if schema.carried:
        entries["carried"] = carried
    return entries


def no_entries(schema: Schema) -> Entries:
    """None at all."""
    return np.zeros(0, dtype=entry_dtype(schema))


def raw(entries: Entries) -> Bytes:
    """The entries' bytes, shape (n, E), of the same memory."""
    return entries.view(np.uint8).reshape(len(entries), entries.dtype.itemsize)
