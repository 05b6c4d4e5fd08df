# SPDX-License-Identifier: Apache-2.0
"""Where a service listens, and how much it answers at once."""

import asyncio
import contextlib
import socket

import httpx
import pytest
from fastapi import FastAPI

from pmcb_services.common import Served
from pmcb_services.common import _serve as serve_module


@pytest.fixture
def anyio_backend():
    """The server is asyncio's."""
    return "asyncio"


def test_an_answer_does_not_wait_for_its_own_acknowledgement():
    """Accepted connections send at once: a body is not held back until its head was acknowledged.

    No event loop does that for a socket that names no protocol, as those of a bare listener.
    """
    with Served().listen() as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.anyio
async def test_more_callers_than_are_answered_at_once_are_told_so(monkeypatch):
    """The next one may come again once others have gone."""
    monkeypatch.setattr(serve_module, "MOST_AT_ONCE", 3)
    place = Served()
    listening = place.listen()
    running = asyncio.create_task(serve_module.serving(FastAPI(), place, listening))
    url = place.url(listening)
    try:
        async with httpx.AsyncClient(base_url=url) as first, httpx.AsyncClient() as last:
            assert (await first.get("/")).status_code == 404
            others = [await asyncio.open_connection(*listening.getsockname()) for _ in range(2)]
            await asyncio.sleep(0.05)
            assert (await last.get(url)).status_code == 503
            for _, writer in others:
                writer.close()
            await asyncio.sleep(0.05)
            assert (await first.get("/")).status_code == 404
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
