# SPDX-License-Identifier: Apache-2.0
"""An institution's stores: ``pmcb retrieval schema``, ``build`` and ``gateway serve``."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmcb_client.commands.acting import acting, run, run_until_stopped
from pmcb_client.terminal import emit, table

from ._retrieval_calls import called, exact, folder_of, institution_option, store_option
from ._served import FILE, roots_of, roots_option, served

if TYPE_CHECKING:
    from pmcb_client.cli import Settings
    from pmcb_services.common import Served
    from pmcb_services.retrieval import Schema
    from pmcb_services.retrieval.worker import RetrievalClient


@click.group()
def schema() -> None:
    """What can be searched: attributes with their scales, and what comes back with a hit."""


@schema.command()
@click.argument("path", metavar="FILE", type=FILE)
@click.pass_obj
def check(settings: Settings, path: Path) -> None:
    """Read the schema in FILE (YAML), and say what is wrong with it."""
    from pmcb_services.retrieval import Schema

    _tell(settings, Schema.load(path))


@schema.command()
@store_option
@institution_option
@click.pass_obj
def show(settings: Settings, store: str | None, institution: str) -> None:
    """Show what can be searched in a store."""

    async def work(gateway: RetrievalClient, name: str) -> Schema:
        return await gateway.schema(name)

    _tell(settings, called(settings, work, store=store, institution=institution))


def _tell(settings: Settings, found: Schema) -> None:
    rows = [
        [a.name, a.unit, exact(a.min), exact(a.max), exact(a.step), a.levels]
        for a in found.attributes
    ]
    carried = ", ".join(f"{field.name} ({field.type})" for field in found.carried) or "nothing"
    document = {**found.document(), "digest": found.digest.hex(), "levels": [*found.levels]}
    names = ("attribute", "unit", "min", "max", "step", "levels")
    emit(settings, document, table(names, rows), f"Carried: {carried}.")


@click.command()
@click.option("--schema", "schema_path", type=FILE, required=True, help="What can be searched.")
@click.option("--records", type=FILE, required=True, help="A .csv, .npz or .parquet.")
@click.option("--store", metavar="NAME", help="Its name; else the schema's.")
@click.option(
    "--rounds",
    default="doubling",
    show_default=True,
    help="What widths show: doubling, or fixed:R, which hides them and refuses wider queries.",
)
@click.option(
    "--layouts",
    type=click.Choice(["kd+1d", "kd"]),
    default="kd+1d",
    show_default=True,
    help="kd is smaller, and slower where few attributes are ranged.",
)
@click.pass_obj
def build(
    settings: Settings,
    schema_path: Path,
    records: Path,
    store: str | None,
    rounds: str,
    layouts: str,
) -> None:
    """Encrypt records, upload them to the cloud, and register the store on the ledger.

    The keys stay here. Killed anywhere, the same command again goes on.
    """
    from pmcb_services.common import log_to_stderr
    from pmcb_services.retrieval import Schema

    log_to_stderr()
    found = Schema.load(schema_path)
    name = found.name if store is None else store
    count, dataset = run(_build(settings, found, records, name, rounds, layouts))
    document = {"store": name, "dataset": dataset, "records": count}
    said = f"The store {name} holds {count:,} records; `pmcb retrieval gateway serve` opens it."
    emit(settings, document, said)


@click.group()
def gateway() -> None:
    """The query gateway of an institution: it holds the keys, and answers who has a grant."""


@gateway.command()
@served
@roots_option
@click.pass_obj
def serve(settings: Settings, place: Served, tls_ca: Path | None) -> None:
    """Answer queries to the institution's stores until Ctrl-C.

    The address goes into network.json, where workers look for it. Before every query the ledger is
    asked for the worker's grant. Killed and started again it goes on: what was acknowledged is
    there. Start it again, too, when the cloud has moved to another address.
    """
    from pmcb_services.common import log_to_stderr

    root = roots_of(place, tls_ca)
    log_to_stderr()
    run_until_stopped(_serve(settings, place, root))


@gateway.command("import-keys")
@click.argument("path", metavar="FILE", type=FILE)
@click.pass_obj
def import_keys(settings: Settings, path: Path) -> None:
    """Take over keys and stores that `pmcb retrieval share-keys` sealed to you."""
    from pmcb_services.retrieval.gateway import import_keys as take

    shared = path.read_bytes()

    async def main() -> list[str]:
        async with acting(settings, "institution") as me:
            return await take(folder_of(settings, me.identity), me.contract, me.identity, shared)

    names = run(main())
    said = f"The keys are here, and these stores: {', '.join(names) or 'none'}."
    emit(settings, {"stores": names}, f"{said} `pmcb retrieval gateway serve` opens them.")


async def _build(
    settings: Settings, schema: Schema, records: Path, name: str, rounds: str, layouts: str
) -> tuple[int, str]:
    from pmcb_services.retrieval._tables import read_records
    from pmcb_services.retrieval.cloud import RemoteCloud
    from pmcb_services.retrieval.institution import build as made

    rows, carried = read_records(records, schema)
    async with acting(settings, "institution") as me:
        with closing(RemoteCloud(me.network, me.identity)) as cloud:
            dataset = await made(
                folder_of(settings, me.identity),
                cloud,
                me.contract,
                schema,
                rows,
                carried,
                name=name,
                rounds=rounds,
                layouts=layouts,
            )
    return len(rows[schema.names[0]]), dataset  # type: ignore[arg-type]  # a column


async def _serve(settings: Settings, place: Served, root: str) -> None:
    from pmcb_client.http_identity import RequestChecker
    from pmcb_client.network_file import RetrievalGateway, update
    from pmcb_services.common import following, serving
    from pmcb_services.retrieval.cloud import RemoteCloud
    from pmcb_services.retrieval.gateway import Gateway, gateway_application
    from pmcb_services.retrieval.worker import audience

    path = settings.home / "network.json"
    async with acting(settings, "institution") as me:
        uid = me.identity.uid
        checker = RequestChecker(me.network, audience=audience(uid))
        with closing(RemoteCloud(me.network, me.identity)) as cloud:
            made = Gateway(
                folder_of(settings, me.identity),
                cloud,
                me.contract,
                lambda: me.channel.chaincode_events(me.network.chaincode),
                owner=me.identity.msp_id,
            )
            app = gateway_application(made, checker, while_running=following(checker, path))
            async with made:
                with place.listen() as listening:
                    url = place.url(listening)
                    here = RetrievalGateway(url, uid, root)
                    update(path, lambda known: known.with_service(here))
                    emit(settings, {"url": url, "uid": uid}, f"{uid} answers queries on {url}.")
                    await serving(app, place, listening)
