# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments under 100 transactions a second: is everything there, and once?

The victim is the network, the chaincode server that it dials, or the client. What died is started
again and the load goes on, over one ledger's life.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

from pmcb_client.enrolment import CaClient
from pmcb_client.gateway import Identity, connect_network
from pmcb_client.network_file import save
from pmcb_client.wallet import Wallet
from pmcb_network import LedgerDamaged
from pmcb_network.embedded import EmbeddedNetwork

from ._load import LABEL, RATE
from ._network import network_process
from ._pairs import Pairs
from ._server import server_process
from ._told import Told, judged

VICTIMS = ("network", "chaincode server", "client")
_LATEST_S = 1.0
_AGAIN_WITHIN_S = 60.0
_SPAN = 500  # pairs that are read back at once
_LOAD = "pmcb_benchmarks._load"


async def kills(
    folder: Path, *, count: int, seed: int, advance: Callable[[int], None]
) -> dict[str, object]:
    """Kill, start again, wait until transactions succeed again; ``count`` times. Then look."""
    numbers = random.Random(seed)
    killed = dict.fromkeys(VICTIMS, 0)
    async with started(folder) as drill:
        for turn in range(count):
            await drill.acknowledged_again()
            await asyncio.sleep(numbers.uniform(0.0, _LATEST_S))
            victim = numbers.choice(VICTIMS)
            await drill.kill(victim)
            killed[victim] += 1
            advance(turn + 1)
        await drill.acknowledged_again()
    effects, broken, height = await _effects(folder, drill.tried)
    return {
        "kills": killed,
        **judged(drill.outcomes, effects),
        "broken_chains": broken,
        "height": height,
    }


class Drill:
    """Network, chaincode server and client, each in a process of its own.

    ``outcomes`` is what the client said of each transaction, ``tried`` above all their numbers.
    """

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._acknowledged = asyncio.Event()
        self.outcomes: dict[int, str] = {}
        self.tried = 0

    async def start(self) -> None:
        """Start network and server, enrol the client."""
        self._server = self._stack.enter_context(server_process())
        self._start_network()
        (self._folder / "wallet").mkdir(mode=0o700)
        save(self._folder / "network.json", self._network.file)
        org = self._network.file.orgs[0]
        async with CaClient(org.ca_url, org.tls_ca, org.ca_name) as ca:
            made = await ca.enroll(*self._network.registrars[org.msp])
        who = Identity(org.msp, made.certificate_pem)
        Wallet(self._folder / "wallet").put(LABEL, who, made.private_key)

    async def acknowledged_again(self) -> None:
        """Wait for the next transaction that succeeds."""
        self._acknowledged.clear()
        async with asyncio.timeout(_AGAIN_WITHIN_S):
            await self._acknowledged.wait()

    async def kill(self, victim: str) -> None:
        """Kill -9 one of them, and start it again."""
        if victim == "client":
            await self.kill_client()
            await self.start_client()
            return
        running = self._network if victim == "network" else self._server
        running.child.process.kill()
        running.child.process.wait()
        if victim == "network":
            self._start_network()
        else:
            self._server = self._stack.enter_context(server_process(self._server.port))

    def _start_network(self) -> None:
        chaincode = f"127.0.0.1:{self._server.port}"
        self._network = self._stack.enter_context(
            network_process(self._folder / "network", "pairs", chaincode)
        )

    async def start_client(self) -> None:
        """Start the load, with numbers that no client before had."""
        command = ("-m", _LOAD, str(self._folder), "pairs", str(self.tried), str(RATE))
        self._client = await asyncio.create_subprocess_exec(
            sys.executable, *command, stdout=asyncio.subprocess.PIPE
        )
        self._started = time.monotonic()
        self._reader = asyncio.create_task(self._read(self._client.stdout))

    async def kill_client(self) -> None:
        """End the client as kill -9 does; what it said before counts as told."""
        with suppress(ProcessLookupError):
            self._client.kill()
        await self._client.wait()
        await self._reader  # to the end: what it has said, it was told
        self.tried += round(RATE * (time.monotonic() - self._started)) + RATE

    async def _read(self, lines: asyncio.StreamReader | None) -> None:
        assert lines is not None
        async for line in lines:
            if not line.endswith(b"\n"):
                return  # cut off by the kill
            told = Told.parse(line.decode())
            self.outcomes[told.number] = told.word
            if told.word == "ok":
                self._acknowledged.set()


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[Drill]:
    """A drill under load; its processes end with the block, the client first."""
    with ExitStack() as stack:
        drill = Drill(folder, stack)
        await drill.start()
        await drill.start_client()
        try:
            yield drill
        finally:
            await drill.kill_client()


async def _effects(folder: Path, tried: int) -> tuple[dict[int, tuple[int, int]], int, int]:
    """Every pair of counters, how many chains are broken (0 or 1), and the height."""
    found: dict[int, tuple[int, int]] = {}
    broken = 0
    async with EmbeddedNetwork(folder / "network", contract=Pairs()) as network:
        try:
            network.verify()
        except LedgerDamaged:
            broken = 1
        identity = Wallet(folder / "wallet").get(LABEL)
        async with connect_network(network.network_file, identity) as gateway:
            contract = gateway.network("pmcb").contract("pairs")
            for first in range(0, tried, _SPAN):
                answer = await contract.evaluate("get_span", str(2 * first), str(2 * _SPAN))
                values = json.loads(answer)["values"]
                for n in range(_SPAN):
                    found[first + n] = (values[2 * n], values[2 * n + 1])
        return found, broken, network.height
