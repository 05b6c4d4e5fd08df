# SPDX-License-Identifier: Apache-2.0
"""A stream of the peer across its absences."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from pmcb_client.errors import LedgerError
from pmcb_client.gateway._failures import Phase, garbled
from pmcb_client.gateway._repeats import Retry, Step, step_after

T = TypeVar("T")

_PAUSES = Retry()


async def follow(
    phase: Phase,
    open_stream: Callable[[], AbstractAsyncContextManager[AsyncIterator[Any]]],
    read: Callable[[Any], T],
    *,
    resumes: bool,
) -> AsyncGenerator[T, None]:
    """What ``read`` makes of each answer of the streams that ``open_stream`` opens in turn.

    A stream that broke, or ended without a word, is opened again after a pause; whoever calls
    keeps track of the place where the next one begins. Close this iterator: that ends the
    stream.

    Args:
        phase: says which errors may pass.
        open_stream: opens the first stream and each later one.
        read: the caller's view of an answer; it may raise a ``LedgerError`` too.
        resumes: whether errors may pass at all.

    Raises:
        LedgerError: the first error that no pause mends.
    """
    tries = 0
    while True:
        try:
            async with open_stream() as answers:
                async for answer in answers:
                    if answer is None:
                        raise garbled(phase)
                    told = read(answer)
                    tries = 0
                    yield told
        except LedgerError as error:
            if not resumes or step_after(phase, error) is not Step.RESUME:
                raise
        await asyncio.sleep(_PAUSES.pause_s(tries))
        tries += 1
