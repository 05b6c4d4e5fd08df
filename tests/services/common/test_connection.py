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
PIECE = b"40\r\n" + b"x" * 64 + b"\r\n"
TOO_SLOW, HEALTHY = b'{"error":"TOO_SLOW"', b"\r\n\r\nok\n"
IMPATIENT_S = 1.0


async def ready():
    return ""


@asynccontextmanager
async def served(*, body_s=IMPATIENT_S):
    """A service that takes bodies of up to 100 bytes; its address."""
    checker = RequestChecker(network(A), audience="files", clock=lambda: NOW_MS)
    app = application("files", version="1", ready=ready)
    caller = SignedCaller(checker, body_bytes=100, body_s=body_s)

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
    """Heads come within half a second."""
    monkeypatch.setattr(connection_module, "HEAD_S", IMPATIENT_S)


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


NOTHING = b""
DAWDLERS = {
    "silent": (b"", b"", NOTHING),
    "half a line": (b"GET /heal", b"", NOTHING),
    "headers without end": (b"GET /healthz HTTP/1.1\r\n", b"x: y\r\n", NOTHING),
    "a path without end": (b"GET /", b"x", NOTHING),
    "empty lines without end": (b"", b"\r\n", NOTHING),
    "a body byte by byte": (PUT + b"content-length: 99\r\n\r\n", b"x", TOO_SLOW),
    "chunks byte by byte": (CHUNKED, b"1\r\nx\r\n", TOO_SLOW),
    "trailers without end": (CHUNKED + b"0\r\n", b"x: y\r\n", TOO_SLOW),
    "chunks without end": (CHUNKED, PIECE, b"TOO_LARGE"),
    "chunks that nobody reads": (CHUNKED.replace(b"PUT", b"GET", 1), PIECE, b"METHOD"),
    "a body for health": (WHOLE[:-2] + b"content-length: 99999999\r\n\r\n", b"x", HEALTHY),
    "empty lines afterwards": (WHOLE, b"\r\n", HEALTHY),
    "half of a second one": (WHOLE + b"GET /readyz", b" ", HEALTHY),
}
FLOODS = {
    "a header": (b"GET /healthz HTTP/1.1\r\nx: ", b"y" * 2**14),
    "headers": (b"GET /healthz HTTP/1.1\r\n", b"x: y\r\n" * 2**12),
    "a path": (b"GET /", b"x" * 2**14),
    "empty lines": (b"", b"\r\n" * 2**13),
    "a chunk's words": (CHUNKED + b"1;", b"x" * 2**14),
    "a trailer": (CHUNKED + b"0\r\nx: ", b"y" * 2**14),
}


async def test_whoever_dawdles_is_told_so_or_cut_off():
    """Every connection ends, whatever is sent on it; the service goes on."""
    async with served() as address:
        ends = (spoken(address, first, more) for first, more, _ in DAWDLERS.values())
        heard = dict(zip(DAWDLERS, await asyncio.gather(*ends), strict=True))
        for name, (_, _, says) in DAWDLERS.items():
            assert says in heard[name] if says else heard[name] == b"", name
        async with httpx.AsyncClient(base_url="http://{}:{}".format(*address)) as http:
            assert (await http.get("/healthz")).text == "ok\n"


async def test_whoever_floods_is_cut_off_before_it_is_late(monkeypatch):
    """What is neither a head of a usual size nor a body is not kept until the time is over."""
    monkeypatch.setattr(connection_module, "HEAD_S", 60.0)
    async with served(body_s=60.0) as address:
        ends = (spoken(address, *flood, pause_s=0) for flood in FLOODS.values())
        heard = dict(zip(FLOODS, await asyncio.gather(*ends), strict=True))
    assert {name: says for name, says in heard.items() if b"HTTP/1.1 200" in says} == {}


async def test_whoever_is_quick_keeps_the_connection():
    """Request after request, with bodies, for longer than a single one may take."""
    async with served() as address:
        url = "http://{}:{}".format(*address)
        async with httpx.AsyncClient(base_url=url, auth=SIGNED) as http:
            reached = set()
            for _ in range(4):
                answer = await http.put("/v1/file", content=b"x" * 100)
                assert answer.status_code == 200
                reached.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
                await asyncio.sleep(IMPATIENT_S / 3)
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
