# SPDX-License-Identifier: Apache-2.0
"""An institution's fog on a real ledger: gateway, broker and workers, with a device beside them."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from tests.scenarios.world import Person
from tests.services.fog.adapter.pump import Pump

from pmcb_client.http_identity import RequestChecker
from pmcb_client.network_file import FogGateway, load, update
from pmcb_services.common import Served, serving
from pmcb_services.fog.adapter._app import adapter_application
from pmcb_services.fog.adapter._devices import Devices
from pmcb_services.fog.adapter._memory import Memory
from pmcb_services.fog.client import audience
from pmcb_services.fog.online import Broker, Gateway, SqliteDatabase, Store, Vault, fog_application
from pmcb_services.fog.online._connection import Connection
from pmcb_services.fog.online._handlers import handlers
from pmcb_services.fog.online._messages import Register
from pmcb_services.fog.online._places import Places
from pmcb_services.fog.online._runner import Runner
from pmcb_services.fog.online._spool import Spool
from pmcb_services.fog.online._worker import Worker

SERVERS = ("ward-1", "ward-2")


@asynccontextmanager
async def on_a_socket(app: FastAPI) -> AsyncIterator[str]:
    """The address at which it answers meanwhile."""
    place = Served()
    with place.listen() as listening:
        running = asyncio.create_task(serving(app, place, listening))
        try:
            yield place.url(listening)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def fog(owner: Person, path: Path, device: str) -> AsyncIterator[tuple[Store, Pump]]:
    """The fog of an institution, as it stands in the network's file at ``path`` meanwhile.

    Its order store, and the device, are for looking at.
    """
    folder = path.parent / "fog"
    async with AsyncExitStack() as stack:
        store = Store(SqliteDatabase(folder / "orders.sqlite3"))
        await stack.enter_async_context(store)
        broker = await stack.enter_async_context(Broker(folder / "broker"))
        gateway = Gateway(
            store,
            Vault(bytes(32)),
            owner.contract,
            owner.events,
            broker.address,
            owner=owner.msp,
            clock=owner.world.now,
        )
        await stack.enter_async_context(gateway)
        network = load(path)
        checker = RequestChecker(network, audience=audience(owner.uid), clock=owner.world.now)
        app = fog_application(gateway, checker)
        url = await stack.enter_async_context(on_a_socket(app))
        update(path, lambda known: known.with_service(FogGateway(url, owner.uid, "")))
        pump = Pump(path.parent, device)
        beside = adapter_application(Devices.read(pump.file), Memory(folder / "adapter"))
        devices = pump.connected(await stack.enter_async_context(on_a_socket(beside)))
        places = Places(network=str(path), devices=str(devices))
        for server in SERVERS:
            connection = Connection(broker.address, name=server)
            await stack.enter_async_context(connection)
            runner = await stack.enter_async_context(Runner(places))
            spool = Spool(folder / server)
            worker = Worker(_register(server, places), connection, runner, spool)
            await worker.register()
            running = asyncio.create_task(worker.run())
            stack.push_async_callback(_ended, running)
        yield store, pump


def _register(server: str, places: Places) -> Register:
    return Register(
        server=server,
        token=secrets.token_hex(16),
        kinds=tuple(sorted(handlers(places))),
        speed_mips=20_000.0,
    )


async def _ended(running: asyncio.Task[None]) -> None:
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
