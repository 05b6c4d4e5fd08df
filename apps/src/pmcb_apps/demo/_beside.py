# SPDX-License-Identifier: Apache-2.0
"""What runs beside a block of the story."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def beside(work: list[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """All of it meanwhile; if one ends with an error, so does the block."""
    try:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(one) for one in work]
            yield
            for task in running:
                task.cancel()
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
