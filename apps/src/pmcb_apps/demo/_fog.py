# SPDX-License-Identifier: Apache-2.0
"""The institution's fog: what receivers send and workers ask travels as its orders."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pmcb_client.http_identity import RequestChecker
from pmcb_client.network_file import FogGateway, NetworkFile
from pmcb_client.wallet import WalletIdentity
from pmcb_services.common import Served, serving
from pmcb_services.fog.client import audience
from pmcb_services.fog.online import (
    Audit,
    Broker,
    Gateway,
    SqliteDatabase,
    Store,
    Vault,
    audit_store,
    fog_application,
)
from pmcb_services.fog.online._connection import Connection
from pmcb_services.fog.online._handlers import handlers
from pmcb_services.fog.online._messages import Register
from pmcb_services.fog.online._places import Places
from pmcb_services.fog.online._runner import Runner
from pmcb_services.fog.online._spool import Spool
from pmcb_services.fog.online._worker import Worker

from ._beside import beside
from ._cast import Cast

SERVERS = ("ward", "roof")
_MIPS = 20_000.0


@dataclass(frozen=True)
class Fog:
    """A fog that runs, and the order store behind it."""

    gateway: FogGateway
    orders: Store

    async def audit(self) -> Audit:
        """What its event log tells of all orders so far."""
        return await audit_store(self.orders)


@asynccontextmanager
async def fog(
    cast: Cast, folder: Path, network: NetworkFile, owner: WalletIdentity
) -> AsyncIterator[Fog]:
    """Gateway, broker and two workers, while the block runs.

    Workers look into ``network.json`` in ``folder`` for the services that orders are for.
    """
    place, channel = Served(), cast.channel(owner)
    async with AsyncExitStack() as stack:
        orders = Store(SqliteDatabase(folder / "fog" / "orders.sqlite3"))
        await stack.enter_async_context(orders)
        broker = await stack.enter_async_context(Broker(folder / "fog" / "broker"))
        gateway = Gateway(
            orders,
            Vault.at(folder / "fog" / "key"),
            cast.contract(owner),
            lambda: channel.chaincode_events(network.chaincode),
            broker.address,
            owner=owner.msp_id,
        )
        await stack.enter_async_context(gateway)
        listening = stack.enter_context(place.listen())
        app = fog_application(gateway, RequestChecker(network, audience=audience(owner.uid)))
        await stack.enter_async_context(beside([serving(app, place, listening)]))
        places = Places(network=str(folder / "network.json"))
        for server in SERVERS:
            connection = Connection(broker.address, name=server)
            await stack.enter_async_context(connection)
            runner = await stack.enter_async_context(Runner(places))
            register = Register(
                server=server,
                token=secrets.token_hex(16),
                kinds=tuple(sorted(handlers(places))),
                speed_mips=_MIPS,
            )
            worker = Worker(register, connection, runner, Spool(folder / "fog" / server))
            await worker.register()
            stack.push_async_callback(_end, asyncio.create_task(worker.run()))
        yield Fog(FogGateway(place.url(listening), owner.uid, ""), orders)


async def _end(running: asyncio.Task[None]) -> None:
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
