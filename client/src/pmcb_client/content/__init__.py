# SPDX-License-Identifier: Apache-2.0
"""The content store as its callers see it: sealed files and notices by hash, and receipts.

::

    async with ContentClient(network, wallet.get("receiver1")) as store:
        receipt = await store.put(blob)            # may be repeated after any failure
        data = await store.get(receipt.hash)       # its hash is checked
"""

from typing import TYPE_CHECKING

from pmcb_client._lazy import lazily as _lazily

from ._notice import MAX_NOTICE_BYTES, notice_text
from ._receipt import Receipt
from ._share import PassedShare
from .errors import (
    ContentError,
    ContentForgotten,
    ContentMissing,
    ContentRefused,
    ContentTampered,
    ContentUnavailable,
    ForeignReceipt,
)

if TYPE_CHECKING:
    from ._client import ContentClient

__all__ = [
    "MAX_NOTICE_BYTES",
    "ContentClient",
    "ContentError",
    "ContentForgotten",
    "ContentMissing",
    "ContentRefused",
    "ContentTampered",
    "ContentUnavailable",
    "ForeignReceipt",
    "PassedShare",
    "Receipt",
    "notice_text",
]

__getattr__ = _lazily(__name__, {"ContentClient": "._client"})
"""Only who calls a store waits for HTTP."""
