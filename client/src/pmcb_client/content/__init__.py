# SPDX-License-Identifier: Apache-2.0
"""The content store as its callers see it: sealed files by hash, and receipts for them.

::

    async with ContentClient(network, wallet.get("receiver1")) as store:
        receipt = await store.put(blob)            # may be repeated after any failure
        data = await store.get(receipt.hash)       # its hash is checked
"""

from ._client import ContentClient
from ._receipt import Receipt
from .errors import (
    ContentError,
    ContentMissing,
    ContentRefused,
    ContentTampered,
    ContentUnavailable,
    ForeignReceipt,
)

__all__ = [
    "ContentClient",
    "ContentError",
    "ContentMissing",
    "ContentRefused",
    "ContentTampered",
    "ContentUnavailable",
    "ForeignReceipt",
    "Receipt",
]
