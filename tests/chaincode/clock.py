# SPDX-License-Identifier: Apache-2.0
"""The event loop's clock, moved by hand: what takes twenty seconds is over at once."""

import asyncio

import pytest


class Clock:
    """Real time plus what a test adds to it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ahead = 0.0
        real = loop.time
        monkeypatch.setattr(loop, "time", lambda: real() + self._ahead)

    async def advance(self, seconds: float) -> None:
        """Let begin what was started, then time pass, then come what fell due meanwhile."""
        await self._turns()
        self._ahead += seconds
        await self._turns()

    async def _turns(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)
