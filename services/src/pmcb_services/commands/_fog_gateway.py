# SPDX-License-Identifier: Apache-2.0
"""``pmcb fog serve``: the order gateway, its planner, and the broker of one machine."""

from __future__ import annotations

import gc
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmcb_client.commands.acting import acting, run_until_stopped
from pmcb_client.terminal import emit

from ._fog_broker import broker_options
from ._served import FILE, roots_of, roots_option, served

if TYPE_CHECKING:
    from pmcb_client.cli import Settings
    from pmcb_services.common import Served
    from pmcb_services.fog.online import Address, Database, GatewaySettings

__all__ = ["serve"]


@click.command()
@click.option(
    "--config", type=FILE, envvar="PMCB_FOG_CONFIG", help="fog.toml; its table [gateway] is read."
)
@click.option(
    "--database",
    metavar="URL",
    envvar="PMCB_FOG_DATABASE",
    help="postgresql://...: gateways share it. Else a file in the home.",
)
@click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="PMCB_FOG_KEY",
    help="What payloads are sealed with; gateways share it. Else a file in the home.",
)
@broker_options
@served
@roots_option
@click.pass_obj
def serve(
    settings: Settings,
    config: Path | None,
    database: str | None,
    key: Path | None,
    cluster: Address | None,
    place: Served,
    tls_ca: Path | None,
) -> None:
    """Take orders and have fog workers carry them out, until Ctrl-C, as an institution.

    The address goes into network.json, where submitters look for it. Killed and started again it
    goes on: what was accepted is there, what was running has a fresh lease.
    """
    from pmcb_services.common import log_to_stderr
    from pmcb_services.fog.online import GatewaySettings

    root = roots_of(place, tls_ca)
    rules = GatewaySettings() if config is None else GatewaySettings.read(config)
    log_to_stderr()
    run_until_stopped(_serve(settings, place, root, rules, database, key, cluster))


async def _serve(
    settings: Settings,
    place: Served,
    root: str,
    rules: GatewaySettings,
    database: str | None,
    key: Path | None,
    address: Address | None,
) -> None:
    from pmcb_client.files import private_folder
    from pmcb_client.http_identity import RequestChecker
    from pmcb_client.network_file import FogGateway, update
    from pmcb_services.common import following, serving
    from pmcb_services.common._alone import alone
    from pmcb_services.fog.client import audience
    from pmcb_services.fog.online import Broker, Gateway, Store, Vault, fog_application

    folder = private_folder(settings.home / "fog")
    path = settings.home / "network.json"
    async with acting(settings, "institution") as me, AsyncExitStack() as stack:
        if database is None or address is None:
            held = alone(folder, "Another order gateway is served from this home.")
            stack.callback(held.close)
        vault = Vault.at(key or folder / "key")
        store = await stack.enter_async_context(Store(_database(database, folder)))
        if address is None:
            broker = await stack.enter_async_context(Broker(folder / "broker"))
            address = broker.address
        made = Gateway(
            store,
            vault,
            me.contract,
            lambda: me.channel.chaincode_events(me.network.chaincode),
            address,
            owner=me.identity.msp_id,
            settings=rules,
        )
        uid = me.identity.uid
        checker = RequestChecker(me.network, audience=audience(uid))
        app = fog_application(made, checker, while_running=following(checker, path))
        await stack.enter_async_context(made)
        gc.collect()
        gc.freeze()  # else a full collection walks through all libraries, and nobody is answered
        with place.listen() as listening:
            url = place.url(listening)
            here = FogGateway(url, uid, root)
            update(path, lambda known: known.with_service(here))
            emit(settings, {"url": url, "uid": uid}, f"{uid} takes orders on {url}.")
            await serving(app, place, listening)


def _database(url: str | None, folder: Path) -> Database:
    from pmcb_services.fog.online import PostgresDatabase, SqliteDatabase

    return SqliteDatabase(folder / "orders.sqlite3") if url is None else PostgresDatabase(url)
