# SPDX-License-Identifier: Apache-2.0
"""A chaincode server in a process of its own, as operators run it, and its operations endpoint."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pmcb_chaincode._label import package_label
from pmcb_chaincode.contract import Governance

PACKAGE_ID = f"{package_label(Governance.load())}:1"
SETTINGS = {"CHAINCODE_ID": PACKAGE_ID, "CHAINCODE_SERVER_ADDRESS": "127.0.0.1:0"}


@dataclass(frozen=True)
class ServerProcess:
    """A process that serves: its handle and its ports; ``operations`` is 0 without one."""

    process: asyncio.subprocess.Process
    port: int
    operations: int


@asynccontextmanager
async def server_process(
    *command: str, settings: dict[str, str] | None = None
) -> AsyncIterator[ServerProcess]:
    """Start a server and wait until it serves; ended by its handle, whatever happens."""
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        *(command or ("-m", "pmcb_chaincode", "serve")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **SETTINGS, **(settings or {})},
    )
    assert started.stderr is not None
    try:
        line = json.loads(await started.stderr.readline())
        while line["event"] != "serving":
            line = json.loads(await started.stderr.readline())
        yield ServerProcess(started, line["port"], line["operations"])
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def ask(port: int, path: str) -> tuple[int, str]:
    """What the operations endpoint answers: status and body."""
    head, _, body = (await exchange(port, f"GET {path} HTTP/1.1\r\n\r\n".encode())).partition(
        b"\r\n\r\n"
    )
    return int(head.split()[1]), body.decode()


async def exchange(port: int, request: bytes) -> bytes:
    """Send bytes, and read until the other side ends; b"" when it just hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()
