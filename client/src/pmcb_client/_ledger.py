# SPDX-License-Identifier: Apache-2.0
"""As much of `pmcb_client.gateway.Contract` as tasks, levels and receivers need."""

import json
from collections.abc import AsyncIterator
from typing import Any, Protocol

_PAGE = "200"  # the most that a listing gives at once


class Ledger(Protocol):
    """The contract, as one identity sees it; both calls raise `Refused` when it says no."""

    async def evaluate(self, function: str, *args: str) -> bytes:
        """Ask."""

    async def submit(self, function: str, *args: str) -> bytes:
        """Write."""


async def listing(ledger: Ledger, function: str, *args: str) -> AsyncIterator[dict[str, Any]]:
    """All items of a paged query, page after page."""
    bookmark = ""
    while True:
        page = json.loads(await ledger.evaluate(function, *args, _PAGE, bookmark))
        for item in page["items"]:
            yield item
        bookmark = page["bookmark"]
        if not bookmark:
            return
