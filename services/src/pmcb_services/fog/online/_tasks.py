# SPDX-License-Identifier: Apache-2.0
"""Tasks that are ended for certain."""

from __future__ import annotations

import asyncio
from typing import Any

__all__ = ["end"]

_AGAIN_S = 0.2


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until they are over; what they raise stays with them.

    Once may not be enough: `asyncio.wait_for` of Python 3.11 forgets that it was cancelled where
    what it waits for arrives at that moment, and the broker's client uses it everywhere.
    """
    pending = {*tasks}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_S)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # it was looked at
