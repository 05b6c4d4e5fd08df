# SPDX-License-Identifier: Apache-2.0
"""Whoever dawdles or floods loses the connection; nobody else notices."""

import asyncio
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from fastapi import Depends
from structlog.testing import capture_logs
from tests.client.http_identity.people import NOW_MS, Ca, network

from pmcb_client.http_identity import RequestChecker, SignedRequests
from pmcb_services.common import Served, SignedCaller, application, serving
from pmcb_services.common import _connection as connection_module

pytestmark = pytest.mark.anyio
A = Ca("HospitalAMSP")
ANN = A.person("ann")
SIGNED = SignedRequests(ANN, audience="files", clock=lambda: NOW_MS)
PUT = b"PUT /v1/file HTTP/1.1\r\nhost: x\r\n" + b"".join(
    f"{name}: {text}\r\n".encode()
    for name, text in SIGNED.headers("PUT", "/v1/file", {}, b"").items()
)
CHUNKED = PUT + b"transfer-encoding: chunked\r\n\r\n"
WHOLE = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
CODE = b'{"error":"%s"'


async def ready():
    return ""


@asynccontextmanager
async def served():
    """A service that takes bodies of up to 100 bytes, within a fifth of a second; its address."""
    checker = RequestChecker(network(A), audience="files", clock=lambda: NOW_MS)
    app = application("files", version="1", ready=ready)
    caller = SignedCaller(checker, body_bytes=100, body_s=0.2)

    @app.put("/v1/file", dependencies=[Depends(caller)])
    async def put() -> dict[str, str]:
        return {}

    place = Served()
    with place.listen() as listening:
        running = asyncio.create_task(serving(app, place, listening))
        try:
            yield listening.getsockname()
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Heads come within a fifth of a second."""
    monkeypatch.setattr(connection_module, "HEAD_S", 0.2)


async def spoken(address, first, more=b"", pause_s=0.02):
    """What a service says before it ends a connection on which ``more`` is sent for ever."""
    reader, writer = await asyncio.open_connection(*address)

    async def on_and_on():
        while more:
            writer.write(more)
            await writer.drain()
            await asyncio.sleep(pause_s)

    writer.write(first)
    sending = asyncio.create_task(on_and_on())
    heard = bytearray()
    try:
        async with asyncio.timeout(10):
            with suppress(ConnectionResetError):  # it was closed while we still sent
                while part := await reader.read(2**16):
                    heard += part
    finally:
        sending.cancel()
        with suppress(asyncio.CancelledError, ConnectionError):
            await sending
        writer.close()
    return bytes(heard)


@pytest.mark.parametrize(
    ("first", "more", "says"),
    [
        (b"", b"", b""),
        (b"GET /heal", b"", b""),
        (b"GET /healthz HTTP/1.1\r\n", b"x: y\r\n", b""),
        (b"GET /", b"x", b""),
        (b"", b"\r\n", b""),
        (PUT + b"content-length: 99\r\n\r\n", b"x", CODE % b"TOO_SLOW"),
        (CHUNKED, b"1\r\nx\r\n", CODE % b"TOO_SLOW"),
        (CHUNKED, b"40\r\n" + b"x" * 64 + b"\r\n", CODE % b"TOO_LARGE"),
        (CHUNKED + b"0\r\n", b"x: y\r\n", CODE % b"TOO_SLOW"),
        (CHUNKED.replace(b"PUT", b"GET", 1), b"40\r\n" + b"x" * 64 + b"\r\n", CODE % b"METHOD"),
        (WHOLE.replace(b"\r\n\r\n", b"\r\ncontent-length: 99999999\r\n\r\n"), b"x", b"ok\n"),
        (WHOLE, b"\r\n", b"ok\n"),
        (WHOLE + b"GET /readyz", b" ", b"ok\n"),
    ],
    ids=[
        "silent",
        "half a line",
        "headers without end",
        "a path without end",
        "empty lines without end",
        "a body byte by byte",
        "chunks byte by byte",
        "chunks without end",
        "trailers without end",
        "chunks that nobody reads",
        "a body for health",
        "empty lines afterwards",
        "half of a second one",
    ],
)
async def test_whoever_dawdles_is_told_so_or_cut_off(first, more, says):
    """The connection ends, whatever is sent on it; the service goes on."""
    async with served() as address:
        heard = await spoken(address, first, more)
        assert says in heard if says else heard == b""
        async with httpx.AsyncClient(base_url="http://{}:{}".format(*address)) as http:
            assert (await http.get("/healthz")).text == "ok\n"


@pytest.mark.parametrize(
    ("first", "more"),
    [
        (b"GET /healthz HTTP/1.1\r\nx: ", b"y" * 2**14),
        (b"GET /healthz HTTP/1.1\r\n", b"x: y\r\n" * 2**12),
        (b"GET /", b"x" * 2**14),
        (b"", b"\r\n" * 2**13),
        (CHUNKED + b"1;", b"x" * 2**14),
        (CHUNKED + b"0\r\nx: ", b"y" * 2**14),
    ],
    ids=["a header", "headers", "a path", "empty lines", "a chunk's words", "a trailer"],
)
async def test_whoever_floods_is_cut_off_before_it_is_late(monkeypatch, first, more):
    """What is neither a head of a usual size nor a body is not kept until the time is over."""
    monkeypatch.setattr(connection_module, "HEAD_S", 60.0)
    async with served() as address:
        heard = await asyncio.wait_for(spoken(address, first, more, pause_s=0), 5)
        assert b"200" not in heard


async def test_whoever_is_quick_keeps_the_connection():
    """Request after request, with bodies, for longer than a single one may take."""
    async with served() as address:
        url = "http://{}:{}".format(*address)
        async with httpx.AsyncClient(base_url=url, auth=SIGNED) as http:
            reached = set()
            for _ in range(6):
                answer = await http.put("/v1/file", content=b"x" * 100)
                assert answer.status_code == 200
                reached.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
                await asyncio.sleep(0.08)
    assert len(reached) == 1


async def test_whoever_leaves_in_the_middle_is_no_defect():
    """Nobody hears the answer, and the log is silent."""
    async with served() as address:
        with capture_logs() as logs:
            reader, writer = await asyncio.open_connection(*address)
            writer.write(PUT + b"content-length: 99\r\nexpect: 100-continue\r\n\r\nhalf")
            assert b"100 Continue" in await reader.readline()
            writer.transport.abort()
            async with httpx.AsyncClient(base_url="http://{}:{}".format(*address)) as http:
                counted = ""
                while 'path="/v1/file"' not in counted:
                    counted = (await http.get("/metrics")).text
    assert logs == []
